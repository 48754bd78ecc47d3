"""A user's albums as cards: what the cards say, and where their covers come from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property

from imageproc import Album, Cancellation, Photo, PhotoView, Status, Workbench
from imageproc.client.albums import first_with_thumbnail
from imageproc.client.photos.presigned import PresignedUrls
from imageproc.errors import AlbumNotFoundError, ImageprocError
from imageproc.presentation.text import printable
from imageproc.widgets.app.address import ALL, Address
from imageproc.widgets.parts.album_cards import AlbumCard, AlbumCardHandlers, AlbumCards
from imageproc.widgets.pulse import Pulse

_UNSETTLED = (Status.UPLOADED, Status.PROCESSING, Status.INCOMPLETE, Status.REJECTED, Status.FAILED)
_MOST_UNSETTLED = 300

_ABOUT = 500
"""Characters of a description that are shown."""

_EVERY_S = 3.0
"""Seconds at least between two counts of the photos while more are processed."""


class AlbumPage:
    """The albums of one user, among them all photos."""

    def __init__(
        self,
        workbench: Workbench,
        open_: Callable[[str], object],
        create: Callable[[str], object],
        looked: Callable[[Exception | None], object],
    ) -> None:
        """Call these with the ID of an album to open, or the name of one to make.

        `looked` is called after each look with what went wrong, if something did.
        """
        self._workbench, self._looked = workbench, looked
        self._albums: dict[str, Album] = {}
        self._counts: dict[str, int] = {}
        self._user, self._read_at = "", 0.0
        handlers = AlbumCardHandlers(open_, create, self._address, self._bytes)
        self.cards = AlbumCards(handlers)
        self.pulse = Pulse(self._beat)
        """Reads them again as long as they are open: there may be others by then."""

    def load(self, user: str) -> None:
        """Show this user's albums as they are now. Raises AwsError."""
        if user != self._user or not self._albums:  # there may be some by now
            self._user, self._albums, self._counts = user, {}, {}
            self.cards.wait()
        try:
            self._read(user)
        except ImageprocError:
            self.cards.give_up()
            raise

    def count(self, *, at_once: bool) -> None:
        """Count the albums' photos anew, where that was not done just now. What fails is left for later."""
        if not at_once and time.monotonic() - self._read_at < _EVERY_S:
            return
        user = self._user
        with suppress(ImageprocError):
            counts = self._counted(user, self._albums)
            if self._user == user:
                self._counts = self._counts | counts
                self._show()

    def _beat(self, _: Cancellation) -> None:
        try:
            self._read(self._user)
            self._looked(None)
        except ImageprocError as error:
            self._looked(error)

    def _read(self, user: str) -> None:
        found = {album.id: album for album in self._workbench.albums.of(user)}
        counts = self._counted(user, found)
        if self._user != user:
            return  # somebody else has logged in
        self._albums, self._counts = found, counts
        self._show()

    def _counted(self, user: str, albums: Iterable[str]) -> dict[str, int]:
        self._read_at = time.monotonic()
        self._workbench.catalog.sync()
        # Also photos of others, which were moved here.
        counts = self._workbench.photos.where(album_id=list(albums)).facets("album_id")
        return {**counts, ALL: self.photos(user).count()}

    def _show(self) -> None:
        total = self._counts.get(ALL, 0)
        everything = AlbumCard(ALL, "All photos", total, str(total or ""))
        cards = [self._card(album) for album in self._albums.values()]
        self.cards.show([everything, *cards] if cards or total else [])

    def _card(self, album: Album) -> AlbumCard:
        count = self._counts.get(album.id, 0)
        cover = f"{count} {album.cover_id or album.sort_order}" if count else ""
        return AlbumCard(album.id, printable(album.name), count, cover, about(album))

    def find(self, album_id: str) -> Album:
        """Return an album by its ID, also another user's. Raises AlbumNotFoundError, AwsError."""
        found = self._albums.get(album_id) or self._workbench.albums.get(album_id)
        if found.id != album_id:
            raise AlbumNotFoundError("There is no such album.", "Choose one of the albums.")
        return found

    def note(self, album: Album) -> None:
        """Show an album of this user as it is now, or that is new."""
        if album.user == self._user and self._counts:
            new = {} if album.id in self._albums else {album.id: album}
            self._albums = new | self._albums | {album.id: album}
            self._show()

    def photos(self, user: str) -> PhotoView:
        """Return all photos of a user, the newest first."""
        return self._workbench.photos.where(user=user).sort_by("taken", descending=True)

    def unsettled(self, user: str) -> list[str]:
        """Return a user's photos that are under way or failed, by ID, the newest first, 300 at most."""
        if not user:
            return []  # nobody has logged in
        left = self.photos(user).where(status=_UNSETTLED).sort_by("uploaded", descending=True)
        return left.limit(_MOST_UNSETTLED).ids()

    def _address(self, album_id: str) -> str | None:
        found = self._cover(album_id)
        return self._urls.thumbnail(found) if found else None

    def _bytes(self, album_id: str) -> bytes | None:
        found = self._cover(album_id)
        return self._workbench.photos.read_thumbnail(found) if found else None

    def _cover(self, album_id: str) -> Photo | None:
        if album_id == ALL:
            return first_with_thumbnail(self.photos(self._user).sort_by("uploaded", descending=True))
        album = self._albums.get(album_id)
        return self._workbench.albums.cover(album) if album else None

    @cached_property
    def _urls(self) -> PresignedUrls:
        return self._workbench.photos.urls()


def about(album: Album | None) -> str:
    """Return an album's description in one line, empty without one."""
    return printable(" ".join(album.description.split()), _ABOUT) if album else ""


def title(address: Address, album: Album | None, user: str) -> str:
    """Return what an address shows, and whose it is, if not this user's; empty for the user's own albums."""
    whose = album.user if album else address.user
    of = f" of {printable(whose, 60)}" if whose != user else ""
    if album:
        return f"{album.name}{of}"
    if address.album == ALL or (of and address.shows_photos):
        return f"All photos{of}"
    return f"Albums{of}" if of else ""
