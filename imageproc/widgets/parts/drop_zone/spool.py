"""Files whose bytes come through the kernel, piece by piece. They wait on disk, not in memory."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from typing import BinaryIO, cast

from imageproc.widgets.parts.drop_zone.courier import Ended

MAX_CHUNK = 8 * 1024 * 1024
"""Most bytes of a piece; the Jupyter server closes connections over messages of more than 10 MiB."""


class Spool:
    """The pieces of files, which must come in order."""

    def __init__(self) -> None:
        """Begin with none."""
        self._files: dict[str, BinaryIO] = {}
        self._lock = threading.Lock()

    def add(self, identifier: str, offset: object, data: bytes | memoryview, most: int) -> str:
        """Keep a piece of a file of at most so many bytes. Return what is wrong with it, "" if nothing is."""
        with self._lock:
            if offset == 0:
                self._discard(identifier)
                self._files[identifier] = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed below
            file = self._files.get(identifier)
            if file is None or file.tell() != offset:
                return "A piece of the file was lost on the way to the kernel. Retry it."
            if len(data) > MAX_CHUNK or file.tell() + len(data) > most:
                self._discard(identifier)
                return "The file is larger than the browser said. Retry it."
            file.write(data)
            return ""

    def take(self, identifier: str, carry: Callable[[BinaryIO], Ended]) -> Ended:
        """Hand a whole file to whoever carries it further, and forget it."""
        with self._lock:
            file = self._files.pop(identifier)
        with file:
            file.seek(0)
            return carry(file)

    def discard(self, identifier: str) -> None:
        """Forget a file, if there is one."""
        with self._lock:
            self._discard(identifier)

    def close(self) -> None:
        """Forget all."""
        with self._lock:
            for identifier in list(self._files):
                self._discard(identifier)

    def _discard(self, identifier: str) -> None:
        if file := self._files.pop(identifier, None):
            file.close()
