"""Faults on purpose: off unless asked for, never on AWS; which photos get them, and what is written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from imageproc.client.target import AWS, Target
from imageproc.client.workbench import Workbench
from imageproc.errors import InvalidArgumentError, StartError, TargetError
from imageproc.local import LocalAws
from imageproc.local.faults import EVENT, SWITCH, Fault, is_on, read, write
from imageproc.local.faults.plan import FaultPlan
from imageproc.local.faults.requests import FunctionRequest, function_of
from imageproc.local.state import ServerRecord, StateDir

UPDATE, START = "DynamoDB_20120810.UpdateItem", "AWSStepFunctions.StartExecution"
LABELS = "RekognitionService.DetectLabels"


def request(step: str = "GenerateThumbnail", photo: str = "a/x.jpg", trace: str = "1") -> FunctionRequest:
    path = f"/bucket/Incoming/{photo}" if photo else "/bucket"
    return FunctionRequest(f"lab-{step}", "GET", path, {"x-amzn-trace-id": trace}, "", b"")


def spoken(target: str, body: dict[str, Any], trace: str = "1") -> FunctionRequest:
    """A request to a service that speaks JSON."""
    headers = {"x-amz-target": target, "x-amzn-trace-id": trace}
    return FunctionRequest("lab-Rekognition", "POST", "/", headers, "", json.dumps(body).encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def plan(folder: Path, *faults: Fault) -> FaultPlan:
    write(folder / "faults.json", faults)
    return FaultPlan(folder / "faults.json", folder / "requests.jsonl")


def test_without_the_switch_no_local_aws_takes_faults() -> None:
    assert not is_on({})
    assert not is_on({SWITCH: "off"})
    assert is_on({SWITCH: "on"})


def test_aws_takes_none() -> None:
    with pytest.raises(TargetError, match="Faults are never injected into aws"):
        _ = Workbench(Target(AWS, MagicMock())).faults


def test_a_local_aws_that_was_started_without_takes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StateDir, "server_lives", lambda _: True)
    state = StateDir(tmp_path / "state")
    state.create()
    state.write_record(ServerRecord(1, 1, 0.0, recognition=False))
    local = Workbench(Target("local", MagicMock(), state_dir=state.path))
    with pytest.raises(TargetError, match="imageproc local start --faults"):
        _ = local.faults
    state.write_record(ServerRecord(1, 1, 0.0, recognition=False, faults=True))
    assert local.faults.injected() == []


def test_one_that_runs_without_is_not_taken_for_one_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageproc.local.lifecycle._answers", lambda _: True)
    with pytest.raises(StartError, match="then start it with --faults"):
        LocalAws(tmp_path).start(faults=True)


def test_so_many_photos_get_it_so_many_times(folder: Path) -> None:
    made = plan(folder, Fault("lab", "GenerateThumbnail", "throttled", "thrice", 2))
    asked = [request(photo=f"a/{number}.jpg") for number in range(3)]
    kinds = [[made.kind(one) for one in asked] for _ in range(4)]
    assert kinds == [["throttled", "throttled", ""]] * 3 + [["", "", ""]]


def test_a_fault_is_listed_until_all_its_photos_have_got_it(folder: Path) -> None:
    lasting = Fault("lab", "Rekognition", "denied", "ever")
    made = plan(folder, Fault("lab", "GenerateThumbnail", "throttled", "once", 2), lasting)
    made.kind(request(photo="a/1.jpg"))
    made.kind(request("Rekognition", photo="a/1.jpg"))
    assert len(read(folder / "faults.json")) == 2
    made.kind(request(photo="a/2.jpg"))
    assert read(folder / "faults.json") == [lasting]


def test_other_steps_stacks_and_photos_do_not(folder: Path) -> None:
    made = plan(folder, Fault("lab", "Rekognition", "denied", "ever"))
    assert made.kind(request("GenerateThumbnail")) == ""
    assert plan(folder, Fault("other", "GenerateThumbnail", "denied")).kind(request()) == ""
    assert made.kind(request(photo="")) == ""


def test_what_is_injected_later_counts_at_once_and_so_does_its_end(folder: Path) -> None:
    made = plan(folder)
    assert made.kind(request()) == ""
    write(folder / "faults.json", [Fault("lab", "GenerateThumbnail", "failed", "ever")])
    assert [made.kind(request()) for _ in range(2)] == ["failed"] * 2
    write(folder / "faults.json", [])
    assert made.kind(request()) == ""


def test_an_event_has_its_own_faults(folder: Path) -> None:
    made = plan(folder, Fault("lab", EVENT, "duplicate"))
    event = {"Records": [{"eventName": "ObjectCreated:Put"}]}
    assert [made.kind_of_event("lab", photo, event) for photo in ("a/x.jpg", "a/y.jpg")] == ["duplicate", ""]
    lines = map(json.loads, (folder / "requests.jsonl").read_text().splitlines())
    assert [(line["photo"], line["fault"]) for line in lines] == [("a/x.jpg", "duplicate"), ("a/y.jpg", "")]


@pytest.mark.parametrize(
    ("asked", "operation", "photo"),
    [
        (request(), "s3.GetObject", "a/x.jpg"),
        (
            spoken("DynamoDB_20120810.UpdateItem", {"Key": {"imageID": {"S": "p"}}}),
            "dynamodb.UpdateItem",
            "p",
        ),
        (
            spoken("AWSStepFunctions.StartExecution", {"input": '{"objectID": "p"}'}),
            "stepfunctions.StartExecution",
            "p",
        ),
        (
            spoken(LABELS, {"Image": {"S3Object": {"Name": "Incoming/p"}}}),
            "rekognition.DetectLabels",
            "p",
        ),
        (
            spoken(LABELS, {"Image": {"Bytes": "x"}}),
            "rekognition.DetectLabels",
            "",
        ),
        (spoken("DynamoDB_20120810.UpdateItem", {"Key": {"turn": {"S": "p"}}}), "dynamodb.UpdateItem", ""),
    ],
)
def test_a_request_says_which_it_is_and_whose(asked: FunctionRequest, operation: str, photo: str) -> None:
    assert (asked.operation, asked.photo) == (operation, photo)


def test_a_request_that_names_no_photo_is_its_invocations(folder: Path) -> None:
    made = plan(folder, Fault("lab", "Rekognition", "denied", "ever"))
    nameless = {"Image": {"Bytes": "x"}}
    assert made.kind(request("Rekognition", trace="7")) == "denied"
    assert made.kind(spoken(LABELS, nameless, "7")) == "denied"
    assert made.kind(spoken(LABELS, nameless, "8")) == ""


def test_a_photos_own_bytes_are_not_written_down() -> None:
    assert "secret" not in spoken(LABELS, {"Image": {"Bytes": "secret"}}).shown


def test_a_function_is_known_by_its_user_agent() -> None:
    assert function_of({"user-agent": "Boto3/1 md/Botocore app/a-b-Rekognition cfg"}) == "a-b-Rekognition"
    assert function_of({"user-agent": "Boto3/1"}) == ""


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        (("Nowhere", "denied"), "'Nowhere' is no step"),
        (("Rekognition", "duplicate"), "'duplicate' is no kind of fault at Rekognition"),
        (("Rekognition", "denied", "twice"), "'twice' is no number of times"),
        (("Rekognition", "denied", "once", 0), "0 photos get no fault"),
    ],
)
def test_what_cannot_be_injected_is_an_error_that_says_what_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[Any, ...], cause: str
) -> None:
    from imageproc.client.faults import Faults

    state = StateDir(tmp_path / "state")
    state.create()
    state.write_record(ServerRecord(1, 1, 0.0, recognition=False, faults=True))
    monkeypatch.setattr(StateDir, "server_lives", lambda _: True)
    stack, executions = MagicMock(), MagicMock()
    stack.name, stack.target.is_local, stack.target.state_dir = "lab", True, state.path
    executions.functions.return_value = ["lab-Rekognition"]
    faults = Faults(stack, executions)
    with pytest.raises(InvalidArgumentError, match=cause):
        faults.inject(*given)
    assert not state.faults.exists()
    faults.inject("Rekognition", "denied")
    assert [str(one) for one in faults.injected()] == ["Rekognition: denied (once), 1 photo"]
    faults.clear()
    assert faults.injected() == []
