"""A photo's bytes decoded, without its metadata, as far as they go.

Pillow's plugin classes are called directly: `Image.open` would load the plugins for BMP, GIF and others, warn
about large pictures instead of checking first, and take a multi-picture JPEG for another format. They get the
picture's own bytes only: metadata, where hostile files put their surprises, stays outside.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import JpegImagePlugin, PngImagePlugin

from imageproc.core import jpeg, limits, png
from imageproc.core.exif import LIBRARY_ERRORS
from imageproc.core.formats import SNIFF_BYTES, sniff
from imageproc.core.metadata import read_orientation
from imageproc.errors import ImageIdentifyError, ImageTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import ImageFile

Size = tuple[int, int]

_BASELINE_SCANS = 4
_START_OF_SCAN = b"\xff\xda"


@dataclass
class Decoded:
    """A decoded picture, not yet upright, and what is needed to show it rightly."""

    image: ImageFile.ImageFile
    format: str
    full_size: Size
    """Width and height of the stored picture, which a JPEG's `image` may be a smaller rendition of."""
    orientation: int
    icc_profile: bytes
    truncated: bool
    """Whether the file lacks its end, or its picture data breaks off."""


class _EndedJpeg(io.BytesIO):
    """A JPEG that never ends before its end marker, and remembers whether that had to be added.

    Pillow's own switch for truncated files is a global variable: threads would share it.
    """

    ran_out = False

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data and size and not self.ran_out:
            self.ran_out = True
            return jpeg.END_OF_IMAGE
        return data


def decode(data: bytes, wanted: Callable[[Size, int], Size]) -> Decoded:
    """Decode a JPEG or PNG; a JPEG at an eighth, a quarter or half if that is still at least the wanted size.

    `wanted` is given the stored picture's size and its orientation, and returns the size to be had.

    Raises ImageIdentifyError, NotSupportedImageType or ImageTooLargeError.
    """
    image_format = sniff(data[:SNIFF_BYTES])
    limits.check_bytes(len(data))
    try:
        return _decode_jpeg(data, wanted) if image_format == "JPEG" else _decode_png(data)
    except MemoryError as error:
        raise ImageTooLargeError("the picture needs more memory than there is") from error
    except LIBRARY_ERRORS as error:
        raise ImageIdentifyError(f"the {image_format} cannot be decoded: {error}") from error


def _decode_jpeg(data: bytes, wanted: Callable[[Size, int], Size]) -> Decoded:
    header = jpeg.read_header(io.BytesIO(data), whole=True)
    limits.check_picture(header.width, header.height, header.decoder_bytes)
    _check_scans(header, data)
    if header.scan_offset >= len(data):
        raise ImageIdentifyError("the JPEG ends before its picture data starts")
    tables = b"\xff\xd8" + b"".join(header.tables)
    file = _EndedJpeg(b"".join((tables, memoryview(data)[header.scan_offset :])))
    image = JpegImagePlugin.JpegImageFile(file)
    size, orientation = (header.width, header.height), read_orientation(header.exif)
    image.draft(None, wanted(size, orientation))
    broken = _load(image) or file.ran_out or data.rfind(jpeg.END_OF_IMAGE, header.scan_offset) < 0
    return Decoded(image, "JPEG", size, orientation, header.icc_profile, broken)


def _check_scans(header: jpeg.JpegHeader, data: bytes) -> None:
    # In picture data 0xFF is always followed by a marker or 0, so these two bytes are a scan's start.
    scans = data.count(_START_OF_SCAN, header.scan_offset) if header.decoder_bytes else 0
    if scans > _BASELINE_SCANS and scans * header.width * header.height > limits.MAX_SCAN_PIXELS:
        raise ImageTooLargeError(
            f"the JPEG draws {header.width:,} x {header.height:,} pixels in {scans:,} scans: too much work"
        )


def _decode_png(data: bytes) -> Decoded:
    header, picture = png.picture_only(data)
    limits.check_picture(header.width, header.height, header.decoder_bytes)
    image = PngImagePlugin.PngImageFile(io.BytesIO(picture))
    transparency = _transparency(header)
    if transparency is not None:
        image.info["transparency"] = transparency
    broken = _load(image)
    orientation = read_orientation(header.exif)
    size = header.width, header.height
    return Decoded(image, "PNG", size, orientation, header.icc_profile, broken or not header.complete)


def _load(image: ImageFile.ImageFile) -> bool:
    """Decode the picture's pixels; return whether it broke off.

    A decoder that breaks off leaves the rows that it had drawn. If there are none, the error goes on.
    """
    try:
        image.load()
    except LIBRARY_ERRORS:
        image.tile = []  # nothing more is to be decoded: what there is, is the picture
        image.load()
        if image.getbbox(alpha_only=False) is None:
            raise
        return True
    return False


def _transparency(header: png.PngHeader) -> bytes | int | tuple[int, ...] | None:
    """Return the tRNS chunk in the form in which Pillow's conversions take it, for samples of 8 bits.

    Pillow reads the chunk too, but leaves its samples in the file's bit depth while it widens the pixels' (or
    cuts them to 8 bits), so that transparency is lost for all depths but 8.
    """
    chunk, depth = header.transparency, header.bit_depth
    if header.colour_type == png.INDEXED:
        return chunk or None
    samples = {png.GRAYSCALE: 1, png.TRUECOLOUR: 3}.get(header.colour_type, 0)
    if not samples or len(chunk) < 2 * samples:
        return None
    values = [int.from_bytes(chunk[2 * i : 2 * i + 2]) & (1 << depth) - 1 for i in range(samples)]
    scaled = tuple(value >> 8 if depth == 16 else value * 255 // ((1 << depth) - 1) for value in values)
    return scaled if samples == 3 else scaled[0]
