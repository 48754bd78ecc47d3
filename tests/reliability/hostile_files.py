"""Hostile files, made: bombs, cuts, flipped bits, EXIF trees with loops.

The name of each says what it is; `bomb:`, `cut:`, `flip:` and `exif:` begin it.
"""

from __future__ import annotations

import random
import struct
import zlib
from typing import TYPE_CHECKING

from PIL import Image

from tests import soak
from tests.core.pictures import chunk, corners, exif_block, icc_profile, png, saved, segment, with_segment
from tests.pictures import gif

if TYPE_CHECKING:
    from collections.abc import Iterator

File = tuple[str, bytes]

MAKE = 0x010F
_ASCII, _LONG, _SIGNED_BYTE, _SIGNED_LONG = 2, 4, 6, 9
_SUB_IFDS, _EXIF, _GPS, _INTEROPERABILITY = 0x014A, 0x8769, 0x8825, 0xA005
_HUGE = 50_000
_STEP = soak.of(5, 1)

_EXIF_BLOCK = exif_block(
    image={MAKE: b"Canon", 0x0112: 6},
    photo={0x829A: (1, 250), 0x9003: b"2020:01:02 03:04:05"},
    gps={1: b"N", 2: ((51, 1), (28, 1), (40, 1)), 3: b"W", 4: ((0, 1), (7, 1), (39, 1))},
)
_PICTURE = corners((24, 16))
SEEDS = {
    "baseline.jpg": saved(_PICTURE, exif=_EXIF_BLOCK),
    "progressive.jpg": saved(_PICTURE, progressive=True),
    "cmyk.jpg": saved(_PICTURE.convert("CMYK")),
    "truecolour.png": saved(_PICTURE, "PNG", exif=_EXIF_BLOCK, icc_profile=icc_profile(b"RGB ")),
    "palette.png": saved(_PICTURE.quantize(7), "PNG", transparency=bytes([0, 99])),
}
"""A small valid file of each kind."""


def generated() -> Iterator[File]:
    """Yield all files, the same each time."""
    yield from bombs()
    yield from cuts()
    yield from flips()
    yield from exif_trees()


def bombs() -> Iterator[File]:
    """Small files that ask for much."""
    yield "bomb: jpeg header", _resized_jpeg(_HUGE, _HUGE)
    yield "bomb: png header", png((1, 1), 8, 2, bytes(3)).replace(*_ihdr((1, 1), (_HUGE, _HUGE)))
    zeros = zlib.compress(bytes(300_000_000), 1)
    tiny = (2, 2), 8, 0, bytes(4)
    yield "bomb: png text", png(*tiny, before=chunk(b"zTXt", b"x\0\0" + zeros))
    yield "bomb: png international text", png(*tiny, after=chunk(b"iTXt", b"x\0\1\0\0\0" + zeros))
    yield "bomb: png profile", png(*tiny, before=chunk(b"iCCP", b"x\0\0" + zeros))
    whole = png(*tiny)
    yield "bomb: png data", whole[:33] + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")
    yield "bomb: second png header", whole[:33] + _header((_HUGE, _HUGE)) + whole[33:]
    yield "bomb: 1,000 frames", _animated(1000)
    yield "bomb: 20,000 png chunks", png(*tiny, before=chunk(b"teSt", b"") * 20_000)
    yield "bomb: 20,000 jpeg segments", with_segment(SEEDS["baseline.jpg"], *[segment(0xE5, b"")] * 20_000)
    yield "bomb: second jpeg frame", _second_frame()
    yield "bomb: 3,000 scans", _scans(3000)
    yield "bomb: gif header", gif()[:6] + struct.pack("<HH", _HUGE, _HUGE) + gif()[10:]


def cuts() -> Iterator[File]:
    """Prefixes that end in a header, every third or by `make soak` all, and some that end in the data."""
    for name, data in SEEDS.items():
        start = _data_start(name, data)
        for end in [*range(0, start, _STEP), *range(start, len(data), 5), len(data) - 1]:
            yield f"cut: {name} at {end}", data[:end]


def flips() -> Iterator[File]:
    """One bit of every third byte of a header, or by `make soak` of each; all bits of what comes first."""
    chosen = random.Random(1)
    for name, data in SEEDS.items():
        for position in [*range(40), *range(40, _data_start(name, data), _STEP)]:
            for bit in range(8) if position < 40 else [chosen.randrange(8)]:
                flipped = bytearray(data)
                flipped[position] ^= 1 << bit
                yield f"flip: {name} byte {position} bit {bit}", bytes(flipped)


def exif_trees() -> Iterator[File]:
    """EXIF whose directories point to themselves, to each other, to nothing; all of them name the maker."""
    for order in "<>":
        for name, block in _trees(order).items():
            exif = b"Exif\0\0" + block
            yield f"exif: {name} {order} jpeg", saved(_PICTURE, exif=exif)
            plain = saved(_PICTURE, "PNG")
            yield f"exif: {name} {order} png", plain[:33] + chunk(b"eXIf", block) + plain[33:]


def _trees(order: str) -> dict[str, bytes]:
    """Blocks by name. The first directory is at 8 and has two entries: the next would be at 38."""
    here, beyond = 8, 38
    pointers = {"exif": _EXIF, "gps": _GPS, "interoperability": _INTEROPERABILITY, "sub": _SUB_IFDS}
    loops = {f"{name} to its parent": _tree(order, tag, here) for name, tag in pointers.items()}
    wild = {f"exif at {where}": _tree(order, _EXIF, where) for where in (0, 4, 9, 37, 60_000, 2**32 - 1)}
    inner = {
        f"{name} to itself": _tree(order, tag, beyond, tail=_directory(order, (tag, _LONG, 1, beyond)))
        for name, tag in pointers.items()
    }
    both = _directory(order, (_GPS, _LONG, 1, beyond), (_EXIF, _LONG, 1, beyond), next_=here)
    chain = b"".join(
        _directory(order, (MAKE, _ASCII, 4, 0), next_=beyond + 18 * (number + 1)) for number in range(2000)
    )
    return {
        **loops,
        **wild,
        **inner,
        "before the block": _tree(order, _GPS, 2**32 - 1, kind=_SIGNED_LONG),
        "before the block by a byte": _tree(order, _EXIF, 2**32 - 1, kind=_SIGNED_BYTE),
        "next to itself": _tree(order, _EXIF, beyond, next_=here),
        "all to each other": _tree(order, _EXIF, beyond, tail=both, next_=beyond),
        "2,000 in a row": _tree(order, _SUB_IFDS, beyond, tail=chain, next_=beyond),
        "a billion pointers": _tree(order, _EXIF, beyond, count=10**9),
        "65,535 entries": _tree(order, _EXIF, beyond, tail=struct.pack(order + "H", 65_535) + bytes(1000)),
    }


def _tree(
    order: str, tag: int, to: int, *, kind: int = _LONG, count: int = 1, next_: int = 0, tail: bytes = b""
) -> bytes:
    mark = b"II" if order == "<" else b"MM"
    maker = (MAKE, _ASCII, 4, int.from_bytes(b"Can\0", "little" if order == "<" else "big"))
    first = _directory(order, maker, (tag, kind, count, to), next_=next_)
    return mark + struct.pack(order + "HL", 42, 8) + first + tail


def _directory(order: str, *entries: tuple[int, int, int, int], next_: int = 0) -> bytes:
    packed = b"".join(struct.pack(order + "HHLL", *entry) for entry in entries)
    return struct.pack(order + "H", len(entries)) + packed + struct.pack(order + "L", next_)


def _header(size: tuple[int, int]) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))


def _ihdr(old: tuple[int, int], new: tuple[int, int]) -> tuple[bytes, bytes]:
    return _header(old), _header(new)


def _animated(frames: int) -> bytes:
    """An APNG: https://wiki.mozilla.org/APNG_Specification."""
    number, pieces = 0, []
    for _ in range(frames):
        control = struct.pack(">IIIIIHHBB", number, 2000, 2000, 0, 0, 1, 10, 0, 0)
        pieces += [chunk(b"fcTL", control), chunk(b"fdAT", struct.pack(">I", number + 1) + b"\0" * 50)]
        number += 2
    start = chunk(b"acTL", struct.pack(">II", frames, 0))
    return png((2000, 2000), 8, 0, bytes(2000 * 2000), before=start, after=b"".join(pieces))


def _frame(data: bytes) -> int:
    """Return where a baseline JPEG's frame header begins."""
    return data.index(b"\xff\xc0")


def _resized_jpeg(width: int, height: int) -> bytes:
    data = SEEDS["baseline.jpg"]
    size = _frame(data) + 5
    return data[:size] + struct.pack(">HH", height, width) + data[size + 4 :]


def _second_frame() -> bytes:
    """A small frame first, and a huge one that a decoder may take instead."""
    data, huge = SEEDS["baseline.jpg"], _resized_jpeg(60_000, 60_000)
    frame, scan = _frame(data), data.index(b"\xff\xda")
    length = 2 + int.from_bytes(data[frame + 2 : frame + 4])
    return data[:scan] + huge[frame : frame + length] + data[scan:]


def _scans(count: int) -> bytes:
    data = saved(Image.new("RGB", (2500, 2500)), progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * count + b"\xff\xd9"


def _data_start(name: str, data: bytes) -> int:
    return data.index(b"IDAT") + 4 if name.endswith(".png") else data.index(b"\xff\xda") + 14
