"""Uploads that could not be started, in the real queue, by the real way there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

import pytest
from botocore.stub import Stubber

from imageproc.client.dead_letters import DeadLetters, NotRedriven, Redriven
from tests import pictures
from tests.flow.conftest import DONE, Backend


@pytest.fixture
def letters(backend: Backend) -> DeadLetters:
    backend.stack.client("sqs").purge_queue(QueueUrl=backend.stack.dead_letter_queue)
    return backend.workbench.dead_letters


@contextmanager
def broken_start(backend: Backend) -> Iterator[None]:
    """Let the function that starts executions fail, at once and for good."""
    functions, name = backend.stack.client("lambda"), f"{backend.stack.name}-ImageProcStartExecution"
    kept = functions.get_function_event_invoke_config(FunctionName=name, Qualifier="$LATEST")
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    config: Any = {
        "FunctionName": name,
        "Qualifier": "$LATEST",
        "DestinationConfig": kept["DestinationConfig"],
    }
    functions.put_function_event_invoke_config(**config, MaximumRetryAttempts=0)
    broken = variables | {"IMAGE_METADATA_TABLE": "no-such-table"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": broken})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        functions.put_function_event_invoke_config(
            **config, MaximumRetryAttempts=kept["MaximumRetryAttempts"]
        )


def send(backend: Backend, body: str) -> None:
    backend.stack.client("sqs").send_message(QueueUrl=backend.stack.dead_letter_queue, MessageBody=body)


def event_of(*object_ids: str) -> str:
    records = [{"s3": {"object": {"key": quote_plus(f"Incoming/{one}", safe="/")}}} for one in object_ids]
    return json.dumps({"requestPayload": {"Records": records}})


def waiting(letters: DeadLetters, count: int) -> None:
    deadline = time.monotonic() + 30
    while letters.count() < count:
        assert time.monotonic() < deadline, "the event does not reach the queue"
        time.sleep(0.1)


def test_an_upload_that_could_not_be_started_waits_with_its_reason_and_is_redriven(
    backend: Backend, letters: DeadLetters, fresh: str
) -> None:
    object_id = f"{fresh}/a b+ü.jpg"
    with broken_start(backend):
        backend.put(object_id, pictures.jpeg(make="Leica"))
        waiting(letters, 1)

    (message,) = letters.messages()
    assert message.keys == (f"Incoming/{object_id}",)
    assert message.error == "ServiceRefusedError"
    assert "AccessDenied" in message.cause
    assert letters.count() == 1

    (redriven,) = letters.redrive()

    assert isinstance(redriven, Redriven)
    assert [one.photo_id for one in redriven.started] == [object_id]
    photo = backend.ended(object_id)[object_id]
    assert photo.status is DONE
    assert photo.camera.make == "Leica"
    assert letters.count() == 0


def test_what_needs_no_start_any_more_only_leaves_the_queue(
    backend: Backend, letters: DeadLetters, fresh: str
) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    before = backend.execution(backend.ended(object_id)[object_id])
    send(backend, event_of(object_id, f"{fresh}-gone.jpg", "folder/"))

    (redriven,) = letters.redrive()

    assert isinstance(redriven, Redriven)
    assert redriven.started == ()
    assert [reason for _, reason in redriven.not_needed] == [
        f"its record is {DONE}",
        "the photo is no longer in the bucket",
        "it is not a photo's key",
    ]
    assert backend.photos.get(object_id).execution_arn == before["executionArn"]
    assert letters.count() == 0


def test_a_message_that_cannot_be_redriven_stays_and_stops_no_other(
    backend: Backend, letters: DeadLetters, fresh: str
) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    backend.execution(backend.ended(object_id)[object_id])
    send(backend, "no JSON")
    send(backend, json.dumps({"requestPayload": ["no event"]}))
    send(backend, event_of(object_id))

    outcomes = list(letters.redrive())

    assert sorted(type(one) is NotRedriven for one in outcomes) == [False, True, True]
    assert len(letters.messages()) == 2, "they can be read again at once"
    assert {one.keys for one in letters.messages()} == {()}


def test_a_message_is_deleted_only_after_its_photo_was_started(
    backend: Backend, letters: DeadLetters, fresh: str
) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    backend.execution(backend.ended(object_id)[object_id])
    backend.stack.client("dynamodb").delete_item(
        TableName=backend.stack.image_table, Key={"imageID": {"S": object_id}}
    )
    send(backend, event_of(object_id))
    with Stubber(backend.stack.client("stepfunctions")) as stubber:
        stubber.add_client_error("start_execution", "AccessDeniedException")
        (kept,) = letters.redrive()
    assert isinstance(kept, NotRedriven)
    assert "AccessDenied" in kept.cause
    assert letters.count() == 1

    (redriven,) = letters.redrive()
    assert isinstance(redriven, Redriven)
    assert [one.photo_id for one in redriven.started] == [object_id]
    backend.ended(object_id)
