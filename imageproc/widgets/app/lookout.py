"""AWS looked for by itself while a page says that it does not answer. No widgets."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from imageproc import Cancellation
from imageproc.client.uploads.outage import TIMEOUT_S
from imageproc.errors import Cancelled

_EVERY_S = 3.0
"""Seconds between two looks."""


class Lookout:
    """Looks every few seconds, in a thread of its own, whether AWS answers again; for ten minutes at most."""

    def __init__(
        self, answers: Callable[[], bool], go_on: Callable[[], object], give_up: Callable[[], object]
    ) -> None:
        """`answers` asks AWS for something small; then `go_on` is called, or `give_up` after the time."""
        self._answers, self._go_on, self._give_up = answers, go_on, give_up
        self._stop = Cancellation()
        self._deadline: float | None = None

    def has_time(self) -> bool:
        """Return whether there is time left: what fails again after going on gets no more."""
        if self._deadline is None:
            self._deadline = time.monotonic() + TIMEOUT_S
        return time.monotonic() < self._deadline

    def begin(self) -> None:
        """Look, until the time is over."""
        self._stop.cancel()
        self._stop = Cancellation()
        deadline = self._deadline or time.monotonic() + TIMEOUT_S
        Thread(target=self._look, args=(self._stop, deadline), name="Lookout", daemon=True).start()

    def end(self) -> None:
        """Look no more: what was looked for is there, or the visitor has done something else."""
        self._stop.cancel()
        self._deadline = None

    def _look(self, stop: Cancellation, deadline: float) -> None:
        with suppress(Cancelled):
            while time.monotonic() < deadline:
                stop.sleep(_EVERY_S)
                answers = self._answers()
                stop.check()
                if answers:
                    self._go_on()
                    return
            self._give_up()
