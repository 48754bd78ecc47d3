from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from imageproc.core.jpeg import read_header
from imageproc.errors import ImageIdentifyError

from .pictures import CountingReader, corners, exif_block, icc_profile, saved, segment, with_segment

EXIF = exif_block(image={0x010F: b"Canon"})


def test_size_exif_and_sampling_are_read() -> None:
    header = read_header(io.BytesIO(saved(corners((321, 123)), exif=EXIF)))
    assert (header.width, header.height) == (321, 123)
    assert header.exif == EXIF[6:]
    assert header.sampling == ((2, 2), (1, 1), (1, 1))
    assert not header.progressive


def test_the_segments_of_other_metadata_are_passed_without_reading_them() -> None:
    extended = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(60_000))
    reader = CountingReader(with_segment(saved(corners()), *[extended] * 9))
    assert read_header(reader).width == 400  # type: ignore[arg-type]
    assert reader.handed_out < 1000


def test_an_exif_block_spread_over_segments_is_put_together() -> None:
    first, second = EXIF[6:40], EXIF[40:]
    data = with_segment(saved(corners()), segment(0xE1, EXIF[:6] + first), segment(0xE1, EXIF[:6] + second))
    assert read_header(io.BytesIO(data)).exif == EXIF[6:]


def test_an_icc_profile_is_put_together_whatever_the_order_of_its_parts() -> None:
    profile = icc_profile(b"RGB ", 300)
    parts = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 2]) + profile[150 * (n - 1) : 150 * n]) for n in (2, 1)
    ]
    assert read_header(io.BytesIO(with_segment(saved(corners()), *parts)), whole=True).icc_profile == profile
    assert read_header(io.BytesIO(with_segment(saved(corners()), parts[0])), whole=True).icc_profile == b""


def test_fill_bytes_and_junk_between_segments_are_passed() -> None:
    data = with_segment(saved(corners()), b"junk\0", b"\xff\xff\xff\xff")
    assert read_header(io.BytesIO(data)).width == 400


@pytest.mark.parametrize(
    ("options", "bytes_a_pixel"),
    [
        ({}, 0),
        ({"progressive": True, "subsampling": 0}, 6),
        ({"progressive": True, "subsampling": 2}, 3),
    ],
)
def test_the_memory_for_decoding_follows_from_scans_and_sampling(
    options: dict[str, Any], bytes_a_pixel: int
) -> None:
    header = read_header(io.BytesIO(saved(Image.new("RGB", (100, 100)), **options)), whole=True)
    assert header.decoder_bytes == 10_000 * bytes_a_pixel


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + segment(0xE1, b"Exif\0\0 no picture follows"),
        b"\xff\xd8\xff\xe1\xff\xffExif\0\0 shorter than it says",
        b"\xff\xd8\xff\xe1\0\0",  # a segment shorter than its own length
        b"\xff\xd8" + segment(0xC0, b"\x08\0\0\0\x10\x01\x01\x11\0"),  # no height
        b"\xff\xd8" + segment(0xC0, b"\x08\0"),
        b"\xff\xd8\xff" + bytes(200_000),
        b"\xff\xd8" + segment(0xE5, b"") * 5000,
    ],
)
def test_a_jpeg_without_a_picture_cannot_be_identified(data: bytes) -> None:
    with pytest.raises(ImageIdentifyError):
        read_header(io.BytesIO(data))


def test_tables_hold_what_decoding_needs_and_no_metadata() -> None:
    data = with_segment(saved(corners(), exif=EXIF, comment=b"hello"), segment(0xED, b"Photoshop 3.0\0"))
    header = read_header(io.BytesIO(data), whole=True)
    picture = b"\xff\xd8" + b"".join(header.tables) + data[header.scan_offset :]
    assert b"Exif" not in picture
    assert b"hello" not in picture
    assert b"Photoshop" not in picture
    with Image.open(io.BytesIO(picture)) as image, Image.open(io.BytesIO(data)) as whole:
        assert image.tobytes() == whole.tobytes()
