"""Photos that wait for their turns to ask Rekognition: first come, first served (`imageproc.core.turns`)."""

from __future__ import annotations

from collections import deque

from imageproc.core.express import LONGEST_WAIT_MS
from imageproc.core.turns import PATIENCE_MS, SHARE

_PATIENCE_S = PATIENCE_MS / 1000
_EARLY_S = 1.5
"""How long before its turn a photo is back from the state machine's wait, and holds a function: the mean."""


class TurnQueue:
    """The turns that are taken and have not come."""

    def __init__(self, per_second: float, tick_s: float, *, express: bool) -> None:
        """Begin with none taken; `per_second` is the template's DetectLabelsPerSecond."""
        self.rate = SHARE * per_second
        self.waiting = self.joined = self.left = 0.0
        self._tick_s = tick_s
        self._longest = LONGEST_WAIT_MS / 1000 if express else float("inf")
        self._earlier = deque([0.0] * max(1, round(_PATIENCE_S / tick_s)))

    @property
    def far(self) -> bool:
        """Whether a turn that is taken now is waited for in the state machine."""
        return self.waiting > _PATIENCE_S * self.rate

    @property
    def held(self) -> float:
        """How many functions run and only wait."""
        return _EARLY_S * self.rate if self.far else self.waiting

    def writes(self, photos: float) -> float:
        """Return the write units to the one item of the table with which so many photos ask for turns.

        Two for a photo that takes one behind others; one that comes alone, or too late, needs one.
        """
        return photos + (self._joining(photos) if self.waiting > 0 else 0.0)

    def _joining(self, photos: float) -> float:
        return min(photos, max(0.0, self._longest * self.rate - self.waiting))

    def join(self, photos: float) -> float:
        """Let photos take turns; return how many take none because it would be too far away."""
        joining = self._joining(photos)
        self.waiting += joining
        self.joined += joining
        return photos - joining

    def leave(self) -> tuple[float, float]:
        """Let a tick's turns come; return how many waited in the function, and in the state machine."""
        self._earlier.append(self.joined)
        early = self._earlier.popleft()
        leaving = min(self.waiting, self.rate * self._tick_s)
        far = min(leaving, max(0.0, early - self.left))
        self.waiting -= leaving
        self.left += leaving
        return leaving - far, far

    def until(self, growth: float) -> list[float]:
        """Return how far the queue may grow, or shrink by a negative `growth`, until it behaves otherwise."""
        limits = [limit * self.rate - self.waiting for limit in (0.0, _PATIENCE_S, self._longest)]
        return [abs(one) for one in limits if one * growth > 0 and abs(one) < float("inf")]

    def leap(self, joined: float, left: float) -> None:
        """Let so many more join and leave at once, of a state that does not change otherwise."""
        self.waiting += joined - left
        self.joined += joined
        self.left += left
        self._earlier = deque(one + joined for one in self._earlier)
