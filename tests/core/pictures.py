"""Pictures and EXIF blocks made for the tests."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import piexif
from PIL import Image

from imageproc.core.limits import FIRST_RANGE
from imageproc.core.png import SIGNATURE
from imageproc.core.thumbnail import ThumbnailFile
from imageproc.functions.ranged_reader import RangedReader

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (250, 250, 250)
Entry = tuple[int, int, int, bytes]


def corners(size: tuple[int, int] = (400, 300)) -> Image.Image:
    """A picture whose corners are red, green (top), blue and white (bottom): it shows which way is up."""
    width, height = size
    image = Image.new("RGB", size)
    for colour, x, y in ((RED, 0, 0), (GREEN, 1, 0), (BLUE, 0, 1), (WHITE, 1, 1)):
        image.paste(
            colour, (x * width // 2, y * height // 2, (x + 1) * width // 2 + 1, (y + 1) * height // 2 + 1)
        )
    return image


def saved(image: Image.Image, image_format: str = "JPEG", **options: Any) -> bytes:
    """The picture as a file."""
    output = io.BytesIO()
    image.save(output, image_format, **options)
    return output.getvalue()


def opened(data: bytes) -> Image.Image:
    """The file as a loaded picture."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def noisy(size: tuple[int, int]) -> Image.Image:
    """A picture of random colours: it compresses badly, and no two places are alike."""
    return Image.merge("RGB", [Image.effect_noise(size, 80) for _ in range(3)])


def pixel(thumbnail: ThumbnailFile, x: float, y: float) -> Any:
    """The colour at a place given as a fraction of width and height."""
    image = opened(thumbnail.data)
    return image.getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))


def exif_block(**directories: dict[int, Any]) -> bytes:
    """An EXIF block as a camera writes it: `image`, `photo` and `gps` are its directories."""
    names = {"image": "0th", "photo": "Exif", "gps": "GPS"}
    return bytes(piexif.dump({names[name]: tags for name, tags in directories.items()}))


def jpeg_with_exif(**directories: dict[int, Any]) -> bytes:
    """A small JPEG with an EXIF block."""
    return saved(corners((64, 48)), exif=exif_block(**directories))


def tiff(*entries: Entry, tail: bytes = b"", order: str = "<", count: int | None = None) -> bytes:
    """An EXIF block of one directory; its entries are tag, type, count, and four bytes of value or offset.

    `tail` follows the directory, at offset `14 + 12 * len(entries)`; `count` is what the directory claims.
    """
    mark = b"II" if order == "<" else b"MM"
    header = mark + struct.pack(order + "HL", 42, 8)
    directory = struct.pack(order + "H", len(entries) if count is None else count)
    for tag, kind, values, value in entries:
        directory += struct.pack(order + "HHL", tag, kind, values) + value
    return header + directory + b"\0\0\0\0" + tail


def chunk(kind: bytes, content: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(
    size: tuple[int, int],
    depth: int,
    colour_type: int,
    rows: bytes,
    *,
    before: bytes = b"",
    after: bytes = b"",
    piece: int = 1 << 20,
) -> bytes:
    """A PNG of unfiltered rows (without their filter bytes), with chunks before and after its data."""
    stride = len(rows) // size[1]
    raw = b"".join(b"\0" + rows[i * stride : (i + 1) * stride] for i in range(size[1]))
    packed = zlib.compress(raw)
    data = b"".join(chunk(b"IDAT", packed[i : i + piece]) for i in range(0, len(packed), piece))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0))
    return SIGNATURE + header + before + data + after + chunk(b"IEND", b"")


def segment(marker: int, payload: bytes) -> bytes:
    """A JPEG segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def with_segment(jpeg: bytes, *segments: bytes) -> bytes:
    """The JPEG with segments put in right after its start."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def icc_profile(colour_space: bytes, size: int = 200) -> bytes:
    """As much of an ICC profile as is looked at: its header."""
    header = struct.pack(">I", size) + bytes(12) + colour_space + bytes(16) + b"acsp"
    return header + bytes(size - len(header))


class CountingReader(RangedReader):
    """The file that the Lambda functions read: counts its requests, and the bytes fetched and handed out."""

    def __init__(self, data: bytes, first: int = FIRST_RANGE) -> None:
        super().__init__(data[:first], len(data), self._get)
        self.data, self.ranges, self.fetched, self.handed_out = data, 1, min(first, len(data)), 0

    def _get(self, start: int, last: int) -> bytes:
        self.ranges += 1
        self.fetched += last + 1 - start
        return self.data[start : last + 1]

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size >= 0, "never the whole file"
        piece = super().read(size)
        self.handed_out += len(piece)
        return piece
