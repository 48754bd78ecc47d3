"""Which photos of an import in place have not been processed: those that its bulk run is to process."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from imageproc.aws.record_store import RecordStore
from imageproc.client.imports.entries import ImportEntry, ImportOutcome
from imageproc.client.imports.source import SourceFile
from imageproc.client.photo_list import PhotoList
from imageproc.client.stack import Stack
from imageproc.core.keys import incoming_key
from imageproc.core.original import Original
from imageproc.core.record import PhotoRecord

_AT_ONCE = 1000
"""Photos whose records are read at a time."""


class Pointed(NamedTuple):
    """A photo whose pointer is there."""

    photo_id: str
    original: Original
    size: int
    """The original's, bytes."""


class Pointers:
    """Pointers that are there, of which the records tell whether they have been processed as they are now."""

    def __init__(self, stack: Stack) -> None:
        """Begin with none of them."""
        self._records = RecordStore(stack.client("dynamodb"), stack.image_table, PhotoRecord)
        self._waiting = deque[Pointed]()

    def add(self, pointed: Pointed) -> None:
        """Add one. Any thread may do so."""
        self._waiting.append(pointed)

    def unprocessed(self, *, all_of_them: bool = False) -> Iterator[Pointed]:
        """Yield those that have not been processed to an end; too few wait for others. Raises AwsError."""
        while len(self._waiting) >= (1 if all_of_them else _AT_ONCE):
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            found = {one.id: one for one in self._records.get_many(one.photo_id for one in batch)}
            for one in batch:
                record = found.get(one.photo_id)
                if not (record and record.original == one.original and record.status.finished):
                    yield one


class Unprocessed:
    """Writes the photos of an import down that its bulk run is to process.

    A pointer that was put just now is one. Of those that earlier runs put the records tell.
    """

    def __init__(self, stack: Stack, photos: PhotoList) -> None:
        """Write them down in this list."""
        self._photos = photos
        self._put = deque[str]()
        self._there = Pointers(stack)

    def note(self, file: SourceFile, entry: ImportEntry) -> None:
        """Note what became of a file. Any thread may do so."""
        if entry.outcome is ImportOutcome.IMPORTED:
            self._put.append(entry.photo_id)
        elif file.pointer:
            self._there.add(Pointed(entry.photo_id, file.pointer.original, file.size))

    def settle(self, *, all_of_them: bool = False) -> None:
        """Write down what was noted; what few records tell waits for others. Raises AwsError."""
        while self._put:
            self._photos.add(incoming_key(self._put.popleft()))
        for one in self._there.unprocessed(all_of_them=all_of_them):
            self._photos.add(incoming_key(one.photo_id))
