"""EXIF blocks, read so that one bad tag loses no other.

A block is a TIFF file: directories of tags that point to values and to further directories, and in real
files any of these may be wrong. Before a library sees the block, `repair` rewrites its directories: only tags
that the photo record knows, only values that lie inside the block, and no directory but the three that hold
them. What is left can neither loop, nor ask for gigabytes (a BYTE tag with a count of 4,000,000,000 makes
piexif do so), nor end a library's reading half-way. Pillow reads it; piexif does where Pillow fails.

Source: CIPA DC-008 (EXIF 2.32 and 3.0) section 4.6, TIFF 6.0 section 2.
"""

from __future__ import annotations

import re
import struct
import threading
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import piexif
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXIF_POINTER, GPS_POINTER = 0x8769, 0x8825

LIBRARY_ERRORS: tuple[type[Exception], ...] = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError),
    *(SyntaxError, TypeError, ValueError, struct.error),
)
"""What Pillow and piexif raise on hostile bytes. They only ever get bytes, so the bytes are at fault."""

_MAX_ENTRIES = 1000
# Bytes of one value of each TIFF type; 13 is a pointer to a directory, 129 is EXIF 3.0's UTF-8 text.
_UNIT = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_LONG = 4
# What not both libraries know, as what has the same size: a pointer as a number, UTF-8 as ASCII, which both
# hand out as bytes or as good as.
_KNOWN_AS = {13: _LONG, 129: 2}
_INTEGERS = {3: "H", 4: "L", 9: "l", 13: "L"}

# `warnings.catch_warnings` changes the process's filters, so only one thread at a time may be inside it.
_warnings_lock = threading.Lock()


@dataclass
class ExifTags:
    """The values of an EXIF block by tag number, as the library gave them: they may be of any type."""

    image: dict[int, Any] = field(default_factory=dict)
    photo: dict[int, Any] = field(default_factory=dict)
    gps: dict[int, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class KnownTags:
    """The tags to keep of each directory."""

    image: frozenset[int]
    photo: frozenset[int]
    gps: frozenset[int]


def read_exif(block: bytes, known: KnownTags) -> ExifTags:
    """Return the known tags of an EXIF block, with or without its leading `Exif`; none if it is unusable."""
    repaired = repair(block, known)
    if not repaired:
        return ExifTags()
    readers: tuple[Callable[[bytes], ExifTags], ...] = (_read_with_pillow, _read_with_piexif)
    for read in readers:
        try:
            return read(repaired)
        except LIBRARY_ERRORS:
            continue
    return ExifTags()


def repair(block: bytes, known: KnownTags) -> bytes:
    """Return the block with new directories behind it that hold only known tags whose values lie inside it.

    Returns nothing if the block does not start like a TIFF file or its first directory is not there.
    """
    block = re.sub(rb"\A(Exif\0.){1,2}", b"", block, flags=re.DOTALL)
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return b""
    block += b"\0" * (len(block) % 2)
    image_entries = dict(_entries(block, order, struct.unpack(order + "L", block[4:8])[0]))
    directories = b""
    image: list[bytes] = [entry for tag, entry in image_entries.items() if tag in known.image]
    for pointer, wanted in ((EXIF_POINTER, known.photo), (GPS_POINTER, known.gps)):
        offset = _pointed_to(image_entries.get(pointer), order)
        entries = [entry for tag, entry in _entries(block, order, offset) if tag in wanted]
        if entries:
            image.append(struct.pack(order + "HHLL", pointer, _LONG, 1, len(block) + len(directories)))
            directories += _directory(entries, order)
    start = struct.pack(order + "L", len(block) + len(directories))
    return (
        block[:2] + struct.pack(order + "H", 42) + start + block[8:] + directories + _directory(image, order)
    )


def _entries(block: bytes, order: str, offset: int) -> Iterator[tuple[int, bytes]]:
    """Yield the tags, and their 12-byte entries, of the directory at `offset` whose values lie in it."""
    if not 8 <= offset <= len(block) - 2:
        return
    (count,) = struct.unpack_from(order + "H", block, offset)
    seen = set()
    for position in range(offset + 2, offset + 2 + 12 * min(count, _MAX_ENTRIES), 12):
        entry = block[position : position + 12]
        if len(entry) < 12:
            return
        tag, kind, values, where = struct.unpack(order + "HHLL", entry)
        size = values * _UNIT.get(kind, 0)
        if size and tag not in seen and (size <= 4 or where + size <= len(block)):
            seen.add(tag)
            yield tag, struct.pack(order + "HH", tag, _KNOWN_AS.get(kind, kind)) + entry[4:]


def _pointed_to(entry: bytes | None, order: str) -> int:
    if entry is None:
        return 0
    kind = struct.unpack(order + "H", entry[2:4])[0]
    if kind not in _INTEGERS:
        return 0
    return int(struct.unpack_from(order + _INTEGERS[kind], entry, 8)[0])


def _directory(entries: list[bytes], order: str) -> bytes:
    return struct.pack(order + "H", len(entries)) + b"".join(entries) + b"\0\0\0\0"


def _read_with_pillow(repaired: bytes) -> ExifTags:
    exif = Image.Exif()
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exif.load(repaired)
        return ExifTags(dict(exif), exif.get_ifd(EXIF_POINTER), exif.get_ifd(GPS_POINTER))


def _read_with_piexif(repaired: bytes) -> ExifTags:
    read = piexif.load(b"Exif\0\0" + repaired)
    return ExifTags(
        *(
            {
                tag: _as_pillow(value, piexif.TAGS[table].get(tag, {}).get("type"))
                for tag, value in read[name].items()
            }
            for name, table in (("0th", "Image"), ("Exif", "Exif"), ("GPS", "GPS"))
        )
    )


def _as_pillow(value: Any, kind: int | None) -> Any:
    """Return piexif's value in Pillow's form: fractions instead of pairs of numbers."""
    if kind not in (piexif.TYPES.Rational, piexif.TYPES.SRational) or not isinstance(value, tuple):
        return value
    if value and isinstance(value[0], tuple):
        return tuple(IFDRational(*pair) for pair in value)
    return IFDRational(*value)
