"""Photos moved to another album, and copied into one.

A move changes the record's album and nothing else: the file keeps its key, and nothing is processed. A copy
is an upload of its own, made within S3: it can be moved, forgotten and processed without the other one. What
people said of its labels goes with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from imageproc.aws.translation import translated
from imageproc.client.albums import Album
from imageproc.client.photos.photo import Photo
from imageproc.client.uploads.events import PreparedFile
from imageproc.client.uploads.files import DIGITS, make_photo_id
from imageproc.client.uploads.sender import Sender, object_metadata
from imageproc.core.attributes import LABEL_CORRECTIONS
from imageproc.core.corrections import applying
from imageproc.core.formats import CONTENT_TYPES
from imageproc.core.keys import incoming_key
from imageproc.core.label import Correction
from imageproc.core.ownership import copy_corrections, move
from imageproc.errors import AwsError, PhotoNotFoundError, SupersededError, UploadError

if TYPE_CHECKING:
    from imageproc.aws.record_store import RecordStore
    from imageproc.client.photos import Photos
    from imageproc.client.stack import Stack

T = TypeVar("T")

_GONE = "{} is gone: it was forgotten."
_PARALLEL = 8
_BATCH = 100


@dataclass(frozen=True)
class Moved:
    """A photo that is in the album now."""

    photo_id: str
    already_there: bool = False
    """Whether it was there before: nothing was written."""


@dataclass(frozen=True)
class NotMoved:
    """A photo that stays where it is, and why; the others continue."""

    photo_id: str
    cause: str


@dataclass(frozen=True)
class Copied:
    """A photo of which there is a copy."""

    photo_id: str
    copy_id: str
    """The copy's ID; its processing has just begun."""
    already_there: bool = False
    """Whether the album had the photo before: nothing was copied."""


@dataclass(frozen=True)
class NotCopied:
    """A photo that was not copied, and why; the others continue."""

    photo_id: str
    cause: str


def move_all(
    photos: Iterable[Photo], album: Album, records: RecordStore[Photo]
) -> Iterator[Moved | NotMoved]:
    """Move photos into an album. See `Photos.move`."""

    def moved(photo: Photo, now: Photo | None) -> Moved | NotMoved:
        try:
            if now is None:
                return NotMoved(photo.id, _GONE.format(photo.name))
            if now.album_id == album.id:
                return Moved(photo.id, already_there=True)
            records.write(photo.id, move(now.album_id, album.id))
        except SupersededError:
            return NotMoved(photo.id, f"{photo.name} was moved or forgotten by somebody else just now.")
        except AwsError as error:
            return NotMoved(photo.id, str(error))
        return Moved(photo.id)

    return each(photos, records, moved)


def moved_away(photos: Photos, album: Album, photo_ids: Iterable[str]) -> dict[str, str]:
    """Return where photos are that were uploaded to an album and moved since: the albums' names, by photo.

    Raises CatalogError, AwsError.
    """
    photos.catalog.sync()
    found = list(photos.where(id=list(photo_ids)) & ~photos.where(album=album))
    names = {one.album_id: photos.where(id=[one.id]).facets("album") for one in found}
    return {one.id: str(next(iter(names[one.album_id]), None) or "no album") for one in found}


class Copies:
    """Copies photos of a stack into one of its albums."""

    def __init__(
        self, stack: Stack, album: Album, records: RecordStore[Photo], read: Callable[[Photo], bytes]
    ) -> None:
        """Copy into this album. Raises UploadError for a user or an album that S3 cannot carry."""
        self._stack, self._album, self._records, self._read = stack, album, records, read
        self._sender = Sender(stack, object_metadata(album.user, album.id), album.id)

    def copy_all(self, photos: Iterable[Photo]) -> Iterator[Copied | NotCopied]:
        """Copy photos into the album. See `Photos.copy`."""
        return each(photos, self._records, self._copied)

    def _copied(self, photo: Photo, now: Photo | None) -> Copied | NotCopied:
        if now is None:
            return NotCopied(photo.id, _GONE.format(photo.name))
        if now.album_id == self._album.id:
            return Copied(photo.id, photo.id, already_there=True)
        try:
            copy_id, there = self._place(now)
            if not there:
                self._copy(now, copy_id)
            if said := applying(now.corrections, now.content_hash):
                self._correct(copy_id, there, said)
        except (AwsError, PhotoNotFoundError, UploadError) as error:
            return NotCopied(photo.id, str(error))
        return Copied(photo.id, copy_id, already_there=there is not None)

    def _correct(self, copy_id: str, there: Photo | None, said: Iterable[Correction]) -> None:
        """Have the copy's labels be as people corrected them; also if an earlier try got no further."""
        if there is None or LABEL_CORRECTIONS not in there.attributes:
            change = copy_corrections(said, incoming_key(copy_id), self._album.id)
            self._records.write(copy_id, change)

    def _place(self, photo: Photo) -> tuple[str, Photo | None]:
        """Return the copy's ID, as an upload of the file has it, and the photo if it is there already.

        Where the photo of that ID was moved to another album, the hash's next digits are taken.
        """
        digest = self._digest(photo)
        for start in range(0, len(digest) - DIGITS, DIGITS):
            copy_id = make_photo_id(self._album.id, digest[start:], photo.name)
            there = self._records.get(copy_id)
            if there is None or there.album_id == self._album.id:
                return copy_id, there
        raise UploadError(f"{photo.name} was copied here and moved on too often.", "Move one of the copies.")

    def _digest(self, photo: Photo) -> str:
        return photo.content_digest or hashlib.sha256(self._read(photo)).hexdigest()

    def _copy(self, photo: Photo, copy_id: str) -> None:
        source = {"Bucket": self._stack.bucket, "Key": photo.key}
        if photo.version_id:
            source["VersionId"] = photo.version_id
        content_type = CONTENT_TYPES.get(photo.format or "", "application/octet-stream")
        file = PreparedFile(Path(photo.name), copy_id, photo.file_size or 0, content_type)
        with translated(f"Copying {photo.name}"):
            if photo.original:  # its copy is a pointer of its own
                self._sender.point(photo.original, photo.file_size or 0, copy_id)
            else:
                self._sender.copy(source, file)


def each(
    photos: Iterable[Photo], records: RecordStore[Photo], done: Callable[[Photo, Photo | None], T]
) -> Iterator[T]:
    """Yield what comes of each photo as it was found and as it is now, several at a time.

    They are all known before the first is changed: a view would change with them.
    """
    every = list(photos)
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for start in range(0, len(every), _BATCH):  # who stops looking stops the rest
            batch = every[start : start + _BATCH]
            now = {one.id: one for one in records.get_many(one.id for one in batch)}
            yield from pool.map(done, batch, [now.get(one.id) for one in batch])
