"""How many photos may be under way at a time: the events of the others wait, in order.

On AWS an event waits in Lambda's queue when its function is at the limit of its concurrency. Here every
execution has threads of the server, whether it works or waits. Without a limit 1,000 photos that came at once
were more than MiniStack lets in, and 297 of their events ended as dead letters (measured, MiniStack 1.5.33).
"""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 200
"""Photos: far more than the functions' processes work on, and enough for 40 s of labels at five a second."""

_log = logging.getLogger("imageproc.local")


class Intake:
    """Delivers events, the oldest first, while fewer than `limit` photos are under way.

    What is under way may itself wait for an event: after `patience` seconds in which nothing has begun or
    ended, one more is delivered.
    """

    def __init__(self, limit: int = LIMIT, patience: float = 5.0) -> None:
        """Begin with nothing under way."""
        self.limit, self.patience = limit, patience
        self._events: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._changed = threading.Condition()
        self._waiting = self._under_way = self._moves = 0
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def put(self, deliver: Callable[[], object]) -> None:
        """Have an event delivered when its turn has come. It is under way then, until `ended` is called."""
        with self._changed:
            self._waiting += 1
            if not self._thread.is_alive():
                self._thread.start()
        self._events.put(deliver)

    def began(self) -> None:
        """Note that something is under way."""
        with self._changed:
            self._note(+1)

    def ended(self) -> None:
        """Note that it is not any more."""
        with self._changed:
            self._note(-1)

    @property
    def waiting(self) -> int:
        """How many events have not been delivered."""
        return self._waiting

    def _note(self, change: int) -> None:
        self._under_way += change
        self._moves += 1
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            deliver = self._events.get()
            with self._changed:
                self._wait_for_place()
                self._waiting -= 1
                self._note(+1)
            try:
                deliver()
            except Exception:  # noqa: BLE001 - the others are to be delivered all the same
                _log.exception("an event of S3 could not be delivered")
                self.ended()

    def _wait_for_place(self) -> None:
        seen = self._moves
        while self._under_way >= self.limit:
            if not self._changed.wait(self.patience) and self._moves == seen:
                return
            seen = self._moves
