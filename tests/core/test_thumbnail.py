from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image, ImageCms

from imageproc.core.thumbnail import make_thumbnail

from .pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    chunk,
    corners,
    exif_block,
    icc_profile,
    opened,
    pixel,
    png,
    saved,
    segment,
    with_segment,
)

Colour = tuple[int, ...]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def near(colour: Any, expected: Colour, tolerance: int = 12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(colour, expected, strict=True))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((400, 300), (250, 188)),
        ((300, 400), (188, 250)),
        ((4000, 3000), (250, 188)),
        ((250, 250), (250, 250)),
        ((100, 30), (100, 30)),
        ((1, 1), (1, 1)),
        ((5000, 1), (250, 1)),
        ((1, 5000), (1, 250)),
        ((2000, 3), (250, 1)),
    ],
)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_a_thumbnail_fits_the_box_keeps_its_shape_and_is_never_enlarged(
    image_format: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    thumbnail = make_thumbnail(saved(Image.new("RGB", size, RED), image_format))
    assert (thumbnail.width, thumbnail.height) == opened(thumbnail.data).size == expected
    assert (thumbnail.format, opened(thumbnail.data).format) == (image_format, image_format)
    assert thumbnail.content_type == f"image/{image_format.lower()}"
    assert not thumbnail.truncated
    assert near(pixel(thumbnail, 0.5, 0.5), RED)


# What has to be done to an upright picture to store it with this orientation.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("size", [(1200, 500), (500, 1200), (120, 60)])
def test_a_thumbnail_stands_upright(size: tuple[int, int], orientation: int, image_format: str) -> None:
    upright, operation = corners(size), STORED[orientation]
    stored = upright if operation is None else upright.transpose(operation)
    data = saved(stored, image_format, exif=exif_block(image={0x0112: orientation}))
    thumbnail = make_thumbnail(data)
    assert (thumbnail.width, thumbnail.height) == {1200: (250, 104), 500: (104, 250), 120: (120, 60)}[size[0]]
    for colour, x, y in ((RED, 0, 0), (GREEN, 1, 0), (BLUE, 0, 1), (WHITE, 1, 1)):
        assert near(pixel(thumbnail, 0.1 + 0.8 * x, 0.1 + 0.8 * y), colour)


def test_metadata_stays_behind() -> None:
    exif = exif_block(image={0x010E: b"SECRET"}, gps={1: b"N"})
    data = with_segment(
        saved(corners(), exif=exif, comment=b"SECRET", dpi=(300, 300)), segment(0xE1, b"http://SECRET")
    )
    thumbnail = opened(make_thumbnail(data).data)
    assert not {"exif", "comment", "dpi", "xmp"} & thumbnail.info.keys()
    text = (
        chunk(b"tEXt", b"Author\0SECRET") + chunk(b"iTXt", b"XML\0\0\0\0\0SECRET") + chunk(b"eXIf", exif[6:])
    )
    for original in (data, png((2, 2), 8, 0, bytes(4), before=text)):
        assert b"SECRET" in original
        assert b"SECRET" not in make_thumbnail(original).data


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_a_colour_profile_stays(image_format: str) -> None:
    data = saved(corners(), image_format, icc_profile=SRGB)
    assert opened(make_thumbnail(data).data).info["icc_profile"] == SRGB


@pytest.mark.parametrize(
    "profile",
    [icc_profile(b"GRAY"), icc_profile(b"CMYK"), SRGB[:-1], b"junk" * 50, icc_profile(b"RGB ", 300_000)],
)
def test_a_profile_that_does_not_fit_stays_behind(profile: bytes) -> None:
    assert not opened(make_thumbnail(saved(corners(), icc_profile=profile)).data).info.get("icc_profile")


def test_a_cmyk_jpeg_becomes_rgb_without_its_profile() -> None:
    data = saved(corners().convert("CMYK"), icc_profile=icc_profile(b"CMYK"))
    thumbnail = make_thumbnail(data)
    assert opened(thumbnail.data).mode == "RGB"
    assert not opened(thumbnail.data).info.get("icc_profile")
    assert near(pixel(thumbnail, 0.1, 0.1), RED)
    assert near(pixel(thumbnail, 0.9, 0.9), WHITE)


def test_a_ycck_jpeg_looks_right() -> None:
    # Adobe's transform 2 says that what is stored is YCCK. Middle grey has the same numbers in both.
    data = saved(Image.new("CMYK", (40, 40), (127, 127, 127, 0)))
    assert data.count(b"Adobe") == 1
    at = data.index(b"Adobe") + 11
    ycck = make_thumbnail(data[:at] + b"\x02" + data[at + 1 :])
    assert near(pixel(ycck, 0.5, 0.5), (128, 128, 128), 4)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_grey_and_progressive_jpegs_come_out_as_they_are(mode: str, progressive: bool) -> None:
    thumbnail = make_thumbnail(saved(corners().convert(mode), progressive=progressive))
    assert opened(thumbnail.data).mode == mode
    assert near(
        [pixel(thumbnail, 0.9, 0.9)] if mode == "L" else pixel(thumbnail, 0.9, 0.9),
        (250, 250, 250)[: len(mode)],
    )


def test_the_first_of_several_pictures_is_shown() -> None:
    mpo = saved(
        Image.new("RGB", (400, 300), RED),
        "MPO",
        save_all=True,
        append_images=[Image.new("RGB", (9, 9), BLUE)],
    )
    apng = saved(
        Image.new("RGB", (40, 30), RED),
        "PNG",
        save_all=True,
        append_images=[Image.new("RGB", (40, 30), BLUE)] * 50,
    )
    for data in (mpo, apng):
        thumbnail = make_thumbnail(data)
        assert near(pixel(thumbnail, 0.5, 0.5), RED)
        assert getattr(opened(thumbnail.data), "n_frames", 1) == 1


def test_sixteen_bit_grey_is_scaled_to_eight() -> None:
    levels = (0, 255, 256, 32768, 65535)
    data = png((5, 1), 16, 0, b"".join(level.to_bytes(2) for level in levels))
    thumbnail = opened(make_thumbnail(data).data)
    assert (thumbnail.mode, thumbnail.tobytes()) == ("L", bytes([0, 0, 1, 128, 255]))


@pytest.mark.parametrize(("depth", "levels"), [(1, [0, 255]), (2, [0, 85, 170, 255]), (4, [0, 17, 34, 51])])
def test_grey_of_few_bits_is_scaled_to_eight(depth: int, levels: list[int]) -> None:
    row = int("".join(f"{i:0{depth}b}" for i in range(len(levels))).ljust(16, "0"), 2).to_bytes(2)
    data = png((len(levels), 1), depth, 0, row[: -(-depth * len(levels) // 8)])
    assert list(opened(make_thumbnail(data).data).tobytes()) == levels


def transparent(colour_type: int, depth: int) -> bytes:
    """A PNG of 2 x 1 pixels, white and transparent green (or the grey 1 or 257)."""
    green = {16: b"\x01\x01", 8: b"\1", 4: b"", 2: b"", 1: b""}[depth]
    full = b"\xff" * (depth // 8)
    zero = bytes(depth // 8)
    if colour_type == 0:
        key = {1: 0, 16: 257}.get(depth, 1)
        sample = ((1 << 2 * depth) - 1 - ((1 << depth) - 1) + key) << max(0, 8 - 2 * depth)
        return png(
            (2, 1), depth, 0, sample.to_bytes(max(1, depth // 4)), before=chunk(b"tRNS", key.to_bytes(2))
        )
    if colour_type == 2:
        trns = chunk(b"tRNS", b"".join(value.to_bytes(2) for value in (0, int.from_bytes(green), 0)))
        return png((2, 1), depth, 2, full * 3 + zero + green + zero, before=trns)
    if colour_type == 3:
        palette = chunk(b"PLTE", bytes([255, 255, 255, 0, 255, 0])) + chunk(b"tRNS", b"\xff\0")
        return png((2, 1), 8, 3, b"\0\1", before=palette)
    if colour_type == 4:
        return png((2, 1), depth, 4, full * 2 + green + zero)
    return png((2, 1), depth, 6, full * 4 + zero + green + zero * 2)


@pytest.mark.parametrize(
    ("colour_type", "depth"),
    [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)],
)
def test_transparency_is_kept_however_it_is_stored(colour_type: int, depth: int) -> None:
    thumbnail = opened(make_thumbnail(transparent(colour_type, depth)).data).convert("RGBA")
    (*white, opaque), (*_, clear) = thumbnail.getpixel((0, 0)), thumbnail.getpixel((1, 0))  # type: ignore[misc]
    assert (white, opaque, clear) == ([255, 255, 255], 255, 0)


def test_a_palette_with_graded_transparency_keeps_its_grades() -> None:
    palette = chunk(b"PLTE", bytes([10, 20, 30] * 3)) + chunk(b"tRNS", bytes([255, 128, 0]))
    thumbnail = opened(make_thumbnail(png((3, 1), 8, 3, b"\0\1\2", before=palette)).data)
    assert thumbnail.mode == "RGBA"
    assert list(thumbnail.getchannel("A").tobytes()) == [255, 128, 0]


def test_an_opaque_palette_becomes_colour() -> None:
    data = saved(corners().quantize(16), "PNG")
    assert opened(data).mode == "P"
    assert opened(make_thumbnail(data).data).mode == "RGB"
    assert near(pixel(make_thumbnail(data), 0.1, 0.1), RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_do_not_darken_the_edges(mode: str) -> None:
    # White on the left; on the right black that is fully transparent.
    picture = Image.new("RGBA", (1501, 1001), (0, 0, 0, 0))
    picture.paste((255, 255, 255, 255), (0, 0, 750, 1001))
    thumbnail = opened(make_thumbnail(saved(picture.convert(mode), "PNG")).data).convert("RGBA")
    pixels = [thumbnail.getpixel((x, 80)) for x in range(250)]
    edge = [p for p in pixels if p[3] > 8]  # type: ignore[index]
    assert len(edge) < 250
    assert min(p[0] for p in edge) >= 250  # type: ignore[index]


def test_bands_leave_no_seams() -> None:
    gradient = Image.linear_gradient("L").resize((3001, 2003))
    thumbnail = opened(make_thumbnail(saved(gradient, "PNG")).data)
    column = [thumbnail.getpixel((99, y)) for y in range(thumbnail.height)]
    steps = [b - a for a, b in pairwise(column)]  # type: ignore[operator]
    assert (min(steps), max(steps)) in [(0, 2), (1, 2), (0, 3)]


def test_a_box_of_another_shape_is_fitted_too() -> None:
    data = saved(corners((1000, 500)), exif=exif_block(image={0x0112: 6}))
    thumbnail = make_thumbnail(data, box=(400, 100))
    assert (thumbnail.width, thumbnail.height) == (50, 100)
    assert io.BytesIO(thumbnail.data).getbuffer().nbytes < 5000
