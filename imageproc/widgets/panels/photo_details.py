"""What is below a gallery's photos: the run of one, all of them on a map, and one of them opened."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import ipywidgets

from imageproc import Album, Photo, Workbench
from imageproc.client.photos.search import Search
from imageproc.errors import AwsError, WorkbenchError
from imageproc.presentation.text import photos_text
from imageproc.widgets.panels import fields, photo_views
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.panels.photo_labels import PhotoLabels
from imageproc.widgets.panels.photo_pictures import PhotoPictures
from imageproc.widgets.panels.photo_run import PhotoRun
from imageproc.widgets.panels.photo_search import Searched
from imageproc.widgets.panels.shown_photos import ShownPhotos
from imageproc.widgets.panels.under_way import UnderWay
from imageproc.widgets.parts.gallery import Gallery
from imageproc.widgets.parts.photo_map import Box, PhotoMap
from imageproc.widgets.parts.photo_viewer import PhotoViewer, ViewedPhoto
from imageproc.widgets.tones import Tone


@dataclass(frozen=True)
class PhotoDetails:
    """The parts below the photos, from top to bottom."""

    run: PhotoRun
    map: PhotoMap
    viewer: PhotoViewer


class DetailedPanel(Panel):
    """A panel of photos, whose details are made when they are needed: a page with all of them paints late."""

    gallery: Gallery
    _workbench: Workbench
    _pictures: PhotoPictures
    _user: Callable[[], str | None]
    _show_run: Callable[[str], object] | None
    _search: Search
    _shown: ShownPhotos | None
    _of: int | None
    album: Album | None
    _expects: Callable[[Album], bool]
    _opened = ""
    _made: PhotoDetails | None = None

    def __init__(self, *above: ipywidgets.Widget, below: Sequence[ipywidgets.Widget]) -> None:
        """Show these widgets above and below the status line; the details come last."""
        self._making = RLock()
        self._outcome = ""  # of the last action, which stays however often the photos are read meanwhile
        self._under_way = UnderWay(self._workbench, lambda: None if self.busy else self.refresh())
        super().__init__(*above, below=below)

    def close(self) -> None:
        """Close the panel, and look no more at what is under way."""
        if hasattr(self, "_under_way"):
            self._under_way.close()
        super().close()

    @property
    def details(self) -> PhotoDetails:
        """The details, which are made now if they are not there yet."""
        with self._making:
            if self._made is None:
                self._made = PhotoDetails(PhotoRun(self._workbench), self._make_map(), self._make_viewer())
                self.children = (*self.children, self._made.run, self._made.map, self._made.viewer)
            return self._made

    @property
    def run(self) -> PhotoRun:
        """The run of a photo."""
        return self.details.run

    @property
    def map(self) -> PhotoMap:
        """The map of all photos that are shown."""
        return self.details.map

    @property
    def viewer(self) -> PhotoViewer:
        """The photo that is open."""
        return self.details.viewer

    def open_photo(self, number: int) -> None:
        """Open a photo by its number from 0."""
        if self._shown is None:
            return
        try:
            if viewed := self._viewed(self._shown, number):
                self._opened = viewed.id
                self.viewer.show(viewed)
            else:
                self.say("This photo is gone.", Tone.WARNING)
        except AwsError as error:
            self.say(str(error), Tone.ERROR)

    def _viewed(self, shown: ShownPhotos, number: int) -> ViewedPhoto | None:
        total = len(shown.ids)
        photo = self._photo(number) if 0 <= number < total else None
        return photo_views.viewed(photo, number, total, self._pictures.album(photo)) if photo else None

    def open_id(self, photo_id: str) -> None:
        """Open a photo by its ID. Raises WorkbenchError if it is not shown."""
        if self._shown is None or (number := self._shown.number(photo_id)) is None:
            raise WorkbenchError("This photo is not here: it may be in another album, or gone.")
        self.open_photo(number)
        self.gallery.reveal(number)

    @abstractmethod
    def refresh(self) -> object:
        """Read again what is shown."""

    @abstractmethod
    def _choose(self, numbers: list[int]) -> None: ...

    @abstractmethod
    def _search_within(self, box: Box) -> None: ...

    @abstractmethod
    def _corrected(self, photo: Photo) -> None: ...

    def _go_on(self) -> None:
        """Make the details, and begin to look at what is under way."""
        _ = self.details
        self._under_way.begin()

    def _photo(self, number: int) -> Photo | None:
        return self._shown.between(number, number + 1)[0] if self._shown else None

    def _find_photo(self, photo_id: str) -> Photo:
        photo = self._shown.find(photo_id) if self._shown else None
        if photo is None:
            raise WorkbenchError("The photo is no longer shown.")
        return photo

    def _make_map(self) -> PhotoMap:
        traits: dict[str, Any] = {}
        if self._shown:
            traits = {"places": self._shown.places, "note": place_note(self._shown)}
        made = PhotoMap(on_choose=self._choose, on_within=self._search_within, **traits)
        fields.set_visible(made, self._has_map)
        return made

    def _make_viewer(self) -> PhotoViewer:
        pictures = self._pictures
        labels = PhotoLabels(self._workbench, self._find_photo, self._corrected, self._user)
        made = PhotoViewer(
            picture=pictures.picture,
            whole=pictures.whole,
            original=pictures.original,
            run=pictures.run,
            show_run=self._open_run,
            on_step=self._step,
            similar=lambda photo_id: pictures.similar(photo_id, self._shown.view) if self._shown else [],
            open_similar=self._open_similar,
            labels=labels.handlers,
        )
        # The card that had the focus may be another one since: labels were corrected.
        made.observe(lambda change: None if change["new"] else self.gallery.focus(), "photo")
        return made

    @property
    def _has_map(self) -> bool:
        """Whether a photo has a place, or something was searched for: perhaps it was an area."""
        return bool(self._of and self._shown and (self._shown.places or self._search.terms))

    @property
    def _is_expecting(self) -> bool:
        """Whether photos are on their way to the album that is shown."""
        return self.album is not None and self._expects(self.album)

    def _note_current(self, searched: Searched) -> None:
        """Go on from photos that are shown as the table has them."""
        self._show_places()
        self._under_way.note(searched.view, searched.version)
        self.say(self._outcome, Tone.SUCCESS if self._outcome else Tone.INFO, done=0, total=0)

    def _show_places(self) -> None:
        """Show the photos on the map, if it is there."""
        with self._making:
            if self._made:
                fields.set_visible(self._made.map, self._has_map)
                if self._shown:
                    self._made.map.show(self._shown.places, place_note(self._shown))

    def _close_photo(self) -> None:
        if self._made:
            self._made.viewer.show(None)

    def _close_details(self) -> None:
        """Close what was asked for of a photo: of others, it would mislead."""
        self._close_photo()
        if self._made:
            self._made.run.hide()

    def _renew_photo(self) -> None:
        """Show the photo that is open, if one is, as it is now."""
        is_open = self._made and self.viewer.photo
        number = self._shown.number(self._opened) if is_open and self._shown else None
        if self._shown and number is not None and (viewed := self._viewed(self._shown, number)):
            self.viewer.renew(viewed)

    def _open_run(self, photo_id: str) -> None:
        self._close_photo()
        (self._show_run or self.run.show)(photo_id)

    def _open_similar(self, photo_id: str) -> None:
        try:
            self.open_id(photo_id)
        except WorkbenchError as error:
            self.say(str(error), Tone.WARNING)

    def _step(self, by: int) -> None:
        number = self._shown.number(self._opened) if self._shown else None
        if self._shown and number is not None and 0 <= number + by < len(self._shown.ids):
            self.open_photo(number + by)
            self.gallery.reveal(number + by)


def place_note(shown: ShownPhotos) -> str:
    """Return how many photos are on the map, in words."""
    count = len(shown.places)
    return f"{count:,} of {photos_text(len(shown.ids))} {'has' if count == 1 else 'have'} a position."
