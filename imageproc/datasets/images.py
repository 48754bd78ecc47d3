"""What data sets say of a photo, whatever their format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from imageproc.core.label import BoundingBox


@dataclass(frozen=True)
class Annotation:
    """One thing in a photo, or with no box a label of the whole photo."""

    label: str
    box: BoundingBox | None = None
    """Fractions of the upright picture's sides."""
    confidence: float | None = None
    """Percent; None where a person said it, as truths do."""
    parent: str = ""
    """A more general name, if there is one."""


@dataclass(frozen=True)
class AnnotatedImage:
    """A photo's file and what is in it."""

    file: str
    """The file's name, without folders."""
    width: int | None = None
    height: int | None = None
    """Pixels of the upright picture."""
    annotations: tuple[Annotation, ...] = ()
    photo_id: str | None = None
    """The photo's ID in the stack that it was exported from."""

    @property
    def stem(self) -> str:
        """The file's name without its suffix: other files about it have the same."""
        return PurePath(self.file).stem

    @property
    def labels(self) -> dict[str, float]:
        """The labels, each with its greatest confidence; a person's word counts 100 %."""
        found: dict[str, float] = {}
        for one in self.annotations:
            confidence = 100.0 if one.confidence is None else one.confidence
            found[one.label] = max(found.get(one.label, 0.0), confidence)
        return found


@dataclass(frozen=True)
class Dataset:
    """Photos, and all classes that they were searched for: one that no photo has is in none of them."""

    images: tuple[AnnotatedImage, ...]
    classes: frozenset[str]


def dataset(images: Iterable[AnnotatedImage], classes: Iterable[str] = ()) -> Dataset:
    """Return a data set of these images; what they have belongs to the classes."""
    found = tuple(images)
    return Dataset(found, frozenset(classes) | {name for image in found for name in image.labels})


def in_picture(box: BoundingBox) -> tuple[float, float, float, float]:
    """Return the left, top, right and bottom of the part of a box that lies in the picture, as fractions."""
    left, top = (min(1.0, max(0.0, start)) for start in (box.left, box.top))
    right, bottom = (min(1.0, max(0.0, end)) for end in (box.left + box.width, box.top + box.height))
    return left, top, max(left, right), max(top, bottom)


def box_of(left: float, top: float, right: float, bottom: float) -> BoundingBox:
    """Return the box between these sides, given as fractions. Raises ValueError for none."""
    if not (0 <= left <= right <= 1.001 and 0 <= top <= bottom <= 1.001):
        raise ValueError(f"a box from {left:g}, {top:g} to {right:g}, {bottom:g} is not in the picture")
    return BoundingBox(left, top, right - left, bottom - top)
