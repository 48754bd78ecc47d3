"""From one address to the next: one after the other, whoever asks. No widgets, no AWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

from imageproc.client.uploads.outage import is_outage
from imageproc.errors import AlbumNotFoundError, ImageprocError, StackBusyError, StackMissingError
from imageproc.widgets.actor import Actor, Job
from imageproc.widgets.app.address import Address
from imageproc.widgets.app.lookout import Lookout

_LOOKING = "The page looks for it, and goes on by itself."

Enter = Callable[[Address, Address], tuple[Address, str]]
"""Shows one address after another, and returns where that came to, and why if that is somewhere else.

Raises ImageprocError.
"""


def is_awaited(error: Exception) -> bool:
    """Whether an error passes when AWS answers again, or the stack is deployed."""
    return is_outage(error) or isinstance(error, StackMissingError | StackBusyError)


class Navigation:
    """Where a visitor is. `enter` is called in a thread of its own."""

    def __init__(
        self,
        enter: Enter,
        publish: Callable[[str, bool], object],
        say: Callable[[str], object],
        answers: Callable[[], bool],
    ) -> None:
        """Begin nowhere.

        `publish` is told each address that the page does not have, and whether it takes the place of the last
        one; `say` what went wrong, or nothing. `answers` asks whether AWS answers again.
        """
        self.address = Address()
        """Where the visitor wants to be; also what is to be seen, unless that is still on its way."""
        self._shown = Address()
        self._enter, self._publish, self._say = enter, publish, say
        self._entering = 0
        self._lock = Lock()
        self._actor = Actor("Navigation")
        self._problem, self._awaited = "", False
        self._lookout = Lookout(answers, self._enter_anew, lambda: say(self._problem))

    def go(self, address: Address, *, typed: bool = False) -> Job[None]:
        """Go there; `typed` if the page's address is that already."""
        self._lookout.end()
        return self._submit(address, typed)

    def again(self) -> Job[None]:
        """Enter the same address anew; what went wrong is said again only if it does."""
        self._lookout.end()
        return self._enter_anew()

    def fail(self, error: Exception) -> None:
        """Say what went wrong. If it is to pass, look whether it has, then enter the same address anew."""
        self._problem, self._awaited = str(error), is_awaited(error)
        looking = self._awaited and self._lookout.has_time()
        self._say(f"{self._problem} {_LOOKING}" if looking else self._problem)
        if looking:  # which may be over at once, and says so then
            self._lookout.begin()

    def take(self, error: Exception) -> bool:
        """Go on after an error of what is shown: when AWS answers again, or elsewhere if the album is gone.

        Return whether it was one of these.
        """
        if is_awaited(error):
            self.fail(error)
        elif isinstance(error, AlbumNotFoundError):
            self.again()
        else:
            return False
        return True

    def looked(self, error: Exception | None, *, is_other: bool = False) -> None:
        """Go on after a look at what is shown: say once what is awaited to pass, enter anew what has passed.

        Also if it `is_other` than what was entered.
        """
        if self._entering:
            return
        if error is None and (self._awaited or is_other):
            self.again()
        elif error is not None and is_awaited(error) and not self._awaited:
            self.fail(error)

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
        self._lookout.end()
        self._actor.close()

    def _enter_anew(self) -> Job[None]:
        self._say("")
        self._shown = Address()
        return self._submit(self.address, typed=True)

    def _submit(self, address: Address, typed: bool) -> Job[None]:
        with self._lock:
            before, self.address = self.address, address
            self._entering += 1
        if address != before and not typed:
            self._publish(str(address), address.follows(before))
        job = self._actor.submit(lambda _: self._go(address), after=True)
        assert job is not None  # noqa: S101 - it comes after others
        return job

    def _go(self, wanted: Address) -> None:
        before, reached = self._shown, wanted
        try:
            reached, why = self._enter(wanted, before)
            self._lookout.end()
            self._awaited = False
            self._say(why)
        except ImageprocError as error:
            self.fail(error)
        finally:
            with self._lock:
                self._entering -= 1
                self._shown = reached
                if not self._entering:
                    self.address = reached
        if reached != wanted:
            self._publish(str(reached), True)
