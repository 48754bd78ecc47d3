"""The rendition that Rekognition is given: within its limits, upright, whole, and how much of it is there."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from imageproc.core.limits import REKOGNITION_MAX_BYTES, REKOGNITION_MAX_SIDE, REKOGNITION_MIN_SIDE
from imageproc.core.rendition import LONGEST_SIDE, make_rendition, rendition_size
from tests.core.pictures import BLUE, GREEN, RED, WHITE, corners, noisy, opened, saved

ORIENTATION = 0x0112


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4000, 3000), (2048, 1536)),
        ((640, 480), (640, 480)),
        ((60, 400), (80, 533)),
        ((1, 1), (80, 80)),
        ((12_000, 100), (9600, 80)),
        ((10, 5000), (80, 10_000)),
        ((20_000, 10), (10_000, 80)),
    ],
)
def test_sizes_are_within_rekognitions_limits_and_keep_their_proportions_if_they_can(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert rendition_size(size) == expected
    assert all(REKOGNITION_MIN_SIDE <= side <= REKOGNITION_MAX_SIDE for side in expected)


@pytest.mark.parametrize("size", [(60, 400), (3000, 40), (4000, 3000), (10, 10)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_places_are_the_same_fractions_of_the_rendition_as_of_the_upright_photo(
    size: tuple[int, int], orientation: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    made = opened(make_rendition(saved(corners(size), "JPEG", exif=exif, quality=95)).data)
    places = [(0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)]
    stored = [RED, GREEN, BLUE, WHITE]
    upright = [BLUE, RED, WHITE, GREEN] if orientation == 6 else stored
    for (x, y), colour in zip(places, upright, strict=True):
        found = made.getpixel((int(x * made.width), int(y * made.height)))
        assert isinstance(found, tuple)
        assert max(abs(a - b) for a, b in zip(found, colour, strict=True)) < 40
    assert not made.getexif()


def test_the_worst_picture_stays_below_what_a_request_may_hold() -> None:
    made = make_rendition(saved(noisy((LONGEST_SIDE, LONGEST_SIDE)), "PNG")).data
    assert 1_000_000 < len(made) < REKOGNITION_MAX_BYTES // 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_picture_becomes_a_jpeg(mode: str) -> None:
    picture = Image.new("I;16", (90, 90)) if mode == "I;16" else noisy((90, 90)).convert(mode)
    made = opened(make_rendition(saved(picture, "JPEG" if mode == "CMYK" else "PNG")).data)
    assert (made.format, made.size) == ("JPEG", (90, 90))


def test_what_is_transparent_becomes_white() -> None:
    made = opened(make_rendition(saved(Image.new("RGBA", (90, 90), (255, 0, 0, 0)), "PNG")).data)
    assert made.getpixel((45, 45)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["JPEG RGB", "JPEG L", "JPEG CMYK", "PNG RGB", "PNG RGBA", "PNG L", "PNG P"])
@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
def test_of_a_truncated_photo_it_is_known_how_much_is_there(kind: str, share: float) -> None:
    image_format, mode = kind.split()
    whole = saved(noisy((900, 700)).convert(mode), image_format)
    made = make_rendition(whole[: int(len(whole) * share)])
    assert made.rows_there == pytest.approx(share, abs=0.04)
    assert opened(made.data).size == (900, 700), "what lacks is left there: boxes are fractions of the whole"


def test_of_a_truncated_photo_on_its_side_rows_are_counted_as_they_are_stored() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    whole = saved(noisy((900, 700)), "JPEG", exif=exif)
    assert make_rendition(whole[: int(len(whole) * 0.6)]).rows_there == pytest.approx(0.6, abs=0.04)


def test_a_progressive_photo_that_lacks_its_last_scans_is_all_there() -> None:
    whole = saved(noisy((900, 700)), "JPEG", progressive=True)
    assert make_rendition(whole[: len(whole) // 2]).rows_there == 1


@pytest.mark.parametrize("colour", ["white", "black"])
def test_a_photo_that_lacks_only_its_end_marker_is_all_there(colour: str) -> None:
    picture = noisy((300, 200))
    picture.paste(colour, (0, 150, 300, 200))
    assert make_rendition(saved(picture)[:-2]).rows_there == 1


def test_a_whole_photo_of_any_colour_is_all_there() -> None:
    for colour in ("grey", "black"):
        for image_format in ("JPEG", "PNG"):
            assert make_rendition(saved(Image.new("RGB", (90, 90), colour), image_format)).rows_there == 1


def test_a_large_picture_is_reduced_in_bands_and_is_right() -> None:
    wide = Image.linear_gradient("L").resize((9001, 501))
    output = io.BytesIO()
    wide.save(output, "PNG")
    made = opened(make_rendition(output.getvalue()).data)
    assert made.size == (2048, 114)
    column = [made.getpixel((1000, y)) for y in (0, 57, 113)]
    assert column == pytest.approx([0, 128, 254], abs=4)
