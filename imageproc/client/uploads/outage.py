"""An upload waits while AWS does not answer or the credentials have expired, and goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from imageproc.aws.translation import translated
from imageproc.client.cancellation import Cancellation
from imageproc.client.target import Target
from imageproc.client.uploads.events import UploadPaused, UploadResumed
from imageproc.errors import CredentialsExpiredError, EndpointUnreachableError, ImageprocError

TIMEOUT_S = 600.0
"""Seconds that people are waited for, to connect again or to sign in again."""

_SHORTEST_S, _LONGEST_S = 1.0, 15.0
"""Seconds between two looks."""


def is_outage(error: Exception) -> bool:
    """Whether what comes next would fail with this error, too, until somebody mends the cause."""
    return isinstance(error, (CredentialsExpiredError, EndpointUnreachableError))


def answers(
    target: Target, probe: Callable[[], object], is_awaited: Callable[[Exception], bool] = is_outage
) -> bool:
    """Whether AWS answers what `probe` asks, with the credentials that there are now.

    A refusal counts as an answer, unless it `is_awaited` to pass.
    """
    target.reread_credentials()
    try:
        with translated("Looking whether AWS answers"):
            probe()
    except ImageprocError as error:
        return not is_awaited(error)  # what else is wrong, the next call will say
    return True


class Outage:
    """What all threads of one upload wait for together; one of them looks for all."""

    def __init__(
        self,
        target: Target,
        probe: Callable[[], object],
        tell: Callable[[UploadPaused | UploadResumed], object],
        stop: Cancellation,
        timeout_s: float,
    ) -> None:
        """`probe` asks AWS for something small; `tell` is told of the wait's beginning and end."""
        self._target, self._probe, self._tell, self._stop = target, probe, tell, stop
        self._timeout_s = timeout_s
        self._lock = Lock()

    def outlast(self, error: ImageprocError) -> bool:
        """Wait until AWS answers again, and return True; False if that does not help or takes too long.

        Raises Cancelled.
        """
        if self._timeout_s <= 0 or not is_outage(error):
            return False
        with self._lock:
            self._stop.check()
            if self._timeout_s <= 0:  # another thread waited in vain
                return False
            if not answers(self._target, self._probe):
                return self._wait(error)
        self._stop.sleep(_SHORTEST_S)  # it was a moment's, or another thread waited meanwhile
        return True

    def _wait(self, error: ImageprocError) -> bool:
        self._tell(UploadPaused(str(error)))
        pause, deadline = _SHORTEST_S, time.monotonic() + self._timeout_s
        while (left := deadline - time.monotonic()) > 0:
            self._stop.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_S)
            if answers(self._target, self._probe):
                self._tell(UploadResumed())
                return True
        self._timeout_s = 0
        return False
