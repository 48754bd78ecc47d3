"""The widgets' scripts and styles as the browser gets them: the shared file first, then the widget's own."""

from __future__ import annotations

from importlib.resources import files

_STATIC = files("imageproc.widgets").joinpath("static")


def script(*names: str) -> str:
    """Return a widget's module, made of these files of `static/`."""
    return "".join(map(static_text, ("dom.js", *names)))


def style(*names: str) -> str:
    """Return a widget's style sheet, made of these files of `static/`."""
    return "".join(map(static_text, ("theme.css", *names)))


def static_text(name: str) -> str:
    """Return a file of `static/`, without indentation: every widget carries its scripts and styles."""
    lines = _STATIC.joinpath(name).read_text(encoding="utf-8").splitlines()
    return "".join(f"{line.strip()}\n" for line in lines)
