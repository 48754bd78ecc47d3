"""A file over ranged reads: Pillow sees a file, S3 sees a few range requests."""

import io
from collections.abc import Callable

Fetch = Callable[[int, int], bytes]
"""Returns the bytes from the first to the last offset, both included, as HTTP ranges count."""

# Bytes that are fetched beyond those that are asked for. EXIF that is longer than the first range is mostly
# followed by the picture's frame header; what is jumped to is mostly one of several segments in a row.
_AHEAD = 5 * 1024
_AHEAD_OF_A_JUMP = 14 * 1024
_MOST_AHEAD = 4 * 1024 * 1024


class RangedReader(io.RawIOBase):
    """A seekable, read-only file that fetches what is read and keeps it.

    Each request fetches a little more than is asked for, and four times as much each time that reading goes
    on from there: a long header takes few requests. A jump elsewhere starts small again: walking over chunks
    does not download them.
    """

    def __init__(self, first: bytes, size: int, fetch: Fetch) -> None:
        """`first` is what is there already, from offset 0; `size` the file's length in bytes."""
        self._parts = {0: first}
        self._size = size
        self._fetch = fetch
        self._position = 0
        self._ahead = 0

    def readable(self) -> bool:
        """Return True: it can be read."""
        return True

    def seekable(self) -> bool:
        """Return True: it can seek."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset in bytes, and return it; nothing is fetched."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"cannot seek to {base + offset}, before the file's beginning")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Return `size` bytes, fewer only at the file's end; all that is left if it is negative or None."""
        left = max(self._size - self._position, 0)
        wanted = left if size is None or size < 0 else min(size, left)
        pieces = []
        while wanted > 0:
            piece = self._piece(wanted)
            if not piece:
                break
            pieces.append(piece)
            self._position += len(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def readall(self) -> bytes:
        """Return all that is left."""
        return self.read(-1)

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        """Fill the buffer, and return how many bytes were put there."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _piece(self, wanted: int) -> bytes:
        for start, part in self._parts.items():
            offset = self._position - start
            if 0 <= offset < len(part):
                return part[offset : offset + wanted]
        return self._load(wanted)[:wanted]

    def _load(self, wanted: int) -> bytes:
        reads_on = any(self._position == start + len(part) for start, part in self._parts.items())
        if reads_on:
            self._ahead = min(self._ahead * 4, _MOST_AHEAD) or _AHEAD
        else:
            self._ahead = _AHEAD_OF_A_JUMP
        part = self._fetch(self._position, min(self._position + wanted + self._ahead, self._size) - 1)
        self._parts[self._position] = part
        return part
