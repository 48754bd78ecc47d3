from __future__ import annotations

import contextlib
import io
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, UnidentifiedImageError

from imageproc.core.location import clean_exif, without_location
from imageproc.core.metadata import read_metadata
from imageproc.core.png import SIGNATURE
from imageproc.errors import ImageRejectedError

from .pictures import (
    chunk,
    corners,
    exif_block,
    icc_profile,
    jpeg_with_exif,
    opened,
    png,
    saved,
    segment,
    with_segment,
)

MAKE, ORIENTATION, MAKER_NOTE, MADE = 0x010F, 0x0112, 0x927C, 0x9003
PLACE = {1: b"N", 2: ((51, 1), (28, 1), (4038, 100)), 3: b"W", 4: ((0, 1), (7, 1), (4242, 100))}
SECRET = b"at home in Secret Street"
CAMERA: Any = {
    "image": {MAKE: b"Canon", ORIENTATION: 6},
    "photo": {MADE: b"2020:01:02 03:04:05", MAKER_NOTE: SECRET},
    "gps": {**PLACE, 0x1B: SECRET},
}
XMP = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + SECRET


def attributes(data: bytes) -> dict[str, Any]:
    return read_metadata(io.BytesIO(data), len(data)).attributes()


def same_picture(one: bytes, other: bytes) -> bool:
    first, second = opened(one), opened(other)
    return (first.size, first.mode, first.tobytes()) == (second.size, second.mode, second.tobytes())


def test_the_place_goes_and_camera_time_orientation_and_picture_stay() -> None:
    photo = jpeg_with_exif(**CAMERA)
    before, stripped = attributes(photo), without_location(photo)
    after = attributes(stripped)
    place = {name: before.pop(name) for name in ("geo", "latitude", "longitude")}
    assert place["geo"]["latitude"] == pytest.approx(51.4779, abs=1e-4)
    assert after == before
    assert after["exifMake"] == "Canon"
    assert after["exifOrientation"] == 6
    assert same_picture(photo, stripped)
    assert SECRET not in stripped, "neither the maker's notes nor another GPS field"
    assert (4038).to_bytes(4) not in stripped, "not only the pointer is gone"


def test_a_png_keeps_its_picture_and_loses_what_its_text_says() -> None:
    block = exif_block(**CAMERA).removeprefix(b"Exif\0\0")
    text = b"".join(
        chunk(kind, b"XML:com.adobe.xmp\0" + SECRET) for kind in (b"tEXt", b"iTXt", b"zTXt", b"prVt")
    )
    photo = png(
        (2, 1),
        8,
        2,
        bytes(range(6)),
        before=chunk(b"gAMA", b"\0\0\xb1\x8f") + text,
        after=chunk(b"eXIf", block),
    )
    assert "geo" in attributes(photo)
    stripped = without_location(photo + SECRET)
    assert "geo" not in attributes(stripped)
    assert attributes(stripped)["exifMake"] == "Canon"
    assert SECRET not in stripped
    assert b"gAMA" in stripped
    assert opened(stripped).tobytes() == bytes(range(6))


@pytest.mark.parametrize(
    "hidden",
    [
        segment(0xE1, XMP),
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + SECRET),
        segment(0xED, b"Photoshop 3.0\x008BIM" + SECRET),
        segment(0xFE, SECRET),
        segment(0xE2, b"MPF\0" + SECRET),
        segment(0xEB, SECRET),
        segment(0xE1, b"Exif\0\0no directory" + SECRET),
    ],
)
def test_what_may_tell_the_place_in_its_own_way_is_left_out(hidden: bytes) -> None:
    photo = with_segment(saved(corners()), hidden)
    assert SECRET not in without_location(photo)


@pytest.mark.parametrize("progressive", [False, True])
def test_what_is_behind_the_picture_is_left_out(progressive: bool) -> None:
    """A video, or a second picture with EXIF of its own, as phones append them."""
    photo = saved(
        corners(), progressive=progressive, icc_profile=icc_profile(b"RGB "), restart_marker_blocks=1
    )
    stripped = without_location(photo + SECRET + jpeg_with_exif(**CAMERA))
    assert stripped == without_location(photo)
    assert same_picture(photo, stripped)
    assert opened(stripped).info["icc_profile"] == icc_profile(b"RGB ")


def test_a_block_that_cannot_be_followed_keeps_its_orientation_alone() -> None:
    block = bytearray(exif_block(**CAMERA).removeprefix(b"Exif\0\0"))
    # The directory that follows the first is the first: a reader that follows it never ends.
    count = int.from_bytes(block[8:10])
    block[10 + 12 * count : 14 + 12 * count] = (8).to_bytes(4)
    photo = with_segment(saved(corners()), segment(0xE1, b"Exif\0\0" + bytes(block)))
    stripped = without_location(photo)
    assert attributes(stripped)["exifOrientation"] == 6
    assert "exifMake" not in attributes(stripped)
    assert SECRET not in stripped


def test_a_photo_in_a_photo_gives_no_place_away() -> None:
    block = exif_block(
        **{**CAMERA, "photo": {MADE: b"2020:01:02 03:04:05", 0x9286: jpeg_with_exif(**CAMERA)}}
    )
    stripped = clean_exif(block.removeprefix(b"Exif\0\0"))
    assert SECRET not in stripped
    assert len(stripped) < 40


@pytest.mark.parametrize("data", [b"", b"no photo", b"GIF89a", b"II*\0"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ImageRejectedError):
        without_location(data)


@given(st.data())
def test_whatever_a_block_says_no_reader_finds_a_place_afterwards(data: st.DataObject) -> None:
    block = bytearray(exif_block(**CAMERA).removeprefix(b"Exif\0\0"))
    for _ in range(data.draw(st.integers(0, 6))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    cleaned = clean_exif(bytes(block))
    assert len(cleaned) in (0, 26, len(block))
    if cleaned:
        photo = png((1, 1), 8, 0, b"\0", before=chunk(b"eXIf", cleaned))
        assert "geo" not in attributes(photo)
        assert clean_exif(cleaned) == cleaned


@given(st.binary(max_size=300), st.sampled_from([b"\xff\xd8\xff", SIGNATURE]))
def test_any_bytes_are_stripped_or_refused(rest: bytes, start: bytes) -> None:
    try:
        stripped = without_location(start + rest)
    except ImageRejectedError:
        return
    assert len(stripped) <= len(start + rest) + 2


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of what is broken
@pytest.mark.parametrize("seed", range(20))
def test_a_broken_photo_never_gains_a_place(seed: int) -> None:
    chance = random.Random(seed)
    photo = bytearray(jpeg_with_exif(**CAMERA))
    for _ in range(8):
        photo[chance.randrange(3, 400)] = chance.randrange(256)
    try:
        stripped = without_location(bytes(photo))
        found = attributes(stripped)
    except ImageRejectedError:
        return
    assert "geo" not in found
    with contextlib.suppress(UnidentifiedImageError), Image.open(io.BytesIO(stripped)) as image:
        assert not image.getexif().get_ifd(0x8825)
