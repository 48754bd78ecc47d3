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


_OF_PARTS = [name for name in SHEETS if name not in ("theme.css", "web_app.css")]  # those are for all parts
_CLASS = re.compile(r"ip-[\w-]+")


@pytest.mark.parametrize("name", _OF_PARTS)
def test_a_parts_sheet_styles_no_other_part(name: str) -> None:
    """A page has the sheets of all its parts at once: each selector begins with a class that only one has."""
    part = name.removesuffix(".css")
    scripts = [path for path in _STATIC.iterdir() if path.name.endswith(".js") and path.name != f"{part}.js"]
    named = {found for path in scripts for found in _CLASS.findall(path.read_text(encoding="utf-8"))}
    others = named - {"ip-panel"}  # the class of what is round all parts
    rules = re.sub(r"@[^{;]*\{", "", style(name))
    selectors = re.findall(r"([^{}]+)\{", rules)
    starts = {re.split(r"[\s>+~]", one.strip())[0] for text in selectors for one in _listed(text)}
    assert {one for one in starts if set(_CLASS.findall(one)) & others} <= _SHARED.get(part, set())


_SHARED = {"downloads": {".ip-gallery"}}
"""Of a sheet that is part of another one."""


def _listed(selectors: str) -> list[str]:
    return re.split(r",(?![^(]*\))", selectors)
