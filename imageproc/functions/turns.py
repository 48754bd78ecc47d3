"""The turns to ask Rekognition (`imageproc.core.turns`), taken from the table that all executions share."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code
from imageproc.core.express import LONGEST_WAIT_MS
from imageproc.core.turns import MOST_TURNS, Turn, interval_ms, turn_of
from imageproc.errors import (
    LabelsQueuedError,
    RecognitionQueueFullError,
    RecognitionThrottledError,
    TransientServiceError,
)
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import dynamodb

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRIES = 3
_KEY = {"quota": {"S": "DetectLabels"}}


def take(state: Mapping[str, Any]) -> Turn:
    """Return the turn that an execution waited for, or else takes now.

    Raises LabelsQueuedError if it is too far away to be waited for here, RecognitionQueueFullError if it is
    too far away to be waited for at all, TransientServiceError, ServiceRefusedError.
    """
    turn = turn_of(state) or _next(1)
    if turn.is_far(_now_ms()):
        raise LabelsQueuedError(str(turn))
    return turn


def after_throttling(turn: Turn, why: str) -> LabelsQueuedError | RecognitionThrottledError:
    """Return what to raise for a photo that was throttled at its turn: it waits for another, or gives up."""
    if turn.number >= MOST_TURNS:
        return RecognitionThrottledError(f"DetectLabels was throttled at {turn.number} turns: {why}")
    return LabelsQueuedError(str(_next(turn.number + 1)))


def wait_for(turn: Turn) -> None:
    """Sleep until it is time."""
    time.sleep(max(0, turn.at_ms - _now_ms()) / 1000)


def _next(number: int) -> Turn:
    """Take the next free turn: now, if none after now is taken, or else behind the last one.

    An Express execution takes none that it could not wait for, and so leaves it to others. A refused write
    tells when the next turn is free: where all are taken, one write is enough to know.
    """
    express = os.environ.get("WORKFLOW_TYPE") == "EXPRESS"
    apart = interval_ms(float(os.environ["DETECT_LABELS_PER_SECOND"]))
    for _ in range(_TRIES):
        now = _now_ms()
        taken, free = _write(":by", "attribute_not_exists(nextTurn) OR nextTurn < :now", now, by=now + apart)
        if not taken:
            if express and free >= now + LONGEST_WAIT_MS:
                raise _queue_full()
            latest = {"until": now + LONGEST_WAIT_MS} if express else {}
            soon = " AND nextTurn < :until" if express else ""
            taken, free = _write("nextTurn + :by", f"nextTurn >= :now{soon}", now, by=apart, **latest)
        if taken:
            return Turn(free - apart, number)
    raise TransientServiceError("Too many photos take their turns to ask Rekognition at once.")


def _queue_full() -> RecognitionQueueFullError:
    return RecognitionQueueFullError(
        f"Its turn to ask Rekognition is more than {LONGEST_WAIT_MS // 60_000} minutes away, and an "
        "Express workflow cannot wait so long: process what lacks its tags later."
    )


def _write(value: str, condition: str, now: int, **more: int) -> tuple[bool, int]:
    """Write when the next turn is free, in milliseconds, unless the condition does not hold.

    Returns whether it was written, and when the next turn is free now.
    """
    with aws_call("Taking a turn to ask Rekognition"):
        try:
            answer = dynamodb().update_item(
                TableName=os.environ["LABEL_TURNS_TABLE"],
                Key=_KEY,
                UpdateExpression=f"SET nextTurn = {value}",
                ConditionExpression=condition,
                ExpressionAttributeValues={
                    f":{name}": {"N": str(number)} for name, number in {"now": now, **more}.items()
                },
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False, int(cast("Any", error.response)["Item"]["nextTurn"]["N"])
            raise
    return True, int(answer["Attributes"]["nextTurn"]["N"])


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
