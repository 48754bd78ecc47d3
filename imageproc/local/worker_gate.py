"""How many function processes may work at a time: callers wait their turn instead of starting more.

AWS scales functions out; a laptop cannot. Without a limit a cold burst of 40 photos started 59 Python
processes (3.3 GB) and was seven times slower than with six (measured, MiniStack 1.5.33 on 2 cores).
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass

CALLED_BY_FUNCTION: ContextVar[bool] = ContextVar("called_by_function", default=False)
"""Whether the present request comes from a function that waits for the answer. The gateway sets it."""

# Calls of functions by functions may take this many times the places of all others.
_NESTED_FACTOR = 4


@dataclass(frozen=True)
class Limits:
    """The most processes that may work at a time, for each function and for all together.

    `patience` is in seconds: how long nothing at all may move before one more is let in above the limits.
    """

    per_function: int
    total: int
    patience: float = 5.0

    @classmethod
    def from_environment(cls) -> Limits:
        """Return the limits that fit this machine, unless the environment says otherwise.

        `IMAGEPROC_WORKERS_PER_FUNCTION` and `IMAGEPROC_WORKERS` override them.
        """
        cores = os.cpu_count() or 2
        return cls(
            per_function=_positive("IMAGEPROC_WORKERS_PER_FUNCTION", min(4, cores + 1)),
            total=_positive("IMAGEPROC_WORKERS", min(12, 3 * cores)),
        )


def _positive(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {text!r}")
    return int(text)


class _Waiting:
    """One thread that waits for a place."""

    def __init__(self, function: str) -> None:
        self.function = function
        self.let_in = threading.Event()


class WorkerGate:
    """Lets in as many threads as the limits allow; the others wait in `enter` until one leaves.

    A function that waits for another one it called keeps its place meanwhile, and if all places were held so,
    nothing would ever move. Therefore callers in `CALLED_BY_FUNCTION` do not wait, up to a limit of their own
    that ends an endless recursion. Other circles (a function that waits for an execution, say) are broken
    after `patience` seconds without anyone entering or leaving: then one more is let in.
    """

    def __init__(self, limits: Limits) -> None:
        """Open the gate."""
        self.limits = limits
        self._lock = threading.Lock()
        self._inside: Counter[str] = Counter()
        self._waiting: list[_Waiting] = []
        self._moves = 0
        self._held = threading.local()

    def enter(self, function: str) -> None:
        """Wait for a place for this function, and keep it for this thread until `leave`."""
        with self._lock:
            if self._has_place(function) or self._may_exceed():
                self._take(function)
                waiting = None
            else:
                waiting = _Waiting(function)
                self._waiting.append(waiting)
                seen = self._moves
        while waiting and not waiting.let_in.wait(self.limits.patience):
            with self._lock:
                if self._moves == seen:
                    self._let_in(waiting)
                seen = self._moves
        self._stack().append(function)

    def leave(self) -> None:
        """Give back the place that this thread took last, if it has one."""
        if not (stack := self._stack()):
            return
        with self._lock:
            self._inside[stack.pop()] -= 1
            self._moves += 1
            self._let_in_next()

    def inside(self) -> int:
        """Return how many places are taken."""
        with self._lock:
            return self._inside.total()

    def _has_place(self, function: str) -> bool:
        return self._inside[function] < self.limits.per_function and self._inside.total() < self.limits.total

    def _may_exceed(self) -> bool:
        return CALLED_BY_FUNCTION.get() and self._inside.total() < self.limits.total * _NESTED_FACTOR

    def _take(self, function: str) -> None:
        self._inside[function] += 1
        self._moves += 1

    def _let_in_next(self) -> None:
        """Let in the longest-waiting caller of the function that has the fewest places now.

        So photos that are half done go on while new ones arrive.
        """
        eligible = [w for w in self._waiting if self._has_place(w.function)]
        if eligible:
            self._let_in(min(eligible, key=lambda w: self._inside[w.function]))

    def _let_in(self, waiting: _Waiting) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)
            self._take(waiting.function)
            waiting.let_in.set()

    def _stack(self) -> list[str]:
        if not hasattr(self._held, "stack"):
            self._held.stack = []
        stack: list[str] = self._held.stack
        return stack
