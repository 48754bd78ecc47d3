"""A question that a job asks, answered by pressing a button."""

from __future__ import annotations

from concurrent.futures import Future

import ipywidgets

from imageproc.widgets.actor import JobControl
from imageproc.widgets.panels import fields
from imageproc.widgets.parts.status_line import StatusLine
from imageproc.widgets.tones import Tone


class Question(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Hidden until a job asks something. One job asks at a time."""

    def __init__(self) -> None:
        """Ask nothing yet."""
        self.text = StatusLine("", Tone.WARNING)
        self.yes = fields.button("", lambda: self._reply(True), "danger")
        self.no = fields.button("Cancel", self.cancel)
        self._asked: tuple[Future[bool], JobControl] | None = None
        super().__init__([self.text, fields.row(self.yes, self.no)])
        fields.set_visible(self, False)

    def ask(self, question: str, control: JobControl, yes: str) -> bool:
        """Show the question with a button that says what `yes` does, and wait for an answer.

        Raises Cancelled.
        """
        answer = Future[bool]()
        self._asked = answer, control
        self.text.text, self.yes.description = question, yes
        fields.set_visible(self, True)
        self.no.focus()  # what would be lost stays, if somebody presses a key too many
        try:
            while not answer.done():
                control.pause()
        finally:
            fields.set_visible(self, False)
        return answer.result()

    def cancel(self) -> None:
        """Answer with no."""
        self._reply(False)

    def _reply(self, reply: bool) -> None:
        if self._asked and not self._asked[0].done():
            self._asked[0].set_result(reply)
            self._asked[1].wake()
