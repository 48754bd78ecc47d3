"""Deleting an album: its photos first, the album last.

What there is of it is looked up again each time, so that an interrupted deletion is finished by asking for it
again. The index of albums shows a write a moment later, and uploads are on their way for some seconds; so the
album is looked at once more when it is gone, and put back if something is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imageproc.aws.items import to_item
from imageproc.aws.translation import translated
from imageproc.client.albums import Album
from imageproc.client.photos.moves import NotMoved
from imageproc.client.photos.photo import Photo
from imageproc.core.attributes import ALBUM_ID
from imageproc.core.keys import incoming_key, is_original, photo_id_of
from imageproc.errors import AlbumNotEmptyError, AlbumNotFoundError, InvalidArgumentError
from imageproc.presentation.text import photos_text

if TYPE_CHECKING:
    from imageproc.client.workbench import Workbench

_PASSES = 5
"""How often the album's photos are looked for until none is there."""

_WAIT_S = 0.5
"""Before each further pass: the index needs a moment to lose what was moved."""

_AGAIN = "Delete it again when they are processed."


class AlbumDeletion:
    """The deletion of one album."""

    def __init__(
        self,
        workbench: Workbench,
        album: Album,
        into: Album | None,
        *,
        forget: bool,
        notify: Callable[[str], object],
    ) -> None:
        """Move its photos into another album, or forget them; see `Albums.delete`."""
        if into and forget:
            raise InvalidArgumentError("Photos cannot be both moved and forgotten.", "Say one of the two.")
        if into and into.id == album.id:
            raise InvalidArgumentError(f"{album.name} is the album to delete.", "Choose another album.")
        self._workbench, self._album, self._into = workbench, album, into
        self._forget, self._notify = forget, notify

    def run(self) -> int:
        """Delete; return how many photos there were."""
        item = self._item()
        done = set[str]()
        for number in range(1 if self._forget else _PASSES):  # what comes later is nobody's to erase
            found = self._photos()
            if not found:
                break
            if number:
                time.sleep(_WAIT_S)
            self._empty(found, done)
        self._refuse_if_not_empty()
        with translated(f"Deleting the album {self._album.name}"):
            self._dynamodb.delete_item(**self._key)
            try:
                self._refuse_if_not_empty()
            except AlbumNotEmptyError:
                self._dynamodb.put_item(TableName=self._table, Item=item)
                raise
        return len(done)

    def _photos(self) -> list[Photo]:
        """Return the album's photos: what the index names, by the records as they are now."""
        photos = self._workbench.photos
        named = [photo.id for photo in photos.in_album(self._album)]
        return [photo for photo in photos.many(named) if photo.album_id == self._album.id]

    def _empty(self, found: list[Photo], done: set[str]) -> None:
        if self._into:
            for one in self._workbench.photos.move(found, self._into):
                if isinstance(one, NotMoved):
                    raise AlbumNotEmptyError(f"{one.cause} The album {self._album.name} stays.", "Try again.")
                self._done(one.photo_id, done)
        elif self._forget:
            for erased in self._workbench.privacy.erase(self._workbench.privacy.of_photos(found)):
                self._done(erased.photo_id, done)
        else:
            raise AlbumNotEmptyError(
                f"The album {self._album.name} has {photos_text(len(found))}.",
                "Say what becomes of them: move_to= another album, or forget=True.",
            )

    def _done(self, photo_id: str, done: set[str]) -> None:
        done.add(photo_id)
        self._notify(photo_id)

    def _refuse_if_not_empty(self) -> None:
        """Raise AlbumNotEmptyError if photos are there, or uploads that have no record yet."""
        left = [photo.id for photo in self._photos()] or self._on_their_way()
        if left:
            raise AlbumNotEmptyError(
                f"Photos came into {self._album.name} meanwhile ({', '.join(left[:3])} …): it stays.",
                _AGAIN,
            )

    def _on_their_way(self) -> list[str]:
        """Return the IDs of uploads of this project's clients into the album that have no record yet."""
        s3 = self._workbench.stack.client("s3")
        prefix = incoming_key(f"{self._album.id}/")
        found: list[str] = []
        with translated(f"Listing {prefix}"):
            for page in s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._workbench.stack.bucket, Prefix=prefix
            ):
                ids = [photo_id_of(one["Key"]) for one in page.get("Contents", ()) if is_original(one["Key"])]
                known = {photo.id for photo in self._workbench.photos.many(ids)}
                found += [one for one in ids if one not in known]
        return found

    def _item(self) -> dict[str, Any]:
        """Return the album as it is stored, with what other clients keep there."""
        with translated(f"Reading the album {self._album.name}"):
            answer = self._dynamodb.get_item(**self._key, ConsistentRead=True)
        if "Item" not in answer:
            raise AlbumNotFoundError(f"There is no album {self._album.name!r}.")
        return dict(answer["Item"])

    @property
    def _key(self) -> dict[str, Any]:
        return {"TableName": self._table, "Key": to_item({ALBUM_ID: self._album.id})}

    @property
    def _table(self) -> str:
        return self._workbench.stack.album_table

    @property
    def _dynamodb(self) -> Any:
        return self._workbench.stack.client("dynamodb")
