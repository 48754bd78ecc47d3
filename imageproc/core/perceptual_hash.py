"""A perceptual hash: 144 bits that stay nearly the same when a picture is resized, recompressed, brightened.

Each bit says whether one of a picture's 12 x 12 lowest frequencies (DCT-II of 32 x 32 grey pixels) is above
their median: the "pHash" of Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010.
Two pictures are as alike as few bits differ. ImageHash has the same, but needs NumPy and SciPy, which are
larger than all else in the Lambda layer. Here all numbers are integers, so that every machine gives the same
bits.

>>> from PIL import Image
>>> hash_ = perceptual_hash(Image.linear_gradient("L"))
>>> hash_[:7], distance(hash_, hash_)
('dct144:', 0)
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from operator import add, mul, sub
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

BITS = 144
"""Bits of a hash."""

_KEPT = 12
"""Frequencies along each side, the constant one included."""
_SIDE = 32
_HALF = _SIDE // 2
_NAME = "dct144:"
_FORM = re.compile(rf"{_NAME}[0-9a-f]{{36}}")
_WORDS = ">qqH"

# A side's cosines, of which the second half repeats the first one: mirrored, and for odd frequencies negated.
_COSINES = [
    [round(2**12 * math.cos(math.pi * (2 * n + 1) * k / (2 * _SIDE))) for n in range(_HALF)]
    for k in range(_KEPT)
]

_LEAST_RANGE = 8
"""Grey levels, of 256, between the darkest and the brightest of the 32 x 32 pixels: what has less structure
has bits of noise, and would be like any other empty picture."""


def perceptual_hash(picture: Image.Image) -> str | None:
    """Return the hash of an upright picture (mode L, LA, RGB or RGBA), None if nothing can be seen in it.

    It is `dct144:` and 36 hexadecimal digits. Transparency becomes white.
    """
    from PIL import Image  # here: who reads records needs no Pillow

    grey = _on_white(picture).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    darkest, brightest = grey.getextrema()
    if brightest - darkest < _LEAST_RANGE:  # type: ignore[operator]  # of one band, two numbers
        return None
    levels = grey.tobytes()
    across = [_lowest(levels[start : start + _SIDE]) for start in range(0, len(levels), _SIDE)]
    down = [_lowest(column) for column in zip(*across, strict=True)]
    frequencies = [value for row in zip(*down, strict=True) for value in row]
    middle = median(frequencies[1:])
    bits = 0
    for value in frequencies:
        bits = bits << 1 | (value > middle)
    return f"{_NAME}{bits:036x}"


def checked_hash(value: object) -> str:
    """Return a hash as it is. Raises ValueError for anything else."""
    if not isinstance(value, str) or not _FORM.fullmatch(value):
        raise ValueError(f"{value!r} is no perceptual hash")
    return value


def digits(hash_: str) -> str:
    """Return the 36 hexadecimal digits of a hash."""
    return hash_.removeprefix(_NAME)


def words(hash_: str) -> tuple[int, int, int]:
    """Return a hash as three numbers, two signed ones of 64 bits and one of 16 bits without a sign.

    As such a table holds it in 18 bytes.
    """
    high, middle, low = struct.unpack(_WORDS, bytes.fromhex(digits(hash_)))
    return high, middle, low


def from_words(high: int, middle: int, low: int) -> str:
    """Return the hash that `words` gives as numbers."""
    return _NAME + struct.pack(_WORDS, high, middle, low).hex()


def distance(one: str, other: str) -> int:
    """Return in how many of 144 bits two hashes differ (the Hamming distance)."""
    return (int(digits(one), 16) ^ int(digits(other), 16)).bit_count()


def _on_white(picture: Image.Image) -> Image.Image:
    grey = picture.convert("L")
    if "A" not in picture.getbands():
        return grey
    white = grey.point(lambda _: 255)
    white.paste(grey, mask=picture.getchannel("A"))
    return white


def _lowest(values: Sequence[int]) -> list[int]:
    """Return the lowest frequencies of 32 values."""
    first, last = values[:_HALF], values[: _HALF - 1 : -1]
    folded = list(map(add, first, last)), list(map(sub, first, last))
    return [sum(map(mul, cosines, folded[k % 2])) for k, cosines in enumerate(_COSINES)]
