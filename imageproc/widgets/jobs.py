"""Work beside the notebook: a thread that can be called off, and waiting for it.

ipykernel's own threads and event loops differ from call to call, so nothing here relies on the caller's.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Generic, Literal, TypeVar, cast

from imageproc.client.errors import Cancelled
from imageproc.client.waiting import Cancellation

T = TypeVar("T")

JobState = Literal["running", "succeeded", "failed", "cancelled"]

_POLL_S = 0.1
"""A plain await is not woken when the kernel is interrupted, so it is looked every so often."""


class Job(Generic[T]):
    """One piece of work in a thread of its own. The work waits by `cancellation.sleep` alone."""

    def __init__(self, work: Callable[[Cancellation], T], name: str) -> None:
        """Start it."""
        self.cancellation = Cancellation()
        self.state: JobState = "running"
        self.error: BaseException | None = None
        self._result: T | None = None
        self._end = threading.Event()
        thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
        thread.start()

    def cancel(self) -> None:
        """Call it off; it ends as soon as it can."""
        self.cancellation.cancel()

    @property
    def done(self) -> bool:
        """Whether it has ended, one way or another."""
        return self._end.is_set()

    def wait(self, timeout_s: float | None = None) -> T:
        """Block until it has ended, and return its result.

        An interrupt calls it off. Raises what the work raised, Cancelled if it was called off, TimeoutError.
        """
        try:
            if not self._end.wait(timeout_s):
                raise self._too_late(timeout_s)
        except KeyboardInterrupt:
            self.cancel()
            raise
        return self._outcome()

    async def finished(self, timeout_s: float | None = None) -> T:
        """Wait as `wait` does, while the notebook's own loop goes on: `await job.finished()` ends a cell."""
        deadline = time.monotonic() + timeout_s if timeout_s else None
        try:
            while not self.done:
                if deadline and time.monotonic() > deadline:
                    raise self._too_late(timeout_s)
                await asyncio.sleep(_POLL_S)
        except (asyncio.CancelledError, KeyboardInterrupt):
            self.cancel()
            raise
        return self._outcome()

    def _too_late(self, timeout_s: float | None) -> TimeoutError:
        self.cancel()
        return TimeoutError(f"Not finished after {timeout_s:.0f} s.")

    def _outcome(self) -> T:
        if self.error:
            raise self.error
        return cast("T", self._result)

    def _run(self, work: Callable[[Cancellation], T]) -> None:
        try:
            self._result = work(self.cancellation)
            self.state = "succeeded"
        except Cancelled as stopped:
            self.error = stopped
            self.state = "cancelled"
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it; here it would be lost
            self.error = error
            self.state = "failed"
        finally:
            self._end.set()
