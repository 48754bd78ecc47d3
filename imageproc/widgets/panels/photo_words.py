"""What the widgets show of a photo's record."""

from __future__ import annotations

import math
from collections.abc import Sequence

from imageproc.client.boxes import NamedBox, boxes_of
from imageproc.client.photos import Photo
from imageproc.client.readable import position, printable, problem, readable, tags_with_confidence
from imageproc.core.record import LABELS, Status
from imageproc.widgets.parts.gallery import Card
from imageproc.widgets.parts.photo_map import Point
from imageproc.widgets.parts.photo_viewer import Opened
from imageproc.widgets.tones import PHOTO_TONES

_CARD_TAGS = 3


def card(photo: Photo) -> Card:
    """Return the photo's card."""
    word = "" if photo.status is Status.SUCCEEDED else photo.status.capitalize()
    why = problem(photo.record)
    return Card(
        id=photo.id,
        name=printable(photo.file_name),
        note=f"{word}: {why}" if word and why else word,
        tone=PHOTO_TONES[photo.status],
        tags=tuple(tags_with_confidence(photo.record)[:_CARD_TAGS]),
        thumbnail=photo.thumbnail_key is not None,
    )


def point(photo: Photo) -> Point | None:
    """Return the photo's place on the map, None if it does not say where it was taken."""
    place = position(photo.record)
    return Point(photo.id, printable(photo.file_name, 80), *place) if place else None


def opened(photo: Photo, index: int, known: int, more: bool) -> Opened:
    """Return what the viewer shows of the photo at `index` of those `known`; `more` may follow."""
    labels = photo.record.get(LABELS)
    boxes = boxes_of([one for one in labels if isinstance(one, dict)] if isinstance(labels, list) else [])
    return Opened(
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
    """Return rows of name, status and tags."""
    return [(c.name, c.note or "Succeeded", ", ".join(name for name, _ in c.tags)) for c in map(card, photos)]


def _box(box: NamedBox) -> tuple[str, float, float, float, float]:
    """Return the box's part that lies in the picture."""
    left, right = _span(box.left, box.width)
    top, bottom = _span(box.top, box.height)
    return box.name, left, top, right - left, bottom - top


def _span(start: float, length: float) -> tuple[float, float]:
    ends = sorted(min(1.0, max(0.0, end)) for end in (start, start + length) if math.isfinite(end))
    return (ends[0], ends[-1]) if ends else (0.0, 0.0)
