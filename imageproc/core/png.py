"""A PNG's chunks: its header and EXIF, and the picture without everything else.

Source: W3C Portable Network Graphics (PNG) Specification, third edition, sections 5 and 11.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imageproc.core.formats import read_up_to
from imageproc.errors import ImageIdentifyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_BYTES = len(SIGNATURE) + 25
"""The signature and the IHDR chunk, which is always the first."""

END = b"\0\0\0\0IEND\xae\x42\x60\x82"
"""The chunk that ends a PNG."""

GRAYSCALE, TRUECOLOUR, INDEXED, GRAYSCALE_ALPHA, TRUECOLOUR_ALPHA = 0, 2, 3, 4, 6

MAX_CHUNKS_BEFORE_DATA = 1000
MAX_CHUNKS_AFTER_DATA = 16
"""How many chunk headers after the first of the picture's data are looked at in search of EXIF."""
MAX_CHUNKS = 100_000
"""How many chunks of a whole file are looked at: an encoder that writes 8 KB each makes 12,800 of 100 MB."""

_MAX_EXIF_BYTES = 1024 * 1024
_MAX_PROFILE_BYTES = 1024 * 1024
# Bytes that Pillow holds for a pixel, by colour type; 16-bit greyscale takes 2, and colour always 4.
_PIXEL_BYTES = {GRAYSCALE: 1, INDEXED: 1, TRUECOLOUR: 4, GRAYSCALE_ALPHA: 4, TRUECOLOUR_ALPHA: 4}


@dataclass
class PngHeader:
    """What a PNG says about itself before, or beside, its picture data."""

    width: int
    height: int
    bit_depth: int
    colour_type: int
    exif: bytes = b""
    """The EXIF block, a TIFF file; empty if there is none."""
    icc_profile: bytes = b""
    transparency: bytes = b""
    """The tRNS chunk: one colour (greyscale, true colour) or an alpha for each entry of the palette."""
    complete: bool = False
    """Whether the end chunk was seen; only `picture_only` looks for it."""

    @property
    def decoder_bytes(self) -> int:
        """Bytes that Pillow needs for the decoded picture."""
        deep = 2 if self.bit_depth == 16 and self.colour_type == GRAYSCALE else 1
        return self.width * self.height * _PIXEL_BYTES[self.colour_type] * deep


def read_header(file: BinaryIO, size: int) -> PngHeader:
    """Read the header of a PNG of `size` bytes, and its EXIF, from a seekable file.

    EXIF may stand after the picture's data, where ExifTool puts it. Chunks are passed by seeking, and only
    `MAX_CHUNKS_AFTER_DATA` of them after the data's start: enough for the encoders that write the data in one
    piece or few, while a file in thousands of pieces costs no thousands of reads (its EXIF, if it stands
    behind them, is not found).

    Raises ImageIdentifyError if the header is broken.
    """
    file.seek(0)
    header = _parse_header(read_up_to(file, HEADER_BYTES))
    after_data = 0
    for _ in range(MAX_CHUNKS_BEFORE_DATA):
        start = read_up_to(file, 8)
        length, kind = int.from_bytes(start[:4]), start[4:]
        if len(start) < 8 or kind == b"IEND" or after_data > MAX_CHUNKS_AFTER_DATA:
            break
        if kind == b"eXIf":
            header.exif = read_up_to(file, min(length, _MAX_EXIF_BYTES))
            break
        after_data += kind == b"IDAT" or after_data > 0
        if file.seek(length + 4, os.SEEK_CUR) >= size:
            break
    return header


def _parse_header(start: bytes) -> PngHeader:
    chunk = start[len(SIGNATURE) :]
    if chunk[:8] != b"\0\0\0\x0dIHDR" or zlib.crc32(chunk[4:21]) != int.from_bytes(chunk[21:]):
        raise ImageIdentifyError("the PNG's header is broken")
    width, height = int.from_bytes(chunk[8:12]), int.from_bytes(chunk[12:16])
    header = PngHeader(width, height, bit_depth=chunk[16], colour_type=chunk[17])
    if not width or not height or header.colour_type not in _PIXEL_BYTES:
        raise ImageIdentifyError(
            f"the PNG claims to be {width} x {height} pixels of colour type {header.colour_type}"
        )
    return header


def picture_only(data: bytes) -> tuple[PngHeader, bytes]:
    """Return a whole PNG's header, and a PNG of its picture data and palette alone.

    What is left out cannot do harm: text and profile bombs, animation (what stays is the picture shown where
    animation is not known), damaged ancillary chunks. The ICC profile and the transparency are in the header.
    Needs as much memory again as `data`.

    Raises ImageIdentifyError if the header is broken or no picture data follows.
    """
    view = memoryview(data)
    header = _parse_header(data[:HEADER_BYTES])
    kept: list[bytes | memoryview] = [view[:HEADER_BYTES]]
    has_data = False
    for kind, start, end in _chunks(data):
        if kind in (b"PLTE", b"IDAT"):
            kept.append(view[start - 8 : end + 4])
            has_data |= kind == b"IDAT" and end > start
        elif kind == b"IEND":
            kept.append(END)
            header.complete = True
        else:
            _take(header, kind, data[start:end])
    if not has_data:
        raise ImageIdentifyError("the PNG has no picture data")
    return header, b"".join(kept)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield each chunk after the header: its type, where its content starts, and its end."""
    position = HEADER_BYTES
    for _ in range(MAX_CHUNKS):
        kind, start = data[position + 4 : position + 8], position + 8
        if not (len(kind) == 4 and kind.isalpha()):
            return
        position = start + int.from_bytes(data[position : position + 4]) + 4
        yield kind, start, min(position - 4, len(data))
        if kind == b"IEND":
            return


def _take(header: PngHeader, kind: bytes, content: bytes) -> None:
    if kind == b"eXIf" and not header.exif:
        header.exif = content[:_MAX_EXIF_BYTES]
    elif kind == b"tRNS" and not header.transparency:
        header.transparency = content[:256]
    elif kind == b"iCCP" and not header.icc_profile:
        header.icc_profile = _inflated_profile(content)


def _inflated_profile(content: bytes) -> bytes:
    """Return the profile of an iCCP chunk; nothing if it is broken or larger than any real profile."""
    _, _, rest = content.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(rest[1:], _MAX_PROFILE_BYTES)
    except zlib.error:
        return b""
    return profile if inflater.eof else b""
