"""Odd ones out: photos by how rare their labels are among others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from imageproc.catalog.rarity import RatedPhoto, rarities
from imageproc.errors import PhotoNotFoundError
from imageproc.presentation import html
from imageproc.presentation.text import labels_text, photos_text

if TYPE_CHECKING:
    from imageproc.client.photos.photo import Photo
    from imageproc.client.photos.view import PhotoView

_RAREST = 24
_AT_ONCE = 200
"""Photos that are read at a time."""


@dataclass(frozen=True)
class RarePhoto:
    """A photo, and how rare its labels are among those that were looked at."""

    photo: Photo
    rarity: float
    """From 0, where all photos with labels have all of its labels, to 1, where no other has one of them."""
    labels: dict[str, int]
    """How many of the photos have each of its labels, the rarest first."""


@dataclass(frozen=True)
class LabelRarity(Sequence[RarePhoto]):
    """The photos of a view that have labels, those with the rarest first.

    A photo's rarity is the mean over its labels of `log(n / k) / log(n)`, where k of the n photos with labels
    have the label. It tells what stands out by what was recognised: something rare, or something that was
    recognised wrongly. How a picture looks, it does not know.
    """

    view: PhotoView
    """The photos that were looked at."""
    found: tuple[RatedPhoto, ...]
    """The photos by IDs."""
    without_labels: int
    """Photos of which nothing can be said."""

    def rarest(self, count: int = _RAREST) -> PhotoView:
        """Return a view of the first so many, in order, to be looked through in a gallery."""
        return self.view.in_order(one.id for one in self.found[:count])

    def __len__(self) -> int:
        """Return how many photos have labels."""
        return len(self.found)

    @overload
    def __getitem__(self, index: int) -> RarePhoto: ...
    @overload
    def __getitem__(self, index: slice) -> list[RarePhoto]: ...
    def __getitem__(self, index: int | slice) -> RarePhoto | list[RarePhoto]:
        """Return a photo, or several. Those that were forgotten since are left out.

        Of a single one that was, PhotoNotFoundError is raised.
        """
        if isinstance(index, slice):
            return self._read(self.found[index])
        for one in self._read([self.found[index]]):
            return one
        raise PhotoNotFoundError(f"{self.found[index].id} was forgotten since.", "Ask for the rarity again.")

    def __iter__(self) -> Iterator[RarePhoto]:
        """Yield the photos."""
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]

    def __repr__(self) -> str:
        """Return one line for people."""
        without = f", {photos_text(self.without_labels)} without labels" if self.without_labels else ""
        return f"<LabelRarity of {photos_text(len(self))}{without}>"

    def _repr_html_(self) -> str:
        """Return the first photos with their labels, for Jupyter."""
        rows = [(one.photo.name, f"{one.rarity:.2f}", labels_text(one.labels)) for one in self[:_RAREST]]
        columns = ("Photo", "Rarity", "Labels, with how many photos have each")
        return html.listing(columns, rows, f"The rarest of {photos_text(len(self))}", "No photo has a label.")

    def _read(self, found: Sequence[RatedPhoto]) -> list[RarePhoto]:
        photos = {photo.id: photo for photo in self.view.in_order(one.id for one in found)}
        return [RarePhoto(photos[one.id], one.rarity, one.labels) for one in found if one.id in photos]


def find_rarity(view: PhotoView) -> LabelRarity:
    """Return how rare the labels of a view's photos are. See `PhotoView.label_rarity`."""
    found = view.photos.catalog.ask(rarities, view.selection, view.hidden)
    return LabelRarity(view, tuple(found), max(0, len(view) - len(found)))
