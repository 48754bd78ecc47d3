"""The web app's top bar: where the visitor is, and what can be done from everywhere.

Its view also keeps the page's address, and says so when the kernel is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anywidget
import traitlets

from imageproc.widgets.assets import script, style


@dataclass(frozen=True)
class TopBarHandlers:
    """What a top bar calls."""

    go: Callable[[str, str], object] = lambda _fragment, _user: None
    """With the fragment of the page's address, and who is logged in, which its browser keeps; or empty.

    Called when a page is there, when the visitor goes back, and when another address is opened in it.
    """
    home: Callable[[], object] = lambda: None
    seen: Callable[[float], object] = lambda _: None
    """With the time up to which the visitor has seen what failed, which the browser keeps; 0 for never."""
    switch: Callable[[], object] = lambda: None
    """To change the user."""
    activity: Callable[[], object] = lambda: None
    """To open or close the list of what is being processed."""
    edit: Callable[[], object] = lambda: None
    """To open or close the form for the album."""
    again: Callable[[], object] = lambda: None
    """To try again what did not work."""


class TopBar(anywidget.AnyWidget):
    """The name of the place, what it is `about`, a search field, and buttons; without a user only a banner.

    While something is `asking` for an answer, the form for the album cannot be opened. `again` is on the
    button beside a `problem`.
    """

    _esm = script("top_bar.js")
    _css = style("top_bar.css", "web_app.css")

    about = traitlets.Unicode("").tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    user = traitlets.Unicode("").tag(sync=True)
    search = traitlets.Unicode("").tag(sync=True)
    failed = traitlets.Int(0).tag(sync=True)
    active = traitlets.Int(0).tag(sync=True)
    expanded = traitlets.Bool(False).tag(sync=True)
    editable = traitlets.Bool(False).tag(sync=True)
    editing = traitlets.Bool(False).tag(sync=True)
    asking = traitlets.Bool(False).tag(sync=True)
    placed = traitlets.Int(0).tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)
    again = traitlets.Unicode("Try again").tag(sync=True)

    def __init__(self, handlers: TopBarHandlers, search: anywidget.AnyWidget | None = None) -> None:
        """Show this search field in the bar."""
        super().__init__(search=f"anywidget:{search.model_id}" if search else "")
        self._handlers = handlers
        self.on_msg(self._receive)

    def put_address(self, fragment: str, replace: bool) -> None:
        """Have the page's address end with this, in place of the last one or after it."""
        self.send({"type": "address", "fragment": fragment, "replace": replace})

    def keep_seen(self, time: float) -> None:
        """Have the browser keep the time up to which the user has seen what failed, in epoch seconds."""
        self.send({"type": "seen", "user": self.user, "time": time})

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if not isinstance(message, dict):
            return
        kind = message.get("type")
        if kind == "go":
            self._handlers.go(str(message.get("fragment", "")), str(message.get("user", "")))
        elif kind == "seen" and isinstance(time := message.get("time"), int | float):
            self._handlers.seen(float(time))
        elif kind == "ping":
            self.send({"type": "pong"})
        elif kind in ("home", "switch", "activity", "edit", "again"):
            getattr(self._handlers, kind)()
