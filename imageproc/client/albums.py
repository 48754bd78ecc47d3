"""Albums: created, found and listed."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from imageproc.aws import items
from imageproc.aws.translation import error_code, translated
from imageproc.client.resource import StackResource
from imageproc.client.users import check_user, default_user
from imageproc.core.attributes import ALBUM_ID, USER_ID, USER_INDEX
from imageproc.errors import AlbumNotFoundError, InvalidArgumentError
from imageproc.presentation import html

if TYPE_CHECKING:
    from imageproc.client.photos.view import PhotoView
    from imageproc.client.stack import Stack

_ID_LENGTH = 16
"""Characters of an album ID, five bits each: short enough to read, too long for two to be the same."""


@dataclass(frozen=True)
class Album:
    """An album of one user."""

    id: str
    user: str
    name: str
    created: int
    """Epoch seconds."""
    _view_of: Callable[[Album], PhotoView] | None = field(default=None, repr=False, compare=False)

    @property
    def photos(self) -> PhotoView:
        """The album's photos. Raises InvalidArgumentError for an album that was not read from a stack."""
        if self._view_of is None:
            raise InvalidArgumentError(
                f"The album {self.name} was not read from a stack.", "Read it with workbench.albums.get."
            )
        return self._view_of(self)

    def _repr_html_(self) -> str | None:
        """Return the newest photos' thumbnails, and how many photos there are, for Jupyter."""
        return self.photos.contact_sheet(self.name) if self._view_of else None


AlbumLike = Album | str
"""An album, its ID or its name."""


class Albums(StackResource):
    """The albums of a stack."""

    def __init__(self, stack: Stack, view_of: Callable[[Album], PhotoView] | None = None) -> None:
        """Read and create the albums of this stack; `view_of` returns an album's photos."""
        super().__init__(stack)
        self._view_of = view_of

    def of(self, user: str | None = None) -> Iterator[Album]:
        """Yield a user's albums (by default, of the default user), the newest first."""
        owner = user or default_user()
        found = items.query(self._dynamodb, self._stack.album_table, USER_INDEX, USER_ID, owner)
        return map(self._album, found)

    def __iter__(self) -> Iterator[Album]:
        """Yield everybody's albums, in no fixed order."""
        return map(self._album, items.scan(self._dynamodb, self._stack.album_table))

    def get(self, album: AlbumLike, user: str | None = None) -> Album:
        """Return an album by itself, its ID or its name.

        A name that several users have is the given user's, else the default user's. Raises
        AlbumNotFoundError, also for a name that is not unique; InvalidArgumentError.
        """
        if isinstance(album, Album):
            return album
        if not isinstance(album, str) or not album:
            raise InvalidArgumentError(
                f"An album cannot be {album!r}.", "Give an Album, its ID or its name: albums.of() lists them."
            )
        item = items.get(self._dynamodb, self._stack.album_table, {ALBUM_ID: album})
        if item is not None:
            return self._album(item)
        named = [one for one in (self if user is None else self.of(user)) if one.name == album]
        mine = [one for one in named if one.user == (user or default_user())]
        found = mine if len(mine) == 1 else named
        if len(found) > 1:
            owners = ", ".join(sorted({one.user for one in found}))
            raise AlbumNotFoundError(f"{len(found)} albums are named {album!r} ({owners}).", "Name the user.")
        if not found:
            raise AlbumNotFoundError(f"There is no album {album!r}.")
        return found[0]

    def get_or_create(self, name: AlbumLike, user: str | None = None) -> Album:
        """Return the user's album of this name (or ID); it is created if there is none.

        Raises UploadError for a user name that S3 cannot carry, AwsError.
        """
        if isinstance(name, Album):
            return name
        owner = check_user(user or default_user())
        for album in self.of(owner):
            if name in (album.name, album.id):
                return album
        return self._create(owner, name)

    def __getitem__(self, album: AlbumLike) -> Album:
        """Return an album, as `get` does: `workbench.albums["Trip"]`."""
        return self.get(album)

    def _ipython_key_completions_(self) -> list[str]:
        """Return the albums' names, which Jupyter offers after `albums["`."""
        return sorted({album.name for album in self})

    def _repr_html_(self) -> str:
        """Return the albums as a table, the newest first, for Jupyter."""
        found = sorted(self, key=lambda album: -album.created)
        rows = (
            (album.name, album.user, datetime.fromtimestamp(album.created, UTC), album.id) for album in found
        )
        return html.listing(("Album", "User", "Created", "ID"), rows, empty="There are no albums.")

    @property
    def _dynamodb(self) -> Any:
        return self._stack.client("dynamodb")

    def _create(self, user: str, name: str) -> Album:
        """Create an album. Its ID comes from user and name, so two at once create the same one."""
        if not name:
            raise InvalidArgumentError("An album needs a name.")
        album = Album(_album_id(user, name), user, name, int(time.time()), self._view_of)
        item = {ALBUM_ID: album.id, USER_ID: user, "name": name, "creationTime": album.created}
        with translated(f"Creating the album {name}"):
            try:
                self._dynamodb.put_item(
                    TableName=self._stack.album_table,
                    Item=items.to_item(item),
                    ConditionExpression=f"attribute_not_exists({ALBUM_ID})",
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
        return album

    def _album(self, item: dict[str, object]) -> Album:
        album_id = str(item[ALBUM_ID])
        return Album(
            id=album_id,
            user=str(item.get(USER_ID, "")),
            name=str(item.get("name") or album_id),
            created=int(str(item.get("creationTime", 0))),
            _view_of=self._view_of,
        )


def _album_id(user: str, name: str) -> str:
    digest = hashlib.sha256(f"{user}\0{name}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_ID_LENGTH]
