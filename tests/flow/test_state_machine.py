"""The definition itself, on the local AWS: each way through it, with functions that do as the test says."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imageproc.deployment.template import read_sources
from imageproc.deployment.template.sources import DEFINITION_WITH_EMBEDDING
from imageproc.local import LocalStatus
from tests.local.functions import Functions

PLAYER = """
import json, os, pathlib, time

def handler(event, context):
    step = os.environ["STEP"]
    played = pathlib.Path(event["folder"]) / f"{step}.jsonl"
    with played.open("a") as file:
        file.write(json.dumps(event) + "\\n")
    script = event["script"].get(step, ["ok"])
    count = len(played.read_text().splitlines())
    line = script[min(count, len(script)) - 1]
    if line == "sleep":
        time.sleep(30)
    if isinstance(line, str) and line != "ok":
        raise type(line, (Exception,), {})("as the test says")
    default = {"format": "JPEG"} if step == "ExtractImageMetadata" else {}
    return default if line == "ok" else line
"""
STEPS = (
    "ExtractImageMetadata",
    "StoreImageMetadata",
    "Rekognition",
    "StoreRekognizedTags",
    "GenerateThumbnail",
    "RecordOutcome",
)
TRIES = 9
"""One, and eight retries."""


@dataclass
class Play:
    """A state machine of our definition whose functions play a script."""

    stepfunctions: Any
    arn: str
    folder: Path
    execution: Any = None

    def run(self, **script: list[Any]) -> Play:
        """Run it to its end. Each function's n-th call raises the n-th error of its list, or returns."""
        state = {"s3Bucket": "b", "s3Key": "Incoming/x", "objectID": "x"}
        state |= {"script": script, "folder": str(self.folder)}  # type: ignore[dict-item]
        arn = self.stepfunctions.start_execution(stateMachineArn=self.arn, input=json.dumps(state))[
            "executionArn"
        ]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self.execution = self.stepfunctions.describe_execution(executionArn=arn)
            if self.execution["status"] != "RUNNING":
                return self
            time.sleep(0.05)
        raise AssertionError("the execution does not end")

    @property
    def ended(self) -> str:
        """The execution's error, or its status if it has none."""
        return str(self.execution.get("error") or self.execution["status"])

    def calls(self, step: str) -> list[Any]:
        """Return the events that a function was called with."""
        path = self.folder / f"{step}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture(scope="session")
def machine(local_aws: LocalStatus) -> tuple[Any, str]:
    """Our definition with the players for functions, and no waiting between retries."""
    return made(local_aws, read_sources().definition, STEPS)


@pytest.fixture
def embedding(local_aws: LocalStatus, tmp_path: Path) -> Play:
    """A play of our definition with embeddings."""
    definition = read_sources().documents[DEFINITION_WITH_EMBEDDING]
    return Play(*made(local_aws, definition, (*STEPS, "EmbedImage")), tmp_path)


def made(local_aws: LocalStatus, definition: str, steps: tuple[str, ...]) -> tuple[Any, str]:
    session = local_aws.session()
    functions, stepfunctions = Functions(session), session.client("stepfunctions")
    for step in steps:
        name = functions.make(PLAYER, timeout=2, Environment={"Variables": {"STEP": step}})
        arn = f"arn:aws:lambda:{local_aws.region}:000000000000:function:{name}"
        definition = definition.replace(f"${{{step}FunctionArn}}", arn)
    for seconds in (1, 2):
        definition = definition.replace(f'"IntervalSeconds": {seconds}', '"IntervalSeconds": 0')
    role = functions.role("lambda:InvokeFunction", service="states.amazonaws.com")
    machine = stepfunctions.create_state_machine(
        name=f"play-{uuid.uuid4().hex[:8]}", definition=definition, roleArn=role
    )
    return stepfunctions, machine["stateMachineArn"]


@pytest.fixture
def play(machine: tuple[Any, str], tmp_path: Path) -> Play:
    return Play(*machine, tmp_path)


def test_a_photo_goes_through_all_steps_once(play: Play) -> None:
    assert play.run().ended == "SUCCEEDED"
    assert {step: len(play.calls(step)) for step in STEPS} == dict.fromkeys(STEPS, 1)
    assert play.calls("RecordOutcome")[0]["parallelResults"] == [{}, {}]


@pytest.mark.parametrize("step", STEPS)
def test_what_passes_is_retried_until_it_succeeds(play: Play, step: str) -> None:
    assert play.run(**{step: ["TransientServiceError", "TransientServiceError", "ok"]}).ended == "SUCCEEDED"
    assert len(play.calls(step)) == 3
    assert play.calls("RecordOutcome")[-1]["parallelResults"] == [{}, {}]


@pytest.mark.parametrize("step", ["ExtractImageMetadata", "StoreImageMetadata"])
@pytest.mark.parametrize(("error", "tries"), [("TransientServiceError", TRIES), ("KeyError", 1)])
def test_what_lasts_fails_the_photo_and_is_recorded(play: Play, step: str, error: str, tries: int) -> None:
    assert play.run(**{step: [error]}).ended == "ProcessingFailed"
    assert len(play.calls(step)) == tries
    caught = play.calls("RecordOutcome")[0]["failures"][step]
    assert caught["Error"] == error
    assert json.loads(caught["Cause"])["errorMessage"] == "as the test says"
    assert play.calls("GenerateThumbnail") == []


@pytest.mark.parametrize("error", ["ImageIdentifyError", "ImageTooLargeError"])
def test_a_bad_image_is_rejected_and_never_retried(play: Play, error: str) -> None:
    assert play.run(ExtractImageMetadata=[error]).ended == "NotSupportedImageType"
    assert len(play.calls("ExtractImageMetadata")) == 1
    assert play.calls("RecordOutcome")[0]["failures"]["ExtractImageMetadata"]["Error"] == error
    assert play.calls("StoreImageMetadata") == []


def test_another_format_is_rejected(play: Play) -> None:
    assert play.run(ExtractImageMetadata=[{"format": "UNSUPPORTED"}]).ended == "NotSupportedImageType"
    assert play.calls("RecordOutcome")[0]["extractedMetadata"]["format"] == "UNSUPPORTED"
    assert play.calls("StoreImageMetadata") == []


def test_png_is_as_good_as_jpeg(play: Play) -> None:
    assert play.run(ExtractImageMetadata=[{"format": "PNG"}]).ended == "SUCCEEDED"


@pytest.mark.parametrize(
    ("step", "branch", "other"),
    [
        ("Rekognition", 0, "GenerateThumbnail"),
        ("StoreRekognizedTags", 0, "GenerateThumbnail"),
        ("GenerateThumbnail", 1, "StoreRekognizedTags"),
    ],
)
@pytest.mark.parametrize(
    ("error", "tries"), [("RecognitionUnavailableError", 1), ("TransientServiceError", TRIES)]
)
def test_a_branch_that_fails_leaves_the_other_alone(
    play: Play, step: str, branch: int, other: str, error: str, tries: int
) -> None:
    assert play.run(**{step: [error]}).ended == "SUCCEEDED"
    assert len(play.calls(step)) == tries
    assert len(play.calls(other)) == 1
    results = play.calls("RecordOutcome")[0]["parallelResults"]
    assert results[branch][step]["Error"] == error
    assert results[1 - branch] == {}


def test_an_embedding_is_made_beside_the_others_and_may_fail_alone(embedding: Play) -> None:
    assert embedding.run(EmbedImage=["TransientServiceError", "ServiceRefusedError"]).ended == "SUCCEEDED"
    assert len(embedding.calls("EmbedImage")) == 2
    *others, failures = embedding.calls("RecordOutcome")[0]["parallelResults"]
    assert others == [{}, {}]
    assert failures["EmbedImage"]["Error"] == "ServiceRefusedError"


def test_both_branches_may_fail(play: Play) -> None:
    failed = play.run(Rekognition=["ServiceRefusedError"], GenerateThumbnail=["ImageIdentifyError"])
    assert failed.ended == "SUCCEEDED"
    assert [list(result) for result in play.calls("RecordOutcome")[0]["parallelResults"]] == [
        ["Rekognition"],
        ["GenerateThumbnail"],
    ]


@pytest.mark.parametrize("step", ["StoreImageMetadata", "RecordOutcome"])
def test_an_upload_that_was_superseded_ends_in_peace(play: Play, step: str) -> None:
    assert play.run(**{step: ["SupersededError"]}).ended == "SUCCEEDED"
    assert len(play.calls(step)) == 1
    assert len(play.calls("RecordOutcome")) == (1 if step == "RecordOutcome" else 0)


@pytest.mark.parametrize(
    ("error", "ended"), [("ImageIdentifyError", "NotSupportedImageType"), ("KeyError", "ProcessingFailed")]
)
def test_an_execution_ends_by_its_own_name_even_if_that_cannot_be_recorded(
    play: Play, error: str, ended: str
) -> None:
    assert play.run(ExtractImageMetadata=[error], RecordOutcome=["ServiceRefusedError"]).ended == ended


def test_an_outcome_that_cannot_be_recorded_fails_the_execution(play: Play) -> None:
    assert play.run(RecordOutcome=["ServiceRefusedError"]).ended == "ServiceRefusedError"


def test_a_function_that_hangs_is_given_one_more_chance(play: Play) -> None:
    assert play.run(ExtractImageMetadata=["sleep", "ok"]).ended == "SUCCEEDED"
    assert len(play.calls("ExtractImageMetadata")) == 2
