"""How many DetectLabels requests a second are answered, as an account's quota on AWS limits them.

https://docs.aws.amazon.com/rekognition/latest/dg/limits.html#changeable-quotas
"""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

from imageproc.local.recognition.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

SETTING = "IMAGEPROC_DETECT_LABELS_PER_SECOND"
"""Without this environment variable there is no limit."""


class Throttle:
    """A token bucket: a request takes a token, `rate` tokens come back each second, and a second's worth fit.

    It is for one thread.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with a full bucket. `rate` is in requests a second, `clock` in seconds."""
        self._rate, self._clock = rate, clock
        self._most = max(1.0, rate)
        self._tokens, self._seen = self._most, clock()

    def take(self) -> None:
        """Take a token for a request.

        Raises Throttled if none is left.
        """
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
        if self._tokens < 1:
            raise Throttled("Rate exceeded")
        self._tokens -= 1


def from_environment() -> Throttle | None:
    """Return the throttle that `IMAGEPROC_DETECT_LABELS_PER_SECOND` asks for, if it does.

    Raises ValueError if it is not a number above 0.
    """
    text = os.environ.get(SETTING, "")
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise ValueError(f"{SETTING} must be a number of requests above 0, such as 5 or 0.5, not {text!r}")
    return Throttle(rate)
