"""Work beside the notebook ends, fails and is called off, and the notebook hears of it."""

from __future__ import annotations

import asyncio
import time

import pytest

from imageproc.client.errors import Cancelled
from imageproc.client.waiting import Cancellation
from imageproc.widgets.jobs import Job


def wait_for_ever(cancellation: Cancellation) -> str:
    while True:
        cancellation.sleep(60)


def test_a_job_gives_its_result() -> None:
    assert Job(lambda _: 7, "seven").wait(5) == 7


def test_what_the_work_raises_is_raised_to_whoever_waits() -> None:
    def fail(_: Cancellation) -> None:
        raise ValueError("no such bucket")

    job = Job(fail, "failing")
    with pytest.raises(ValueError, match="no such bucket"):
        asyncio.run(job.finished(5))
    assert job.state == "failed"


def test_a_job_that_is_called_off_ends_at_once() -> None:
    job = Job(wait_for_ever, "waiting")
    began = time.monotonic()
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait(5)
    assert job.state == "cancelled"
    assert time.monotonic() - began < 5


def test_a_job_that_takes_too_long_is_called_off() -> None:
    job = Job(wait_for_ever, "waiting")
    with pytest.raises(TimeoutError, match="Not finished after 0 s"):
        asyncio.run(job.finished(0.2))
    with pytest.raises(Cancelled):
        job.wait(5)


def test_cancelling_the_waiting_cell_cancels_the_job() -> None:
    job = Job(wait_for_ever, "waiting")

    async def interrupted() -> None:
        waiting = asyncio.ensure_future(job.finished(60))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(interrupted())
    with pytest.raises(Cancelled):
        job.wait(5)
    assert job.state == "cancelled"
