from __future__ import annotations

import pytest

from imageproc.core import limits
from imageproc.errors import ImageTooLargeError


def test_what_is_just_within_the_limits_passes() -> None:
    limits.check_bytes(limits.MAX_BYTES)
    limits.check_picture(20_000, 10_000, limits.MAX_DECODER_BYTES)


def test_a_file_with_a_byte_too_many_is_too_large() -> None:
    with pytest.raises(ImageTooLargeError, match="104,857,601 bytes"):
        limits.check_bytes(limits.MAX_BYTES + 1)


def test_a_picture_with_a_row_too_many_is_too_large() -> None:
    with pytest.raises(ImageTooLargeError, match="20,000 x 10,001 pixels"):
        limits.check_picture(20_000, 10_001, 0)


def test_a_picture_that_needs_a_byte_too_much_of_memory_is_too_large_and_told_the_way_out() -> None:
    with pytest.raises(ImageTooLargeError, match="A baseline JPEG"):
        limits.check_picture(100, 100, limits.MAX_DECODER_BYTES + 1)


def test_everything_that_is_held_at_once_fits_into_a_function_of_1024_megabytes() -> None:
    runtime = 120 * 1024 * 1024
    assert runtime + 2 * limits.MAX_BYTES + limits.MAX_DECODER_BYTES <= 1024 * 1024 * 1024
