"""A photo with the boxes of what was recognised in it, drawn upright. Pure Pillow; no AWS."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from imageproc.core.thumbnail import render

MAX_SIZE = (1600, 1600)
"""The box, width x height in pixels, that a drawn photo fits into."""

MAX_BOXES = 200
_MAX_NAME = 40
_COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#800000")


@dataclass(frozen=True)
class NamedBox:
    """A rectangle and what is in it. Sides are fractions of width and height; confidence is in percent."""

    name: str
    confidence: float
    left: float
    top: float
    width: float
    height: float


def boxes_of(labels: Iterable[Mapping[str, Any]]) -> list[NamedBox]:
    """Return the boxes of a record's `labels`, at most `MAX_BOXES`, the surest first.

    A record can hold anything: what is no box is left out, and names are cut and made printable.
    """
    found = sorted(_boxes(labels), key=lambda box: -box.confidence)
    return found[:MAX_BOXES]


def draw_boxes(
    data: bytes, labels: Iterable[Mapping[str, Any]], size: tuple[int, int] = MAX_SIZE
) -> Image.Image:
    """Return the photo, given as its whole file, upright and within `size`, with boxes and names on it.

    Raises ImageIdentifyError, NotSupportedImageType or ImageTooLargeError.
    """
    picture = render(data, size).convert("RGB")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(max(11.0, max(picture.size) / 60))
    boxes = boxes_of(labels)
    names = list(dict.fromkeys(box.name for box in boxes))
    # The surest last: they lie on top.
    for box in reversed(boxes):
        _draw(draw, picture.size, box, _COLOURS[names.index(box.name) % len(_COLOURS)], font)
    return picture


def _boxes(labels: Iterable[Mapping[str, Any]]) -> Iterator[NamedBox]:
    for label in labels:
        for box in label.get("boxes", ()):
            try:
                sides = [float(box[side]) for side in ("left", "top", "width", "height")]
                confidence = float(box.get("confidence", 0.0))
            except (KeyError, TypeError, ValueError):
                continue
            if all(math.isfinite(value) for value in (*sides, confidence)):
                yield NamedBox(_printable(str(label.get("name", ""))), confidence, *sides)


def _printable(name: str) -> str:
    """Return a name without line breaks and control characters, and no longer than fits."""
    clean = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name
    )
    return clean if len(clean) <= _MAX_NAME else f"{clean[: _MAX_NAME - 1]}…"


def _draw(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    box: NamedBox,
    colour: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    left, right = _span(box.left, box.width, size[0])
    top, bottom = _span(box.top, box.height, size[1])
    draw.rectangle((left, top, right, bottom), outline=colour, width=max(2, max(size) // 300))
    text = f"{box.name} {box.confidence:.0f} %"
    _, _, width, height = draw.textbbox((0, 0), text, font=font)
    # Inside the box's upper edge, and always within the picture.
    x, y = max(0, min(left, size[0] - int(width) - 6)), max(0, min(top, size[1] - int(height) - 4))
    draw.rectangle((x, y, x + width + 6, y + height + 4), fill=colour)
    draw.text((x + 3, y + 1), text, fill="white", font=font)


def _span(start: float, length: float, pixels: int) -> tuple[int, int]:
    """Return the first and the last pixel of a side, within the picture."""
    ends = (min(max(value, 0.0), 1.0) for value in (start, start + length))
    first, last = sorted(round(end * (pixels - 1)) for end in ends)
    return first, last
