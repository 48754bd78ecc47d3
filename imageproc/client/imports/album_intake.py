"""One album that files are imported into: what it has already is not sent again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from imageproc.client.albums import Album
from imageproc.client.cancellation import Cancellation
from imageproc.client.imports.entries import ImportEntry, ImportOutcome
from imageproc.client.imports.placement import Contents, Held, Placement, contents, name_in_id
from imageproc.client.imports.source import Content, SourceFile
from imageproc.client.stack import Stack
from imageproc.client.uploads.events import PreparedFile
from imageproc.client.uploads.files import DIGITS, make_photo_id
from imageproc.client.uploads.sender import Sender, object_metadata
from imageproc.core.formats import CONTENT_TYPES, sniff


class AlbumIntake:
    """Puts files into an album, by many threads. Files of the same content wait for each other."""

    def __init__(self, stack: Stack, placement: Placement, name: str, locks: Sequence[Lock]) -> None:
        """Put files into the album of this name, which is created for the first of them that is a photo."""
        self._stack, self._placement, self._name, self._locks = stack, placement, name, locks
        self._lock = Lock()
        self._opened: tuple[Album, Sender, Contents] | None = None

    def put(self, file: SourceFile, stop: Cancellation) -> ImportEntry:
        """Put a file into the album, unless its content is there.

        Raises ImageRejectedError if it is not a photo, UploadError if it cannot be read, Cancelled; and what
        boto3 raises.
        """
        with file.opened() as content:
            digest = content.digest()
            with self._locks[int(digest[:DIGITS], 16) % len(self._locks)]:
                return self._put(file, content, digest, stop)

    def _put(self, file: SourceFile, content: Content, digest: str, stop: Cancellation) -> ImportEntry:
        head = b""
        if not (self._opened or self._placement.existing(self._name)):
            sniff(head := content.head())  # what is not a photo must not leave an empty album
        album, sender, there = self._open()
        if held := there.get(digest[:DIGITS]):
            photo_id = f"{album.id}/{digest[:DIGITS]}-{held.name}"
            if _is_there(file, held, sender, photo_id):
                return file.entry(ImportOutcome.THERE, "", photo_id, self._name)
        content_type = CONTENT_TYPES[sniff(head or content.head())]
        photo_id = make_photo_id(album.id, digest, file.name)
        content.send(sender, PreparedFile(Path(file.name), photo_id, file.size, content_type), stop)
        etag = file.pointer.etag if file.pointer else ""
        there[digest[:DIGITS]] = Held(name_in_id(album, file.name), file.size, etag)
        return file.entry(ImportOutcome.IMPORTED, "", photo_id, self._name)

    def _open(self) -> tuple[Album, Sender, Contents]:
        with self._lock:
            if self._opened is None:
                album = self._placement.open(self._name)
                sender = Sender(self._stack, object_metadata(album.user, album.id), album.id)
                self._opened = album, sender, contents(self._stack, album)
            return self._opened


def _is_there(file: SourceFile, held: Held, sender: Sender, photo_id: str) -> bool:
    """Whether what the album has is this file: of the same content, or the pointer to it as it is now."""
    if file.pointer is None:
        return held.size == file.size
    return held.etag == file.pointer.etag or sender.points(file.pointer.original, file.size, photo_id)
