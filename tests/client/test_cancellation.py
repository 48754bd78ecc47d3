"""Waits that are cancelled."""

from __future__ import annotations

import threading
import time

import pytest

from imageproc.client.cancellation import Cancellation
from imageproc.errors import Cancelled


def test_a_wait_ends_by_itself_unless_it_is_cancelled() -> None:
    cancellation = Cancellation()
    cancellation.sleep(0)
    cancellation.check()
    assert not cancellation.cancelled


def test_a_wait_ends_at_once_when_another_thread_cancels_it() -> None:
    cancellation = Cancellation()
    threading.Timer(0.05, cancellation.cancel).start()
    began = time.monotonic()
    with pytest.raises(Cancelled, match=r"Stopped\. What AWS has begun continues\."):
        cancellation.sleep(60)
    assert time.monotonic() - began < 30


def test_what_is_cancelled_stays_so() -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    cancellation.cancel()
    assert cancellation.cancelled
    with pytest.raises(Cancelled):
        cancellation.check()
    with pytest.raises(Cancelled):
        cancellation.sleep(0)
