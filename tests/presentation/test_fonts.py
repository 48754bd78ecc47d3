"""The font of texts in pictures."""

from __future__ import annotations

import pytest
from PIL import ImageFont

from imageproc.presentation import fonts
from imageproc.presentation.fonts import Font, font_of

NOTHING = "\uffff"
"""A character that no font has."""


def drawn(font: Font, text: str) -> bytes:
    return bytes(font.getmask(text))


def test_letters_of_european_languages_are_drawn() -> None:
    font = font_of(20)
    assert [letter for letter in "éüßøłčñŞΩЖ–" if drawn(font, letter) == drawn(font, NOTHING)] == []


def test_without_matplotlib_there_is_pillows_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    font = font_of.__wrapped__(20)
    assert drawn(font, "A") == drawn(ImageFont.load_default(20), "A")
