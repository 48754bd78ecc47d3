"""Albums: created, found, listed, changed and deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from imageproc.aws import items
from imageproc.aws.translation import error_code, translated
from imageproc.catalog.fields import expression
from imageproc.client.album_names import checked_name, checked_text, id_of
from imageproc.client.resource import StackResource
from imageproc.client.users import check_user, default_user
from imageproc.core.attributes import (
    ALBUM_ID,
    COVER_PHOTO_ID,
    CREATION_TIME,
    DESCRIPTION,
    HIDDEN_LABELS,
    NAME,
    SORT_ORDER,
    USER_ID,
    USER_INDEX,
)
from imageproc.core.close_names import close_names, did_you_mean
from imageproc.core.corrections import checked_label
from imageproc.errors import AlbumNotFoundError, InvalidArgumentError, QueryError
from imageproc.presentation import html

if TYPE_CHECKING:
    from imageproc.client.photos.photo import Photo, PhotoLike
    from imageproc.client.photos.view import PhotoView
    from imageproc.client.stack import Stack
    from imageproc.client.workbench import Workbench

_FEW = 5
"""Albums that are all named where there is none of a name."""

_LOOKED_AT = 20
"""Photos that are looked at for a cover with a thumbnail."""


@dataclass(frozen=True)
class Album:
    """An album of one user, as it was when it was read."""

    id: str
    user: str
    name: str
    created: int
    """Epoch seconds."""
    description: str = ""
    cover_id: str | None = None
    """The ID of the photo that stands for it, if one was chosen; `Albums.cover` returns it."""
    sort_order: str | None = None
    """The field that its photos are sorted by, with `-` before it the greatest first; None if none is set."""
    hidden_labels: frozenset[str] = frozenset()
    """Labels that are neither shown nor counted among the album's photos."""
    _workbench: Workbench | None = field(default=None, repr=False, compare=False)

    @property
    def photos(self) -> PhotoView:
        """The album's photos, in its order. Raises InvalidArgumentError for one not read from a stack."""
        if self._workbench is None:
            raise InvalidArgumentError(
                f"The album {self.name} was not read from a stack.", "Read it with workbench.albums.get."
            )
        found = self._workbench.photos.where(album=self)
        if not _is_order(self.sort_order):
            return found
        order = str(self.sort_order)
        return found.sort_by(order.removeprefix("-"), descending=order.startswith("-"))

    @html.or_why_not
    def _repr_html_(self) -> str | None:
        """Return its first photos' thumbnails, and how many photos there are, for Jupyter."""
        return self.photos.contact_sheet(self.name) if self._workbench else None


AlbumLike = Album | str
"""An album, its ID or its name."""


class Albums(StackResource):
    """The albums of a stack."""

    def __init__(self, stack: Stack, workbench: Workbench | None = None) -> None:
        """Read and change the albums of this stack; the workbench knows their photos."""
        super().__init__(stack)
        self._workbench = workbench
        self._listeners: dict[Callable[[Album], object], None] = {}

    def on_change(self, listener: Callable[[Album], object]) -> Callable[[], object]:
        """Call this with each album that is made or changed here, in that thread; return what ends it."""
        self._listeners[listener] = None
        return lambda: self._listeners.pop(listener, None)

    def of(self, user: str | None = None) -> list[Album]:
        """Return a user's albums (by default, the default user's), the newest first.

        Raises InvalidArgumentError, AwsError.
        """
        owner = checked_text("A user", user or default_user())
        found = items.query(self._dynamodb, self._stack.album_table, USER_INDEX, USER_ID, owner)
        return [self._album(one) for one in found]

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
            raise AlbumNotFoundError(f"There is no album {album!r}.", self._meant(album, user))
        return found[0]

    def _meant(self, name: str, user: str | None) -> str:
        """Return which albums may have been meant, as a sentence; empty if many are there, none like this."""
        names = {one.name for one in (self if user is None else self.of(user))}
        if found := close_names(name, names):
            return did_you_mean(found)
        return f"There are: {', '.join(sorted(names))}." if 0 < len(names) <= _FEW else ""

    def get_or_create(self, name: AlbumLike, user: str | None = None) -> Album:
        """Return the user's album of this name (or ID); it is created if there is none.

        Raises UploadError for a user name that S3 cannot carry, InvalidArgumentError, AwsError.
        """
        if isinstance(name, Album):
            return name
        owner, name = check_user(user or default_user()), checked_name(name)
        for album in self.of(owner):
            if name in (album.name, album.id):
                return album
        return self._create(owner, name)

    def many(self, album_ids: Iterable[str]) -> dict[str, Album]:
        """Return those of these albums that exist, by ID."""
        found = items.get_many(self._dynamodb, self._stack.album_table, ALBUM_ID, album_ids)
        return {album.id: album for album in map(self._album, found)}

    def current(self, album: AlbumLike) -> Album:
        """Return an album as it is now. Raises AlbumNotFoundError if it was deleted, and as `get`."""
        found = self.get(album)
        for now in self.many([found.id]).values():
            return now
        raise AlbumNotFoundError(f"The album {found.name} was deleted.")

    def rename(self, album: AlbumLike, name: str) -> Album:
        """Give an album another name, and return it; its ID stays, and so do its photos.

        Raises InvalidArgumentError for an empty name, and for one that another album of the user has;
        AlbumNotFoundError, AwsError.
        """
        found, name = self.get(album), checked_name(name)
        if any(other.name == name and other.id != found.id for other in self.of(found.user)):
            raise InvalidArgumentError(f"{found.user} has another album {name!r}.", "Choose another name.")
        return self._change(found, NAME, name)

    def describe(self, album: AlbumLike, description: str) -> Album:
        """Describe an album in a text, none if it is empty.

        Raises InvalidArgumentError, AlbumNotFoundError, AwsError.
        """
        text = checked_text("A description", description)
        return self._change(self.get(album), DESCRIPTION, text.strip())

    def sort_by(self, album: AlbumLike, field: str | None, *, descending: bool = False) -> Album:
        """Set what an album's photos are sorted by: a field as `PhotoView.sort_by` takes it; None: nothing.

        Raises QueryError for an unknown field, with the nearest names; AlbumNotFoundError, AwsError.
        """
        if field is not None:
            expression(field)
        order = f"{'-' if descending else ''}{field}" if field else None
        return self._change(self.get(album), SORT_ORDER, order)

    def hide_label(self, album: AlbumLike, label: str) -> Album:
        """Neither show nor count a label among an album's photos; they keep it, and are found by it.

        Raises CorrectionError for a name that cannot be kept, AlbumNotFoundError, AwsError.
        """
        return self._update(self.get(album), "ADD", HIDDEN_LABELS, {checked_label(label)})

    def show_label(self, album: AlbumLike, label: str) -> Album:
        """Show a label among an album's photos again. Raises as `hide_label`."""
        found = self.get(album)
        same = {one for one in found.hidden_labels if one.casefold() == label.casefold()}
        return self._update(found, "DELETE", HIDDEN_LABELS, same or {checked_label(label)})

    def set_cover(self, album: AlbumLike, photo: PhotoLike | None) -> Album:
        """Choose the photo of the album that stands for it; with None its first photo does.

        Raises InvalidArgumentError for a photo of another album, AlbumNotFoundError, PhotoNotFoundError,
        AwsError.
        """
        found = self.get(album)
        chosen = None if photo is None else self._known.photos.find(photo)
        if chosen and chosen.album_id != found.id:
            raise InvalidArgumentError(
                f"{chosen.name} is not in the album {found.name}.", "Move it or copy it there first."
            )
        return self._change(found, COVER_PHOTO_ID, chosen.id if chosen else None)

    def cover(self, album: AlbumLike) -> Photo | None:
        """Return the photo that stands for an album: the chosen one, else its first one with a thumbnail.

        None if none of the first has one. Raises AlbumNotFoundError, CatalogError, AwsError.
        """
        found = self.get(album)
        for photo in self._known.photos.many([found.cover_id] if found.cover_id else ()):
            if photo.album_id == found.id and photo.thumbnail_key:
                return photo
        return first_with_thumbnail(found.photos)

    def delete(
        self,
        album: AlbumLike,
        *,
        move_to: AlbumLike | None = None,
        forget: bool = False,
        notify: Callable[[str], object] = lambda _: None,
    ) -> int:
        """Delete an album, its photos first; return how many there were.

        They are moved to another album, or with `forget` erased for good; one of both must be said unless
        there are none. Interrupted, it is finished by asking again. `notify` is told of each photo that is
        done. Raises AlbumNotEmptyError if nothing is said of its photos, if one cannot be moved, or if some
        came meanwhile: then the album stays. Raises ForgetError, AlbumNotFoundError, AwsError.
        """
        from imageproc.client.album_deletion import AlbumDeletion

        into = None if move_to is None else self.current(move_to)
        return AlbumDeletion(self._known, self.get(album), into, forget=forget, notify=notify).run()

    def __getitem__(self, album: AlbumLike) -> Album:
        """Return an album, as `get` does: `workbench.albums["Trip"]`."""
        return self.get(album)

    def _ipython_key_completions_(self) -> list[str]:
        """Return the albums' names, which Jupyter offers after `albums["`."""
        return sorted({album.name for album in self})

    @html.or_why_not
    def _repr_html_(self) -> str:
        """Return the albums as a table, the newest first, for Jupyter."""
        found = sorted(self, key=lambda one: -one.created)
        rows = ((one.name, one.user, datetime.fromtimestamp(one.created, UTC), one.id) for one in found)
        return html.listing(("Album", "User", "Created", "ID"), rows, empty="There are no albums.")

    @property
    def _dynamodb(self) -> Any:
        return self._stack.client("dynamodb")

    @property
    def _known(self) -> Workbench:
        if self._workbench is None:
            raise InvalidArgumentError("These albums know no photos.", "Use those of a workbench.")
        return self._workbench

    def _create(self, user: str, name: str) -> Album:
        """Create an album. Its ID comes from user and name, so two at once create the same one.

        An album that has had the name keeps that ID when it is renamed: then the next ID is taken.
        """
        for number in count():
            album_id, now = id_of(user, name, number), int(time.time())
            album = Album(album_id, user, name, now, _workbench=self._workbench)
            if self._put(album):
                self._tell(album)
                return album
            there = self.many([album.id]).get(album.id)
            if there and (there.user, there.name) == (user, name):
                return there
        raise AssertionError  # unreachable: the numbers do not end

    def _put(self, album: Album) -> bool:
        """Store a new album; False if its ID is taken."""
        item = {ALBUM_ID: album.id, USER_ID: album.user, NAME: album.name, CREATION_TIME: album.created}
        with translated(f"Creating the album {album.name}"):
            try:
                self._dynamodb.put_item(
                    TableName=self._stack.album_table,
                    Item=items.to_item(item),
                    ConditionExpression=f"attribute_not_exists({ALBUM_ID})",
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def _change(self, album: Album, name: str, value: str | None) -> Album:
        """Set an attribute of an album, or remove it if it is to be empty; return the album as it is then."""
        return self._update(album, "SET" if value else "REMOVE", name, value)

    def _update(self, album: Album, action: str, name: str, value: str | set[str] | None) -> Album:
        """Perform an action of update expressions on an attribute of an album; return it as it is then.

        ADD and DELETE are of sets: two people who do so at once lose nothing.
        """
        operand = {"SET": " = :0", "REMOVE": ""}.get(action, " :0")
        request: dict[str, Any] = {
            "UpdateExpression": f"{action} #0{operand}",
            "ExpressionAttributeNames": {"#0": name},
        }
        if value:
            request["ExpressionAttributeValues"] = items.to_item({":0": value})
        with translated(f"Changing the album {album.name}"):
            try:
                answer = self._dynamodb.update_item(
                    TableName=self._stack.album_table,
                    Key=items.to_item({ALBUM_ID: album.id}),
                    ConditionExpression=f"attribute_exists({ALBUM_ID})",
                    ReturnValues="ALL_NEW",
                    **request,
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                raise AlbumNotFoundError(f"The album {album.name} was deleted.") from error
        changed = self._album(items.from_item(answer["Attributes"]))
        if self._workbench:
            self._workbench.catalog.note_album(changed.id, changed.name, changed.user)
        self._tell(changed)
        return changed

    def _tell(self, album: Album) -> None:
        for listener in tuple(self._listeners):
            listener(album)

    def _album(self, item: dict[str, object]) -> Album:
        album_id = str(item[ALBUM_ID])
        cover, order = item.get(COVER_PHOTO_ID), item.get(SORT_ORDER)
        return Album(
            id=album_id,
            user=str(item.get(USER_ID, "")),
            name=str(item.get(NAME) or album_id),
            created=int(str(item.get(CREATION_TIME, 0))),
            description=str(item.get(DESCRIPTION) or ""),
            cover_id=str(cover) if cover else None,
            sort_order=str(order) if order else None,
            hidden_labels=_hidden(item.get(HIDDEN_LABELS)),
            _workbench=self._workbench,
        )


def first_with_thumbnail(view: PhotoView) -> Photo | None:
    """Return the first with a thumbnail, a whole one before truncated ones; None if no early one has any."""
    shown = (photo for photo in view.limit(_LOOKED_AT) if photo.thumbnail_key)
    return min(shown, key=lambda photo: photo.truncated, default=None)


def _hidden(stored: object) -> frozenset[str]:
    """Return the hidden labels; another client may have stored anything."""
    names = stored if isinstance(stored, set | list) else ()
    return frozenset(name for name in names if isinstance(name, str))


def _is_order(order: str | None) -> bool:
    """Whether photos can be sorted by this; another client may have stored anything."""
    with suppress(QueryError):
        return bool(order and expression(order.removeprefix("-")))
    return False
