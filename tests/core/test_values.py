from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.TiffImagePlugin import IFDRational

from imageproc.core import values

ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.tuples(),
    st.tuples(st.integers(), st.integers()),
    st.lists(st.floats()),
    st.builds(IFDRational, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Canon\0", "Canon"),
        (b"NIKON CORPORATION   \0\0\0", "NIKON CORPORATION"),
        (b"Name\0rest of the field", "Name"),
        ("Fran\u00c3\u00a7ois", "François"),  # UTF-8, as Pillow hands it out: as Latin-1
        (b"Fran\xe7ois", "François"),
        (b"a\tb\r\nc\x07d\x1b[31m", "a b c d [31m"),
        (b"photo \xe2\x80\xaegpj.exe", "photo gpj.exe"),  # a right-to-left override
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),  # shown as text, not changed
        (b"x" * 5000, "x" * 256),
    ],
)
def test_text_is_what_a_person_can_read(raw: str | bytes, shown: str) -> None:
    assert values.text(raw) == shown


@pytest.mark.parametrize("raw", [None, b"", b"\0\0\0", "   ", 12, (1, 2), 1.5])
def test_what_is_no_text_is_none(raw: Any) -> None:
    assert values.text(raw) is None


@pytest.mark.parametrize(
    "raw",
    [IFDRational(1, 0), IFDRational(0, 0), math.nan, math.inf, -math.inf, 1e300, "5", b"5", (), None, {}],
)
def test_what_is_no_finite_number_is_none(raw: Any) -> None:
    assert values.number(raw) is None


def test_of_several_numbers_the_first_counts() -> None:
    assert values.number((IFDRational(1, 4), 7)) == 0.25
    assert values.positive_whole((100, 200)) == 100


def test_zero_is_what_cameras_write_for_unknown() -> None:
    assert values.positive(IFDRational(0, 10)) is None
    assert values.positive_whole(0) is None


def test_whole_numbers_have_no_fraction() -> None:
    assert values.whole(Fraction(5, 2)) is None
    assert values.whole(b"\x01") == 1


@pytest.mark.parametrize(
    ("raw", "read"), [(1, 1), (8, 8), (6.0, 6), (0, None), (9, None), (-1, None), ("6", None)]
)
def test_orientations_are_1_to_8(raw: Any, read: int | None) -> None:
    assert values.orientation(raw) == read


@given(ANYTHING)
def test_no_value_of_any_type_makes_a_reader_raise_or_store_what_json_does_not_know(value: Any) -> None:
    for reader in (values.number, values.positive, values.whole, values.positive_whole, values.orientation):
        result = reader(value)
        assert result is None or math.isfinite(result)
    text = values.text(value)
    assert text is None or (0 < len(text) <= values.MAX_TEXT and text.isprintable())
