"""Each call of each function fails in each way: the error's name says whether another try may help."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imageproc.aws import items
from imageproc.aws.record_store import RecordStore
from imageproc.deployment.template import read_sources
from imageproc.errors import ImageprocError, LabelsQueuedError, ServiceRefusedError, TransientServiceError
from imageproc.functions import (
    begin_photo,
    clients,
    create_s3_event_trigger,
    describe_execution,
    embed_image,
    extract_image_metadata,
    generate_thumbnail,
    record_outcome,
    rekognition,
    rekognition_of_rendition,
    start_execution,
    store_image_metadata,
    store_rekognized_tags,
)
from tests import pictures
from tests.functions import test_create_s3_event_trigger as trigger
from tests.functions.conftest import Backend
from tests.reliability.failing import Failing, without_waiting

cloudformation = trigger.cloudformation

CALLS = json.loads((Path(__file__).parents[1] / "reliability" / "calls.json").read_text())["functions"]
CALLS_AND_KINDS = [
    (function, operation, kind)
    for function, operations in CALLS.items()
    for operation in operations
    for kind in ("throttled", "failed", "reset", "silent", "denied")
]
CLIENTS: dict[str, Callable[[], Any]] = {
    "s3": clients.s3,
    "dynamodb": clients.dynamodb,
    "stepfunctions": clients.stepfunctions,
    "rekognition": clients.rekognition,
}
SDK_TRIES = 3


@pytest.fixture
def failing(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Any:
    without_waiting(monkeypatch)
    failing = Failing()
    backend.upload("x.jpg", pictures.jpeg())
    # Another execution's, so that the calls are made that keep it from being overwritten.
    backend.s3.put_object(Bucket=backend.bucket, Key="Thumbnails/x.jpg", Body=b"old")
    for client in CLIENTS.values():
        client().meta.events.register_first("before-send", failing, "failing")
    yield failing
    for client in CLIENTS.values():
        client().meta.events.unregister("before-send", failing, "failing")


def run(backend: Backend, function: str) -> Any:
    """Run a function so that it makes all its calls."""
    state = backend.state("x.jpg")
    extracted = {"format": "JPEG", "attributes": {"imageFormat": "JPEG"}}
    ended = {"extractedMetadata": extracted, "parallelResults": [{}, {}], "only": ["tags"]}
    runs: dict[str, Callable[[], Any]] = {
        "ImageProcStartExecution": lambda: start_execution.handler(repeated(backend), None),
        "ExtractImageMetadata": lambda: extract_image_metadata.handler(state, None),
        "EmbedImage": lambda: embed_image.handler(state, None),
        "StoreImageMetadata": lambda: store_image_metadata.handler(state | ended, None),
        "Rekognition": lambda: rekognition.handler(state, None),
        "RekognitionOfRendition": lambda: rekognition_of_rendition.handler(state, None),
        "StoreRekognizedTags": lambda: store_rekognized_tags.handler(
            state | {"rekognition": {"tags": []}}, None
        ),
        "GenerateThumbnail": lambda: generate_thumbnail.handler(state, None),
        "RecordOutcome": lambda: record_outcome.handler(state | ended, None),
        "BeginPhoto": lambda: begin_photo.handler(in_bulk(backend), None),
        "DescribeExecution": lambda: describe_execution.handler(
            {"executionArn": f"{backend.state_machine_arn.replace(':stateMachine:', ':execution:')}:x"}, None
        ),
    }
    return runs[function]()


def in_bulk(backend: Backend) -> dict[str, Any]:
    """What the bulk state machine says of a photo whose execution was lost."""
    arn = f"{backend.state_machine_arn.replace(':stateMachine:', ':execution:')}:lost"
    lost = {"imageID": {"S": "x.jpg"}, "status": {"S": "PROCESSING"}, "executionArn": {"S": arn}}
    backend.dynamodb.put_item(TableName=backend.table, Item=lost)
    return {"bucket": backend.bucket, "key": "Incoming/x.jpg", "bulk": "arn:bulk", "only": [], "again": True}


def repeated(backend: Backend) -> dict[str, Any]:
    """An event with the same upload twice."""
    entry = {"key": "Incoming/x.jpg", "sequencer": "00"}
    return {"Records": [{"s3": {"bucket": {"name": backend.bucket}, "object": entry}}] * 2}


@pytest.mark.parametrize(("function", "operation", "kind"), CALLS_AND_KINDS)
def test_what_lasts_is_named_after_a_few_tries(
    backend: Backend,
    failing: Failing,
    cloudformation: trigger.CloudFormation,
    function: str,
    operation: str,
    kind: str,
) -> None:
    name: type[ImageprocError] = ServiceRefusedError if kind == "denied" else TransientServiceError
    if (operation, kind) == ("rekognition.DetectLabels", "throttled"):
        name = LabelsQueuedError  # it takes another turn
    if function == "CreateS3EventTrigger":
        failing.fail(operation, kind, "ever")
        create_s3_event_trigger.handler(trigger.request(cloudformation, "Create"), None)
        answer = cloudformation.answers[0]
        assert (answer["Status"], answer["Reason"].split(":")[0]) == ("FAILED", name.__name__)
    else:
        failing.fail(operation, kind, "ever")
        with pytest.raises(name):
            run(backend, function)
    # An event's records are two tries of their own.
    calls = 2 if function == "ImageProcStartExecution" and operation != "dynamodb.GetItem" else 1
    assert failing.failed <= calls * (1 if kind == "denied" else SDK_TRIES)
    assert failing.failed >= 1


@pytest.mark.parametrize("operation", CALLS["CreateS3EventTrigger"])
@pytest.mark.parametrize("kind", ["throttled", "failed", "reset", "silent"])
def test_what_passes_does_not_fail_a_deployment(
    backend: Backend,
    failing: Failing,
    cloudformation: trigger.CloudFormation,
    operation: str,
    kind: str,
) -> None:
    failing.fail(operation, kind, "once")
    create_s3_event_trigger.handler(trigger.request(cloudformation, "Create"), None)
    assert failing.failed == 1
    assert cloudformation.answers[0]["Status"] == "SUCCESS"
    assert len(trigger.triggers(backend)) == 1


def test_every_call_in_the_code_is_listed() -> None:
    folder = Path(clients.__file__).parent
    found = {
        f"{service}.{''.join(word.title() for word in method.split('_'))}"
        for path in folder.glob("*.py")
        for service, method in re.findall(rf"\b({'|'.join(CLIENTS)})\(\)\.(\w+)\(", path.read_text())
    }
    # The record store makes the calls of DynamoDB.
    store = set(re.findall(r"self\._dynamodb\.(\w+)\(", inspect.getsource(RecordStore.write)))
    store |= set(re.findall(r"dynamodb\.(\w+)\(", inspect.getsource(items.get)))
    found |= {f"dynamodb.{''.join(word.title() for word in method.split('_'))}" for method in store}
    assert found == {operation for operations in CALLS.values() for operation in operations}


def test_all_tries_of_an_unanswered_call_end_before_the_function_is_ended(region: None) -> None:
    functions = re.findall(
        r"^      FunctionName: [^\n]*-(\w+)\"?$.*?^      Timeout: (\d+)$",
        read_sources().template,
        re.M | re.S,
    )
    assert {name for name, _ in functions} == set(CALLS)
    for name, timeout in functions:
        for service in {operation.partition(".")[0] for operation in CALLS[name]}:
            config = CLIENTS[service]().meta.config
            unanswered = config.connect_timeout + config.read_timeout
            waits = 1 + 2  # the longest between three tries
            assert SDK_TRIES * unanswered + waits < int(timeout), (name, service)
