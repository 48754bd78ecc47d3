"""A field for a line of text, whose value is never behind what Enter or a button is pressed for.

ipywidgets' own field sends its value as state, which waits while the kernel works on an earlier value, and
what is pressed as a message, which does not: the last letters would be missing. Here both are messages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from imageproc.widgets.assets import script, static_text

_LONGEST = 10_000
"""Characters of a text."""


class TextField(anywidget.AnyWidget):
    """A labelled field; `options` are texts that it suggests. `value` is what is in it."""

    _esm = script("text_field.js")
    _css = static_text("text_field.css")

    # What a page sent is not sent back: meanwhile more may have been typed there.
    value = traitlets.Unicode("").tag(sync=True, echo_update=False)
    description = traitlets.Unicode("").tag(sync=True)
    placeholder = traitlets.Unicode("").tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    options: Any = traitlets.List().tag(sync=True)
    focus_wanted = traitlets.Bool(False).tag(sync=True)
    """Whether the cursor is to be put into it. No message: none reaches a view that is still being drawn."""

    def __init__(self, value: str = "", **traits: Any) -> None:
        """Show this text."""
        super().__init__(value=value, **traits)
        self._actions: list[Callable[[], object]] = []
        self.on_msg(self._receive)

    def on_enter(self, action: Callable[[], object]) -> None:
        """Do this when Enter is pressed in the field."""
        self._actions.append(action)

    def focus(self) -> None:
        """Put the cursor into the field."""
        self.focus_wanted = True

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        text = message.get("text") if isinstance(message, dict) else None
        if not isinstance(text, str):
            return
        self.set_state({"value": text[:_LONGEST]})
        for action in self._actions if message.get("type") == "enter" else ():
            action()
