"""Photos as the parts show them: a card, a marker on the map, the opened photo."""

from __future__ import annotations

import math
from collections.abc import Sequence

from imageproc.client.boxes import NamedBox, boxes_of
from imageproc.client.photos import Photo
from imageproc.client.readable import position, printable, problem, readable, tags_with_confidence
from imageproc.core.record import LABELS, Status
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
    status = "" if photo.status is Status.SUCCEEDED else photo.status.capitalize()
    why = problem(photo.record)
    return Card(
        id=photo.id,
        name=printable(photo.file_name),
        note=f"{status}: {why}" if status and why else status,
        tone=PHOTO_TONES[photo.status],
        tags=tuple(tags_with_confidence(photo.record)[:_CARD_TAGS]),
        thumbnail=photo.thumbnail_key is not None,
    )


def marker(photo: Photo) -> MapMarker | None:
    """Return the photo's marker on the map, None if its record has no position."""
    found = position(photo.record)
    return MapMarker(photo.id, printable(photo.file_name, 80), *found) if found else None


def viewed(photo: Photo, index: int, known: int, more: bool) -> ViewedPhoto:
    """Return the opened photo: the one at `index` of the `known` ones, after which `more` may follow."""
    labels = photo.record.get(LABELS)
    boxes = boxes_of([one for one in labels if isinstance(one, dict)] if isinstance(labels, list) else [])
    return ViewedPhoto(
        id=photo.id,
        name=printable(photo.file_name),
        position=f"{index + 1} of {known}{' or more' if more else ''}",
        previous=index > 0,
        next=index + 1 < known or more,
        tags=tuple(tags_with_confidence(photo.record)),
        boxes=tuple(_box(box) for box in boxes),
        rows=tuple((row.name, row.value, row.href) for row in readable(photo.record)),
    )


def summary(photos: Sequence[Photo]) -> list[tuple[str, str, str]]:
    """Return a table row for each photo: name, status and tags."""
    return [(c.name, c.note or "Succeeded", ", ".join(name for name, _ in c.tags)) for c in map(card, photos)]


def _box(box: NamedBox) -> tuple[str, float, float, float, float]:
    """Return the part of a box that lies in the picture."""
    left, right = _span(box.left, box.width)
    top, bottom = _span(box.top, box.height)
    return box.name, left, top, right - left, bottom - top


def _span(start: float, length: float) -> tuple[float, float]:
    ends = sorted(min(1.0, max(0.0, end)) for end in (start, start + length) if math.isfinite(end))
    return (ends[0], ends[-1]) if ends else (0.0, 0.0)
