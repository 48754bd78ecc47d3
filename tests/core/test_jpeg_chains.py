from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.core.jpeg import read_header

from .pictures import CountingReader, corners, saved, segment, with_segment

LENGTH = 65_000
PHOTO = saved(corners((321, 123)))


def icc(number: int, count: int, length: int = LENGTH) -> bytes:
    return segment(0xE2, b"ICC_PROFILE\0" + bytes([number + 1, count]) + bytes(length - 14))


def flir(number: int, count: int, length: int = LENGTH) -> bytes:
    return segment(0xE1, b"FLIR\0\1" + bytes([number, count - 1]) + bytes(length - 8))


def extended_xmp(number: int, count: int, length: int = LENGTH) -> bytes:
    full = (count - 1) * (LENGTH - 75) + 500
    place = full.to_bytes(4) + (number * (LENGTH - 75)).to_bytes(4)
    return segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(32) + place + bytes(length - 75))


Part = Callable[..., bytes]

PARTS = (icc, flir, extended_xmp)
KINDS = pytest.mark.parametrize("part", PARTS)


def chain(part: Part, count: int, last: int = 575) -> list[bytes]:
    return [part(n, count, LENGTH if n < count - 1 else last) for n in range(count)]


def requests(data: bytes) -> int:
    """Return how many requests it takes to find a file's picture."""
    reader = CountingReader(data)
    header = read_header(reader)  # type: ignore[arg-type]
    assert (header.width, header.height) == (321, 123)
    return reader.ranges


@KINDS
def test_a_chain_is_passed_in_one_jump_to_its_last_segment_however_long_it_is(part: Part) -> None:
    counts = [requests(with_segment(PHOTO, *chain(part, count))) for count in (3, 9, 40)]
    assert counts == [2, 2, 2]


@KINDS
def test_a_chain_that_lacks_segments_is_walked(part: Part) -> None:
    whole = chain(part, 9)
    for there in (whole[:4], whole[:8], whole[4:], [whole[0], whole[8]], whole[::-1]):
        requests(with_segment(PHOTO, *there))


@KINDS
def test_two_chains_stand_side_by_side(part: Part) -> None:
    requests(with_segment(PHOTO, *chain(part, 3), *chain(icc, 4), *chain(part, 5)))


@given(st.lists(st.tuples(st.sampled_from(PARTS), st.integers(0, 12), st.integers(1, 12)), max_size=12))
def test_whatever_segments_say_of_themselves_the_picture_is_found(
    segments: list[tuple[Part, int, int]],
) -> None:
    made = [part(number, count) for part, number, count in segments]
    assert read_header(io.BytesIO(with_segment(PHOTO, *made))).width == 321
