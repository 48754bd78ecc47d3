"""Saves MiniStack's state while it runs, which it does itself only when it is stopped."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_CHECKPOINT_SECONDS = 2.0
_CHECKPOINT_AT_LEAST_SECONDS = 30.0
_STATE_ATTEMPTS = 5


class Checkpoints:
    """Saves the state while the server runs, which MiniStack does only when it is stopped.

    `activity` returns a number that changes with each request: when it stands still there is nothing to save.
    """

    def __init__(self, activity: Callable[[], int]) -> None:
        """Make the thread; `start` starts it."""
        self._activity = activity
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)

    def start(self) -> None:
        """Save every two seconds from now on, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop saving; return when nothing is being saved any more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        seen, trailing, waited = self._activity(), False, 0.0
        while not self._stop.wait(_CHECKPOINT_SECONDS):
            waited += _CHECKPOINT_SECONDS
            active = (now := self._activity()) != seen
            # Once more after the last request: what it set off may have ended only after the last save. And
            # now and then in any case: a waiting state of an execution ends without a request.
            if active or trailing or waited >= _CHECKPOINT_AT_LEAST_SECONDS:
                seen, trailing, waited = now, active, 0.0
                save()


def save() -> None:
    """Save the state of all services, each file at once or not at all. Errors are logged, not raised."""
    from ministack import app
    from ministack.core import persistence

    services = app._build_persistence_save_dict()  # noqa: SLF001
    persistence.save_all({name: _steady(get_state) for name, get_state in services.items()})


def _steady(get_state: Callable[[], Any]) -> Callable[[], Any]:
    """Try again when a request changed a table while it was being copied."""

    def attempt() -> Any:
        for _ in range(_STATE_ATTEMPTS - 1):
            with contextlib.suppress(RuntimeError):
                return get_state()
        return get_state()

    return attempt
