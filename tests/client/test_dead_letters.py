"""The dead-letter queue: what waits in it, and what a redrive makes of each message."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest

from imageproc.client.dead_letters import DeadLetters, NotRedriven, Redriven
from imageproc.client.target import Target
from imageproc.core.record import Status
from imageproc.errors import AwsError, TargetError
from tests.client.conftest import Backend, without_aws


@pytest.fixture
def letters(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> DeadLetters:
    _without_waiting(backend)
    return backend.workbench.dead_letters


def _without_waiting(backend: Backend) -> None:
    """Let nobody wait for messages: there are those there are."""
    events = backend.stack.client("sqs").meta.events
    events.register(
        "provide-client-params.sqs.ReceiveMessage", lambda params, **_: {**params, "WaitTimeSeconds": 0}
    )


def send(backend: Backend, body: Any) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    backend.stack.client("sqs").send_message(QueueUrl=backend.stack.dead_letter_queue, MessageBody=text)


def event(*keys: str, **more: Any) -> dict[str, Any]:
    records = [{"s3": {"object": {"key": quote_plus(key, safe="/")}}} for key in keys]
    return {"requestPayload": {"Records": records}, **more}


def test_a_message_names_its_photos_and_why_they_were_not_started(
    backend: Backend, letters: DeadLetters
) -> None:
    failed = {"errorType": "ServiceRefusedError", "errorMessage": "denied"}
    body = event("Incoming/a b+ü.jpg", "Incoming/2.jpg", responsePayload=failed)
    send(backend, body)
    (message,) = letters.messages()
    assert message.keys == ("Incoming/a b+ü.jpg", "Incoming/2.jpg")
    assert (message.error, message.cause) == ("ServiceRefusedError", "denied")
    assert json.loads(message.body) == body
    assert message.sent.year >= 2024
    assert "receipt" not in repr(message)


@pytest.mark.parametrize(
    ("more", "error"),
    [({"requestContext": {"condition": "RetriesExhausted"}}, "RetriesExhausted"), ({}, "unknown")],
)
def test_a_message_without_an_error_says_what_it_can(
    backend: Backend, letters: DeadLetters, more: Any, error: str
) -> None:
    send(backend, event("Incoming/cat.jpg", **more))
    (message,) = letters.messages()
    assert (message.error, message.cause) == (error, "")


def test_messages_that_were_looked_at_are_free_for_others_at_once(
    backend: Backend, letters: DeadLetters
) -> None:
    for number in range(12):
        send(backend, event(f"Incoming/{number}.jpg"))
    assert len(letters.messages()) == 12, "more than one request gives"
    assert letters.count() == 12
    assert len(letters.messages()) == 12


def test_messages_that_somebody_looks_at_just_now_are_counted(backend: Backend, letters: DeadLetters) -> None:
    send(backend, event("Incoming/1.jpg"))
    send(backend, event("Incoming/2.jpg"))
    backend.stack.client("sqs").receive_message(
        QueueUrl=backend.stack.dead_letter_queue, VisibilityTimeout=60
    )
    assert letters.count() == 2


def test_a_redriven_message_is_gone_and_its_photos_are_started(
    backend: Backend, letters: DeadLetters
) -> None:
    backend.put("a b+ü.jpg")
    send(backend, event("Incoming/a b+ü.jpg"))
    (outcome,) = letters.redrive()
    assert isinstance(outcome, Redriven)
    assert [one.photo_id for one in outcome.started] == ["a b+ü.jpg"]
    assert outcome.not_needed == ()
    assert list(backend.executions()) == [outcome.started[0].execution_arn]
    assert letters.count() == 0


def test_photos_that_need_nothing_are_named_with_the_reason_and_their_message_goes(
    backend: Backend, letters: DeadLetters
) -> None:
    backend.photo("done.jpg", Status.SUCCEEDED)
    send(backend, event("Incoming/done.jpg", "Incoming/gone.jpg", "Incoming/folder/", "Thumbnails/1.jpg"))
    (outcome,) = letters.redrive()
    assert isinstance(outcome, Redriven)
    assert outcome.started == ()
    assert outcome.not_needed == (
        ("Incoming/done.jpg", "its record is SUCCEEDED"),
        ("Incoming/gone.jpg", "the photo is no longer in the bucket"),
        ("Incoming/folder/", "it is not a photo's key"),
        ("Thumbnails/1.jpg", "it is not a photo's key"),
    )
    assert letters.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[]",
        '"text"',
        {"requestPayload": ["no event"]},
        {"requestPayload": {"Records": "text"}},
        {"requestPayload": {"Records": [{"s3": None}]}},
        event("Incoming/cat.jpg") | {"requestPayload": {"Records": [{"s3": {"object": {"key": 5}}}]}},
    ],
    ids=str,
)
def test_what_is_no_event_of_s3_stays_with_the_fix(backend: Backend, letters: DeadLetters, body: Any) -> None:
    send(backend, body)
    (outcome,) = letters.redrive()
    assert isinstance(outcome, NotRedriven)
    assert outcome.message.keys == ()
    assert outcome.cause.endswith("Look at it, and delete it in the SQS console.")
    assert len(letters.messages()) == 1


def test_a_message_whose_photo_cannot_be_started_stays_and_stops_no_other(
    backend: Backend, letters: DeadLetters
) -> None:
    for name in ("1.jpg", "2.jpg"):
        backend.put(name)
        send(backend, event(f"Incoming/{name}"))
    backend.refuse("stepfunctions", "StartExecution")
    outcomes = list(letters.redrive())
    (kept,) = [one for one in outcomes if isinstance(one, NotRedriven)]
    assert "the test says so" in kept.cause
    assert len([one for one in outcomes if isinstance(one, Redriven)]) == 1
    (left,) = letters.messages()
    assert left.id == kept.message.id
    (again,) = letters.redrive()
    assert isinstance(again, Redriven)


def test_a_message_that_cannot_be_deleted_is_told_and_the_photo_started_all_the_same(
    backend: Backend, letters: DeadLetters
) -> None:
    backend.put("cat.jpg")
    send(backend, event("Incoming/cat.jpg"))
    backend.refuse("sqs", "DeleteMessage")
    (outcome,) = letters.redrive()
    assert isinstance(outcome, NotRedriven)
    assert "Deleting a message of the dead-letter queue failed" in outcome.cause
    assert len(backend.executions()) == 1
    (again,) = letters.redrive()
    assert isinstance(again, Redriven)
    assert again.not_needed == (("Incoming/cat.jpg", "it is being processed"),)
    assert len(backend.executions()) == 1


def test_a_redrive_that_is_broken_off_leaves_the_rest_to_others(
    backend: Backend, letters: DeadLetters
) -> None:
    for number in range(3):
        backend.put(f"{number}.jpg")
        send(backend, event(f"Incoming/{number}.jpg"))
    outcomes = letters.redrive()
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert len(letters.messages()) == 2


def test_a_queue_that_may_not_be_read_is_an_error(backend: Backend, letters: DeadLetters) -> None:
    backend.refuse("sqs", "ReceiveMessage")
    with pytest.raises(AwsError, match="Reading the dead-letter queue failed"):
        letters.messages()


def test_a_stack_without_a_queue_is_told_with_the_fix(target: Target) -> None:
    with pytest.raises(TargetError, match=r"has no dead-letter queue\. Deploy it again"):
        without_aws(target).dead_letters.count()
