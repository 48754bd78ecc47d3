"""Photos in crowds: how many are due in each second, by step and by how often they were retried."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quotas import Bucket

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Pause:
    """How long is waited before a retry: so many seconds, or any time up to them."""

    seconds: float
    jitter: bool = True


def pauses(rule: Mapping[str, Any]) -> list[Pause]:
    """Return the pauses of a Retry rule of Amazon States Language, one for each of its attempts.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    rate, most = rule.get("BackoffRate", 2.0), rule.get("MaxDelaySeconds", math.inf)
    return [
        Pause(min(rule["IntervalSeconds"] * rate**attempt, most), rule.get("JitterStrategy") == "FULL")
        for attempt in range(rule["MaxAttempts"])
    ]


class Calendar:
    """How many photos are due in which tick, by step and attempt.

    Those that are refused come back as their step's pauses say, spread evenly where there is jitter.
    """

    def __init__(self, steps: Sequence[Sequence[Pause]], tick_s: float = 1) -> None:
        """Begin empty; `steps` has the pauses of each step."""
        attempts = max(len(step) for step in steps)
        longest = math.ceil(max(pause.seconds for step in steps for pause in step) / tick_s)
        self._shares = np.zeros((len(steps), attempts, longest + 1))
        self._last = np.array([len(step) for step in steps])
        for step, chosen in enumerate(steps):
            for attempt, pause in enumerate(chosen):
                ticks = max(1, math.ceil(pause.seconds / tick_s))
                begin = 1 if pause.jitter else ticks
                self._shares[step, attempt, begin : ticks + 1] = 1 / (ticks + 1 - begin)
        self._due = np.zeros((len(steps), attempts + 1, longest + 1))
        self._now, self._ahead = 0, np.arange(longest + 1)

    def due(self) -> Counts:
        """Take out those that are due in this tick: a row for each step, a column for each attempt."""
        taken = self._due[:, :, self._now].copy()
        self._due[:, :, self._now] = 0
        return taken

    def add(self, fresh: Counts) -> None:
        """Put new photos, one number for each step, into the next tick."""
        self._due[:, 0, self._next] += fresh

    def defer(self, delayed: Counts) -> None:
        """Put photos into the next tick, at the same attempt."""
        self._due[:, :, self._next] += delayed

    def drop(self, step: int, count: float) -> None:
        """Take away so many of a step's photos that were not tried yet."""
        row = self._due[step, 0]
        row *= 1 - count / row.sum()

    def refuse(self, refused: Counts) -> Counts:
        """Let photos come back after their pauses; return how many of each step have no attempt left."""
        places = (self._now + self._ahead) % len(self._ahead)
        for step in np.flatnonzero(refused.any(axis=1)):
            self._due[step, 1:, places] += (refused[step, :-1, None] * self._shares[step]).T
        exhausted: Counts = refused[np.arange(len(self._last)), self._last]
        return exhausted

    def tick(self) -> None:
        """Go on to the next tick."""
        self._now = self._next

    def waiting(self, step: int) -> Counts:
        """Return how many photos wait for a step, by attempt."""
        summed: Counts = self._due[step].sum(axis=1)
        return summed

    @property
    def _next(self) -> int:
        return (self._now + 1) % len(self._ahead)


class Tokens:
    """A token bucket."""

    def __init__(self, bucket: Bucket) -> None:
        """Begin full."""
        self._bucket = bucket
        self.left = float(bucket.size)

    def take(self, taken: float) -> None:
        """Take tokens, of which there have to be as many."""
        self.left = max(self.left - taken, 0.0)

    def refill(self, seconds: float) -> None:
        """Let time pass. What comes during a tick may be taken in it, even if it is more than the size."""
        more = self._bucket.rate * seconds
        self.left = min(self.left + more, max(self._bucket.size, more))


def share(there: float, wanted: float) -> float:
    """Return the part of those that want something who get it."""
    return 1.0 if wanted <= there else max(there, 0.0) / wanted
