"""Waits that can be cancelled: everything that takes its time also takes a `Cancellation`."""

from __future__ import annotations

from threading import Event

from imageproc.errors import Cancelled


class Cancellation:
    """Cancels a wait from any thread: the wait ends with `Cancelled` at once."""

    def __init__(self) -> None:
        """Start as not cancelled."""
        self._event = Event()

    def cancel(self) -> None:
        """Cancel. Doing it again has no effect."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled if it was cancelled."""
        if self.cancelled:
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds. Raises Cancelled as soon as it is cancelled."""
        if self._event.wait(seconds):
            raise Cancelled
