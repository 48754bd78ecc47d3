"""Steps from histories as AWS and as the local AWS tell them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imageproc.client.executions.express import _of_photo
from imageproc.client.executions.history import Step, StepStatus, steps_of
from imageproc.deployment.template import read_sources

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DEFINITION = json.loads(read_sources().definition)
FAILED = json.dumps({"errorType": "TransientServiceError", "errorMessage": "slow down"})


class History:
    """Writes a history, one second an event; like AWS with the event before, or like the local AWS."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, kind: str, previous: int | None = None, **details: Any) -> int:
        number = len(self.events) + 1
        event = {"id": number, "type": kind, "timestamp": BEGIN + timedelta(seconds=number)}
        if previous is not None:
            event["previousEventId"] = previous
        if details:
            event[f"{kind[0].lower()}{kind[1:]}EventDetails"] = details
        self.events.append(event)
        return number

    def steps(self) -> dict[str, Step]:
        return {step.name: step for step in steps_of(self.events, DEFINITION)}


def aws_task(history: History, previous: int, name: str, *, attempts: int = 1, failing: bool = False) -> int:
    """Write a task as AWS does for a function's ARN, with failed attempts before the last."""
    at = history.add("TaskStateEntered", previous, name=name, input='{"n": 1}')
    for attempt in range(attempts):
        at = history.add("LambdaFunctionScheduled", at, resource="arn", input="{}")
        at = history.add("LambdaFunctionStarted", at)
        if attempt < attempts - 1 or failing:
            at = history.add("LambdaFunctionFailed", at, error="TransientServiceError", cause=FAILED)
    if not failing:
        at = history.add("LambdaFunctionSucceeded", at, output='{"done": true}')
    return history.add("TaskStateExited", at, name=name, output='{"n": 2}')


def test_branches_that_run_at_once_are_told_apart_by_the_event_before() -> None:
    history = History()
    history.add("ExecutionStarted", 0)
    whole = history.add("ParallelStateEntered", 0, name="ParallelProcessing", input="{}")
    started = history.add("ParallelStateStarted", whole)
    one = history.add("TaskStateEntered", started, name="Rekognition", input='{"photo": 1}')
    other = history.add("TaskStateEntered", started, name="GenerateThumbnail", input='{"photo": 2}')
    one = history.add("LambdaFunctionScheduled", one, resource="arn")
    other = history.add("LambdaFunctionScheduled", other, resource="arn")
    one = history.add("LambdaFunctionFailed", one, error="TransientServiceError", cause=FAILED)
    other = history.add("LambdaFunctionSucceeded", other, output="{}")
    one = history.add("LambdaFunctionScheduled", one, resource="arn")
    other = history.add("TaskStateExited", other, name="GenerateThumbnail", output="{}")
    one = history.add("LambdaFunctionFailed", one, error="RecognitionRefusedError", cause="too large")
    one = history.add("TaskStateExited", one, name="Rekognition", output='{"failures": {}}')
    one = history.add("PassStateEntered", one, name="TagsMissing", input="{}")
    one = history.add("PassStateExited", one, name="TagsMissing", output="{}")
    done = history.add("ParallelStateSucceeded", one)
    history.add("ParallelStateExited", done, name="ParallelProcessing", output="[]")

    steps = history.steps()

    assert list(steps) == ["ParallelProcessing", "Rekognition", "GenerateThumbnail", "TagsMissing"]
    rekognition, thumbnail = steps["Rekognition"], steps["GenerateThumbnail"]
    assert (rekognition.status, rekognition.retries) == (StepStatus.CAUGHT, 1)
    assert (rekognition.error, rekognition.cause) == ("RecognitionRefusedError", "too large")
    assert (rekognition.input, rekognition.output) == ({"photo": 1}, {"failures": {}})
    assert (thumbnail.status, thumbnail.retries, thumbnail.input) == (StepStatus.SUCCEEDED, 0, {"photo": 2})
    assert {rekognition.parent, thumbnail.parent} == {"ParallelProcessing"}
    assert steps["ParallelProcessing"].status is StepStatus.SUCCEEDED
    assert steps["ParallelProcessing"].error is None


def test_a_retry_that_helped_is_counted_and_its_error_kept() -> None:
    history = History()
    aws_task(history, history.add("ExecutionStarted", 0), "ExtractImageMetadata", attempts=3)
    step = history.steps()["ExtractImageMetadata"]
    assert (step.status, step.retries, step.error, step.cause) == (
        StepStatus.SUCCEEDED,
        2,
        "TransientServiceError",
        "slow down",
    )
    assert step.seconds == 10.0


def test_where_a_failed_execution_failed_and_what_was_cut_off() -> None:
    history = History()
    at = aws_task(history, history.add("ExecutionStarted", 0), "StoreImageMetadata", failing=True)
    at = history.add("FailStateEntered", at, name="ProcessingFailed", input="{}")
    history.add("ExecutionFailed", at, error="ProcessingFailed", cause="its record says why")
    steps = history.steps()
    assert steps["StoreImageMetadata"].status is StepStatus.CAUGHT
    assert steps["ProcessingFailed"].status is StepStatus.FAILED
    assert steps["ProcessingFailed"].cause == "its record says why"


@pytest.mark.parametrize("ending", ["ExecutionAborted", "ExecutionTimedOut"])
def test_a_step_that_was_cut_off_is_not_called_failed(ending: str) -> None:
    history = History()
    at = history.add("TaskStateEntered", 0, name="RecordOutcome", input="{}")
    at = history.add("LambdaFunctionScheduled", at, resource="arn")
    assert history.steps()["RecordOutcome"].status is StepStatus.RUNNING
    history.add(ending, at)
    assert history.steps()["RecordOutcome"].status is StepStatus.ABORTED


def test_the_local_aws_names_only_the_functions_inside_a_parallel() -> None:
    history = History()
    history.add("ParallelStateEntered", name="ParallelProcessing", input='{"photo": 1}')
    rekognition, thumbnail = "${RekognitionFunctionArn}", "${GenerateThumbnailFunctionArn}"
    history.add("TaskScheduled", resource=rekognition)
    history.add("TaskScheduled", resource=thumbnail)
    history.add("TaskFailed", resource=rekognition, error="TransientServiceError", cause=FAILED)
    history.add("TaskSucceeded", resource=thumbnail, output="{}")
    history.add("TaskScheduled", resource=rekognition)
    history.add("TaskFailed", resource=rekognition, error="TransientServiceError", cause=FAILED)
    assert history.steps()["Rekognition"].status is StepStatus.RUNNING
    history.add("ParallelStateExited", name="ParallelProcessing", output="[]")

    steps = history.steps()

    assert steps["GenerateThumbnail"].status is StepStatus.SUCCEEDED
    assert (steps["Rekognition"].status, steps["Rekognition"].retries) == (StepStatus.CAUGHT, 1)
    assert steps["Rekognition"].cause == "slow down"
    assert steps["Rekognition"].parent == "ParallelProcessing"
    assert steps["Rekognition"].input == steps["GenerateThumbnail"].input == {"photo": 1}
    missing = steps["TagsMissing"]
    assert (missing.status, missing.type, missing.parent) == (
        StepStatus.SUCCEEDED,
        "Pass",
        "ParallelProcessing",
    )
    assert "ThumbnailMissing" not in steps


def test_a_failure_that_another_task_takes_up_leads_to_no_pass_state() -> None:
    history = History()
    history.add("ParallelStateEntered", name="ParallelProcessing", input="{}")
    rekognition, rendition = "${RekognitionFunctionArn}", "${RekognitionOfRenditionFunctionArn}"
    history.add("TaskScheduled", resource=rekognition)
    history.add("TaskFailed", resource=rekognition, error="RenditionNeededError", cause="too large")
    history.add("TaskScheduled", resource=rendition)
    history.add("TaskSucceeded", resource=rendition, output="{}")
    history.add("ParallelStateExited", name="ParallelProcessing", output="[]")
    steps = history.steps()
    assert steps["Rekognition"].status is StepStatus.CAUGHT
    assert list(steps) == ["ParallelProcessing", "Rekognition", "RekognitionOfRendition"]


def test_text_that_step_functions_cut_off_stays_text() -> None:
    history = History()
    history.add("TaskStateEntered", 0, name="RecordOutcome", input='{"cut')
    assert history.steps()["RecordOutcome"].input == '{"cut'


def test_of_a_batch_in_the_log_one_photos_events_are_told_apart() -> None:
    history = History()
    entered = history.add("MapStateEntered", 0, name="Batch", input="{}")
    started = history.add("MapStateStarted", entered)
    first = history.add("MapIterationStarted", started, name="Batch", index=0)
    second = history.add("MapIterationStarted", started, name="Batch", index=1)
    first = history.add("TaskStateEntered", first, name="BeginPhoto", input="{}")
    second = history.add("TaskStateEntered", second, name="BeginPhoto", input="{}")
    end = history.add("MapIterationSucceeded", second, name="Batch", index=1)
    history.add("MapStateSucceeded", end)
    found = list(_of_photo(reversed(history.events), 1))
    assert [event["type"] for event in found] == [
        "MapIterationStarted",
        "TaskStateEntered",
        "MapIterationSucceeded",
    ]
    assert second in [event["id"] for event in found]
    assert first not in [event["id"] for event in found]
