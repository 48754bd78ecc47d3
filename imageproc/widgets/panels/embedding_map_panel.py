"""A map of photos by their embeddings, on which photos of like things lie near each other."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from imageproc import Album, Photo, PhotoView, Workbench
from imageproc.client.photos.projection import MOST_LAID_OUT
from imageproc.errors import InvalidArgumentError
from imageproc.presentation.text import photos_text
from imageproc.widgets.actor import Job, JobControl
from imageproc.widgets.panels import fields, photo_views
from imageproc.widgets.panels.gallery_panel import GalleryPanel
from imageproc.widgets.panels.map_colors import COLORINGS
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.panels.photo_pictures import PhotoPictures
from imageproc.widgets.parts.embedding_map import EmbeddingMap, Points
from imageproc.widgets.parts.gallery import Card, GallerySource
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

if TYPE_CHECKING:
    import pandas as pd

_NONE = (
    "None of these {} has an embedding. The stack makes them with the template's parameter Similarity: "
    "imageproc deploy -p Similarity=Enabled, and for photos that are there already: "
    "imageproc reprocess --all --only embedding."
)
_LAYING_OUT = "Laying the photos out"


class EmbeddingMapPanel(Panel):
    """A map of a view's photos. `selected` are those that were selected, here or in the panel's gallery."""

    selected_ids: Any = traitlets.List()
    """The IDs of those that were selected: a trait, which can be observed."""

    def __init__(
        self,
        workbench: Workbench,
        album: Album | None = None,
        *,
        view: PhotoView | None = None,
        gallery: GalleryPanel | None = None,
        color: str = "tag",
    ) -> None:
        """Show the photos of a view or an album; with neither, all.

        What is selected on the map is selected in `gallery`, as far as it shows these photos, and the other
        way round. `color` is one of `map_colors.COLORINGS`: "tag", "camera", "taken" or "status". Raises
        InvalidArgumentError for another one.
        """
        self._workbench, self._echo = workbench, False
        self._gallery: GalleryPanel | None = None
        of_album = workbench.photos.where(album=album) if album else workbench.photos.where()
        self._view = of_album if view is None else view
        self._rows: pd.DataFrame | None = None
        self._ids: list[str] = []
        choices = [(words, name) for name, (words, _) in COLORINGS.items()]
        self.color_by = fields.choice("Colour by", choices, "tag")
        self.color_by.observe(lambda _: self._paint(), "value")
        self._pictures = PhotoPictures(workbench, self._photo, workbench.photos.find)
        source = GallerySource(self._cards, self._pictures.address, self._pictures.thumbnail)
        self.map = EmbeddingMap(source, on_select=self._note_selection)
        super().__init__(self.color_by, below=[self.map])
        if color not in COLORINGS:
            self.close()
            raise InvalidArgumentError(
                f"A map is not coloured by {color!r}.", f"By one of {', '.join(COLORINGS)}."
            )
        self.color_by.value = color
        self._gallery = gallery
        if gallery:
            gallery.observe(self._follow_gallery, "selected_ids")
        self.show(self._view)

    @property
    def selected(self) -> PhotoView:
        """The photos that were selected, in the view's order."""
        return self._view.where(id=self.selected_ids)

    def select(self, ids: Iterable[str]) -> None:
        """Select those of these photos that are on the map, here and in the gallery."""
        self.map.select(self._numbers(ids))
        self._note_selection()

    def show(self, view: PhotoView) -> Job[None]:
        """Show other photos, or the same as they are now; what was selected stays so."""
        return self.start(
            lambda control: self._load(view, control), "Reading embeddings", after=True, key="show"
        )

    def results(self) -> dict[str, Any]:
        """Return what is shown, as plain data for `record`."""
        groups = {group["name"]: group["count"] for group in self.map.groups}
        return {"photos": len(self._ids), "groups": groups, "selected": len(self.selected_ids)}

    def close(self) -> None:
        """Close the panel, and follow the gallery no more."""
        if self._gallery:
            self._gallery.unobserve(self._follow_gallery, "selected_ids")
            self._gallery = None
        super().close()

    def static(self) -> list[Any]:
        """Return the map as a picture, for pages without a kernel."""
        return [self.status.static(), *self.map.static()]

    def _load(self, view: PhotoView, control: JobControl) -> None:
        self._workbench.catalog.sync()
        total = len(view)
        # Photos beyond the most are left out by chance, and always the same ones.
        some = view if total <= MOST_LAID_OUT else view.sample(MOST_LAID_OUT)
        places = some.projection(notify=lambda done: self._tell(done, control))
        self._view, self._rows = view, some.to_frame().merge(places, on="id")
        self._ids = list(self._rows["id"])
        self._paint(total)
        self.say("")

    def _tell(self, share: float, control: JobControl) -> None:
        control.check()
        self.say(_LAYING_OUT, Tone.RUNNING, done=share, total=1)

    def _paint(self, total: int | None = None) -> None:
        """Show the photos in the chosen colours; `total` is how many the view has, if that is new."""
        rows = self._rows
        if rows is None:
            return
        groups, group_of = COLORINGS[self.color_by.value][1](rows)
        places = array("f", rows[["x", "y"]].to_numpy(dtype="float32").ravel().tolist())
        numbers = self._numbers(self.selected_ids)
        if total is not None:
            self._note = _note(len(rows), total)
            update(self.map, empty=_NONE.format(photos_text(total)) if total else "No photos here yet.")
        self.map.show(Points(places, groups, group_of), self._note, numbers)
        self.selected_ids = [self._ids[number] for number in numbers]
        self._snapshot.touch()

    def _note_selection(self) -> None:
        """Take what is selected on the map, and have the gallery select it."""
        self.selected_ids = [self._ids[number] for number in self.map.selected]
        self._snapshot.touch()
        if self._gallery:
            self._echo = True  # of what the gallery does not show, its answer lacks
            try:
                self._gallery.select(self.selected_ids)
            finally:
                self._echo = False

    def _follow_gallery(self, change: Any) -> None:
        if self._echo:
            return
        numbers = self._numbers(change["new"])
        self.map.select(numbers)
        self.selected_ids = [self._ids[number] for number in numbers]
        self._snapshot.touch()

    def _numbers(self, ids: Iterable[str]) -> list[int]:
        """Return the numbers of those of these photos that are on the map."""
        wanted = set(ids)
        return [number for number, one in enumerate(self._ids) if one in wanted]

    def _photo(self, number: int) -> Photo | None:
        return next(iter(self._photos(number, number + 1)), None)

    def _photos(self, first: int, end: int) -> list[Photo | None]:
        ids = self._ids[first:end]
        found = {photo.id: photo for photo in self._view.where(id=ids)} if ids else {}
        return [found.get(one) for one in ids]

    def _cards(self, first: int, end: int) -> Sequence[Card]:
        found = self._photos(first, end)
        return [photo_views.card(photo) if photo else photo_views.GONE for photo in found]


def _note(shown: int, total: int) -> str:
    """Return how many photos are on the map, of how many, and why."""
    if shown == total:
        return f"{photos_text(shown)}."
    why = f" {MOST_LAID_OUT:,} of them were looked at, chosen by chance." if total > MOST_LAID_OUT else ""
    return f"{shown:,} of {photos_text(total)};{why} the others have no embedding."
