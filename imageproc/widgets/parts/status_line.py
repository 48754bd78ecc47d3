"""One line that shows what is going on, its progress and its outcome, also to screen readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from imageproc.presentation.markup import Markup
from imageproc.widgets.assets import script, style
from imageproc.widgets.tones import Tone


class StatusLine(anywidget.AnyWidget):
    """A text with a tone, and a bar while something runs.

    `done` of `total` fill the bar; a `total` of 0 with the tone `running` shows that the end is not known.
    While it is `stoppable`, a button, which says `stop`, calls `on_stop`.
    """

    _esm = script("status_line.js")
    _css = style("status_line.css")

    text = traitlets.Unicode("").tag(sync=True)
    tone = traitlets.Enum([tone.value for tone in Tone], Tone.INFO.value).tag(sync=True)
    done = traitlets.Float(0).tag(sync=True)
    total = traitlets.Float(0).tag(sync=True)
    stoppable = traitlets.Bool(False).tag(sync=True)
    stop = traitlets.Unicode("Stop").tag(sync=True)

    def __init__(
        self,
        text: str = "",
        tone: Tone = Tone.INFO,
        *,
        on_stop: Callable[[], object] = lambda: None,
        **traits: Any,
    ) -> None:
        """Show this text."""
        super().__init__(text=text, tone=tone.value, **traits)
        self._on_stop = on_stop
        self.on_msg(self._receive)

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if self.stoppable and isinstance(message, dict) and message.get("type") == "stop":
            self._on_stop()

    def static(self) -> Markup:
        """Return the text as HTML, for pages without a kernel."""
        return Markup("<p>{}</p>").format(self.text) if self.text else Markup("")
