"""What is done about a followed photo that needs attention: it is processed again, or erased."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from imageproc import Workbench
from imageproc.widgets.actor import JobControl
from imageproc.widgets.panels import photo_actions
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.panels.question import Question


class FollowActions(Panel):
    """Does one thing after another, and says what came of it; before a photo is erased, it asks."""

    def __init__(
        self, workbench: Workbench, read_again: Callable[[str], object], erased: Callable[[str], object]
    ) -> None:
        """Call these with the ID of a photo that was to be processed again, or of which nothing is left."""
        self._workbench = workbench
        self._read_again, self._erased = read_again, erased
        self.question = Question()
        super().__init__(self.question)

    def act(self, action: str, photo_id: str) -> None:
        """Retry or forget a photo; a question is answered first."""
        if action == photo_actions.RETRY.name:
            self.start_if_idle(partial(self._retry, photo_id), "Starting it again")
        elif action == photo_actions.FORGET.name:
            self.start_if_idle(partial(self._forget, photo_id), photo_actions.READING)

    def _retry(self, photo_id: str, control: JobControl) -> None:
        try:
            self.say(photo_actions.restart(self._workbench, [photo_id], "retry", control, lambda _: None))
        finally:
            self._read_again(photo_id)  # if it is complete by now, too

    def _forget(self, photo_id: str, control: JobControl) -> None:
        answers: list[bool] = []

        def ask(text: str, yes: str) -> bool:
            answers.append(self.ask(self.question, text, control, yes))
            return answers[-1]

        self.say(photo_actions.forget(self._workbench, [photo_id], ask, lambda _: None))
        if all(answers):  # there may have been nothing to ask about
            self._erased(photo_id)
