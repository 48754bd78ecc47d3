"""Jobs are done one after another, fail and are cancelled, and the notebook hears of it."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from imageproc.errors import Cancelled
from imageproc.widgets.actor import Actor, Job, JobControl


@pytest.fixture
def actor() -> Iterator[Actor]:
    actor = Actor("test")
    yield actor
    actor.close()


def submit(actor: Actor, work: Callable[[JobControl], Any], **how: Any) -> Job[Any]:
    job = actor.submit(work, **how)
    assert job is not None
    return job


def wait_for_ever(control: JobControl) -> None:
    while True:
        control.pause()


def fail(_: JobControl) -> None:
    raise ValueError("no such bucket")


def test_a_job_gives_its_result(actor: Actor) -> None:
    assert submit(actor, lambda _: 7).wait(5) == 7
    assert asyncio.run(submit(actor, lambda _: 8).finished(5)) == 8


def test_what_the_work_raises_is_raised_to_whoever_waits(actor: Actor) -> None:
    job = submit(actor, fail)
    with pytest.raises(ValueError, match="no such bucket"):
        asyncio.run(job.finished(5))
    with pytest.raises(ValueError, match="no such bucket"):
        job.wait(5)
    assert submit(actor, lambda _: 7).wait(5) == 7, "the actor goes on"


def test_a_timeout_that_the_work_raises_is_not_the_waiters_own(actor: Actor) -> None:
    def slow(_: JobControl) -> None:
        raise TimeoutError("nothing has begun")

    job = submit(actor, slow)
    with pytest.raises(TimeoutError, match="nothing has begun"):
        job.wait(5)
    assert not job.control.cancelled


def test_a_job_that_is_cancelled_ends_at_once(actor: Actor) -> None:
    job = submit(actor, wait_for_ever)
    began = time.monotonic()
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait(5)
    assert time.monotonic() - began < 5


def test_a_job_that_takes_too_long_is_cancelled(actor: Actor) -> None:
    job = submit(actor, wait_for_ever)
    with pytest.raises(TimeoutError, match="Not finished after 0 s"):
        asyncio.run(job.finished(0.2))
    with pytest.raises(Cancelled):
        job.wait(5)


def test_an_error_that_nobody_waits_for_is_not_logged(actor: Actor, caplog: pytest.LogCaptureFixture) -> None:
    async def leave_early() -> None:
        job = submit(actor, wait_for_ever)
        with pytest.raises(TimeoutError):
            await job.finished(0.05)
        while not job.done:
            await asyncio.sleep(0.01)

    asyncio.run(leave_early())
    gc.collect()
    assert caplog.text == ""


def test_cancelling_the_waiting_cell_cancels_the_job(actor: Actor) -> None:
    job = submit(actor, wait_for_ever)

    async def interrupted() -> None:
        waiting = asyncio.ensure_future(job.finished(60))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(interrupted())
    with pytest.raises(Cancelled):
        job.wait(5)


def test_jobs_are_done_one_after_another_in_order(actor: Actor) -> None:
    done: list[int] = []
    running = threading.Semaphore(1)

    def work(number: int, _: JobControl) -> None:
        assert running.acquire(blocking=False), "two at once"
        time.sleep(0.001)
        done.append(number)
        running.release()

    jobs = [submit(actor, partial(work, number), after=True) for number in range(50)]
    jobs[-1].wait(5)
    assert done == list(range(50))
    assert all(job.done for job in jobs)


def test_a_busy_actor_takes_only_what_may_come_after(actor: Actor) -> None:
    first = submit(actor, wait_for_ever)
    assert actor.submit(lambda _: 1) is None
    second = submit(actor, lambda _: 2, after=True)
    first.cancel()
    assert second.wait(5) == 2
    assert submit(actor, lambda _: 3).wait(5) == 3


def test_all_jobs_are_cancelled_also_those_that_had_not_begun(actor: Actor) -> None:
    jobs = [submit(actor, wait_for_ever, after=True) for _ in range(3)]
    actor.cancel()
    for job in jobs:
        with pytest.raises(Cancelled):
            job.wait(5)


def test_a_closed_actor_ends_its_jobs_and_its_thread() -> None:
    actor = Actor("to be closed")
    job = submit(actor, wait_for_ever)
    [thread] = [one for one in threading.enumerate() if one.name == "to be closed"]
    actor.close()
    with pytest.raises(Cancelled):
        job.wait(5)
    thread.join(5)
    assert not thread.is_alive()


def test_many_requests_for_the_same_work_need_one_more_round(actor: Actor) -> None:
    gate, rounds = threading.Event(), list[int]()

    def work(_: JobControl) -> int:
        rounds.append(1)
        assert gate.wait(5)
        return len(rounds)

    job = submit(actor, work, key="read")
    while not rounds:
        time.sleep(0.001)
    assert {submit(actor, work, key="read") for _ in range(1000)} == {job}
    gate.set()
    assert job.wait(5) == 2


def test_no_request_for_the_same_work_is_lost(actor: Actor) -> None:
    """A round begins after each request, also after one that is made just as the work ends."""
    asked, seen = [0], [0]

    def work(_: JobControl) -> None:
        seen[0] = asked[0]

    for number in range(20_000):
        asked[0] = number
        job = submit(actor, work, after=True, key="read")
    job.wait(5)
    assert seen == asked


def test_a_cancelled_job_is_not_asked_again(actor: Actor) -> None:
    first = submit(actor, wait_for_ever, key="read")
    first.cancel()
    second = submit(actor, lambda _: 7, after=True, key="read")
    assert second is not first
    assert second.wait(5) == 7


def test_a_paused_job_can_be_woken(actor: Actor) -> None:
    job = submit(actor, lambda control: control.pause(60))
    job.control.wake()
    assert job.wait(5) is True
    assert submit(actor, lambda control: control.pause(0.01)).wait(5) is False


CELL = """
import threading
from imageproc.widgets.actor import Actor
actor = Actor("cell")
job = actor.submit(lambda control: control.pause())
"""


def test_interrupting_the_kernel_ends_a_cell_that_waits_and_cancels_the_job() -> None:
    manager, client = start_new_kernel()
    try:
        client.execute_interactive(CELL, timeout=30)
        cell = "print('waiting', flush=True)\nawait job.finished()"
        asked = client.execute(cell, stop_on_error=False)  # the next request is not to be aborted
        while client.get_iopub_msg(timeout=30)["msg_type"] != "stream":
            pass
        time.sleep(0.5)  # until the event loop sleeps
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=5)
        while reply["parent_header"]["msg_id"] != asked:  # others may be left from the kernel's start
            reply = client.get_shell_msg(timeout=5)
        assert reply["content"]["ename"] == "CancelledError"
        answer = client.execute("job.wait(5)", reply=True, timeout=10)
        assert answer["content"]["ename"] == "Cancelled"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
