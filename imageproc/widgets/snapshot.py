"""What a saved notebook keeps of a panel: its last state as HTML, beside the widget, which needs a kernel.

A notebook saves outputs as they were displayed, or updated by their display ID. So a panel is displayed as
two outputs: the widget, and below it its state, which is updated as the panel works. A page that is loaded
anew has forgotten these IDs: there the panel's kernel note puts the state in its place. Style rules, for
JupyterLab, show the second one only where the first one is not alive: there JupyterLab would say that the
model is not found. Other readers, GitHub and nbconvert among them, do not know the widget and show the
second one.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from weakref import WeakSet

from IPython import get_ipython
from IPython.display import publish_display_data

from imageproc.presentation.html import embedded
from imageproc.presentation.markup import Markup
from imageproc.widgets.updates import flush

MAX_CHARACTERS = 800_000
"""The most that a notebook keeps of a panel."""

_EVERY_S = 2.0
# A widget that is alive has elements. The message that its model is not found is text alone; nbconvert writes
# scripts alone, which draw the widget if its state was saved and a server on the internet answers.
_STYLE = Markup(
    "<style>"
    ".jp-OutputArea-child:has(> .jp-OutputArea-output > :not(script))"
    " + .jp-OutputArea-child:has(.ip-snapshot) { display: none }"
    ".jp-OutputArea-child:not(:has(> .jp-OutputArea-output > :not(script)))"
    ":has(+ .jp-OutputArea-child .ip-snapshot) { display: none }"
    "</style>"
)
_NOTE = "As it was on {}. To go on, run the notebook's cells."

_log = logging.getLogger(__name__)


class Snapshot:
    """Displays a widget and its state as `static` draws it, and keeps that up to date."""

    def __init__(self, static: Callable[[], Any]) -> None:
        """Draw by `static`: HTML as Markup, data by MIME type, or several of these."""
        self._static = static
        self._display_id = uuid.uuid4().hex
        self._displayed = False
        self._placed = False
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._last: Markup | None = None
        self._keep: Callable[[dict[str, str]], object] | None = None
        self._cells = set[str]()

    def display(self, widget: Any) -> None:
        """Display the widget and its state in the running cell; in Voilà, which saves no pages, no state."""
        made = widget._repr_mimebundle_()
        data = made[0] if isinstance(made, tuple) else made  # anywidget's has metadata beside the data
        publish_display_data({**data, "text/html": "", "text/plain": ""})
        if not os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
            parent = _jupyterlabs_request()
            if parent:
                _outputs(parent).add(self)
                self._cells.add(parent["metadata"]["cellId"])
            self._displayed, self._placed, self._last = True, False, None
            if parent:
                self._publish(None)
            self.cell_ends()

    def touch(self) -> None:
        """Publish the state soon, from any thread."""
        with self._lock:
            if self._displayed and self._timer is None:
                self._timer = threading.Timer(_EVERY_S, self.publish)
                self._timer.daemon = True
                self._timer.start()

    def cell_ends(self) -> None:
        """Publish the state before the cell ends; in JupyterLab soon, as somebody waits for the cell."""
        if in_jupyterlab():
            self.touch()
        else:
            self.publish()

    def publish(self) -> None:
        """Publish the state now, with all updates that are pending, unless it is what was published last."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
            self._timer = None  # what changes from now on is published later
        flush()
        with self._lock:
            if not self._displayed:
                return
            try:
                drawn = embedded(self._static())
            except Exception:  # noqa: BLE001 - the notebook keeps the state before
                _log.exception("The state of a panel was not kept")
                drawn = self._last or Markup("")
            if drawn != self._last:
                self._publish(drawn)

    def keep_by(self, keep: Callable[[dict[str, str]], object]) -> None:
        """Give each state to `keep`, too, from now on: a page that was loaded anew knows no display ID."""
        with self._lock:
            self._keep = keep
            if self._displayed and self._last is not None:
                self._publish(self._last)

    def close(self) -> None:
        """Publish nothing more."""
        with self._lock:
            self._displayed = False

    def leave(self, cell: str) -> None:
        """Publish nothing more if this was the last cell that showed it."""
        self._cells.discard(cell)
        if not self._cells:
            self.close()

    def _publish(self, drawn: Markup | None) -> None:
        """Publish what was drawn; None keeps its place. HTML has JupyterLab load MathJax first.

        What shows nothing is published, too: it is what hides that the widget's model is not found.
        """
        options: dict[str, Any] = {"transient": {"display_id": self._display_id}, "update": self._placed}
        self._placed, self._last = True, drawn
        if drawn is None:
            publish_display_data({"text/plain": ""}, **options)
            return
        note = Markup("<p><em>{}</em></p>").format(
            _NOTE.format(f"{datetime.now().astimezone():%-d %B %Y, %H:%M %Z}")
        )
        kept = drawn if len(drawn) <= MAX_CHARACTERS else Markup("<p>There was too much to keep.</p>")
        shown = note if drawn else ""
        page = _STYLE + Markup('<div class="ip-snapshot mathjax_ignore">{}{}</div>').format(shown, kept)
        data = {"text/html": str(page), "text/plain": ""}
        publish_display_data(data, **options)
        if self._keep is not None:
            self._keep(data)


_shown: dict[str, tuple[str, WeakSet[Snapshot]]] = {}
"""What each cell shows, with the request that ran it."""


def _outputs(parent: dict[str, Any]) -> WeakSet[Snapshot]:
    """Return what a request's cell shows; what it showed before it was run again is gone."""
    cell, request = parent["metadata"]["cellId"], parent["header"]["msg_id"]
    before, shown = _shown.get(cell, ("", WeakSet[Snapshot]()))
    if before != request:
        for each in list(shown):
            each.leave(cell)
        shown = WeakSet()
        _shown[cell] = request, shown
    return shown


def in_jupyterlab() -> bool:
    """Whether JupyterLab runs the cell."""
    return _jupyterlabs_request() is not None


def _jupyterlabs_request() -> dict[str, Any] | None:
    """Return JupyterLab's request to run the cell: it says which one.

    nbclient's does not, which ends the kernel after the last one.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    parent: dict[str, Any] = kernel.get_parent("shell") if kernel is not None else {}
    return parent if "cellId" in parent.get("metadata", {}) else None
