"""The dead-letter queue: uploads whose processing could not be started, looked at and started again.

Lambda puts an event there after its own retries:
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from imageproc.aws.translation import translated
from imageproc.client.looped import looped
from imageproc.client.photos import Photos
from imageproc.client.photos.processing import Restarted
from imageproc.client.resource import StackResource
from imageproc.client.stack import Stack
from imageproc.core.keys import decode_event_key, is_original
from imageproc.errors import AwsError, RetryError

_BATCH = 10
"""The most messages of one request:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""

_HIDDEN_S = 300
"""Seconds that messages are kept from other readers, at most, while these are looked at."""


@dataclass(frozen=True)
class DeadLetter:
    """A message of the dead-letter queue: an event of S3's, and why no execution was started for it."""

    id: str
    sent: datetime
    keys: tuple[str, ...]
    """The originals' keys that the event names; empty if the message is not an event of S3."""
    error: str
    """The error's name."""
    cause: str
    """The error in words."""
    body: str
    """The whole message."""
    receipt: str = field(repr=False, compare=False)


@dataclass(frozen=True)
class Redriven:
    """A message whose photos were started, or need nothing. It is deleted from the queue."""

    message: DeadLetter
    started: tuple[Restarted, ...]
    not_needed: tuple[tuple[str, str], ...]
    """Key and reason of each photo that needed nothing."""


@dataclass(frozen=True)
class NotRedriven:
    """A message that stays in the queue, and why."""

    message: DeadLetter
    cause: str


class DeadLetters(StackResource):
    """The dead-letter queue of a stack."""

    def __init__(self, stack: Stack, photos: Photos) -> None:
        """Look at this stack's queue. The methods raise TargetError if it has none."""
        super().__init__(stack)
        self._photos = photos

    def count(self) -> int:
        """Return how many messages wait, about, those included that somebody looks at just now."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        with translated("Counting the dead-letter queue"):
            answer = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=list(names))
        return sum(int(answer["Attributes"][name]) for name in names)

    def messages(self) -> list[DeadLetter]:
        """Return the messages. They stay in the queue, free for others again."""
        found: list[DeadLetter] = []
        try:
            for batch in self._batches():
                found += batch
        finally:
            self._release(found)
        return found

    @looped
    def redrive(self) -> Iterator[Redriven | NotRedriven]:
        """Start the photos of each message, and delete it only when each was started or needs nothing.

        A photo needs nothing when it is gone from the bucket, under way, or has a finished record of its
        newest upload. A message that cannot be redriven stays, and does not stop the others.
        """
        kept: dict[str, DeadLetter] = {}
        try:
            for batch in self._batches():
                kept |= {message.id: message for message in batch}
                for message in batch:
                    outcome = self._redriven(message)
                    if isinstance(outcome, Redriven):
                        del kept[message.id]
                    yield outcome
        finally:
            self._release(list(kept.values()))

    @property
    def _queue(self) -> str:
        return self._stack.dead_letter_queue

    @property
    def _sqs(self) -> Any:
        return self._stack.client("sqs")

    def _redriven(self, message: DeadLetter) -> Redriven | NotRedriven:
        if not message.keys:
            return NotRedriven(
                message, "It is not an event of S3. Look at it, and delete it in the SQS console."
            )
        started: list[Restarted] = []
        not_needed: list[tuple[str, str]] = []
        try:
            for key in message.keys:
                found = self._photos.restore(key) if is_original(key) else "it is not a photo's key"
                if isinstance(found, Restarted):
                    started.append(found)
                else:
                    not_needed.append((key, found))
            with translated("Deleting a message of the dead-letter queue"):
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message.receipt)
        except (AwsError, RetryError) as error:
            return NotRedriven(message, str(error))
        return Redriven(message, tuple(started), tuple(not_needed))

    def _batches(self) -> Iterator[list[DeadLetter]]:
        """Yield the messages, each once; SQS may deliver one twice."""
        seen: set[str] = set()
        while True:
            with translated("Reading the dead-letter queue"):
                answer = self._sqs.receive_message(
                    QueueUrl=self._queue,
                    MaxNumberOfMessages=_BATCH,
                    VisibilityTimeout=_HIDDEN_S,
                    WaitTimeSeconds=1,  # asks all of SQS's servers, not a sample
                    MessageSystemAttributeNames=["SentTimestamp"],
                )
            new = [_message(one) for one in answer.get("Messages", ()) if one["MessageId"] not in seen]
            if not new:
                return
            seen.update(one.id for one in new)
            yield new

    def _release(self, messages: list[DeadLetter]) -> None:
        """Let others see the messages again at once."""
        for start in range(0, len(messages), _BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": one.receipt, "VisibilityTimeout": 0}
                for number, one in enumerate(messages[start : start + _BATCH])
            ]
            with translated("Giving back messages of the dead-letter queue"):
                self._sqs.change_message_visibility_batch(QueueUrl=self._queue, Entries=entries)


def _message(one: Mapping[str, Any]) -> DeadLetter:
    body = _json(one["Body"])
    error = _mapping(body.get("responsePayload"))
    sent = int(one.get("Attributes", {}).get("SentTimestamp", 0)) / 1000
    return DeadLetter(
        id=one["MessageId"],
        sent=datetime.fromtimestamp(sent, UTC),
        keys=_keys(_mapping(body.get("requestPayload"))),
        error=str(
            error.get("errorType") or _mapping(body.get("requestContext")).get("condition") or "unknown"
        ),
        cause=str(error.get("errorMessage") or ""),
        body=one["Body"],
        receipt=one["ReceiptHandle"],
    )


def _keys(event: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys that an event of S3's names; none if it is another event, wholly or in part."""
    try:
        return tuple(decode_event_key(record["s3"]["object"]["key"]) for record in event["Records"])
    except (KeyError, TypeError, AttributeError):
        return ()


def _json(text: str) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(text))
    except ValueError:
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
