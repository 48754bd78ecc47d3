"""Text that is safe to show."""

from __future__ import annotations

import pytest

from imageproc.presentation.text import printable


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "6.90\N{NO-BREAK SPACE}s",
        "\N{HOT BEVERAGE} Best <b>of</b>",
        "\N{DOG}\N{ZERO WIDTH JOINER}\N{SAFETY VEST} dog",
        "نمی\N{ZERO WIDTH NON-JOINER}خواهم",
    ],
)
def test_what_can_be_seen_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("text", ["a\nb", "a\x1bb", "a\N{RIGHT-TO-LEFT OVERRIDE}b", "a\N{ZERO WIDTH SPACE}b"])
def test_what_cannot_be_seen_is_marked(text: str) -> None:
    assert printable(text) == "a\N{REPLACEMENT CHARACTER}b"
