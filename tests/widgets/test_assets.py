"""Style sheets are as short as they can be, and say the same."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from imageproc.widgets.assets import style

_STATIC = files("imageproc.widgets").joinpath("static")
SHEETS = sorted(
    path.name
    for path in files("imageproc.widgets").joinpath("static").iterdir()
    if path.name.endswith(".css")
)
STRING = re.compile(r'"[^"]*"')


@pytest.mark.parametrize("name", SHEETS)
def test_strings_keep_their_spaces(name: str) -> None:
    text = _STATIC.joinpath(name).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert not set(STRING.findall(text)) - set(STRING.findall(style(name)))


def test_a_sheet_has_no_comment_and_no_space_that_it_can_do_without() -> None:
    short = style("web_app.css")
    assert "/*" not in short
    assert not re.search(r"[{};,:]\s|\s[{};]", STRING.sub("", short))
