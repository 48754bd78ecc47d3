"""Pictures made for the tests."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

MAKE, MODEL, ORIENTATION = 0x010F, 0x0110, 0x0112


def jpeg(size: tuple[int, int] = (640, 480), colour: str = "teal", **exif: Any) -> bytes:
    """Return a JPEG with the given make, model and orientation."""
    tags = Image.Exif()
    for name, tag in (("make", MAKE), ("model", MODEL), ("orientation", ORIENTATION)):
        if name in exif:
            tags[tag] = exif[name]
    return _saved(Image.new("RGB", size, colour), "JPEG", exif=tags)


def png(size: tuple[int, int] = (320, 200), mode: str = "RGBA") -> bytes:
    """Return a PNG."""
    return _saved(Image.new(mode, size), "PNG")


def gif() -> bytes:
    """Return a GIF, which the pipeline does not take."""
    return _saved(Image.new("P", (16, 16)), "GIF")


def opened(data: bytes) -> Image.Image:
    """Return the picture that the bytes hold."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def _saved(picture: Image.Image, format_: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()
