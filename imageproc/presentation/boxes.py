"""A photo with the boxes of what was recognised in it, drawn upright."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image, ImageDraw

from imageproc.core.label import BoundingBox, Label
from imageproc.core.thumbnail import render
from imageproc.presentation.fonts import Font, font_of
from imageproc.presentation.text import printable

MAX_SIZE = (1600, 1600)
"""The box, width x height in pixels, that a drawn photo fits into."""

MAX_BOXES = 200
_MAX_NAME = 40
_COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#800000")


@dataclass(frozen=True)
class LabelledBox:
    """A label's box and the label's name, printable and short."""

    name: str
    box: BoundingBox


def labelled_boxes(labels: Iterable[Label]) -> list[LabelledBox]:
    """Return the labels' boxes, at most `MAX_BOXES`, the most confident first."""
    found = [LabelledBox(printable(label.name, _MAX_NAME), box) for label in labels for box in label.boxes]
    return sorted(found, key=lambda one: -one.box.confidence)[:MAX_BOXES]


def draw_boxes(data: bytes, labels: Iterable[Label], size: tuple[int, int] = MAX_SIZE) -> Image.Image:
    """Return the photo, given as its whole file, upright and within `size`, with boxes and names on it.

    Raises ImageIdentifyError, NotSupportedImageType or ImageTooLargeError.
    """
    picture = render(data, size).convert("RGB")
    draw = ImageDraw.Draw(picture)
    font = font_of(max(10.0, max(picture.size) / 66))
    boxes = labelled_boxes(labels)
    names = list(dict.fromkeys(one.name for one in boxes))
    # The most confident last: they lie on top.
    for one in reversed(boxes):
        _draw(draw, picture.size, one, _COLOURS[names.index(one.name) % len(_COLOURS)], font)
    return picture


def _draw(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    one: LabelledBox,
    colour: str,
    font: Font,
) -> None:
    left, right = _span(one.box.left, one.box.width, size[0])
    top, bottom = _span(one.box.top, one.box.height, size[1])
    draw.rectangle((left, top, right, bottom), outline=colour, width=max(2, max(size) // 300))
    text = f"{one.name} {one.box.confidence:.0f} %"
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
