"""Saves MiniStack's state while it runs, which it does itself only when it is stopped."""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_CHECKPOINT_SECONDS = 2.0
_CHECKPOINT_AT_LEAST_SECONDS = 30.0
# All of the state but DynamoDB's items is saved each time, and requests wait: of all time, this part or less,
# except where the longest pause ends it.
_LARGEST_SHARE = 0.05
# What took long may have been many new items, which the next save has not to write again.
_LONGEST_PAUSE_SECONDS = 60.0
_STATE_ATTEMPTS = 5

_log = logging.getLogger("imageproc.local")


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
        """Save every two seconds from now on, in a thread; when it takes long, down to once a minute.

        A stack that has settled is saved at once.
        """
        self._thread.start()

    def stop(self) -> None:
        """Stop saving; return when nothing is being saved any more."""
        self._stop.set()
        if self._thread.is_alive():  # it may be stopped before it was started
            self._thread.join()

    def _run(self) -> None:
        seen, trailing, waited, pause = self._activity(), False, 0.0, _CHECKPOINT_SECONDS
        stacks = _stacks()
        while not self._stop.wait(_CHECKPOINT_SECONDS):
            waited += _CHECKPOINT_SECONDS
            # A stack that is saved while it is being made is lost: that it is there does not wait.
            settled = stacks != (stacks := _stacks())
            if waited < pause and not settled:
                continue
            active = (now := self._activity()) != seen
            # Once more after the last request: what it set off may have ended only after the last save. And
            # now and then in any case: a waiting state of an execution ends without a request.
            if settled or active or trailing or waited >= _CHECKPOINT_AT_LEAST_SECONDS:
                seen, trailing, waited = now, active, 0.0
                began = time.monotonic()
                save()
                pause = (time.monotonic() - began) / _LARGEST_SHARE
                pause = min(max(_CHECKPOINT_SECONDS, pause), _LONGEST_PAUSE_SECONDS)


def _stacks() -> list[tuple[Any, ...]]:
    """Return what tells of each stack whether it has changed."""
    from ministack.services import cloudformation

    known = list(cloudformation._stacks._data.values())  # noqa: SLF001
    return [(one["StackId"], one["StackStatus"], one.get("LastUpdatedTime")) for one in known]


def save() -> None:
    """Save the state of all services, each file at once or not at all. Errors are logged, not raised."""
    from ministack import app
    from ministack.core import persistence

    services = app._build_persistence_save_dict()  # noqa: SLF001
    persistence.save_all({name: _steady(get_state) for name, get_state in services.items()})
    _give_back_memory()


def _give_back_memory() -> None:
    """Let the system have what was freed: glibc keeps it, in the gaps between what stays."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def encode_at_once() -> None:
    """Let MiniStack encode a service's state in one go, which the standard library does in C.

    MiniStack encodes into the open file, which is done in Python, piece by piece: for 3,000 records that
    takes three times as long (measured), while requests wait.
    """
    from ministack.core import persistence

    persistence.save_state = save_state


def save_state(service: str, data: Any) -> None:
    """Write a service's state to its file, whole or not at all. Errors are logged, not raised."""
    from ministack.core import persistence

    version = persistence._state_format_version(service)  # noqa: SLF001 - as MiniStack's own function writes
    document = {"__ministack_format__": version, "payload": data}
    path = Path(persistence.STATE_DIR) / f"{service}.json"
    unfinished = path.with_suffix(".json.tmp")
    try:
        text = json.dumps(document, default=persistence._json_default)  # noqa: SLF001
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text)
        unfinished.replace(path)
    except Exception:  # noqa: BLE001 - what cannot be saved now may be the next time
        _log.exception("the state of %s could not be saved", service)
        unfinished.unlink(missing_ok=True)


def _steady(get_state: Callable[[], Any]) -> Callable[[], Any]:
    """Try again when a request changed a table while it was being copied."""

    def attempt() -> Any:
        for _ in range(_STATE_ATTEMPTS - 1):
            with contextlib.suppress(RuntimeError):
                return get_state()
        return get_state()

    return attempt
