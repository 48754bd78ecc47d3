"""Waits that can be called off: everything that takes its time takes a `Cancellation`, too."""

from __future__ import annotations

from threading import Event

from imageproc.client.errors import Cancelled


class Cancellation:
    """Says from any thread that a wait is wanted no more; whoever waits ends with `Cancelled` at once."""

    def __init__(self) -> None:
        """Begin as wanted."""
        self._event = Event()

    def cancel(self) -> None:
        """Call it off. Again does nothing."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was called off."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled if it was called off."""
        if self.cancelled:
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds. Raises Cancelled as soon as it is called off."""
        if self._event.wait(seconds):
            raise Cancelled
