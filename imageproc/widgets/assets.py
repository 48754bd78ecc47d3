"""The widgets' scripts and styles as the browser gets them: the shared file first, then the widget's own."""

from __future__ import annotations

import re
from importlib.resources import files

_STATIC = files("imageproc.widgets").joinpath("static")

_COMMENTS = re.compile(r"^\s*(?://[^\n]*|/\*.*?\*/)|\s// [^\"'`\n]*$", re.MULTILINE | re.DOTALL)
"""Those that begin a line, and those at its end without a quote: nothing else can be taken for one."""

_SPACES = re.compile(r"(\"[^\"]*\")|\s*([{};,])\s*|(:)\s+")
"""Spaces that a style sheet can do without, and strings, which keep theirs."""


def script(*names: str) -> str:
    """Return a widget's module, made of these files of `static/`."""
    return "".join(map(static_text, ("dom.js", *names)))


def style(*names: str) -> str:
    """Return a widget's style sheet, made of these files of `static/`, as short as it can be."""
    text = re.sub(r"/\*.*?\*/", "", "".join(map(static_text, ("theme.css", *names))), flags=re.DOTALL)
    return _SPACES.sub(r"\1\2\3", text)


def static_text(name: str) -> str:
    """Return a file of `static/`, without indentation and comments: every widget carries its own."""
    text = _STATIC.joinpath(name).read_text(encoding="utf-8")
    lines = map(str.strip, _COMMENTS.sub("", text).splitlines())
    return "".join(f"{line}\n" for line in lines if line)
