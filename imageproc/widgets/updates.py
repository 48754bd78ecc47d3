"""Changes of widgets: coalesced, and written by one thread.

The Jupyter server drops messages beyond about a thousand a second, and a page that missed one stays stale.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import cache
from typing import Any

from ipywidgets import Widget

_PER_SECOND = 8

_log = logging.getLogger(__name__)


class UpdateQueue:
    """Sets traits for any thread, at most eight times a second: of each trait only the latest value."""

    def __init__(self, per_second: float = _PER_SECOND) -> None:
        """Start the writing thread."""
        self._period = 1 / per_second
        self._pending: dict[int, tuple[Widget, dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        threading.Thread(target=self._run, name="widget-updates", daemon=True).start()

    def update(self, widget: Widget, **traits: Any) -> None:
        """Set these traits soon; a later value for the same trait replaces an earlier one."""
        with self._lock:
            self._pending.setdefault(id(widget), (widget, {}))[1].update(traits)
            self._idle.clear()
        self._wake.set()

    def flush(self, timeout_s: float = 5.0) -> None:
        """Wait until everything that is pending has been set, at most this long."""
        self._idle.wait(timeout_s)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            with self._lock:
                pending, self._pending = self._pending, {}
            for widget, traits in pending.values():
                _set(widget, traits)
            with self._lock:
                if not self._pending:
                    self._idle.set()
            time.sleep(self._period)  # the limit on messages, not a poll


def _set(widget: Widget, traits: dict[str, Any]) -> None:
    if widget.comm is None:
        return  # closed in the meantime
    try:
        with widget.hold_sync():
            for name, value in traits.items():
                setattr(widget, name, value)
    except Exception:  # noqa: BLE001 - an observer's, for example; the other updates go on
        _log.exception("%s was not updated", type(widget).__name__)


@cache
def _shared() -> UpdateQueue:
    return UpdateQueue()


def update(widget: Widget, **traits: Any) -> None:
    """Set traits of a widget soon, from any thread."""
    _shared().update(widget, **traits)


def flush() -> None:
    """Wait until all pending updates have been made."""
    _shared().flush()
