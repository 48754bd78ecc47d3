"""What a photo's file says about it: format, size, camera, time and place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imageproc.core import capture_time, gps, jpeg, limits, png, values
from imageproc.core.exif import ExifTags, KnownTags, read_exif
from imageproc.core.formats import SNIFF_BYTES, read_up_to, sniff

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

ORIENTATION = 0x0112

# The one table of EXIF tags that are stored as they are: tag → the record's attribute, and what reads it.
# The attributes are EXIF's own tag names. Exposure times are in seconds, focal lengths in millimetres.
Fields = dict[int, tuple[str, "Callable[[Any], str | int | float | None]"]]
IMAGE_FIELDS: Fields = {
    0x010E: ("exifImageDescription", values.text),
    0x010F: ("exifMake", values.text),
    0x0110: ("exifModel", values.text),
    ORIENTATION: ("exifOrientation", values.orientation),
    0x0131: ("exifSoftware", values.text),
    0x013B: ("exifArtist", values.text),
    0x8298: ("exifCopyright", values.text),
}
PHOTO_FIELDS: Fields = {
    0x829A: ("exifExposureTime", values.positive),
    0x829D: ("exifFNumber", values.positive),
    0x8822: ("exifExposureProgram", values.whole),
    0x8827: ("exifPhotographicSensitivity", values.positive_whole),
    0x9204: ("exifExposureBiasValue", values.number),
    0x9207: ("exifMeteringMode", values.whole),
    0x9209: ("exifFlash", values.whole),
    0x920A: ("exifFocalLength", values.positive),
    0xA402: ("exifExposureMode", values.whole),
    0xA403: ("exifWhiteBalance", values.whole),
    0xA404: ("exifDigitalZoomRatio", values.positive),
    0xA405: ("exifFocalLengthIn35mmFilm", values.positive_whole),
    0xA433: ("exifLensMake", values.text),
    0xA434: ("exifLensModel", values.text),
}

_TAIL = 8 * 1024
"""Bytes at a file's end in which its picture's end is looked for: more than phones write behind it."""

_KNOWN = KnownTags(
    image=frozenset({*IMAGE_FIELDS, capture_time.DATE_TIME}),
    photo=capture_time.PHOTO_TAGS.union(PHOTO_FIELDS),
    gps=capture_time.GPS_TAGS | gps.TAGS,
)


@dataclass(frozen=True)
class ImageMetadata:
    """A photo's metadata. Width and height are in pixels of the stored picture, before its orientation."""

    format: str
    width: int
    height: int
    file_size: int
    exif: dict[str, Any] = field(default_factory=dict)
    """The record's attributes that come from EXIF, under their names there."""

    def attributes(self) -> dict[str, Any]:
        """The photo record's attributes: plain, JSON-serialisable values. What is not known has no key."""
        return {
            "imageFormat": self.format,
            "dimensions": {"width": self.width, "height": self.height},
            "fileSize": self.file_size,
            **self.exif,
        }


def read_metadata(file: BinaryIO, size: int) -> ImageMetadata:
    """Read a photo's metadata from a seekable file of `size` bytes.

    Only headers are read, from the start onwards, with seeks over what is not needed; the first 128 KiB are
    enough for nearly all photos. The libraries see bytes in memory, never the file, so an error that
    `file.read` raises passes through as it is.

    Raises ImageIdentifyError, NotSupportedImageType or ImageTooLargeError.
    """
    file.seek(0)
    image_format = sniff(read_up_to(file, SNIFF_BYTES))
    limits.check_bytes(size)
    header = jpeg.read_header(file) if image_format == "JPEG" else png.read_header(file, size)
    limits.check_picture(header.width, header.height, header.decoder_bytes)
    exif = exif_attributes(read_exif(header.exif, _KNOWN))
    return ImageMetadata(image_format, header.width, header.height, size, exif)


def ends_unseen(file: BinaryIO, size: int, image_format: str) -> bool:
    """Say whether the last bytes of a seekable file of `size` bytes do not hold the picture's end.

    Then it is cut off, or more follows the picture than those bytes (a video, say): decoding tells which.
    """
    file.seek(max(0, size - _TAIL))
    tail = read_up_to(file, _TAIL)
    return (jpeg.END_OF_IMAGE if image_format == "JPEG" else png.END) not in tail


def exif_attributes(tags: ExifTags) -> dict[str, Any]:
    """Return the photo record's attributes for the tags of an EXIF block."""
    attributes = _fields(tags.image, IMAGE_FIELDS) | _fields(tags.photo, PHOTO_FIELDS)
    taken = capture_time.capture_time(tags)
    if taken is not None:
        attributes |= {"creationTime": taken.iso, "creationTimeSource": taken.source}
    return attributes | gps.position_attributes(tags.gps)


def read_orientation(exif: bytes) -> int:
    """Return the orientation in an EXIF block: 1 to 8, and 1 (upright as stored) if it has none."""
    known = KnownTags(image=frozenset({ORIENTATION}), photo=frozenset(), gps=frozenset())
    return values.orientation(read_exif(exif, known).image.get(ORIENTATION)) or 1


def _fields(tags: dict[int, Any], fields: Fields) -> dict[str, Any]:
    read = {name: reader(tags[tag]) for tag, (name, reader) in fields.items() if tag in tags}
    return {name: value for name, value in read.items() if value is not None}
