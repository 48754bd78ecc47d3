"""Work beside the notebook: an actor is a thread that takes one job after another from its queue.

A panel has one actor. What its jobs share with other threads is changed by the actor alone, or replaced as a
whole, so that nothing is locked while AWS is waited for.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import signal
import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from types import FrameType
from typing import Any, Generic, TypeVar

from imageproc import Cancellation

T = TypeVar("T")


class JobControl(Cancellation):
    """What a job waits with: a cancellation that can also end a pause without cancelling."""

    def __init__(self) -> None:
        """Begin neither cancelled nor woken."""
        super().__init__()
        self._wake = threading.Event()

    def cancel(self) -> None:
        """Cancel the job; a pause ends at once."""
        super().cancel()
        self.wake()

    def wake(self) -> None:
        """End the pause that the job is in, or else its next one."""
        self._wake.set()

    def pause(self, seconds: float | None = None) -> bool:
        """Wait until the time is over or the job is woken, and return whether it was. Raises Cancelled."""
        woken = self._wake.wait(seconds)
        self._wake.clear()
        self.check()
        return woken


class Job(Generic[T]):
    """A piece of work for an actor; jobs with the same `key` do the same work."""

    def __init__(self, work: Callable[[JobControl], T], key: Hashable = None) -> None:
        """Begin as queued."""
        self.control = JobControl()
        self.key = key
        self._work = work
        self._repeat = False
        self._lock = threading.Lock()
        self._future: Future[T] = Future()
        self._future.set_running_or_notify_cancel()  # now only the work can end it

    @property
    def done(self) -> bool:
        """Whether it has ended, one way or another."""
        return self._future.done()

    def cancel(self) -> None:
        """Cancel it; it ends as soon as it can."""
        self.control.cancel()

    def repeat(self) -> bool:
        """Have the work begin after this call, again if need be, unless it fails; return whether it will."""
        with self._lock:
            self._repeat = not (self.done or self.control.cancelled)
            return self._repeat

    def run(self) -> None:
        """Do the work: also if it was cancelled before, so that it can report that."""
        try:
            while not self.done:
                with self._lock:
                    self._repeat = False
                result = self._work(self.control)
                with self._lock:
                    if not self._repeat:
                        self._future.set_result(result)
        except BaseException as error:  # noqa: BLE001 - raised to whoever waits for the job
            self._future.set_exception(error)

    def wait(self, timeout_s: float | None = None) -> T:
        """Block until it has ended, and return its result. An interrupt or the timeout cancels it.

        Raises what the work raised, Cancelled, TimeoutError.
        """
        with self._cancelled_by_interrupts():
            concurrent.futures.wait([self._future], timeout_s)
            return self._result(timeout_s)

    async def finished(self, timeout_s: float | None = None) -> T:
        """Wait as `wait` does while the notebook's event loop runs: `await job.finished()` ends a cell."""
        end = asyncio.wrap_future(self._future)
        try:
            with self._cancelled_by_interrupts(), _woken_by_interrupts(asyncio.get_running_loop()):
                await asyncio.wait([end], timeout=timeout_s)
                return self._result(timeout_s)
        finally:
            end.cancel()  # asyncio would log an error that nobody retrieves

    @contextlib.contextmanager
    def _cancelled_by_interrupts(self) -> Iterator[None]:
        try:
            yield
        except (asyncio.CancelledError, KeyboardInterrupt):
            self.cancel()
            raise

    def _result(self, timeout_s: float | None) -> T:
        if not self.done:
            self.cancel()
            raise TimeoutError(f"Not finished after {timeout_s:.0f} s.")
        return self._future.result()


class Actor:
    """Does jobs one after another, in the order in which they were submitted, in a thread of its own.

    The thread is a daemon, unlike a ThreadPoolExecutor's: no job may keep the kernel from ending.
    """

    def __init__(self, name: str) -> None:
        """Begin without jobs."""
        self.last: Job[Any] | None = None
        """The job that was submitted last: when it ends, all have ended."""
        self._queue: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._jobs: list[Job[Any]] = []
        self._lock = threading.Lock()
        threading.Thread(target=_work_off, args=(self._queue,), name=name, daemon=True).start()

    def submit(
        self, work: Callable[[JobControl], T], *, after: bool = False, key: Hashable = None
    ) -> Job[T] | None:
        """Queue work and return its job; None while another job is open, unless this one may come `after` it.

        A job of the same `key` that has not ended is returned instead, and does its own work once more.
        """
        with self._lock:
            self._jobs = [job for job in self._jobs if not job.done]
            same = (job for job in self._jobs if key is not None and job.key == key)
            if found := next((job for job in same if job.repeat()), None):
                return found
            if self._jobs and not after:
                return None
            job = self.last = Job(work, key)
            self._jobs.append(job)
            self._queue.put(job)
            return job

    def cancel(self) -> None:
        """Cancel all jobs, also those that have not begun."""
        with self._lock:
            for job in self._jobs:
                job.cancel()

    def close(self) -> None:
        """Cancel all jobs, and end the thread after them."""
        self.cancel()
        self._queue.put(None)


def _work_off(queue: SimpleQueue[Job[Any] | None]) -> None:
    while job := queue.get():
        job.run()


@contextlib.contextmanager
def _woken_by_interrupts(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have an interrupt wake the event loop, as `asyncio.run` does.

    ipykernel's handler cancels the cell by a callback that the sleeping loop does not see: tornado takes the
    handler for code that runs in the loop, and does not wake it.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield  # signals reach the main thread alone
        return

    def wake(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(lambda: None)
        handler(number, frame)

    signal.signal(signal.SIGINT, wake)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
