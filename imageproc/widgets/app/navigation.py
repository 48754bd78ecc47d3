"""From one address to the next: one after the other, whoever asks. No widgets, no AWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

from imageproc.errors import ImageprocError
from imageproc.widgets.actor import Actor, Job
from imageproc.widgets.app.address import Address

Enter = Callable[[Address, Address], Address]
"""Shows one address after another, and returns where that came to. Raises ImageprocError."""


class Navigation:
    """Where a visitor is. `enter` is called in a thread of its own."""

    def __init__(
        self, enter: Enter, publish: Callable[[str, bool], object], say: Callable[[str], object]
    ) -> None:
        """Begin nowhere.

        `publish` is told each address that the page does not have, and whether it takes the place of the last
        one; `say` what went wrong, or nothing.
        """
        self.address = Address()
        """Where the visitor wants to be; also what is to be seen, unless that is still on its way."""
        self._shown = Address()
        self._enter, self._publish, self._say = enter, publish, say
        self._entering = 0
        self._lock = Lock()
        self._actor = Actor("Navigation")

    def go(self, address: Address, *, typed: bool = False) -> Job[None]:
        """Go there; `typed` if the page's address is that already."""
        with self._lock:
            before, self.address = self.address, address
            self._entering += 1
        if address != before and not typed:
            self._publish(str(address), address.follows(before))
        job = self._actor.submit(lambda _: self._go(address), after=True)
        assert job is not None  # noqa: S101 - it comes after others
        return job

    def again(self) -> Job[None]:
        """Enter the same address anew; what went wrong is said again only if it does."""
        self._say("")
        self._shown = Address()
        return self.go(self.address, typed=True)

    def note(self, **changes: Any) -> bool:
        """Note what the visitor did that is to be seen already, unless something else is being shown.

        Return whether it was noted.
        """
        with self._lock:
            if self._entering:
                return False
            before, self.address = self.address, replace(self.address, **changes)
            self._shown = self.address
        if self.address != before:
            self._publish(str(self.address), self.address.follows(before))
        return True

    def close(self) -> None:
        """Go nowhere any more."""
        self._actor.close()

    def _go(self, wanted: Address) -> None:
        before, reached = self._shown, wanted
        try:
            reached = self._enter(wanted, before)
            self._say("")
        except ImageprocError as error:
            self._say(str(error))
        finally:
            with self._lock:
                self._entering -= 1
                self._shown = reached
                if not self._entering:
                    self.address = reached
        if reached != wanted:
            self._publish(str(reached), True)
