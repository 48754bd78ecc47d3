"""DescribeExecutionFunction: tells a test client where an execution stands.

Of an Express execution Step Functions itself tells nothing; the record that names it does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from imageproc.core import express
from imageproc.core.keys import execution_arn, execution_name_of, is_express
from imageproc.core.record import PhotoRecord
from imageproc.errors import ServiceRefusedError
from imageproc.functions import logs, records
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import stepfunctions

_TRIES = 5
_PAUSE_S = 0.2
"""The index that records are found by is a moment behind the table."""


@logs.logged
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Return what DescribeExecution says of `executionArn`, times as ISO 8601 text in UTC.

    An Express execution's answer has no input and output. Raises ServiceRefusedError for an execution of
    another state machine, and for an Express one that no record names any more.
    """
    arn, machine = str(event.get("executionArn", "")), os.environ["STATE_MACHINE_ARN"]
    if is_express(arn):
        answer = _of_record(arn, machine)
    elif arn.startswith(execution_arn(machine, "")):
        with aws_call("Describing the execution"):
            answer = dict(stepfunctions().describe_execution(executionArn=arn))
    else:
        raise ServiceRefusedError(f"{arn!r} is not an execution of this stack's state machine.")
    return {name: _json(value) for name, value in answer.items() if name != "ResponseMetadata"}


def _of_record(arn: str, machine: str) -> dict[str, Any]:
    """Return what the record of an Express execution's photo says, in the form of DescribeExecution."""
    record = _found(arn)
    status = express.status_of(record, time.time_ns() // 1_000_000)
    answer = {
        "executionArn": arn,
        "stateMachineArn": machine,
        "name": execution_name_of(arn),
        "status": status,
        "startDate": _time(record.execution_started),
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
    }
    if record.status.finished and record.change_time:
        answer["stopDate"] = _time(record.change_time)
    if status == "FAILED" and record.error:
        answer |= {"error": express.FAILURES[record.status], "cause": record.error.cause}
    return answer


def _found(arn: str) -> PhotoRecord:
    for _ in range(_TRIES):
        if record := records.of_execution(arn):
            return record
        time.sleep(_PAUSE_S)
    raise ServiceRefusedError(f"No photo's record names the execution {arn!r}: it was started again since.")


def _time(milliseconds: int | None) -> datetime:
    return datetime.fromtimestamp((milliseconds or 0) / 1000, UTC)


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
