"""Something that is done every few seconds as long as a part of a page is open. No widgets, no AWS."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from imageproc import Cancellation
from imageproc.errors import Cancelled

EVERY_S = 15.0
"""Seconds between two beats."""


class Pulse:
    """Calls `beat` every few seconds, in a thread of its own; it may raise Cancelled, and nothing else."""

    def __init__(
        self,
        beat: Callable[[Cancellation], object],
        *,
        at_once: bool = False,
        every_s: Callable[[], float] = lambda: EVERY_S,
    ) -> None:
        """Do nothing before `run`. With `at_once` the first beat is then, otherwise after the first pause.

        `every_s` returns how long the next pause is.
        """
        self._beat, self._at_once, self._every_s = beat, at_once, every_s
        self._stop: Cancellation | None = None

    def run(self, is_open: bool) -> None:
        """Go on if it is open, else stop."""
        if not is_open:
            self.stop()
        elif self._stop is None:
            self._stop = Cancellation()
            Thread(target=self._run, args=(self._stop,), name="Pulse", daemon=True).start()

    def stop(self) -> None:
        """Call it no more."""
        if self._stop:
            self._stop.cancel()
        self._stop = None

    def _run(self, stop: Cancellation) -> None:
        with suppress(Cancelled):
            if not self._at_once:
                stop.sleep(self._every_s())
            while True:
                self._beat(stop)
                stop.sleep(self._every_s())
