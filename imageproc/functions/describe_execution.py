"""DescribeExecutionFunction: tells a test client where an execution stands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from imageproc.core.keys import execution_arn
from imageproc.errors import ServiceRefusedError
from imageproc.functions import logs
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import stepfunctions


@logs.logged
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Return what DescribeExecution says of `executionArn`, times as ISO 8601 text in UTC.

    Raises ServiceRefusedError for an execution of another state machine.
    """
    arn = str(event.get("executionArn", ""))
    if not arn.startswith(execution_arn(os.environ["STATE_MACHINE_ARN"], "")):
        raise ServiceRefusedError(f"{arn!r} is not an execution of this stack's state machine.")
    with aws_call("Describing the execution"):
        answer = stepfunctions().describe_execution(executionArn=arn)
    return {name: _json(value) for name, value in answer.items() if name != "ResponseMetadata"}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
