"""Threads that work through files, and that nobody waits for: where AWS is silent, a call takes minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Workers(Generic[T, R]):
    """So many threads at most. Nor does the end of the program wait for them, as for an executor's."""

    def __init__(self, count: int, work: Callable[[T], R]) -> None:
        """Do `work` on each thing that is submitted."""
        self._count, self._work = count, work
        self._tasks: SimpleQueue[tuple[Future[R], T] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, thing: T) -> Future[R]:
        """Have the work done on a thing; return what it will give."""
        future: Future[R] = Future()
        self._tasks.put((future, thing))
        if len(self._threads) < self._count:
            number = len(self._threads)
            self._threads.append(threading.Thread(target=self._run, name=f"import-{number}", daemon=True))
            self._threads[-1].start()
        return future

    def end(self, futures: Iterable[Future[R]], grace_s: float) -> None:
        """Begin nothing more, and wait at most so many seconds for those of these that are under way."""
        with suppress(Empty):
            while task := self._tasks.get_nowait():
                task[0].cancel()
                task[0].set_running_or_notify_cancel()
        for _ in self._threads:
            self._tasks.put(None)
        wait(futures, grace_s)

    def _run(self) -> None:
        for future, thing in iter(self._tasks.get, None):
            future.set_running_or_notify_cancel()
            try:
                future.set_result(self._work(thing))
            except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
                future.set_exception(error)
