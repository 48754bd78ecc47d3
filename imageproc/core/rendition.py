"""A photo's rendition for Rekognition: a JPEG within the service's limits, of a photo that is beyond them.

Labels' boxes are fractions of the upright picture's sides. So the rendition is upright and shows all of the
picture, nothing cut off or added; it may be drawn out, where a side would be too short.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from imageproc.core.limits import REKOGNITION_MAX_SIDE, REKOGNITION_MIN_SIDE
from imageproc.core.thumbnail import encode, rendered, to_mode

if TYPE_CHECKING:
    from imageproc.core.decoding import Decoded, Size

LONGEST_SIDE = 2048
"""Of a rendition, in pixels: the worst picture then stays below 5 MB."""

_GAP = 2  # how much larger than wanted a picture is resampled: less memory than a thumbnail's 3
_FILLER_TOLERANCE = 3


@dataclass(frozen=True)
class SentRendition:
    """A JPEG's bytes, and the share of the picture's rows that the file holds: 1 unless it is truncated."""

    data: bytes
    rows_there: float


def make_rendition(data: bytes) -> SentRendition:
    """Make the rendition of a JPEG or PNG, given as its whole file; transparency becomes white.

    Raises ImageIdentifyError, NotSupportedImageType or ImageTooLargeError.
    """
    decoded, stored, upright = rendered(data, rendition_size, _GAP)
    rows_there = _rows_there(decoded, stored) if decoded.truncated else 1.0
    flat = upright if upright.mode in ("L", "RGB") else on_white(upright)
    return SentRendition(encode(flat, "JPEG", decoded.icc_profile), rows_there)


def rendition_size(size: Size) -> Size:
    """Return the width and height of a picture's rendition, in pixels."""
    longer, shorter = max(size), min(size)
    scale = min(LONGEST_SIDE / longer, 1)
    if shorter * scale < REKOGNITION_MIN_SIDE:
        scale = min(REKOGNITION_MIN_SIDE / shorter, REKOGNITION_MAX_SIDE / longer)
    width, height = (max(REKOGNITION_MIN_SIDE, round(side * scale)) for side in size)
    return width, height


def _rows_there(decoded: Decoded, stored: Image.Image) -> float:
    """Return the share of rows that are not what a decoder fills in: grey in a JPEG, nothing in a PNG.

    `stored` is the decoded picture in another size, not yet upright: files are cut off at the bottom.
    """
    pixel = decoded.image.crop((0, 0, 1, 1))
    bands = len(pixel.getbands())
    level = 128 if decoded.format == "JPEG" else 0
    pixel.paste(level if bands == 1 else (level,) * bands, (0, 0, 1, 1))
    filler = to_mode(pixel, stored.mode).resize(stored.size)
    differing = ImageChops.difference(stored, filler).point(
        lambda value: 255 if value > _FILLER_TOLERANCE else 0
    )
    _, rows = reduce(ImageChops.lighter, differing.split()).getprojection()
    return sum(rows) / len(rows)


def on_white(picture: Image.Image) -> Image.Image:
    """Return a picture in RGB, with white where it is transparent."""
    coloured = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, coloured).convert("RGB")
