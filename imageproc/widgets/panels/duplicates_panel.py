"""Duplicates: photos that are there more than once, in groups, and forgetting those that are too many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets

from imageproc import Album, DuplicateGroup, Duplicates, Photo, PhotoView, Workbench
from imageproc.client.photos.duplicates import NEAR
from imageproc.client.photos.presigned import PresignedUrls
from imageproc.core.perceptual_hash import BITS
from imageproc.presentation.facts import difference
from imageproc.presentation.text import bytes_text, photos_text, printable
from imageproc.widgets.actor import Job, JobControl
from imageproc.widgets.panels import fields, photo_actions
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.panels.question import Question
from imageproc.widgets.parts.duplicate_groups import DuplicateGroups, GroupedPhoto
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

AT_ONCE = 50
"""Groups that are shown more with each press of the button."""

_KINDS = [("Look the same", "near"), ("The same file", "exact")]


class DuplicatesPanel(Panel):
    """Groups of the same photos, of a view or an album. Nothing is forgotten that was not selected."""

    def __init__(
        self,
        workbench: Workbench,
        album: Album | None = None,
        *,
        view: PhotoView | None = None,
        on_forgotten: Callable[[], object] = lambda: None,
    ) -> None:
        """Look among the photos of a view or an album; with neither, among all. `find` begins.

        `on_forgotten` is called, from any thread, after photos were forgotten.
        """
        self._workbench, self._on_forgotten = workbench, on_forgotten
        of_album = workbench.photos.where(album=album) if album else workbench.photos.where()
        self._view = of_album if view is None else view
        self.found: Duplicates | None = None
        self._shown: list[DuplicateGroup] = []
        self._looked_at = 0  # of the groups that were found: one of which nothing is left is not shown
        self._urls: PresignedUrls | None = None
        self.kind = fields.choice("Find what", _KINDS, "near")
        self.threshold = ipywidgets.BoundedIntText(
            NEAR,
            min=0,
            max=BITS - 1,
            description="bits that may differ",
            style={"description_width": "initial"},
        )
        self.threshold.layout.width = "220px"
        self.kind.observe(lambda change: fields.set_visible(self.threshold, change["new"] == "near"), "value")
        self.groups = DuplicateGroups(self._address, self._thumbnail)
        self.all_button = fields.button("Select all but those to keep", self.select_spare)
        self.none_button = fields.button("Select none", lambda: self._select(()))
        self.forget_button = fields.button("Forget the selected…", self.forget, "danger")
        self.forget_button.disabled = True
        self.groups.observe(self._selected, "selected")
        self.more_button = fields.button("Show more groups", self._show_more)
        self.question = Question()
        self._actions = fields.row(self.all_button, self.none_button, self.forget_button)
        find = fields.row(self.kind, self.threshold, fields.button("Find duplicates", self.find, "primary"))
        super().__init__(find, below=[self._actions, self.question, self.groups, self.more_button])
        self._update_buttons()

    def look_among(self, view: PhotoView) -> Job[None]:
        """Look among other photos."""
        self._view = view
        return self.find()

    def find(self) -> Job[None]:
        """Find the duplicates anew; nothing is selected then."""
        return self.start(lambda _: self._find(), "Looking for duplicates", after=True, key="find")

    def select_spare(self) -> None:
        """Select all but the photo to keep of each group that is shown."""
        self._select(photo.id for group in self._shown for photo in group.others)

    def forget(self) -> None:
        """Erase the selected photos, if who is asked says yes."""
        # A page can say that anything is selected: only what is shown here counts.
        selected = set(self.groups.selected)
        ids = [photo.id for group in self._shown for photo in group.photos if photo.id in selected]
        if ids:
            self.start_if_idle(lambda control: self._forget(ids, control), photo_actions.READING)

    def results(self) -> dict[str, Any]:
        """Return what was found, as plain data for `record`."""
        found = self.found
        if found is None:
            return {"groups": 0, "spare": 0, "examined": 0, "without_hash": 0}
        counts = {"groups": len(found), "spare": len(found.spare)}
        return counts | {"examined": found.examined, "without_hash": found.without_hash}

    def _find(self) -> None:
        self._workbench.catalog.sync()
        near = self.kind.value == "near"
        self.found = self._view.duplicates(self.kind.value, threshold=self.threshold.value if near else None)
        self._shown, self._looked_at = [], 0
        self._add_groups()
        self.say(_said(self.found, near), Tone.INFO if len(self.found) else Tone.SUCCESS)

    def _show_more(self) -> None:
        self.start_if_idle(lambda _: self._add_groups(), "")

    def _add_groups(self) -> None:
        if self.found is None:
            return
        begin, self._looked_at = self._looked_at, self._looked_at + AT_ONCE
        self._shown += self.found[begin : self._looked_at]
        albums = self._albums()
        self.groups.show(
            ([*_cards(group, albums)] for group in self._shown), [*self.groups.selected] if begin else ()
        )
        self._update_buttons()

    def _albums(self) -> dict[str, str]:
        ids = {photo.album_id for group in self._shown for photo in group.photos if photo.album_id}
        return {album.id: album.name for album in self._workbench.albums.many(ids).values()}

    def _forget(self, ids: list[str], control: JobControl) -> None:
        chosen = set(ids)
        lost = sum(all(photo.id in chosen for photo in group.photos) for group in self._shown)
        warning = f" Nothing would be left of {lost:,} of the groups!" if lost else ""

        def told(done: int) -> None:
            self.say("Forgetting photos", Tone.RUNNING, done=done, total=len(ids))

        def ask(text: str, yes: str) -> bool:
            return self.ask(self.question, text + warning, control, yes)

        said = photo_actions.forget(self._workbench, ids, ask, told)
        self._find()
        self._on_forgotten()
        self.say(said, Tone.SUCCESS, done=0, total=0)

    def _select(self, ids: Iterable[str]) -> None:
        update(self.groups, selected=list(ids))

    def _selected(self, change: Any) -> None:
        self.forget_button.disabled = not change["new"]

    def _update_buttons(self) -> None:
        fields.set_visible(self._actions, bool(self._shown))
        fields.set_visible(self.more_button, self.found is not None and self._looked_at < len(self.found))

    def _photo(self, photo_id: str) -> Photo | None:
        every = (photo for group in self._shown for photo in group.photos)
        return next((photo for photo in every if photo.id == photo_id), None)

    def _address(self, photo_id: str) -> str | None:
        self._urls = self._urls or self._workbench.photos.urls()  # two threads may make one each
        photo = self._photo(photo_id)
        return self._urls.thumbnail(photo) if photo else None

    def _thumbnail(self, photo_id: str) -> bytes | None:
        photo = self._photo(photo_id)
        return photo.thumbnail_if_any() if photo else None


class GalleryDuplicates(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The duplicates among some photos of a gallery: there is nothing to see before they are asked for."""

    def __init__(self, workbench: Workbench, on_forgotten: Callable[[], object]) -> None:
        """Show nothing yet."""
        self._workbench, self._on_forgotten = workbench, on_forgotten
        self.panel: DuplicatesPanel | None = None
        super().__init__()

    def show(self, view: PhotoView) -> None:
        """Find the duplicates of these photos."""
        if self.panel is None:
            self.panel = DuplicatesPanel(self._workbench, view=view, on_forgotten=self._on_forgotten)
        self.panel.look_among(view)
        self.children = [fields.row(fields.button("✕ Close duplicates", self.hide)), self.panel]

    def hide(self) -> None:
        """Show nothing more."""
        self.children = []

    def close(self) -> None:
        """Close the panel, too."""
        if self.panel:
            self.panel.close()
        super().close()


def _cards(group: DuplicateGroup, albums: dict[str, str]) -> Iterable[GroupedPhoto]:
    for photo, bits in zip(group.photos, group.distances, strict=True):
        kept = photo is group.kept
        pixels = f"{photo.upright.width} × {photo.upright.height}" if photo.upright else ""
        size = bytes_text(photo.file_size) if photo.file_size is not None else ""
        facts = (
            " · ".join(filter(None, (pixels, size))),
            f"taken {photo.taken:%Y-%m-%d %H:%M}" if photo.taken else "no date",
            f"in {printable(albums[photo.album_id], 60)}" if photo.album_id in albums else "",
            "" if kept else difference(photo, group.kept, bits),
        )
        name = printable(photo.name)
        yield GroupedPhoto(photo.id, name, tuple(filter(None, facts)), kept, photo.thumbnail_key is not None)


def _said(found: Duplicates, near: bool) -> str:
    groups = "1 group" if len(found) == 1 else f"{len(found):,} groups"
    what = f"{groups}: {photos_text(len(found.spare))} of {found.examined:,} could go."
    said = what if len(found) else f"None of {photos_text(found.examined)} is there twice."
    if near and found.without_hash:
        said += (
            f" {photos_text(found.without_hash)} could not be compared, for want of a perceptual hash: "
            "making the thumbnail again adds it, unless the photo cannot be decoded, or is empty."
        )
    return said
