"""What is said of photos that a killed local AWS left unfinished, and when it is done again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from imageproc.client import recovery
from imageproc.client.recovery import recover
from imageproc.core.record import Status
from tests.client.conftest import Backend

if TYPE_CHECKING:
    from collections.abc import Iterator


class Unclean:
    """A local AWS that is recovered from once."""

    def __init__(self) -> None:
        self.unclean = True

    @contextmanager
    def recovery(self) -> Iterator[bool]:
        yield self.unclean
        self.unclean = False


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Unclean:
    aws = Unclean()
    monkeypatch.setattr(recovery, "local_aws", lambda _: aws)
    return aws


@pytest.fixture
def stacks(backend: Backend) -> Iterator[Stubber]:
    with Stubber(backend.stack.client("cloudformation")) as stubber:
        yield stubber


def listed(stubber: Stubber, backend: Backend) -> None:
    """Let the next two looks find this project's stack, one that is being deleted and somebody else's."""

    def stack(name: str, status: str, outputs: dict[str, str]) -> Any:
        made = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        return {"StackName": name, "StackStatus": status, "CreationTime": 0, "Outputs": made}

    ours = stack(backend.stack.name, "UPDATE_COMPLETE", dict(backend.stack.outputs))
    gone = stack("gone", "DELETE_FAILED", dict(backend.stack.outputs))
    theirs = stack("theirs", "CREATE_COMPLETE", {"Url": "https://photos.example"})
    stubber.add_response("describe_stacks", {"Stacks": [theirs, gone, ours]})
    stubber.add_response("describe_stacks", {"Stacks": [ours]}, {"StackName": backend.stack.name})


def test_what_was_left_behind_is_started_and_said_in_a_line_once(
    backend: Backend, local: Unclean, stacks: Stubber
) -> None:
    ended = backend.start("ended")
    backend.end(ended)
    backend.photo("cut-off.jpg", Status.PROCESSING, executionArn=ended)
    backend.put("no-record.jpg")
    backend.photo("done.jpg")
    listed(stacks, backend)
    said: list[str] = []

    recover(backend.stack.target, said.append)
    recover(backend.stack.target, said.append)

    assert said == [
        "Looking for photos that the local AWS left unfinished ...",
        "The local AWS was interrupted: 2 photos are processed again.",
    ]
    inputs = backend.executions().values()
    assert {one["objectID"] for one in inputs if one} == {"cut-off.jpg", "no-record.jpg"}


def test_a_photo_that_cannot_be_started_is_named(backend: Backend, local: Unclean, stacks: Stubber) -> None:
    backend.put("a.jpg")
    backend.put("b.jpg")
    listed(stacks, backend)
    backend.refuse("s3", "HeadObject")
    said: list[str] = []

    recover(backend.stack.target, said.append)

    assert "1 photo is processed again, 1 could not be started (Starting Incoming/a.jpg again" in said[-1]
    assert said[-1].count("a.jpg") == 1


def test_what_takes_long_says_how_far_it_is(
    backend: Backend, local: Unclean, stacks: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "_TOLD_S", 0)
    for number in range(2):
        backend.put(f"{number}.jpg")
    listed(stacks, backend)
    said: list[str] = []

    recover(backend.stack.target, said.append)

    assert said[1:3] == ["1 photo is processed again so far ...", "2 photos are processed again so far ..."]


def test_what_fails_is_told_and_done_the_next_time(backend: Backend, local: Unclean, stacks: Stubber) -> None:
    stacks.add_client_error("describe_stacks", "AccessDenied")
    said: list[str] = []

    recover(backend.stack.target, said.append)

    assert "was interrupted: its photos cannot be processed again. Listing the stacks" in said[-1]
    assert local.unclean
