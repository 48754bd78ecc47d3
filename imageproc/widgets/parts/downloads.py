"""Files that a browser saves: by their addresses, or through the kernel in chunks where it cannot reach S3.

The browser asks for one chunk after the other, so that neither side holds a queue. Addresses travel in
messages alone: a presigned address in a trait would be saved with the notebook.
"""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from ipywidgets import Widget

CHUNK_BYTES = 1024 * 1024
"""Bytes that are read and sent at a time."""

_PARALLEL = 2
_KEPT = 16
"""Files that may be asked for at a time: the last ones."""


class RangedFile(Protocol):
    """A file that is read in ranges."""

    @property
    def size(self) -> int | None:
        """Bytes; None before something was read."""

    def read(self, start: int, length: int) -> bytes:
        """Return so many bytes from an offset on, fewer only at the file's end."""


@dataclass(frozen=True)
class Download:
    """A file to be saved."""

    name: str
    address: str
    """Where a browser that can reach it finds the file."""
    file: RangedFile
    """The same, for those that cannot."""


class Downloads:
    """What a widget has its views save. Of nothing else they get a byte: anyone can send messages."""

    def __init__(self, widget: Widget) -> None:
        """Answer the widget's views, in threads of its own."""
        self._widget = widget
        self._offered = dict[str, RangedFile]()
        self._asked = set[tuple[str, int]]()
        self._pool = ThreadPoolExecutor(_PARALLEL, "downloads")
        widget.on_msg(self._receive)

    def offer(self, download: Download) -> dict[str, str]:
        """Return what a view needs to save a file."""
        key = secrets.token_hex(8)
        self._offered[key] = download.file
        for old in list(self._offered)[:-_KEPT]:
            self._offered.pop(old, None)
        return {"file": key, "name": download.name, "address": download.address}

    def close(self) -> None:
        """Read nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _receive(self, _widget: Widget, message: Any, _buffers: Any) -> None:
        """Send the chunk that a view asks for; once, if it asks again meanwhile."""
        if not isinstance(message, dict) or message.get("type") != "chunk":
            return
        key, offset = message.get("file"), message.get("offset")
        if not isinstance(key, str) or type(offset) is not int or offset < 0 or offset % CHUNK_BYTES:
            return
        if (key, offset) not in self._asked:
            self._asked.add((key, offset))
            self._pool.submit(self._answer, key, offset)

    def _answer(self, key: str, offset: int) -> None:
        answer = {"type": "chunk", "file": key, "offset": offset}
        file = self._offered.get(key)
        try:
            chunk = file.read(offset, CHUNK_BYTES) if file else b""
        except Exception as error:  # noqa: BLE001 - shown where its progress was
            cause = str(error) or repr(error)
        else:
            cause = "" if file else "It is no longer offered. Ask for it anew."
        self._asked.discard((key, offset))
        if cause or not file:
            self._widget.send({**answer, "cause": cause})
        else:
            self._widget.send({**answer, "size": file.size, "cause": ""}, [chunk])
