"""The recognition process dies, and is started again; a small program plays it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imageproc.errors import RecognitionStoppedError
from imageproc.local.recognition.service import Answer
from imageproc.local.recognition.storage import Caller
from imageproc.local.recognition.supervisor import Supervisor

CALLER = Caller("key", "secret", None, "us-east-1")
PLAYER = """
import pathlib, socket, sys
from imageproc.local.recognition import frames

starts = pathlib.Path(sys.argv[1])
starts.write_text(starts.read_text() + "x" if starts.exists() else "x")
with socket.socket(fileno=int(sys.argv[2])) as connection:
    if {broken}:
        sys.exit(1)
    frames.send(connection, {{"ready": True}})
    for header, body in iter(lambda file=connection.makefile("rb"): frames.receive(file), None):
        if body == b"die":
            sys.exit(1)
        frames.send(connection, {{"id": header["id"], "status": 200}}, body[::-1])
"""

Start = Callable[..., Supervisor]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Supervisor] = []

    def starting(changes: list[bool], *, broken: bool = False) -> Supervisor:
        command = [sys.executable, "-c", PLAYER.format(broken=broken), str(tmp_path / "starts")]
        supervisor = Supervisor(
            "http://127.0.0.1:1", os.environ, changes.append, command=command, first_pause_s=0.01
        )
        supervisor.start()
        started.append(supervisor)
        return supervisor

    yield starting
    for supervisor in started:
        supervisor.stop()


@pytest.fixture
def changes() -> list[bool]:
    """What was told to `on_change`."""
    return []


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it does not become so"
        time.sleep(0.02)


def ask(supervisor: Supervisor, *bodies: bytes) -> list[Answer | BaseException]:
    async def asked() -> list[Answer | BaseException]:
        return await asyncio.gather(
            *(supervisor.ask(body, CALLER) for body in bodies), return_exceptions=True
        )

    supervisor._at_once = None  # each call has a loop of its own here
    return asyncio.run(asked())


def test_requests_wait_for_the_models_and_get_their_own_answers(start: Start, changes: list[bool]) -> None:
    supervisor = start(changes)
    bodies = [f"{number}-abc".encode() for number in range(30)]
    assert ask(supervisor, *bodies) == [Answer(200, body[::-1]) for body in bodies]
    assert changes == [True]


def test_a_process_that_dies_is_replaced_and_its_requests_are_answered(
    start: Start, changes: list[bool]
) -> None:
    supervisor = start(changes)
    (lost,) = ask(supervisor, b"die")
    assert isinstance(lost, RecognitionStoppedError)
    until(lambda: changes == [True, False, True])
    assert ask(supervisor, b"abc") == [Answer(200, b"cba")]


def test_a_process_that_cannot_start_is_given_up(
    start: Start, changes: list[bool], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = start(changes, broken=True)
    until(lambda: "stays off" in caplog.text)
    assert (tmp_path / "starts").read_text() == "x" * 6
    assert set(changes) == {False}
    (refused,) = ask(supervisor, b"abc")
    assert isinstance(refused, RecognitionStoppedError)


def test_it_stops_although_the_process_is_busy(start: Start, changes: list[bool]) -> None:
    supervisor = start(changes)
    until(lambda: changes == [True])
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 3
    assert changes == [True], "being stopped is no failure"
