"""Which album a file goes into, and what the albums have."""

from __future__ import annotations

import re
from typing import NamedTuple

from imageproc.aws.translation import translated
from imageproc.client.albums import Album, AlbumLike, Albums
from imageproc.client.imports.source import SourceFile
from imageproc.client.stack import Stack
from imageproc.client.uploads.files import DIGITS, make_photo_id
from imageproc.client.users import check_user, default_user
from imageproc.core.keys import incoming_key
from imageproc.errors import InvalidArgumentError

_PLACED = re.compile(rf"([0-9a-f]{{{DIGITS}}})-(.+)", re.S)


class Held(NamedTuple):
    """What the stack's bucket has of a photo."""

    name: str
    """Of the file, as the photo's ID has it."""
    size: int
    """Bytes."""
    etag: str


Contents = dict[str, Held]
"""What an album has, by the digits of its content."""


class Placement:
    """The albums of an import: one for all files, or one for each folder, created when it is needed."""

    def __init__(self, albums: Albums, album: AlbumLike | None, user: str | None, root: str) -> None:
        """Files that are in no folder go into the album `root`, unless all go into `album`.

        Raises InvalidArgumentError for an album without a name, UploadError for a user that S3 cannot carry,
        AwsError.
        """
        if album == "":
            raise InvalidArgumentError("An album needs a name.")
        self._albums, self._root = albums, root
        self.user = album.user if isinstance(album, Album) else check_user(user or default_user())
        self._existing = {one.name: one for one in albums.of(self.user)}
        self._one = album.name if isinstance(album, Album) else self._by_id(album)
        if isinstance(album, Album):
            self._existing[album.name] = album

    def album_name(self, file: SourceFile) -> str:
        """Return the name of the album that a file goes into: its folder, as a path."""
        return self._one or _stored(file.folder) or _stored(self._root) or "Photos"

    def existing(self, name: str) -> Album | None:
        """Return an album if there was one of this name."""
        return self._existing.get(name)

    def open(self, name: str) -> Album:
        """Return the album of this name; it is created if there is none. Raises AwsError."""
        return self._existing.get(name) or self._albums.get_or_create(name, self.user)

    def _by_id(self, album: str | None) -> str | None:
        return next((one.name for one in self._existing.values() if one.id == album), album)


def contents(stack: Stack, album: Album) -> Contents:
    """Return what was uploaded into an album, wherever it was moved since. Raises AwsError."""
    found: Contents = {}
    prefix = incoming_key(f"{album.id}/")
    pages = stack.client("s3").get_paginator("list_objects_v2")
    with translated(f"Listing {prefix}"):
        for page in pages.paginate(Bucket=stack.bucket, Prefix=prefix):
            for one in page.get("Contents", ()):
                if placed := _PLACED.fullmatch(one["Key"].removeprefix(prefix)):
                    found[placed[1]] = Held(placed[2], one["Size"], one["ETag"])
    return found


def name_in_id(album: Album, name: str) -> str:
    """Return a file's name as a photo ID of the album has it."""
    return make_photo_id(album.id, "0" * DIGITS, name).removeprefix(f"{album.id}/{'0' * DIGITS}-")


def _stored(name: str) -> str:
    """Return a folder's name as DynamoDB can store it: a file system's names may be no Unicode."""
    return name.encode("utf-8", "replace").decode().strip()
