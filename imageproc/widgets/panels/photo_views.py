"""Photos as the parts show them: a card, a marker on the map, the opened photo."""

from __future__ import annotations

from collections.abc import Sequence

from imageproc import Photo, Status
from imageproc.presentation.boxes import LabelledBox, labelled_boxes
from imageproc.presentation.facts import facts, problem, tag_confidences
from imageproc.presentation.text import printable
from imageproc.widgets.parts.gallery import Card
from imageproc.widgets.parts.photo_map import MapMarker
from imageproc.widgets.parts.photo_viewer import ViewedPhoto
from imageproc.widgets.tones import Tone

PHOTO_TONES = {
    Status.UPLOADED: Tone.WAITING,
    Status.PROCESSING: Tone.RUNNING,
    Status.SUCCEEDED: Tone.SUCCESS,
    Status.INCOMPLETE: Tone.WARNING,
    Status.REJECTED: Tone.ERROR,
    Status.FAILED: Tone.ERROR,
}

_CARD_TAGS = 3


def card(photo: Photo) -> Card:
    """Return the photo's card."""
    done = photo.status is Status.SUCCEEDED
    status = ("Truncated" if photo.truncated else "") if done else photo.status.capitalize()
    why = problem(photo)
    return Card(
        id=photo.id,
        name=printable(photo.name),
        note=f"{status}: {why}" if status and why else status,
        tone=Tone.WARNING if done and photo.truncated else PHOTO_TONES[photo.status],
        tags=tuple(tag_confidences(photo)[:_CARD_TAGS]),
        thumbnail=photo.thumbnail_key is not None,
    )


def marker(photo: Photo) -> MapMarker | None:
    """Return the photo's marker on the map, None if its record has no position."""
    place = photo.place
    return MapMarker(photo.id, printable(photo.name, 80), place.latitude, place.longitude) if place else None


def viewed(photo: Photo, index: int, known: int, more: bool) -> ViewedPhoto:
    """Return the opened photo: the one at `index` of the `known` ones, after which `more` may follow."""
    return ViewedPhoto(
        id=photo.id,
        name=printable(photo.name),
        position=f"{index + 1} of {known}{' or more' if more else ''}",
        previous=index > 0,
        next=index + 1 < known or more,
        tags=tuple(tag_confidences(photo)),
        boxes=tuple(map(_box, labelled_boxes(photo.labels))),
        rows=tuple((fact.name, fact.value, fact.href) for fact in facts(photo)),
    )


def summary(photos: Sequence[Photo]) -> list[tuple[str, str, str]]:
    """Return a table row for each photo: name, status and tags."""
    return [(c.name, c.note or "Succeeded", ", ".join(name for name, _ in c.tags)) for c in map(card, photos)]


def _box(one: LabelledBox) -> tuple[str, float, float, float, float]:
    """Return the part of a box that lies in the picture."""
    left, right = _span(one.box.left, one.box.width)
    top, bottom = _span(one.box.top, one.box.height)
    return one.name, left, top, right - left, bottom - top


def _span(start: float, length: float) -> tuple[float, float]:
    first, last = sorted(min(1.0, max(0.0, end)) for end in (start, start + length))
    return first, last
