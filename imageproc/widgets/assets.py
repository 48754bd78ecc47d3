"""The widgets' scripts and styles, as the browser gets them: what they share comes first in each."""

from __future__ import annotations

from importlib.resources import files

_ROOT = files("imageproc.widgets")


def script(*names: str) -> str:
    """Return a widget's module, `data_table/data_table.js` say, with the shared functions before it."""
    return _text("shared/dom.js") + "".join(map(_text, names))


def style(name: str) -> str:
    """Return a widget's style sheet with the shared one before it."""
    return _text("shared/theme.css") + _text(name)


def _text(name: str) -> str:
    return _ROOT.joinpath(name).read_text(encoding="utf-8")
