"""The font of texts in pictures: matplotlib's DejaVu Sans, which knows Latin, Greek and Cyrillic letters."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def font_of(size: float) -> Font:
    """Return the font in a size in pixels; without matplotlib Pillow's own, which knows ASCII alone."""
    found = find_spec("matplotlib")  # which is not imported: that takes long
    for folder in (found and found.submodule_search_locations) or ():
        file = Path(folder, "mpl-data", "fonts", "ttf", "DejaVuSans.ttf")
        if file.exists():
            return ImageFont.truetype(file, size)
    return ImageFont.load_default(size)
