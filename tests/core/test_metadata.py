from __future__ import annotations

import io
import json
import math
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.core import attributes, limits
from imageproc.core.metadata import IMAGE_FIELDS, PHOTO_FIELDS, ImageMetadata, read_metadata, read_orientation
from imageproc.errors import (
    ImageIdentifyError,
    ImageRejectedError,
    ImageTooLargeError,
    NotSupportedImageType,
    PhotoGoneError,
)

from .pictures import (
    chunk,
    corners,
    exif_block,
    jpeg_with_exif,
    opened,
    png,
    saved,
    segment,
    tiff,
    with_segment,
)

FULL: dict[str, dict[int, Any]] = {
    "image": {
        0x010F: b"NIKON CORPORATION",
        0x0110: b"NIKON D90",
        0x0112: 6,
        0x0131: b"Ver.1.00",
        0x013B: b"Zo\xc3\xab",
    },
    "photo": {
        0x829A: (1, 250),
        0x829D: (56, 10),
        0x8827: 400,
        0x9003: b"2014:09:16 14:05:12",
        0x9011: b"+02:00",
        0x9291: b"07",
        0x9204: (-1, 3),
        0x9209: 16,
        0x920A: (50, 1),
        0xA405: 75,
        0xA433: b"NIKON",
        0xA434: b"50mm f/1.8",
    },
    "gps": {
        1: b"N",
        2: ((51, 1), (28, 1), (4038, 100)),
        3: b"W",
        4: ((0, 1), (0, 1), (531, 100)),
        5: 0,
        6: (465, 10),
    },
}


def read(data: bytes) -> ImageMetadata:
    return read_metadata(io.BytesIO(data), len(data))


def test_a_photos_attributes_have_the_data_contracts_names_and_plain_values() -> None:
    data = jpeg_with_exif(**FULL)
    assert read(data).attributes() == {
        "imageFormat": "JPEG",
        "dimensions": {"width": 64, "height": 48},
        "fileSize": len(data),
        "latitude": {"D": 51, "M": 28, "S": 40.38, "Direction": "N"},
        "longitude": {"D": 0, "M": 0, "S": 5.31, "Direction": "W"},
        "geo": {"latitude": 51.47788333, "longitude": -0.001475, "altitude": 46.5},
        "creationTime": "2014-09-16T14:05:12.07+02:00",
        "creationTimeSource": "DateTimeOriginal",
        "exifMake": "NIKON CORPORATION",
        "exifModel": "NIKON D90",
        "exifOrientation": 6,
        "exifSoftware": "Ver.1.00",
        "exifArtist": "Zoë",
        "exifExposureTime": 0.004,
        "exifFNumber": 5.6,
        "exifPhotographicSensitivity": 400,
        "exifExposureBiasValue": -1 / 3,
        "exifFlash": 16,
        "exifFocalLength": 50.0,
        "exifFocalLengthIn35mmFilm": 75,
        "exifLensMake": "NIKON",
        "exifLensModel": "50mm f/1.8",
    }


def test_every_field_is_an_attribute_of_the_record() -> None:
    names = [name for fields in (IMAGE_FIELDS, PHOTO_FIELDS) for name, _ in fields.values()]
    assert set(names) <= set(attributes.METADATA_ATTRIBUTES)
    assert len(names) == len(set(names))


def test_a_photo_without_exif_has_only_its_format_and_sizes() -> None:
    data = saved(corners())
    assert read(data).attributes() == {
        "imageFormat": "JPEG",
        "dimensions": {"width": 400, "height": 300},
        "fileSize": len(data),
    }


def test_width_and_height_are_those_of_the_stored_picture() -> None:
    metadata = read(saved(corners((40, 30)), exif=exif_block(image={0x0112: 6})))
    assert (metadata.width, metadata.height) == (40, 30)


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_png_has_exif_too(place: str) -> None:
    block = chunk(b"eXIf", exif_block(image={0x010F: b"Apple"})[6:])
    data = (
        png((2, 2), 8, 0, bytes(4), before=block)
        if place == "before"
        else png((2, 2), 8, 0, bytes(4), after=block)
    )
    assert read(data).attributes()["exifMake"] == "Apple"
    assert read(data).format == "PNG"


def test_a_multi_picture_jpeg_is_a_jpeg() -> None:
    data = saved(corners(), "MPO", save_all=True, append_images=[corners((40, 30))])
    assert opened(data).format == "MPO"
    assert (read(data).format, read(data).width) == ("JPEG", 400)


def test_zero_denominators_and_infinities_lose_only_their_own_field() -> None:
    infinity = struct.pack("<f", math.inf)
    tags = (
        (0x010F, 2, 4, b"Me\0\0"),
        (0x0112, 11, 1, infinity),
        (0x8298, 11, 1, struct.pack("<f", math.nan)),
    )
    block = exif_block(photo={0x829A: (1, 0), 0x829D: (0, 0), 0x8827: 100})
    assert read(with_segment(saved(corners()), segment(0xE1, b"Exif\0\0" + tiff(*tags)))).exif == {
        "exifMake": "Me"
    }
    assert read(saved(corners(), exif=block)).exif == {"exifPhotographicSensitivity": 100}


def test_an_exif_block_that_is_cut_or_garbage_costs_only_itself() -> None:
    whole = exif_block(**FULL)
    for block in (whole[:50], b"Exif\0\0" + b"\xff" * 500, b"Exif\0\0II*\0\xff\xff\xff\x7f"):
        metadata = read(with_segment(saved(corners()), segment(0xE1, block)))
        assert metadata.width == 400
        json.dumps(metadata.attributes(), allow_nan=False)


@pytest.mark.parametrize("cut", [3, 20, 100, 500])
def test_a_prefix_that_ends_before_the_size_is_no_image(cut: int) -> None:
    with pytest.raises(ImageIdentifyError):
        read(jpeg_with_exif(**FULL)[:cut])


def test_what_is_neither_jpeg_nor_png_is_not_supported_however_large_it_is() -> None:
    with pytest.raises(NotSupportedImageType):
        read_metadata(io.BytesIO(saved(corners(), "GIF")), limits.MAX_BYTES + 1)


def test_a_file_that_is_too_large_is_rejected() -> None:
    with pytest.raises(ImageTooLargeError):
        read_metadata(io.BytesIO(saved(corners())), limits.MAX_BYTES + 1)


def test_a_decompression_bomb_is_rejected_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    with pytest.raises(ImageTooLargeError, match="50,000 x 50,000"):
        read(png((1, 1), 8, 0, b"\0")[:8] + chunk(b"IHDR", header))


@pytest.mark.parametrize(
    "error", [PhotoGoneError("gone"), TimeoutError("slow"), ValueError("mine"), SyntaxError("mine")]
)
@pytest.mark.parametrize("after", range(6))
def test_an_error_of_the_file_itself_passes_through_unchanged(error: Exception, after: int) -> None:
    class Failing(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.reads += 1
            if self.reads > after:
                raise error
            return super().read(size)

    with pytest.raises(type(error)) as caught:
        read_metadata(Failing(jpeg_with_exif(**FULL)), 5000)
    assert caught.value is error


def test_the_orientation_alone_can_be_read() -> None:
    assert read_orientation(exif_block(image={0x0112: 8})) == 8
    assert read_orientation(exif_block(image={0x0112: 77})) == 1
    assert read_orientation(b"") == 1


STARTS = (b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\0\x40Exif\0\0II*\0\x08\0\0\0", png((1, 1), 8, 0, b"\0")[:33])


@given(st.sampled_from(STARTS), st.binary())
def test_any_bytes_after_a_signature_are_metadata_or_a_typed_rejection(start: bytes, rest: bytes) -> None:
    try:
        json.dumps(read(start + rest).attributes(), allow_nan=False)
    except ImageRejectedError:
        return


PHOTO = jpeg_with_exif(**FULL)


@given(st.lists(st.tuples(st.integers(0, len(PHOTO) - 1), st.integers(0, 7)), min_size=1, max_size=20))
def test_flipped_bits_give_metadata_or_a_typed_rejection(flips: list[tuple[int, int]]) -> None:
    data = bytearray(PHOTO)
    for position, bit in flips:
        data[position] ^= 1 << bit
    try:
        json.dumps(read(bytes(data)).attributes(), allow_nan=False)
    except ImageRejectedError:
        return


def test_reading_and_shrinking_load_no_plugins_but_those_that_are_needed() -> None:
    program = """
import io, sys
from imageproc.core.metadata import read_metadata
from imageproc.core.thumbnail import make_thumbnail
for name in sys.argv[1:]:
    data = bytes.fromhex(name)
    read_metadata(io.BytesIO(data), len(data)).attributes()
    make_thumbnail(data)
print(*sorted(name for name in sys.modules if name.endswith("ImagePlugin") or name in ("boto3", "numpy")))
"""
    photos = [jpeg_with_exif(**FULL).hex(), png((2, 2), 8, 0, bytes(4)).hex()]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, *photos], cwd=root, capture_output=True, text=True, check=True
    )
    # Pillow's EXIF reader is in its TIFF plugin.
    assert done.stdout.split() == ["PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.TiffImagePlugin"]
