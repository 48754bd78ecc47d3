from __future__ import annotations

import contextvars
import threading
import time
from typing import TYPE_CHECKING

import pytest

from imageproc.local.worker_gate import CALLED_BY_FUNCTION, Limits, WorkerGate

if TYPE_CHECKING:
    from collections.abc import Callable


def _in_thread(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=contextvars.copy_context().run, args=(target,), daemon=True)
    thread.start()
    return thread


class _Crowd:
    """Threads that enter, note it, and leave when told to."""

    def __init__(self, gate: WorkerGate) -> None:
        self._gate = gate
        self.entered: list[str] = []
        self._leave = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []

    def add(self, function: str) -> None:
        def visit() -> None:
            self._gate.enter(function)
            self.entered.append(function)
            self._leave.acquire()
            self._gate.leave()

        self._threads.append(_in_thread(visit))

    def let_one_leave(self) -> None:
        self._leave.release()

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 5
        while len(self.entered) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.02)
        assert len(self.entered) == count

    def end(self) -> None:
        for _ in self._threads:
            self.let_one_leave()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()


def test_no_more_than_the_limit_of_a_function_are_inside() -> None:
    crowd = _Crowd(gate := WorkerGate(Limits(per_function=2, total=9)))
    for _ in range(5):
        crowd.add("a")
    crowd.wait_for(2)
    crowd.let_one_leave()
    crowd.wait_for(3)
    assert gate.inside() == 2
    crowd.end()
    assert gate.inside() == 0


def test_no_more_than_the_limit_of_all_are_inside() -> None:
    crowd = _Crowd(gate := WorkerGate(Limits(per_function=2, total=3)))
    for function in "aabbcc":
        crowd.add(function)
    crowd.wait_for(3)
    assert gate.inside() == 3
    crowd.end()


def test_a_function_at_its_limit_keeps_no_other_waiting() -> None:
    crowd = _Crowd(WorkerGate(Limits(per_function=1, total=3)))
    for function in "aaab":
        crowd.add(function)
    crowd.wait_for(2)
    assert sorted(crowd.entered) == ["a", "b"]
    crowd.end()


def test_the_function_with_the_fewest_places_goes_first() -> None:
    crowd = _Crowd(gate := WorkerGate(Limits(per_function=3, total=3)))
    for _ in range(6):
        crowd.add("early step")
    crowd.wait_for(3)
    crowd.add("late step")
    while len(gate._waiting) < 4:
        time.sleep(0.005)
    crowd.let_one_leave()
    crowd.wait_for(4)
    assert crowd.entered[-1] == "late step"
    crowd.end()


def test_a_function_called_by_a_function_does_not_wait() -> None:
    gate = WorkerGate(Limits(per_function=1, total=1))
    gate.enter("caller")
    token = CALLED_BY_FUNCTION.set(True)
    try:
        called = _in_thread(lambda: gate.enter("called"))
        called.join(2)
        assert not called.is_alive()
    finally:
        CALLED_BY_FUNCTION.reset(token)


def test_an_endless_recursion_comes_to_the_gate() -> None:
    gate = WorkerGate(Limits(per_function=1, total=1, patience=60))
    token = CALLED_BY_FUNCTION.set(True)
    try:
        calls = [_in_thread(lambda: gate.enter("calls itself")) for _ in range(20)]
        time.sleep(0.1)
        assert sum(not thread.is_alive() for thread in calls) == gate.inside() < 10
    finally:
        CALLED_BY_FUNCTION.reset(token)


def test_when_nothing_moves_one_more_is_let_in_at_a_time() -> None:
    gate = WorkerGate(Limits(per_function=1, total=1, patience=0.2))
    crowd = _Crowd(gate)
    for _ in range(3):
        crowd.add("waits for another")
    crowd.wait_for(1)
    time.sleep(0.25)
    assert len(crowd.entered) == 2
    crowd.end()


def test_leaving_without_a_place_changes_nothing() -> None:
    gate = WorkerGate(Limits(per_function=1, total=1))
    gate.leave()
    assert gate.inside() == 0


def test_the_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEPROC_WORKERS_PER_FUNCTION", "7")
    monkeypatch.setenv("IMAGEPROC_WORKERS", "9")
    assert Limits.from_environment() == Limits(per_function=7, total=9)


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_a_limit_that_is_no_positive_number_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("IMAGEPROC_WORKERS", text)
    with pytest.raises(ValueError, match="IMAGEPROC_WORKERS must be a whole number"):
        Limits.from_environment()
