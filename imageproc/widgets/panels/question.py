"""A question that a job asks, answered by pressing a button."""

from __future__ import annotations

from threading import Event

import ipywidgets

from imageproc.client.waiting import Cancellation
from imageproc.widgets.panels import fields
from imageproc.widgets.parts.status_line import StatusLine
from imageproc.widgets.tones import Tone

_POLL_S = 0.2


class Question(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Hidden until something is asked."""

    def __init__(self) -> None:
        """Ask nothing yet."""
        self.text = StatusLine("", Tone.WARNING)
        self.yes = fields.button("Yes", lambda: self._answer(True), "warning")
        self.no = fields.button("No", lambda: self._answer(False))
        self._answered = Event()
        self._agreed = False
        super().__init__([self.text, fields.row(self.yes, self.no)])
        fields.shown(self, False)

    def ask(self, question: str, cancellation: Cancellation) -> bool:
        """Show the question and wait for the answer. Raises Cancelled."""
        self._answered.clear()
        self.text.text = question
        fields.shown(self, True)
        try:
            while not self._answered.is_set():
                cancellation.sleep(_POLL_S)
        finally:
            fields.shown(self, False)
        return self._agreed

    def _answer(self, agreed: bool) -> None:
        self._agreed = agreed
        self._answered.set()
