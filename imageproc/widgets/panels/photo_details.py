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
from imageproc.widgets.panels.shown_photos import ShownPhotos
from imageproc.widgets.parts.gallery import Gallery
from imageproc.widgets.parts.photo_map import Box, PhotoMap
from imageproc.widgets.parts.photo_viewer import PhotoViewer
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
        super().__init__(*above, below=below)

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
        shown = self._shown
        if shown is None:
            return
        try:
            photo = self._photo(number) if 0 <= number < len(shown.ids) else None
            if photo is None:
                self.say("This photo is gone.", Tone.WARNING)
                return
            self._opened = photo.id
            self.viewer.show(photo_views.viewed(photo, number, len(shown.ids), self._pictures.album(photo)))
        except AwsError as error:
            self.say(str(error), Tone.ERROR)

    def open_id(self, photo_id: str) -> None:
        """Open a photo by its ID. Raises WorkbenchError if it is not shown."""
        if self._shown is None or (number := self._shown.number(photo_id)) is None:
            raise WorkbenchError("This photo is not here: it may be in another album, or gone.")
        self.open_photo(number)
        self.gallery.reveal(number)

    @abstractmethod
    def _choose(self, numbers: list[int]) -> None: ...

    @abstractmethod
    def _search_within(self, box: Box) -> None: ...

    @abstractmethod
    def _corrected(self, photo: Photo) -> None: ...

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
