"""Pictures made for looking at: smaller than the original, upright, in a format that every browser shows."""

from __future__ import annotations

import io
from dataclasses import dataclass

from imageproc.core.thumbnail import fitted, rendered

RENDITION_SIZE = (1600, 1600)
"""The box, width x height in pixels, that a picture made for looking at fits into."""

WHOLE_SIZE = (6000, 6000)
"""The box of one made for zooming in, which has all pixels of most cameras."""


@dataclass(frozen=True)
class Rendition:
    """A picture's file made for looking at: upright, without metadata. Width and height are in pixels."""

    data: bytes
    content_type: str
    width: int
    height: int
    reduced: bool
    """Whether it has fewer pixels than the photo."""


def make_rendition(data: bytes, box: tuple[int, int] = RENDITION_SIZE) -> Rendition:
    """Make a picture for looking at from a photo, given as its whole file.

    Originals can have a hundred megabytes, and formats of colour and orientation that browsers show in their
    own ways; this has some hundred kilobytes, and the boxes of labels fit it. Raises ImageIdentifyError,
    NotSupportedImageType or ImageTooLargeError.
    """
    decoded, _, picture = rendered(data, lambda size: fitted(size, box))
    buffer = io.BytesIO()
    if picture.mode in ("LA", "RGBA"):
        picture.save(buffer, "WEBP", quality=85, method=2)
        content_type = "image/webp"
    else:
        picture.save(buffer, "JPEG", quality=85)
        content_type = "image/jpeg"
    reduced = max(picture.size) < max(decoded.full_size)
    return Rendition(buffer.getvalue(), content_type, picture.width, picture.height, reduced)
