"""What the detector suspects in a picture it looks at again, from nearer.

It sees 300 × 300 pixels, whatever the picture has, so that it is unsure of small things. A part of the
picture around each of them is looked at by itself, larger. What is found there counts only where the whole
picture had a hint of it: without its surroundings, the detector takes many a part for something else. Most
pictures need one such look or none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from imageproc.local.recognition.detector import Box, Detection
from imageproc.local.recognition.labels import overlap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

SURE = 0.55
"""A thing with this score is there: the confidence that DetectLabels wants unless told otherwise."""
HINT = 0.15
"""With this score in the whole picture it may be there, and is looked at again."""
MOST_LOOKS = 3
_LEAST = 0.01
_PART = 0.6
_SAME = 0.3
_EDGE = 0.01


class Looks(Protocol):
    """What can say which things are in a picture."""

    def detections(self, picture: Image.Image, least: float) -> list[Detection]:
        """Return what is found with at least this score."""


def things(detector: Looks, picture: Image.Image) -> list[Detection]:
    """Return what is found in an upright RGB picture at first, or from nearer."""
    first = detector.detections(picture, _LEAST)
    sure = {one.class_id for one in first if one.score >= SURE}
    hints = [one for one in first if one.score >= HINT and one.class_id not in sure and _fits(one.box)]
    confirmed: dict[Detection, Detection] = {}
    for part, held in _parts(hints):
        nearer = list(_found(detector, picture, part))
        for hint in held - confirmed.keys():
            same = [one for one in nearer if _is_same(one, hint)]
            if same:
                confirmed[hint] = max(same, key=lambda one: one.score)
    there = [one for one in first if one not in confirmed]
    return [*there, *dict.fromkeys(confirmed.values())]


def _fits(box: Box) -> bool:
    return max(box.width, box.height) <= _PART


def _parts(hints: Iterable[Detection]) -> list[tuple[Box, set[Detection]]]:
    """Return parts of the picture that hold the hints, the surest first, each with those it holds."""
    parts: list[Box] = []
    surest = sorted(hints, key=lambda one: -one.score)
    for hint in surest:
        if len(parts) < MOST_LOOKS and not any(_holds(part, hint.box) for part in parts):
            parts.append(_around(hint.box))
    return [(part, {hint for hint in surest if _holds(part, hint.box)}) for part in parts]


def _around(box: Box) -> Box:
    """Return the part with the box in its middle, or as near to it as the picture's edges let it."""
    left, top = (
        min(max(start + length / 2 - _PART / 2, 0.0), 1.0 - _PART)
        for start, length in ((box.left, box.width), (box.top, box.height))
    )
    return Box(left, top, _PART, _PART)


def _holds(part: Box, box: Box) -> bool:
    rounding = 1e-6
    return (
        box.left >= part.left - rounding
        and box.top >= part.top - rounding
        and box.left + box.width <= part.left + part.width + rounding
        and box.top + box.height <= part.top + part.height + rounding
    )


def _found(detector: Looks, picture: Image.Image, part: Box) -> Iterable[Detection]:
    """Yield what is found in a part of a picture, but not what the part's edges cut off."""
    width, height = picture.size
    corners = (part.left, part.top, part.left + part.width, part.top + part.height)
    left, top, right, bottom = (one * side for one, side in zip(corners, (width, height) * 2, strict=True))
    cut = picture.crop((round(left), round(top), round(right), round(bottom)))
    for one in detector.detections(cut, SURE):
        if not _is_cut(one.box, part):
            box = one.box
            yield replace(
                one,
                box=Box(
                    part.left + box.left * part.width,
                    part.top + box.top * part.height,
                    box.width * part.width,
                    box.height * part.height,
                ),
            )


def _is_cut(box: Box, part: Box) -> bool:
    """Say whether a box of a part reaches an edge of it that is none of the picture."""
    sides = ((box.left, box.width, part.left, part.width), (box.top, box.height, part.top, part.height))
    return any(
        (start < _EDGE and part_start > 0)
        or (start + length > 1 - _EDGE and part_start + part_length < 1 - _EDGE)
        for start, length, part_start, part_length in sides
    )


def _is_same(one: Detection, hint: Detection) -> bool:
    return one.class_id == hint.class_id and overlap(one.box, hint.box) > _SAME
