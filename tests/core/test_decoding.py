from __future__ import annotations

import threading
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from imageproc.core import limits
from imageproc.core.thumbnail import make_thumbnail
from imageproc.errors import (
    ImageIdentifyError,
    ImageRejectedError,
    ImageTooLargeError,
    NotSupportedImageType,
)
from tests import soak

from .pictures import (
    chunk,
    corners,
    jpeg_with_exif,
    noisy,
    opened,
    pixel,
    png,
    saved,
)

Colour = tuple[int, ...]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_without_its_end_shows_what_is_there_and_says_so(options: dict[str, Any]) -> None:
    data = saved(noisy((1000, 800)), quality=90, **options)
    for part in (0.5, 0.99):
        thumbnail = make_thumbnail(data[: int(len(data) * part)])
        assert thumbnail.truncated
        assert (thumbnail.width, thumbnail.height) == (250, 200)
        assert pixel(thumbnail, 0.3, 0.1) != pixel(thumbnail, 0.7, 0.12)
    assert not make_thumbnail(data).truncated


@pytest.mark.parametrize(
    ("image_format", "end"), [("JPEG", b"\xff\xd9"), ("PNG", b"\0\0\0\0IEND\xae\x42\x60\x82")]
)
def test_a_file_that_lacks_only_its_end_mark_is_truncated_but_shows_all(
    image_format: str, end: bytes
) -> None:
    data = saved(noisy((640, 480)), image_format)
    assert data.endswith(end)
    assert make_thumbnail(data.removesuffix(end)) == replace(make_thumbnail(data), truncated=True)


def test_bytes_after_a_jpegs_end_do_not_matter() -> None:
    data = saved(noisy((640, 480)))
    assert make_thumbnail(data + bytes(5000)) == make_thumbnail(data)


@pytest.mark.parametrize("colour", ["RGB", "RGBA", "P", "L"])
def test_a_png_without_its_end_shows_what_is_there_and_says_so(colour: str) -> None:
    data = saved(noisy((800, 600)).convert(colour), "PNG")
    thumbnail = make_thumbnail(data[: len(data) // 2])
    assert thumbnail.truncated
    assert (thumbnail.width, thumbnail.height) == (250, 188)
    assert len({str(pixel(thumbnail, x / 9, 0.1)) for x in range(9)}) > 3
    assert not make_thumbnail(data).truncated


def test_a_png_whose_data_is_damaged_half_way_shows_what_comes_before() -> None:
    data = bytearray(saved(noisy((400, 300)), "PNG"))
    data[len(data) // 2 :] = bytes(byte ^ 0x55 for byte in data[len(data) // 2 :])
    assert make_thumbnail(bytes(data)).truncated


def test_truncated_files_are_read_beside_each_other_without_a_global_switch() -> None:
    data = saved(noisy((900, 900)))
    found: list[bool] = []

    def work() -> None:
        for _ in range(5):
            found.extend([make_thumbnail(data).truncated, make_thumbnail(data[:-9000]).truncated])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 20 + [True] * 20
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xd9",
        saved(corners())[:300],
        jpeg_with_exif(image={0x0112: 6})[:200],
        png((2, 2), 8, 0, bytes(4))[:40],
        png((2, 2), 8, 0, bytes(4)).replace(b"IDAT", b"IDAT".lower()),
        png((2, 2), 3, 0, bytes(4)),  # no PNG has 3 bits
        saved(corners(), "PNG")[:33] + chunk(b"IDAT", b"this is not zlib") + chunk(b"IEND", b""),
    ],
)
def test_hopeless_data_cannot_be_identified(data: bytes) -> None:
    with pytest.raises(ImageIdentifyError):
        make_thumbnail(data)


def test_another_format_is_not_supported() -> None:
    with pytest.raises(NotSupportedImageType, match="GIF"):
        make_thumbnail(saved(corners(), "GIF"))


def test_the_limits_are_checked_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("it was decoded"))
    for data in (saved(corners((400, 300)), "PNG"), saved(corners((400, 300)), progressive=True)):
        with monkeypatch.context() as limited:
            limited.setattr(limits, "MAX_PIXELS", 119_999)
            with pytest.raises(ImageTooLargeError):
                make_thumbnail(data)
        with monkeypatch.context() as limited:
            limited.setattr(limits, "MAX_DECODER_BYTES", 359_999)
            with pytest.raises(ImageTooLargeError):
                make_thumbnail(data)
        with monkeypatch.context() as limited:
            limited.setattr(limits, "MAX_BYTES", len(data) - 1)
            with pytest.raises(ImageTooLargeError):
                make_thumbnail(data)


def test_a_progressive_jpeg_of_endless_scans_is_too_much_work() -> None:
    data = saved(Image.new("RGB", (4000, 3000)), progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(ImageTooLargeError, match="scans"):
        make_thumbnail(data[:-2] + last_scan * 200 + b"\xff\xd9")


def test_running_out_of_memory_is_a_typed_rejection(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", exhausted)
    with pytest.raises(ImageTooLargeError, match="memory"):
        make_thumbnail(saved(corners()))


def test_bombs_in_text_and_profiles_do_not_lose_the_picture() -> None:
    bomb = zlib.compress(bytes(100_000_000))
    hostile = (
        chunk(b"iCCP", b"x\0\0" + bomb)
        + chunk(b"zTXt", b"x\0\0" + bomb)
        + chunk(b"iTXt", b"x\0\1\0\0\0" + bomb)
        + chunk(b"gAMA", b"")
        + b"\0\0\0\4cHRM\0\0\0\0\xff\xff\xff\xff"  # a wrong checksum
    )
    assert make_thumbnail(png((2, 2), 8, 0, bytes(4), before=hostile)).width == 2


def test_a_large_picture_makes_pillow_neither_warn_nor_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert make_thumbnail(saved(corners())).width == 250
    assert make_thumbnail(saved(corners(), "PNG")).width == 250


SMALL = (
    saved(corners((33, 17))),
    saved(corners((33, 17)), progressive=True),
    saved(corners((17, 9)).quantize(5), "PNG"),
    saved(corners((17, 9)).convert("RGBA"), "PNG"),
)


def typed(data: bytes) -> None:
    try:
        thumbnail = make_thumbnail(data)
    except ImageRejectedError:
        return
    assert opened(thumbnail.data).size == (thumbnail.width, thumbnail.height)


@settings(max_examples=soak.of(100, 3000))
@given(
    st.sampled_from(SMALL),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 7)), min_size=1, max_size=9),
)
def test_flipped_bits_give_a_thumbnail_or_a_typed_rejection(
    data: bytes, flips: list[tuple[float, int]]
) -> None:
    damaged = bytearray(data)
    for position, bit in flips:
        damaged[int(position * len(data))] ^= 1 << bit
    typed(bytes(damaged))


@given(st.sampled_from(SMALL), st.floats(0, 1), st.binary(max_size=200))
def test_a_file_that_goes_on_as_garbage_gives_a_thumbnail_or_a_typed_rejection(
    data: bytes, part: float, rest: bytes
) -> None:
    typed(data[: int(part * len(data))] + rest)


@given(
    st.sampled_from([(0, 1), (0, 16), (2, 8), (2, 16), (3, 1), (3, 8), (4, 8), (6, 16)]),
    st.binary(max_size=40),
    st.binary(max_size=300),
    st.binary(max_size=40),
)
def test_any_palette_and_transparency_give_a_thumbnail_or_a_typed_rejection(
    kind: tuple[int, int], rows: bytes, palette: bytes, transparency: bytes
) -> None:
    before = chunk(b"PLTE", palette) + chunk(b"tRNS", transparency)
    typed(png((5, 1), kind[1], kind[0], rows.ljust(40, b"\7"), before=before))
