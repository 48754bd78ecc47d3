from __future__ import annotations

import io
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance
from scipy.fft import dctn  # type: ignore[import-untyped]

from imageproc.core.perceptual_hash import (
    BITS,
    checked_hash,
    digits,
    distance,
    from_words,
    perceptual_hash,
    words,
)
from imageproc.core.thumbnail import make_thumbnail
from tests.core import pictures

GOLDEN = "dct144:eee848999378a66d8c999332f6acc699e238"

ALIKE = 38
"""Bits in which variants of one picture may differ."""


def scene(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """A picture with structure at several scales, as photos have it."""
    chance = random.Random(seed)
    picture = Image.new("RGB", size)
    for cells in (3, 7, 16):
        noise = Image.new("RGB", (cells, cells))
        noise.putdata([tuple(chance.randrange(256) for _ in "rgb") for _ in range(cells**2)])
        picture = Image.blend(picture, noise.resize(size, Image.Resampling.BICUBIC), 0.5)
    return picture


def hash_of(picture: Image.Image) -> str:
    found = perceptual_hash(picture)
    assert found
    return found


def recompressed(picture: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(pictures.saved(picture, quality=quality))).convert("RGB")


@given(st.integers(0, 10**6))
def test_the_bits_are_those_of_a_reference_dct(seed: int) -> None:
    picture = scene(seed, (64, 48))
    grey = np.asarray(picture.convert("L").resize((32, 32), Image.Resampling.BOX), dtype=float)
    frequencies = dctn(grey)[:12, :12].ravel()
    # What lies so near to the median that rounded cosines may put it on the other side says nothing.
    middle = np.median(frequencies[1:])
    sure = np.abs(frequencies - middle) > 30
    bits = np.array([int(bit) for bit in f"{int(digits(hash_of(picture)), 16):0{BITS}b}"])
    assert sure.sum() > 130
    assert (bits[sure] == (frequencies > middle)[sure]).all()


def test_the_same_picture_has_the_same_hash_on_every_machine() -> None:
    assert hash_of(Image.radial_gradient("L")) == GOLDEN


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture.resize((130, 97)),
        lambda picture: recompressed(picture, 60),
        lambda picture: ImageEnhance.Brightness(picture).enhance(1.25),
        lambda picture: picture.crop((10, 7, 390, 293)),
        lambda picture: picture.convert("L"),
    ],
)
def test_a_variant_is_nearly_the_same(change: object) -> None:
    distances = [distance(hash_of(scene(seed)), hash_of(change(scene(seed)))) for seed in range(12)]  # type: ignore[operator]
    assert max(distances) <= ALIKE


def test_other_pictures_differ() -> None:
    hashes = [hash_of(scene(seed)) for seed in range(40)]
    assert min(distance(a, b) for a in hashes for b in hashes if a != b) > ALIKE


def test_a_copy_turned_by_its_orientation_is_the_same_picture() -> None:
    upright = make_thumbnail(pictures.saved(scene(1), quality=95)).perceptual_hash
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = scene(1).transpose(Image.Transpose.ROTATE_90)
    other = make_thumbnail(pictures.saved(turned, quality=95, exif=exif)).perceptual_hash
    assert upright
    assert other
    assert distance(upright, other) <= 6


@pytest.mark.parametrize(
    "picture", [Image.new("RGB", (90, 60), "black"), Image.new("RGBA", (9, 9), (9, 9, 9, 0))]
)
def test_what_shows_nothing_has_none(picture: Image.Image) -> None:
    assert perceptual_hash(picture) is None


def test_what_is_transparent_counts_as_white() -> None:
    shown = scene(3).convert("RGBA")
    shown.putalpha(Image.linear_gradient("L").resize(shown.size))
    white = Image.new("RGBA", shown.size, "white")
    assert distance(hash_of(shown), hash_of(Image.alpha_composite(white, shown).convert("RGB"))) <= 4


@given(st.binary(min_size=18, max_size=18))
def test_a_hash_is_three_numbers_and_back(data: bytes) -> None:
    high, middle, low = words("dct144:" + data.hex())
    assert -(2**63) <= min(high, middle) <= max(high, middle) < 2**63
    assert 0 <= low < 2**16
    assert from_words(high, middle, low) == "dct144:" + data.hex()


@pytest.mark.parametrize(
    "value", ["", "dct144:", "dct144:" + "0" * 35, "dct144:" + "0" * 37, "x" * 43, 5, None]
)
def test_anything_else_is_no_hash(value: object) -> None:
    with pytest.raises(ValueError, match="no perceptual hash"):
        checked_hash(value)
