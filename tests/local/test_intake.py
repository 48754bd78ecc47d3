"""Events of S3 wait, in order, while many photos are under way; those of others do not."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from imageproc.local.intake import Intake
from tests.local.saved_state import run_with_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADAPTED = """
import threading, time
from imageproc.local.ministack_adapter import events, is_executing
from ministack.services import lambda_svc, stepfunctions

executed, running, go, end = [], threading.Semaphore(0), threading.Event(), threading.Event()

def execute(func, event):
    executed.append(event["Records"][0]["number"])
    go.wait(20)
    return {"error": True} if not func.get("good") else {}

def run(arn):
    running.release()
    end.wait(20)

lambda_svc._execute_function, stepfunctions._run_execution = execute, run
lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS = 0.01
events.INTAKE.limit = 2
events.hold_back_events()

def send(number, source="aws:s3", **function):
    record = {"eventSource": source, "number": number}
    config = {"FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:start"}
    lambda_svc.invoke_async_with_retry({"config": config, **function}, {"Records": [record]})

def soon(expected):
    until = time.monotonic() + 10
    while executed != expected and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)
    assert executed == expected, executed

for number in range(3):
    send(number, good=True)
    soon(list(range(min(number + 1, 2))))
send("an alarm", source="aws:events", good=True)
soon([0, 1, "an alarm"])
assert (events.INTAKE.waiting, is_executing()) == (1, True)
go.set()
soon([0, 1, "an alarm", 2])
assert (events.INTAKE.waiting, is_executing()) == (0, False)

for arn in ("one", "two"):
    threading.Thread(target=stepfunctions._run_execution, args=(arn,), daemon=True).start()
    running.acquire()
del executed[:]
send(3)
soon([])
end.set()
soon([3, 3, 3])  # it is tried thrice, and counts once
assert events.INTAKE._under_way == 0
print('"done"')
"""


def _soon(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not condition() and time.monotonic() < until:
        time.sleep(0.005)
    assert condition()


def test_events_are_delivered_in_order_as_places_become_free() -> None:
    intake, delivered = Intake(limit=2), list[int]()
    for number in range(4):
        intake.put(partial(delivered.append, number))
    _soon(lambda: delivered == [0, 1])
    time.sleep(0.05)
    assert (delivered, intake.waiting) == ([0, 1], 2)
    intake.ended()
    _soon(lambda: delivered == [0, 1, 2])
    intake.began()
    intake.ended()
    time.sleep(0.05)
    assert intake.waiting == 1
    intake.ended()
    _soon(lambda: delivered == [0, 1, 2, 3])


def test_what_waits_for_an_event_itself_gets_it_in_the_end() -> None:
    intake, delivered = Intake(limit=1, patience=0.05), list[int]()
    intake.began()
    intake.put(lambda: delivered.append(1))
    _soon(lambda: delivered == [1])


def test_an_event_that_cannot_be_delivered_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    intake, delivered = Intake(limit=1), list[int]()
    with caplog.at_level(logging.CRITICAL):
        intake.put(lambda: 1 / 0)
        intake.put(lambda: delivered.append(1))
        _soon(lambda: delivered == [1])


def test_ministack_delivers_no_more_events_of_s3_than_may_be_under_way(tmp_path: Path) -> None:
    assert run_with_state(tmp_path, ADAPTED) == "done"
