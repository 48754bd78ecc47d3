"""Changes of widgets, coalesced and written by one thread.

The Jupyter server drops messages beyond about a thousand a second, and a page that missed one stays stale.
"""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import Any

from ipywidgets import Widget

_PER_SECOND = 8


class Painter:
    """Writes what any thread wants shown, the latest of each trait, at most eight times a second."""

    def __init__(self, per_second: float = _PER_SECOND) -> None:
        """Start the writing thread."""
        self._period = 1 / per_second
        self._pending: dict[int, tuple[Widget, dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        threading.Thread(target=self._run, name="painter", daemon=True).start()

    def paint(self, widget: Widget, **traits: Any) -> None:
        """Have these traits set soon; a later value for the same trait replaces an earlier one."""
        with self._lock:
            self._pending.setdefault(id(widget), (widget, {}))[1].update(traits)
            self._idle.clear()
        self._wake.set()

    def flush(self, timeout_s: float = 5.0) -> None:
        """Wait until all that was asked for is set."""
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
            time.sleep(self._period)


def _set(widget: Widget, traits: dict[str, Any]) -> None:
    if widget.comm is None:
        return  # closed meanwhile
    with widget.hold_sync():
        for name, value in traits.items():
            setattr(widget, name, value)


@cache
def _painter() -> Painter:
    return Painter()


def paint(widget: Widget, **traits: Any) -> None:
    """Have these traits of a widget set soon, from whatever thread."""
    _painter().paint(widget, **traits)


def flush() -> None:
    """Wait until all that was asked for is set."""
    _painter().flush()
