"""What the notebooks share: showing a widget, also where no kernel runs, and recording results for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from IPython.display import display

RECORD_TYPE = "application/vnd.imageproc.record+json"


def show(*widgets: Any) -> None:
    """Display widgets."""
    for widget in widgets:
        display(widget)


def show_static(*widgets: Any) -> None:
    """Display what widgets show as plain HTML or pictures: CI keeps it, and GitHub shows it.

    A widget's `static` returns HTML as Markup, a bundle of data by MIME type, or a list of such.
    """
    for widget in widgets:
        drawn = widget.static()
        for one in drawn if isinstance(drawn, list) else [drawn]:
            bundle = one if isinstance(one, Mapping) else {"text/html": str(one)}
            display({"text/plain": type(widget).__name__, **bundle}, raw=True)


def record(name: str, value: Any) -> None:
    """Record a result in the executed notebook, as JSON; `recorded` reads it."""
    display({RECORD_TYPE: {"name": name, "value": value}, "text/plain": f"{name}: {value}"}, raw=True)


def recorded(path: Path) -> dict[str, Any]:
    """Return what an executed notebook recorded, by name. Raises OSError, nbformat's ValidationError."""
    notebook = nbformat.read(path, as_version=4)
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    bundles = (output.get("data", {}).get(RECORD_TYPE) for output in outputs)
    return {found["name"]: found["value"] for found in bundles if found}
