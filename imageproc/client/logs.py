"""What was logged of one photo's execution, from the upload's event to the last step, in order of time.

The functions write one JSON object a line (`imageproc.functions.logs`), each with its correlation ID: the
name of the execution, or of the upload's own if this one was started by hand. The state machine's own
steps come from the execution's history, which outlives logs that are kept for a shorter time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws.translation import is_missing, translated
from imageproc.client.executions import ExecutionLike, Executions
from imageproc.client.executions.history import Step, StepStatus
from imageproc.client.photos import Photos
from imageproc.client.photos.photo import PhotoLike
from imageproc.client.resource import StackResource
from imageproc.client.stack import Stack
from imageproc.core.execution_input import correlation_id

STATE_MACHINE = "state machine"
"""The source of the entries that come from the execution's history."""

_START_FUNCTION = "ImageProcStartExecution"
_BEFORE = timedelta(minutes=15)
"""How long before the execution its upload's event may have come: Lambda's retries included."""
_AFTER = timedelta(minutes=15)
_LEVELS = {StepStatus.CAUGHT: "WARNING", StepStatus.FAILED: "ERROR", StepStatus.ABORTED: "ERROR"}
_OWN_NAMES = ("timestamp", "level", "message", "function", "correlationId", "requestId")


@dataclass(frozen=True)
class LogEntry:
    """One line of a function's log, or one step of the state machine."""

    time: datetime
    source: str
    """The function, such as `Rekognition`, or `state machine`."""
    level: str
    """DEBUG, INFO, WARNING, ERROR or CRITICAL."""
    message: str
    correlation_id: str
    """`imageproc.core.execution_input.correlation_id` of the execution's input."""
    request_id: str = ""
    """The function's invocation."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What else the line says."""


class Logs(StackResource):
    """The logs of a stack."""

    def __init__(self, stack: Stack, photos: Photos, executions: Executions) -> None:
        """Read the logs of this stack."""
        super().__init__(stack)
        self._photos, self._executions = photos, executions

    def of_photo(self, photo: PhotoLike) -> list[LogEntry]:
        """Return what was logged of the photo's last execution. Raises PhotoNotFoundError if it has none."""
        return self.of_execution(self._photos.find(photo))

    def of_execution(self, execution: ExecutionLike) -> list[LogEntry]:
        """Return what was logged of an execution, by time; what is no longer kept is left out.

        Raises AwsError, also if Step Functions no longer knows the execution; PhotoNotFoundError for a photo
        of which none was started, InvalidArgumentError.
        """
        found = self._executions.get(execution)
        window = (found.started - _BEFORE, (found.stopped or datetime.now(UTC)) + _AFTER)
        first = next(iter(self._executions.history(found)), {})  # none of an Express one that logs nothing
        given = first.get("executionStartedEventDetails", {}).get("input")
        run = (correlation_id(json.loads(given)) if given else "") or found.name
        groups = self._groups()
        with ThreadPoolExecutor(len(groups)) as pool:
            logged = pool.map(lambda group: list(self._entries(group, run, window)), groups)
        steps = (_of_step(step, run) for step in self._executions.steps(found))
        entries = [entry for group in logged for entry in group] + [one for pair in steps for one in pair]
        return sorted(entries, key=lambda entry: entry.time)

    def _groups(self) -> list[str]:
        """Return the log groups of the functions that a photo passes."""
        names = {*self._executions.functions(), f"{self._stack.name}-{_START_FUNCTION}"}
        return [f"/aws/lambda/{name}" for name in sorted(names)]

    def _entries(self, group: str, run: str, window: tuple[datetime, datetime]) -> Iterator[LogEntry]:
        """Yield the entries of one log group; none if it is gone."""
        since, until = (int(time.timestamp() * 1000) for time in window)
        pages = (
            self._stack.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=group, filterPattern=f'"{run}"', startTime=since, endTime=until)
        )
        source = group.rpartition(f"/{self._stack.name}-")[2]
        with translated(f"Reading the log {group}"):
            try:
                for page in pages:
                    found = (_of_line(event, source) for event in page["events"])
                    yield from (entry for entry in found if entry and entry.correlation_id == run)
            except ClientError as error:
                if not is_missing(error):
                    raise


def _of_line(event: Mapping[str, Any], source: str) -> LogEntry | None:
    """Return a line of a function's log; None if it is not one of the functions' own."""
    try:
        line = json.loads(event["message"])
        time = datetime.fromisoformat(line["timestamp"])
    except (ValueError, KeyError, TypeError):
        return None
    return LogEntry(
        time=time,
        source=source,
        level=str(line.get("level", "INFO")),
        message=str(line.get("message", "")),
        correlation_id=str(line.get("correlationId", "")),
        request_id=str(line.get("requestId", "")),
        fields={name: value for name, value in line.items() if name not in _OWN_NAMES},
    )


def _of_step(step: Step, run: str) -> Iterator[LogEntry]:
    """Yield what a step's history amounts to: that it was entered, and how it ended."""
    yield LogEntry(step.entered, STATE_MACHINE, "INFO", f"{step.name} entered", run)
    if step.exited is None:
        return
    told = {"error": step.error, "cause": step.cause, "retries": step.retries}
    fields = {name: value for name, value in told.items() if value}
    level = _LEVELS.get(step.status, "INFO")
    yield LogEntry(step.exited, STATE_MACHINE, level, f"{step.name} {step.status}", run, fields=fields)
