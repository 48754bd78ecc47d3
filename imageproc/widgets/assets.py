"""The widgets' scripts and styles as the browser gets them: the shared file first, then the widget's own."""

from __future__ import annotations

from importlib.resources import files

_STATIC = files("imageproc.widgets").joinpath("static")


def script(*names: str) -> str:
    """Return a widget's module, made of these files of `static/`."""
    return "".join(map(static_text, ("dom.js", *names)))


def style(name: str) -> str:
    """Return a widget's style sheet, made from this file of `static/`."""
    return static_text("theme.css") + static_text(name)


def static_text(name: str) -> str:
    """Return a file of `static/`."""
    return _STATIC.joinpath(name).read_text(encoding="utf-8")
