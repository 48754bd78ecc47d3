"""A JPEG's header, read segment by segment up to the first scan.

Sources: ITU-T T.81 annex B (markers), ICC.1 annex B.4 (profiles in APP2), EXIF 2.32 section 4.7.2 (APP1).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imageproc.core import jpeg_chains
from imageproc.core.formats import read_up_to
from imageproc.errors import ImageIdentifyError

if TYPE_CHECKING:
    from typing import BinaryIO

END_OF_IMAGE = b"\xff\xd9"

_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
# All SOFs but 0xC4 (DHT), 0xC8 (reserved) and 0xCC (DAC), which share their range.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
# Markers without a length: TEM, the restart markers and another SOI.
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
# What a decoder needs: tables and frames, JFIF and Adobe (they tell the colour space). All else is metadata.
_DECODING = frozenset({*range(0xC0, 0xD0), *range(0xDA, 0xE0), _APP0, _APP14})

MAX_SEGMENTS = 4096
"""More segments before the picture than any writer makes: 64 KB each, this is 256 MB of them."""

_MAX_PADDING = 64 * 1024
_MAX_EXIF_BYTES = 1024 * 1024


@dataclass
class JpegHeader:
    """What stands before a JPEG's picture data."""

    width: int = 0
    height: int = 0
    progressive: bool = False
    sampling: tuple[tuple[int, int], ...] = ()
    """The horizontal and vertical sampling factor of each component."""
    exif: bytes = b""
    """The EXIF block, a TIFF file that may be preceded by `Exif` and two NULs; empty if there is none."""
    icc_parts: list[bytes] = field(default_factory=list)
    tables: list[bytes] = field(default_factory=list)
    """The segments a decoder needs, markers included, in their order, the first scan's header last."""
    scan_offset: int = 0
    """Where the first scan's data starts."""
    several_scans: bool = False

    @property
    def decoder_bytes(self) -> int:
        """Bytes libjpeg needs for the picture at once: 16-bit coefficients if it comes in scans, else none.

        A sequential JPEG is decoded line by line, at a size near the thumbnail's.
        """
        if not (self.progressive or self.several_scans) or not self.sampling:
            return 0
        most_h = max(h for h, _ in self.sampling) or 1
        most_v = max(v for _, v in self.sampling) or 1
        share = sum(h * v for h, v in self.sampling) / (most_h * most_v)
        return int(self.width * self.height * share * 2)

    @property
    def icc_profile(self) -> bytes:
        """The ICC profile put together from its parts; empty if there is none or a part is missing."""
        parts = sorted(part[12:] for part in self.icc_parts if len(part) > 14)
        if not parts or [part[0] for part in parts] != list(range(1, parts[0][1] + 1)):
            return b""
        return b"".join(part[2:] for part in parts)


def read_header(file: BinaryIO, *, whole: bool = False) -> JpegHeader:
    """Read a JPEG's header from a seekable file.

    Without `whole`, reading stops at the frame header and skips (by seeking) all segments but EXIF: that is
    all that the metadata needs. With it, tables and ICC profile are read too, up to the first scan's data.

    Raises ImageIdentifyError if there is no usable frame header, or no scan where `whole` asks for it.
    """
    header = JpegHeader()
    file.seek(2)
    for _ in range(MAX_SEGMENTS):
        marker = _next_marker(file)
        if marker in _BARE:
            continue
        length = int.from_bytes(_exactly(file, 2)) - 2
        if marker == _END_OF_IMAGE or length < 0:
            break
        if not _wanted(marker, whole=whole):
            jpeg_chains.pass_over(file, marker, length)
        elif marker == _APP1:
            _take_exif(header, file, length)
        else:
            _take(header, marker, _exactly(file, length), whole=whole)
        if marker == _START_OF_SCAN or (marker in _FRAMES and not whole):
            header.scan_offset = file.tell()
            return _checked(header)
    raise ImageIdentifyError("the JPEG has no picture in it")


def _next_marker(file: BinaryIO) -> int:
    """Return the next marker's second byte, over fill bytes and a bounded stretch of junk."""
    byte = _exactly(file, 1)
    for _ in range(_MAX_PADDING):
        following = _exactly(file, 1)
        if byte == b"\xff" and following not in (b"\xff", b"\x00"):
            return following[0]
        byte = following
    raise ImageIdentifyError("the JPEG's header is followed by junk instead of a picture")


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = read_up_to(file, count)
    if len(data) < count:
        raise ImageIdentifyError("the JPEG ends before its picture data starts")
    return data


def _wanted(marker: int, *, whole: bool) -> bool:
    return marker in _FRAMES or marker == _APP1 or (whole and (marker in _DECODING or marker == _APP2))


def _take(header: JpegHeader, marker: int, payload: bytes, *, whole: bool) -> None:
    if marker == _APP2:
        if payload.startswith(b"ICC_PROFILE\0"):
            header.icc_parts.append(payload)
    elif marker in _FRAMES:
        _take_frame(header, marker, payload)
    elif marker == _START_OF_SCAN:
        header.several_scans = payload[:1] < bytes([len(header.sampling)])
    if whole and marker in _DECODING:
        header.tables.append(bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2) + payload)


def _take_exif(header: JpegHeader, file: BinaryIO, length: int) -> None:
    # APP1 holds XMP too, half a megabyte of it where a phone stores a depth map: that is skipped.
    start = _exactly(file, min(length, 6))
    if not start.startswith(b"Exif\0") or len(header.exif) > _MAX_EXIF_BYTES:
        file.seek(-len(start), os.SEEK_CUR)
        jpeg_chains.pass_over(file, _APP1, length)
        return
    # Some writers spread an EXIF block over several segments (the standard knows no such thing).
    header.exif += _exactly(file, length - len(start))


def _take_frame(header: JpegHeader, marker: int, payload: bytes) -> None:
    if len(payload) < 6 or header.sampling:
        raise ImageIdentifyError("the JPEG's frame header is broken")
    header.height = int.from_bytes(payload[1:3])
    header.width = int.from_bytes(payload[3:5])
    header.progressive = marker in _PROGRESSIVE
    header.sampling = tuple((byte >> 4, byte & 15) for byte in payload[7 : 6 + 3 * payload[5] : 3])


def _checked(header: JpegHeader) -> JpegHeader:
    # A height of 0 means that a DNL segment after the first scan tells it: no camera writes that.
    if not header.width or not header.height:
        raise ImageIdentifyError(f"the JPEG claims to be {header.width} x {header.height} pixels")
    return header
