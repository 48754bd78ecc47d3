"""The form that changes an album: its name, description and order; and the one that deletes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import ipywidgets

from imageproc import Album, Workbench
from imageproc.errors import AlbumNotEmptyError
from imageproc.presentation.text import photos_text
from imageproc.widgets.panels import fields
from imageproc.widgets.panels.question import Question
from imageproc.widgets.panels.shown_photos import ORDERS
from imageproc.widgets.updates import flush, update

_UNSORTED = ("(not set)", "")
_SAY = "(say what becomes of them)"
_KEEP, _FORGET = "", "\0forget"


class AlbumForm(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Fields for an album, hidden until `show`. Its buttons are the panel's that holds it."""

    def __init__(
        self, save: Callable[[], object], delete: Callable[[], object], close: Callable[[], object]
    ) -> None:
        """Offer what is done when a button is pressed."""
        self.album: Album | None = None
        """The album that is shown."""
        self.name = fields.text("Name")
        self.description = fields.area("Description", "what is in the album")
        orders = [(words, f"{'-' if down else ''}{field}") for words, field, down in ORDERS.values()]
        self.order = fields.choice("Sort by", [_UNSORTED, *orders], "")
        self.photos = fields.choice("Its photos", [(_SAY, _KEEP)], _KEEP)
        self.question = Question()
        self.name.on_enter(save)
        save_button = fields.button("Save", save)
        self.close_button = fields.button("Close", close)
        self.delete_button = fields.button("Delete album…", delete, hint="Delete the album; asks first")
        super().__init__(
            [
                fields.row(self.name, self.order),
                self.description,
                fields.row(save_button, self.close_button),
                fields.row(self.photos, self.delete_button),
                self.question,
            ]
        )
        self.add_class("ip-album-form")
        fields.set_visible(self, False)

    def show(self, album: Album, others: Iterable[Album]) -> None:
        """Show an album's values, and the others to which its photos can be moved."""
        known = {value for _, value in self.order.options}
        update(self.name, value=album.name)
        update(self.description, value=album.description)
        order = album.sort_order or ""
        update(self.order, value=order if order in known else "")
        moves = [(f"Move them to {one.name}", one.id) for one in others if one.id != album.id]
        fates = [(_SAY, _KEEP), *moves, ("Forget them for good", _FORGET)]
        update(self.photos, options=fates, value=_KEEP)
        flush()
        self.album = album  # its values are in the fields: now they may be changed
        fields.set_visible(self, True)

    def hide_unless(self, album: Album) -> None:
        """Hide the form if it is about another album."""
        if self.album and self.album.id != album.id:
            self.album = None
            fields.set_visible(self, False)

    def save(self, workbench: Workbench, album: Album) -> Album:
        """Store what was changed. Raises InvalidArgumentError for a name that cannot be, AwsError."""
        name, description, order = self.name.value.strip(), self.description.value.strip(), self.order.value
        albums = workbench.albums
        if description != album.description:
            album = albums.describe(album, description)
        if order != (album.sort_order or ""):
            album = albums.sort_by(album, order.removeprefix("-") or None, descending=order.startswith("-"))
        return albums.rename(album, name) if name != album.name else album

    def delete(
        self,
        workbench: Workbench,
        album: Album,
        ask: Callable[[str], bool],
        told: Callable[[int, int], object],
    ) -> bool:
        """Delete the album if who is asked says yes; return whether.

        `told` is told how many photos of how many are done; what it raises stops the deletion.

        Raises AlbumNotEmptyError, ForgetError, AwsError.
        """
        chosen, total = self.photos.value, sum(1 for _ in workbench.photos.in_album(album))
        forget, into = chosen == _FORGET, chosen if chosen not in (_KEEP, _FORGET) else None
        if total and not (forget or into):
            raise AlbumNotEmptyError(f"{album.name} has photos.", "Choose what becomes of them.")
        if not ask(self._asked(workbench, album, chosen, total)):
            return False
        done = set[str]()

        def notify(photo: str) -> None:
            done.add(photo)
            told(len(done), total)

        workbench.albums.delete(album, move_to=into, forget=forget, notify=notify)
        fields.set_visible(self, False)
        return True

    @staticmethod
    def _asked(workbench: Workbench, album: Album, chosen: str, total: int) -> str:
        photos = photos_text(total)
        if not total:
            return f"Delete the empty album {album.name}?"
        if chosen == _FORGET:
            return f"Delete the album {album.name}, and erase its {photos} for good, with all versions?"
        into = workbench.albums.current(chosen)
        return f"Move {photos} to {into.name}, and delete the album {album.name}?"
