"""Steps of executions that really ran."""

from __future__ import annotations

from imageproc.client.executions.history import StepStatus, states
from tests import pictures
from tests.flow.conftest import Backend


def test_the_steps_of_a_photo_are_those_of_the_deployed_definition(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    arn = backend.execution(backend.ended(object_id)[object_id])["executionArn"]
    executions = backend.workbench.executions

    steps = {step.name: step for step in executions.steps(arn)}

    parents = {name: parent for name, parent, _ in states(executions.definition())}
    assert {name: step.parent for name, step in steps.items()}.items() <= parents.items()
    assert {"ExtractImageMetadata", "Rekognition", "GenerateThumbnail", "RecordOutcome"} <= set(steps)
    assert all(step.exited and step.exited >= step.entered for step in steps.values())
    assert steps["ExtractImageMetadata"].input["objectID"] == object_id
    assert steps["ExtractImageMetadata"].output["extractedMetadata"]["format"] == "JPEG"
    assert steps["GenerateThumbnail"].status is StepStatus.SUCCEEDED
    assert executions.get(arn).status == "SUCCEEDED"


def test_the_steps_of_a_rejected_photo_say_where_and_why(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, b"no photo")
    arn = backend.execution(backend.ended(object_id)[object_id])["executionArn"]

    steps = {step.name: step for step in backend.workbench.executions.steps(arn)}

    assert list(steps) == ["ExtractImageMetadata", "RecordRejection", "NotSupportedImageType"]
    extract = steps["ExtractImageMetadata"]
    assert (extract.status, extract.error) == (StepStatus.CAUGHT, "ImageIdentifyError")
    assert extract.cause is not None
    assert extract.cause.startswith("the file is not an image")
    assert steps["NotSupportedImageType"].status is StepStatus.FAILED
