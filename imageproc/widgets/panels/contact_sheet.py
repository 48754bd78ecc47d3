"""A contact sheet: many thumbnails in one small picture, for pages without a kernel."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from imageproc.core.thumbnail import render
from imageproc.errors import ImageRejectedError
from imageproc.presentation.fonts import Font, font_of

_CELL = (128, 128)
_PICTURE = (116, 84)
_COLUMNS = 8
_QUALITIES = (50, 30, 10)
_MOST_BYTES = 40_000
"""What a sheet may take, unless the lowest quality takes more: it is kept in a notebook."""
# Nothing lies behind the pictures, as nobody knows whether the page will be light or dark: the grey of the
# texts reads on both.
_BACKGROUND, _TEXT, _PLACE = (0, 0, 0, 0), "#767676", (128, 128, 128, 64)


@dataclass(frozen=True)
class Frame:
    """A picture's bytes, or None, and two lines below it."""

    picture: bytes | None
    name: str
    line: str = ""


def contact_sheet(frames: Sequence[Frame]) -> bytes:
    """Return a WebP of all frames, eight a row, 128 x 128 pixels each; unreadable pictures are grey."""
    columns = max(1, min(_COLUMNS, len(frames)))
    rows = max(1, -(-len(frames) // columns))
    sheet = Image.new("RGBA", (columns * _CELL[0], rows * _CELL[1]), _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = font_of(10)
    for index, frame in enumerate(frames):
        left, top = index % columns * _CELL[0], index // columns * _CELL[1]
        _paste(sheet, draw, frame.picture, left + 6, top + 6)
        draw.text((left + 6, top + 93), _fitting(draw, frame.name, font), fill=_TEXT, font=font)
        draw.text((left + 6, top + 108), _fitting(draw, frame.line, font), fill=_TEXT, font=font)
    made = (_encoded(sheet, quality) for quality in _QUALITIES)
    return next((data for data in made if len(data) <= _MOST_BYTES), _encoded(sheet, _QUALITIES[-1]))


def _encoded(sheet: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=quality)
    return buffer.getvalue()


def _paste(sheet: Image.Image, draw: ImageDraw.ImageDraw, data: bytes | None, left: int, top: int) -> None:
    try:
        picture = render(data or b"", _PICTURE).convert("RGBA")
    except ImageRejectedError:
        draw.rectangle((left, top, left + _PICTURE[0], top + _PICTURE[1]), fill=_PLACE)
        return
    x = left + (_PICTURE[0] - picture.width) // 2
    y = top + (_PICTURE[1] - picture.height) // 2
    sheet.paste(picture, (x, y), picture)


def _fitting(draw: ImageDraw.ImageDraw, text: str, font: Font) -> str:
    """Return as much of a text as fits below a picture."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:60])
    if draw.textlength(text, font) <= _PICTURE[0]:
        return text
    while text and draw.textlength(f"{text}...", font) > _PICTURE[0]:
        text = text[:-1]
    return f"{text}..."
