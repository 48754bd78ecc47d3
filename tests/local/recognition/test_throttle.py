"""The token bucket of DetectLabels, with a clock of the test's own."""

from __future__ import annotations

import pytest

from imageproc.local.recognition import throttle
from imageproc.local.recognition.errors import Throttled


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def let_in(bucket: throttle.Throttle, requests: int) -> int:
    """Return how many of the requests are let in, all at the same time."""
    taken = 0
    for _ in range(requests):
        try:
            bucket.take()
        except Throttled:
            continue
        taken += 1
    return taken


@pytest.mark.parametrize(("rate", "burst"), [(5.0, 5), (0.5, 1), (2.5, 2)])
def test_a_burst_of_a_second_is_let_in_and_then_the_rate(rate: float, burst: int) -> None:
    clock = Clock()
    bucket = throttle.Throttle(rate, clock)
    assert let_in(bucket, 100) == burst
    passed = 0
    for _ in range(1000):  # 100 seconds
        clock.now += 0.1
        passed += let_in(bucket, 20)
    assert passed == pytest.approx(rate * 100, abs=2)


def test_what_is_not_asked_for_is_not_saved_up() -> None:
    clock = Clock()
    bucket = throttle.Throttle(5, clock)
    clock.now += 3600
    assert let_in(bucket, 100) == 5


def test_without_the_setting_there_is_no_throttle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(throttle.SETTING, raising=False)
    assert throttle.from_environment() is None
