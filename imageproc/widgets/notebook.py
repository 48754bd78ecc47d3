"""What the notebooks share: showing widgets, also without a kernel, and recording results for tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from IPython import get_ipython
from IPython.display import display

from imageproc.presentation.markup import Markup
from imageproc.widgets.snapshot import Snapshot

RECORD_TYPE = "application/vnd.imageproc.record+json"


def show(*widgets: Any) -> None:
    """Display widgets; of those that can draw themselves, a saved notebook keeps the last state."""
    for widget in widgets:
        if hasattr(widget, "static") and not hasattr(widget, "_ipython_display_"):
            _show_part(widget)
        else:
            display(widget)


def _show_part(widget: Any) -> None:
    """Display a part. Its state is kept as it is when it changes, and when its cell ends."""
    snapshot = Snapshot(widget.static)
    snapshot.display(widget)
    widget.observe(lambda _: snapshot.touch())
    shell = get_ipython()
    if shell is not None:

        def cell_ends(_: object) -> None:
            shell.events.unregister("post_run_cell", cell_ends)
            snapshot.cell_ends()

        shell.events.register("post_run_cell", cell_ends)


def show_static(*widgets: Any) -> None:
    """Display widgets as plain HTML or pictures, which CI keeps and GitHub shows.

    A widget's `static` returns HTML as Markup, data by MIME type, or several of these.
    """
    for widget in widgets:
        for bundle in _bundles(widget.static()):
            display({"text/plain": type(widget).__name__, **bundle}, raw=True)


def _bundles(drawn: Any) -> Iterator[Mapping[str, str]]:
    if isinstance(drawn, Markup):
        yield {"text/html": str(drawn)}
    elif isinstance(drawn, Mapping):
        yield drawn
    else:
        for one in drawn:
            yield from _bundles(one)


def record(name: str, value: Any) -> None:
    """Record a result in the executed notebook, as JSON; `recorded` reads it."""
    display({RECORD_TYPE: {"name": name, "value": value}, "text/plain": f"Recorded: {name}"}, raw=True)


def recorded(path: Path) -> dict[str, Any]:
    """Return what an executed notebook recorded, by name. Raises OSError, nbformat's ValidationError."""
    import nbformat  # here: every kernel would wait for it, and no notebook needs it

    notebook = nbformat.read(path, as_version=4)
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    bundles = (output.get("data", {}).get(RECORD_TYPE) for output in outputs)
    return {found["name"]: found["value"] for found in bundles if found}
