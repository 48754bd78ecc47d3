"""A photo without the place where it was taken; its picture stays as it is, bit by bit.

What a photo says of its place stands in EXIF's GPS directory, and in places that only their makers know: XMP,
IPTC, text, the camera's own notes, and pictures and videos appended behind the picture. So the GPS directory
and the maker's notes are cut out of the EXIF block, where all else keeps its position; what is neither
picture, colour nor EXIF is left out as a whole.

Sources: as in `jpeg`, `png` and `exif`.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING

from imageproc.core.exif import EXIF_POINTER, GPS_POINTER, KnownTags, read_exif
from imageproc.core.formats import SNIFF_BYTES, sniff
from imageproc.core.png import SIGNATURE
from imageproc.errors import ImageIdentifyError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAKER_NOTE, _ORIENTATION = 0x927C, 0x0112
_CUT = frozenset({GPS_POINTER, _MAKER_NOTE})
_UNIT = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_MAX_DIRECTORIES = 16

_SOS, _EOI = 0xDA, 0xD9
_RESTARTS = range(0xD0, 0xD8)
# Tables, frames and scans, JFIF and Adobe: what a decoder needs.
_PICTURE = frozenset({*range(0xC0, 0xD0), *range(0xDA, 0xE0), 0xE0, 0xEE})
_EXIF_SEGMENT, _ICC_SEGMENT = (0xE1, b"Exif\0"), (0xE2, b"ICC_PROFILE\0")

# Chunks beside the critical ones (which begin with a capital) that say how the picture looks.
_LOOKS = frozenset(
    b"tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD hIST pHYs sPLT acTL fcTL fdAT".split(),
)
_NOTHING_KNOWN = frozenset[int]()


def without_location(data: bytes) -> bytes:
    """Return a JPEG or PNG, given as its whole file, without what may tell where it was taken.

    Camera, time and orientation stay. Raises ImageIdentifyError or NotSupportedImageType for another file.
    """
    if sniff(data[:SNIFF_BYTES]) == "JPEG":
        return b"\xff\xd8" + b"".join(_jpeg_parts(data)) + b"\xff\xd9"
    return SIGNATURE + b"".join(_png_parts(data))


def _jpeg_parts(data: bytes) -> Iterator[bytes]:
    """Yield the segments and scans that stay, up to the end of the picture; what is behind it does not."""
    position = 2
    while (position := _next_marker(data, position)) < len(data) - 1:
        marker = data[position + 1]
        if marker == _EOI:
            return
        length = int.from_bytes(data[position + 2 : position + 4])
        if length < 2:
            raise ImageIdentifyError("the JPEG's segments are broken")
        end = position + 2 + length
        payload = data[position + 4 : end]
        if kept := _kept_segment(marker, payload):
            yield bytes([0xFF, marker]) + (len(kept) + 2).to_bytes(2) + kept
        position = _next_marker(data, end) if marker == _SOS else end
        yield data[end:position]


def _next_marker(data: bytes, position: int) -> int:
    """Return where the next marker is that is no restart within a scan; the data's end if there is none."""
    while 0 <= (found := data.find(b"\xff", position)) < len(data) - 1:
        if data[found + 1] not in (0x00, 0x01, 0xFF, *_RESTARTS):
            return found
        position = found + (1 if data[found + 1] == 0xFF else 2)
    return len(data)


def _kept_segment(marker: int, payload: bytes) -> bytes:
    """Return what stays of a segment; nothing if it goes."""
    if marker in _PICTURE:
        return payload
    if marker == _EXIF_SEGMENT[0] and payload.startswith(_EXIF_SEGMENT[1]):
        cleaned = clean_exif(payload[6:])
        return payload[:6] + cleaned if cleaned else b""
    return payload if marker == _ICC_SEGMENT[0] and payload.startswith(_ICC_SEGMENT[1]) else b""


def _png_parts(data: bytes) -> Iterator[bytes]:
    """Yield the chunks that stay, up to the end chunk."""
    position, kind = len(SIGNATURE), b""
    while kind != b"IEND" and len(kind := data[position + 4 : position + 8]) == 4:
        end = position + 12 + int.from_bytes(data[position : position + 4])
        if kind == b"eXIf":
            yield _chunk(kind, clean_exif(data[position + 8 : end - 4]))
        elif kind[:1].isupper() or kind in _LOOKS:
            yield data[position:end]
        position = end


def _chunk(kind: bytes, content: bytes) -> bytes:
    if not content:
        return b""
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)


def clean_exif(block: bytes) -> bytes:
    """Return an EXIF block (a TIFF file) of the same length without place and maker's notes.

    One that cannot be followed is replaced by its orientation alone, or by nothing if it has none.
    """
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return b""
    cleaned = bytearray(block)
    complete = _cut_directories(cleaned, order)
    rest = bytes(cleaned)
    suspicious = re.search(rb"Exif\0|http://ns\.adobe\.com|<x:xmpmeta", rest)
    return rest if complete and not suspicious else _orientation_only(block)


def _cut_directories(block: bytearray, order: str) -> bool:
    """Cut the entries out of each directory of the block; False if there are too many or broken ones."""
    following, seen = struct.unpack_from(order + "L", block, 4)[0], set[int]()
    while following:
        named = _cut_entries(block, order, following, seen)
        if named is None:
            return False
        # What follows the directories that others name is nobody's: some writers leave the link out.
        *inner, following = named
        if any(_cut_entries(block, order, offset, seen) is None for offset in inner):
            return False
    return True


def _cut_entries(block: bytearray, order: str, offset: int, seen: set[int]) -> list[int] | None:
    """Cut one directory's entries. Return where the directories are that it names, and the one that follows.

    None if it is broken, or was seen before. It keeps its room, so that nothing else has to move.
    """
    if offset in seen or len(seen) == _MAX_DIRECTORIES or not 8 <= offset <= len(block) - 2:
        return None
    seen.add(offset)
    end = offset + 2 + 12 * int(struct.unpack_from(order + "H", block, offset)[0])
    if end > len(block):
        return None
    entries = [bytes(block[position : position + 12]) for position in range(offset + 2, end, 12)]
    kept = [entry for entry in entries if _tag(entry, order) not in _CUT]
    link = bytes(block[end : end + 4]).ljust(4, b"\0")
    if len(kept) < len(entries):
        directory = struct.pack(order + "H", len(kept)) + b"".join(kept) + link
        block[offset:end] = directory.ljust(end - offset, b"\0")
    for entry in entries:
        if _tag(entry, order) in _CUT:
            _blank(block, order, entry)
    inner = [struct.unpack(order + "L", entry[8:])[0] for entry in kept if _tag(entry, order) == EXIF_POINTER]
    return [*inner, struct.unpack(order + "L", link)[0]]


def _tag(entry: bytes, order: str) -> int:
    return int(struct.unpack(order + "H", entry[:2])[0])


def _blank(block: bytearray, order: str, entry: bytes) -> None:
    """Overwrite with zeros what an entry that was cut points to: its value, or the GPS directory."""
    tag, kind, count, where = struct.unpack(order + "HHLL", entry)
    if tag != GPS_POINTER:
        _zero(block, where, count * _UNIT.get(kind, 1))
        return
    if not 8 <= where <= len(block) - 2:
        return
    (count,) = struct.unpack_from(order + "H", block, where)
    for position in range(where + 2, min(where + 2 + 12 * count, len(block) - 11), 12):
        _, kind, values, value = struct.unpack_from(order + "HHLL", block, position)
        if (size := values * _UNIT.get(kind, 1)) > 4:
            _zero(block, value, size)
    _zero(block, where, 2 + 12 * count)


def _zero(block: bytearray, start: int, size: int) -> None:
    end = min(start + size, len(block))
    if 8 <= start < end:
        block[start:end] = bytes(end - start)


def _orientation_only(block: bytes) -> bytes:
    tags = read_exif(block, KnownTags(frozenset({_ORIENTATION}), _NOTHING_KNOWN, _NOTHING_KNOWN)).image
    orientation = tags.get(_ORIENTATION)
    if not isinstance(orientation, int) or not 1 <= orientation <= 8:
        return b""
    entry = struct.pack(">HHLHH", _ORIENTATION, 3, 1, orientation, 0)
    return b"MM\0*\0\0\0\x08\0\x01" + entry + b"\0\0\0\0"
