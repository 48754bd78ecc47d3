"""Files whose bytes come through the kernel in chunks. They wait on disk, not in memory."""

from __future__ import annotations

import tempfile
import threading
from typing import BinaryIO, cast

MAX_CHUNK = 8 * 1024 * 1024
"""Bytes; the Jupyter server closes connections over messages of more than 10 MiB."""


class ChunkAssembler:
    """Puts the chunks of files together. The chunks of a file must come in order."""

    def __init__(self) -> None:
        """Begin without files."""
        self._files: dict[str, BinaryIO] = {}
        self._lock = threading.Lock()

    def add(self, file_id: str, offset: object, data: bytes | memoryview, max_bytes: int) -> str:
        """Keep a chunk of a file of at most `max_bytes`. Return what is wrong with it, "" if nothing is."""
        with self._lock:
            if offset == 0:
                self._discard(file_id)
                self._files[file_id] = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed below
            file = self._files.get(file_id)
            if file is None or file.tell() != offset:
                return "A chunk of the file was lost on the way to the kernel. Retry it."
            if len(data) > MAX_CHUNK or file.tell() + len(data) > max_bytes:
                self._discard(file_id)
                return "The file is larger than the browser said. Retry it."
            file.write(data)
            return ""

    def take(self, file_id: str) -> BinaryIO:
        """Return a complete file, at its beginning. The caller closes it, which removes it."""
        with self._lock:
            file = self._files.pop(file_id)
        file.seek(0)
        return file

    def discard(self, file_id: str) -> None:
        """Remove a file, if it is there."""
        with self._lock:
            self._discard(file_id)

    def close(self) -> None:
        """Remove all files."""
        with self._lock:
            for file_id in list(self._files):
                self._discard(file_id)

    def _discard(self, file_id: str) -> None:
        if file := self._files.pop(file_id, None):
            file.close()
