"""A photo's thumbnail: small, upright, in the photo's format, without its metadata."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from imageproc.core.decoding import Decoded, Size, decode
from imageproc.core.formats import CONTENT_TYPES
from imageproc.core.limits import THUMBNAIL_SIZE
from imageproc.core.perceptual_hash import perceptual_hash

if TYPE_CHECKING:
    from collections.abc import Callable

# What sets a stored picture upright, by EXIF orientation (CIPA DC-008 section 4.6.4, tag 0x0112).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)

# Colours are averaged with their alpha multiplied in: transparent pixels' colours must not bleed into edges.
_PREMULTIPLIED = {"RGBA": "RGBa", "LA": "La"}
_REDUCING_GAP = 3
_BAND_PIXELS = 2_000_000
_MAX_PROFILE_BYTES = 256 * 1024  # a thumbnail has some 10 KB: larger profiles are for printing
_COLOUR_SPACES = {"L": b"GRAY", "LA": b"GRAY", "RGB": b"RGB ", "RGBA": b"RGB "}

_ENCODER_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 85, "optimize": True, "progressive": True},
    "PNG": {"optimize": True},
}


@dataclass(frozen=True)
class ThumbnailFile:
    """A thumbnail's file, and what it is. Width and height are in pixels, as shown."""

    data: bytes
    format: str
    content_type: str
    width: int
    height: int
    truncated: bool
    """Whether the original lacks its end or breaks off: the thumbnail shows what is there."""
    perceptual_hash: str | None
    """The picture's (`imageproc.core.perceptual_hash`); None if nothing can be seen in it."""


def make_thumbnail(data: bytes, box: Size = THUMBNAIL_SIZE) -> ThumbnailFile:
    """Make the thumbnail of a JPEG or PNG, given as its whole file.

    It fits into `box` (width x height in pixels) with its aspect ratio kept, is never larger than the photo,
    has at least a pixel on each side, stands upright, and has the photo's format, transparency and ICC
    profile, but none of its metadata.

    Raises ImageIdentifyError, NotSupportedImageType or ImageTooLargeError.
    """
    decoded, _, small = rendered(data, lambda size: fitted(size, box))
    encoded = encode(small, decoded.format, decoded.icc_profile)
    return ThumbnailFile(
        data=encoded,
        format=decoded.format,
        content_type=CONTENT_TYPES[decoded.format],
        width=small.width,
        height=small.height,
        truncated=decoded.truncated,
        perceptual_hash=perceptual_hash(small),
    )


def render(data: bytes, box: Size) -> Image.Image:
    """Return a JPEG's or PNG's picture upright, as large as fits into `box` but never enlarged.

    Its mode is L, LA, RGB or RGBA. Raises ImageIdentifyError, NotSupportedImageType or ImageTooLargeError.
    """
    return rendered(data, lambda size: fitted(size, box))[2]


def rendered(
    data: bytes, wanted: Callable[[Size], Size], gap: int = _REDUCING_GAP
) -> tuple[Decoded, Image.Image, Image.Image]:
    """Return the decoded picture, and in the wanted size: as it is stored, and upright.

    `wanted` is given the upright picture's width and height. Before it is resampled the picture is reduced,
    to no less than `gap` times the wanted size. Raises as `decode` does.
    """

    def stored_size(size: Size, orientation: int) -> Size:
        sideways = orientation in _SIDEWAYS
        width, height = wanted(size[::-1] if sideways else size)
        return (height, width) if sideways else (width, height)

    decoded = decode(data, stored_size)
    stored = _resized(decoded, stored_size(decoded.full_size, decoded.orientation), gap)
    turn = _UPRIGHT.get(decoded.orientation)
    return decoded, stored, stored if turn is None else stored.transpose(turn)


def fitted(size: Size, box: Size) -> Size:
    """Return the width and height with which a picture fits into a box; it is never enlarged."""
    scale = min(box[0] / size[0], box[1] / size[1], 1)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _resized(decoded: Decoded, size: Size, gap: int) -> Image.Image:
    """Return the picture in `size`, as one of the modes L, LA, RGB and RGBA."""
    image = decoded.image
    mode = _output_mode(image)
    working = _PREMULTIPLIED.get(mode, mode)
    factors = tuple(max(1, int(big / small / gap)) for big, small in zip(image.size, size, strict=True))
    reduced = _reduce(image, (factors[0], factors[1]), lambda band: to_mode(to_mode(band, mode), working))
    exact = (0, 0, image.width / factors[0], image.height / factors[1])
    return to_mode(reduced.resize(size, Image.Resampling.LANCZOS, exact), mode)


def _output_mode(image: Image.Image) -> str:
    transparent = "transparency" in image.info
    if image.mode in ("1", "L", "I;16"):
        return "LA" if transparent else "L"
    if image.mode in ("LA", "RGBA"):
        return image.mode
    return "RGBA" if transparent else "RGB"


def to_mode(image: Image.Image, mode: str) -> Image.Image:
    """Return the picture in another mode, of 8 bits a channel."""
    if image.mode == mode:
        return image
    if image.mode == "I;16":
        # Pillow's own conversion cuts all above 255 to white: the high byte is what is wanted.
        image = image.point(lambda sample: sample / 256).convert("L")
    return image if image.mode == mode else image.convert(mode)


def _reduce(
    image: Image.Image, factors: Size, converted: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    """Return the picture averaged over blocks of the factors' size.

    It goes band by band, so that a large picture is never there twice, in its own mode and in another.
    """
    rows = max(1, _BAND_PIXELS // image.width // factors[1]) * factors[1]

    def band(top: int) -> Image.Image:
        box = (0, top, image.width, min(top + rows, image.height))
        return converted(image.crop(box)).reduce(factors)

    first = band(0)
    whole = Image.new(first.mode, (first.width, -(-image.height // factors[1])))
    whole.paste(first)
    for top in range(rows, image.height, rows):
        whole.paste(band(top), (0, top // factors[1]))
    return whole


def _fitting_profile(profile: bytes, mode: str) -> bytes | None:
    """Return the ICC profile if it describes the thumbnail's pixels.

    A CMYK photo's profile does not fit the RGB that it becomes. ICC.1 section 7.2: the header has the size at
    0, the colour space at 16 and the signature `acsp` at 36.
    """
    fits = (
        len(profile) >= 128
        and int.from_bytes(profile[:4]) == len(profile)
        and profile[16:20] == _COLOUR_SPACES[mode]
        and profile[36:40] == b"acsp"
    )
    return profile if fits and len(profile) <= _MAX_PROFILE_BYTES else None


def encode(image: Image.Image, image_format: str, profile: bytes) -> bytes:
    """Return the picture as a file, without metadata, and with the ICC profile if that fits it."""
    image.info = {}
    # What `Image.save` does, which would first load the plugins of other formats too.
    image.encoderinfo = {
        **_ENCODER_OPTIONS[image_format],
        "icc_profile": _fitting_profile(profile, image.mode),
    }
    image.encoderconfig = ()
    output = io.BytesIO()
    Image.SAVE[image_format](image, output, "")
    return output.getvalue()
