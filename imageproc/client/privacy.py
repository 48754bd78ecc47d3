"""Erasing a photo, or all that a user uploaded: every version, thumbnail, record and album.

Nothing is remembered between two calls: what exists is looked up again, so that an interrupted erasure is
finished by asking for it again. What AWS keeps for its own time (logs, execution histories, the tables'
point-in-time backups, undelivered events) is not reached; docs/explanation/security.md says how long it
stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from imageproc.aws.items import to_item
from imageproc.aws.record_store import RecordStore
from imageproc.aws.translation import translated
from imageproc.client.albums import Album, Albums
from imageproc.client.executions import Executions
from imageproc.client.looped import looped
from imageproc.client.photos import Photos
from imageproc.client.photos.photo import Photo, PhotoLike
from imageproc.client.resource import StackResource
from imageproc.client.stack import Stack
from imageproc.core.attributes import ALBUM_ID, USER_METADATA
from imageproc.core.keys import DOWNLOADS_PREFIX, INCOMING_PREFIX, incoming_key, photo_id_of, thumbnail_key
from imageproc.core.original import Original
from imageproc.errors import ForgetError, PhotoNotFoundError
from imageproc.presentation.text import photos_text

_BATCH = 1000
"""The most keys that one DeleteObjects takes."""


@dataclass(frozen=True)
class StoredVersion:
    """One version of an object, or one delete marker."""

    key: str
    id: str
    size: int
    """Bytes; 0 for a delete marker."""
    is_marker: bool


@dataclass(frozen=True)
class StoredPhoto:
    """What there is of a photo."""

    photo_id: str
    versions: tuple[StoredVersion, ...] = ()
    record: Photo | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is there."""
        return not self.versions and self.record is None


@dataclass(frozen=True)
class Erasure:
    """What is to be erased."""

    photos: tuple[StoredPhoto, ...]
    albums: tuple[Album, ...] = ()
    not_found: tuple[PhotoNotFoundError, ...] = ()
    """Of the photos that were asked for, those of which there is nothing."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to erase."""
        return not self.photos and not self.albums

    @property
    def versions(self) -> int:
        """How many object versions and delete markers."""
        return sum(len(one.versions) for one in self.photos)

    @property
    def in_place(self) -> list[Original]:
        """The originals that are not the stack's, and stay where they are."""
        return [one.record.original for one in self.photos if one.record and one.record.original]

    @property
    def size(self) -> int:
        """Bytes in S3."""
        return sum(version.size for one in self.photos for version in one.versions)


@dataclass(frozen=True)
class Erased:
    """A photo of which nothing is left."""

    photo_id: str
    versions: int


class Privacy(StackResource):
    """Finds and erases what a stack holds of a photo or a user."""

    def __init__(self, stack: Stack, photos: Photos, albums: Albums, executions: Executions) -> None:
        """Erase in this stack."""
        super().__init__(stack)
        self._photos, self._albums, self._executions = photos, albums, executions

    def of_photos(self, photos: Iterable[PhotoLike]) -> Erasure:
        """Return what there is of these photos, and in `not_found` why there is nothing of some.

        A photo that has lost its record is still known by its whole ID. Raises InvalidArgumentError,
        AwsError.
        """
        found: list[str] = []
        not_found: list[PhotoNotFoundError] = []
        for photo in photos:
            try:
                found.append(self._photo_id(photo))
            except PhotoNotFoundError as error:
                not_found.append(error)
        wanted = list(dict.fromkeys(found))
        records = {photo.id: photo for photo in self._photos.many(wanted)}
        stored = (self._stored(photo_id, records.get(photo_id)) for photo_id in wanted)
        return Erasure(tuple(one for one in stored if not one.empty), not_found=tuple(not_found))

    def of_user(self, user: str) -> Erasure:
        """Return all of a user's: photos whose record or upload names the user, and the user's albums.

        Reads the whole table and lists the whole bucket, with one more request for each version that no
        record is about. Of a key that others uploaded to as well, only the user's own versions are named.
        """
        records = {photo.id: photo for photo in self._photos.scan()}
        mine = {photo.id for photo in records.values() if photo.user == user}
        versions: dict[str, list[StoredVersion]] = {photo_id: [] for photo_id in mine}
        for version in self._versions(INCOMING_PREFIX):
            photo_id = photo_id_of(version.key) if version.key != INCOMING_PREFIX else ""
            if photo_id and self._is_of(user, version, records.get(photo_id)):
                versions.setdefault(photo_id, []).append(version)
        found = (
            self._stored(photo_id, records.get(photo_id))
            if photo_id in mine and self._alone(photo_id, own)
            else self._shared(photo_id, own, records.get(photo_id), user)
            for photo_id, own in versions.items()
        )
        albums = tuple(album for album in self._albums if album.user == user)
        return Erasure(tuple(one for one in found if not one.empty), albums)

    @looped
    def erase(self, erasure: Erasure) -> Iterator[Erased]:
        """Erase, and yield each photo when nothing is left of it; the albums go last.

        A photo that is being processed would write its record again: raises ForgetError before anything is
        erased. Raises ForgetError, too, if S3 refuses.
        """
        self._refuse_running(erasure)
        for one in erasure.photos:
            for start in range(0, len(one.versions), _BATCH):
                self._delete_versions(one.versions[start : start + _BATCH])
            if one.record is not None:
                self._records.erase(one.photo_id)
            yield Erased(one.photo_id, len(one.versions))
        if erasure.photos:
            self._delete_downloads()
        for album in erasure.albums:
            self._delete_album(album)
        if erasure.photos and self._photos.catalog.is_made:
            self._photos.catalog.erase()

    def _stored(self, photo_id: str, record: Photo | None) -> StoredPhoto:
        keys = (thumbnail_key(photo_id), incoming_key(photo_id))
        versions = [one for key in keys for one in self._versions(key) if one.key == key]
        return StoredPhoto(photo_id, tuple(versions), record)

    def _shared(
        self, photo_id: str, own: list[StoredVersion], record: Photo | None, user: str
    ) -> StoredPhoto:
        """Return what is the user's of a key that others have uploaded to, too.

        The thumbnails' versions do not tell whose they are: all go but the one that is another's record's.
        """
        theirs = record is not None and record.user != user
        key = thumbnail_key(photo_id)
        thumbnails = [one for one in self._versions(key) if one.key == key]
        kept = thumbnails[:1] if theirs else []
        gone = [one for one in thumbnails if one not in kept]
        return StoredPhoto(photo_id, (*gone, *own), None if theirs else record)

    def _alone(self, photo_id: str, own: list[StoredVersion]) -> bool:
        key = incoming_key(photo_id)
        return all(one.is_marker or one in own for one in self._versions(key) if one.key == key)

    def _is_of(self, user: str, version: StoredVersion, record: Photo | None) -> bool:
        """Whether a version is this user's: by the record that is about it, else by its own metadata."""
        if version.is_marker:
            return False
        if record is not None and record.version_id == version.id and record.user is not None:
            return record.user == user
        with translated(f"Looking at {version.key}"):
            head = self._s3.head_object(Bucket=self._stack.bucket, Key=version.key, VersionId=version.id)
        return bool(head["Metadata"].get(USER_METADATA) == user)

    def _versions(self, prefix: str) -> Iterator[StoredVersion]:
        """Yield all versions and delete markers under a prefix; of one key the newest version first."""
        pages = self._s3.get_paginator("list_object_versions")
        with translated(f"Listing {prefix}"):
            for page in pages.paginate(Bucket=self._stack.bucket, Prefix=prefix):
                for one in page.get("Versions", ()):
                    yield StoredVersion(one["Key"], one["VersionId"], one["Size"], is_marker=False)
                for one in page.get("DeleteMarkers", ()):
                    yield StoredVersion(one["Key"], one["VersionId"], 0, is_marker=True)

    def _refuse_running(self, erasure: Erasure) -> None:
        running = [one.photo_id for one in erasure.photos if one.record and self._runs(one.record)]
        if running:
            names = ", ".join(running[:3]) + (" …" if len(running) > 3 else "")
            one = len(running) == 1
            raise ForgetError(
                f"{photos_text(len(running))} {'is' if one else 'are'} being processed ({names}): "
                f"{'it' if one else 'they'} would come back. Nothing was erased.",
                "Wait until the processing is finished, and run it again.",
            )

    def _runs(self, photo: Photo) -> bool:
        """Whether its last execution still runs: it ends a moment after its record is finished."""
        return photo.execution_arn is not None and self._executions.status(photo) == "RUNNING"

    def _photo_id(self, photo: PhotoLike) -> str:
        try:
            return self._photos.find(photo).id
        except PhotoNotFoundError:
            if isinstance(photo, str) and not self._stored(photo, None).empty:
                return photo
            raise

    def _delete_versions(self, versions: Iterable[StoredVersion]) -> None:
        named: Any = [{"Key": one.key, "VersionId": one.id} for one in versions]
        with translated("Erasing photos"):
            answer = self._s3.delete_objects(
                Bucket=self._stack.bucket, Delete={"Objects": named, "Quiet": True}
            )
        # S3 answers 200 even if it removed nothing.
        for refused in answer.get("Errors", ()):
            raise ForgetError(
                f"S3 did not erase {refused.get('Key')}: {refused.get('Message')}. Run it again: what is "
                "erased stays so."
            )

    def _delete_downloads(self) -> None:
        """Delete what was made for browsers to save: which of it holds the photos, nobody knows."""
        made = list(self._versions(DOWNLOADS_PREFIX))
        for start in range(0, len(made), _BATCH):
            self._delete_versions(made[start : start + _BATCH])

    def _delete_album(self, album: Album) -> None:
        with translated(f"Erasing the album {album.name}"):
            self._stack.client("dynamodb").delete_item(
                TableName=self._stack.album_table, Key=to_item({ALBUM_ID: album.id})
            )

    @property
    def _s3(self) -> Any:
        return self._stack.client("s3")

    @property
    def _records(self) -> RecordStore[Photo]:
        return RecordStore(self._stack.client("dynamodb"), self._stack.image_table, Photo)
