from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imageproc.core.formats import SNIFF_BYTES, read_up_to, sniff
from imageproc.errors import ImageIdentifyError, NotSupportedImageType

from .pictures import saved


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_supported_formats_are_told_by_their_first_bytes(image_format: str) -> None:
    assert sniff(saved(Image.new("RGB", (9, 9)), image_format)[:SNIFF_BYTES]) == image_format


@pytest.mark.parametrize(
    ("image_format", "name"),
    [("GIF", "GIF"), ("TIFF", "TIFF"), ("BMP", "BMP"), ("ICO", "ICO"), ("AVIF", "AVIF"), ("WEBP", "WebP")],
)
def test_formats_that_pillow_writes_but_the_pipeline_does_not_take_are_named(
    image_format: str, name: str
) -> None:
    head = saved(Image.new("RGB", (32, 32)), image_format)[:SNIFF_BYTES]
    with pytest.raises(NotSupportedImageType, match=f"the file is {name}"):
        sniff(head)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "HEIF"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "video"),
        (b"\xff\x0a\xff\x00", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"8BPS\0\x01", "PSD"),
        (b"\x8aMNG\r\n\x1a\n", "MNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x04CgBI", "CgBI"),
    ],
)
def test_other_formats_are_named_and_the_way_out_is_told(head: bytes, name: str) -> None:
    with pytest.raises(NotSupportedImageType, match=f"{name}.*convert it"):
        sniff(head)


@pytest.mark.parametrize(
    "head", [b"", b"hello, world", b"\xff\xd8", b"\x89PNG", b"BM is no bitmap by itself"]
)
def test_what_is_no_known_image_cannot_be_identified(head: bytes) -> None:
    with pytest.raises(ImageIdentifyError):
        sniff(head)


@pytest.mark.parametrize(
    ("head", "looks"),
    [
        (b"hello, world", "text$"),
        ("-----BEGIN OPENSSH grüße".encode(), "text$"),
        (b"PK\x03\x04\x14", "an archive"),
        (b"\x7fELF\x02", "a program"),
        (b"<!DOCTYPE html>", "a web page"),
        (bytes(SNIFF_BYTES), "zeros"),
        (b"\x01\x02\x03", "not an image of a known format$"),
    ],
)
def test_what_is_no_image_is_described_in_words(head: bytes, looks: str) -> None:
    with pytest.raises(ImageIdentifyError, match=looks):
        sniff(head)


@given(st.binary(min_size=8, max_size=8))
def test_the_refusal_of_a_file_holds_nothing_of_what_is_in_it(secret: bytes) -> None:
    """Its words are the same, whatever else is in the file."""
    with contextlib.suppress(NotSupportedImageType):
        causes = set[str]()
        for beginning in (b"secret: ", b"PK\x03\x04", b"\x01"):
            for rest in (secret, b"whatever"):
                with pytest.raises(ImageIdentifyError) as refusal:
                    sniff(beginning + rest)
                causes.add(str(refusal.value))
        assert secret.hex(" ") not in " ".join(causes)
        assert len(causes) <= 4


@given(st.binary(max_size=SNIFF_BYTES))
def test_any_bytes_are_a_format_or_a_typed_rejection(head: bytes) -> None:
    with contextlib.suppress(ImageIdentifyError, NotSupportedImageType):
        assert sniff(head) in ("JPEG", "PNG")


def test_a_file_that_hands_out_a_byte_at_a_time_is_read_as_far_as_asked() -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1))

    assert read_up_to(Dripping(b"abcdef"), 4) == b"abcd"
    assert read_up_to(Dripping(b"abc"), 4) == b"abc"
