"""Express executions, of which Step Functions tells nothing: from the photos' records, and from the log.

An Express state machine writes each event to its log group as one JSON object, some seconds late on AWS:
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from imageproc.aws.record_store import RecordStore
from imageproc.aws.translation import translated
from imageproc.client.executions.execution import Execution
from imageproc.client.resource import StackResource
from imageproc.core.express import LIMIT_MS, status_of
from imageproc.core.keys import execution_name_of, place_in_batch, whole_execution
from imageproc.core.record import PhotoRecord

_LIMIT = timedelta(milliseconds=LIMIT_MS)
_FIRST_WINDOW = timedelta(minutes=15)
_MARGIN = timedelta(minutes=1)
"""How far clocks, and the start and the first event, may be apart."""
_STARTED = "ExecutionStarted"
_ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


class ExpressExecutions(StackResource):
    """The Express executions of a stack."""

    def of_photo(self, photo: PhotoRecord) -> Execution:
        """Return the last execution of a photo, as its record tells of it. Asks nothing."""
        arn, finished = photo.execution_arn or "", photo.status.finished
        return Execution(
            arn,
            execution_name_of(arn),
            status_of(photo, time.time_ns() // 1_000_000),
            _moment(photo.execution_started or 0),
            _moment(photo.change_time) if finished and photo.change_time else None,
        )

    def get(self, arn: str) -> Execution | None:
        """Return an execution: by the record that names it, else by the log; None if neither knows it."""
        photo = self._record(arn)
        if photo:
            return self.of_photo(photo)
        events = list(self.history(arn))
        return next(_executions(events, {}), None)

    def history(self, arn: str) -> Iterator[Mapping[str, Any]]:
        """Yield an execution's events, as GetExecutionHistory gives them, by what was logged of them."""
        photo = self._record(arn)
        since = _moment(photo.execution_started or 0) - _MARGIN if photo else None
        until = since + _LIMIT + 2 * _MARGIN if since else None
        events = self._events(self._group(arn), f'"{whole_execution(arn)}"', since, until)
        place = place_in_batch(arn)
        return events if place is None else _of_photo(events, place)

    def since(self, time: datetime) -> Iterator[Execution]:
        """Yield the executions that were started since then, the newest first."""
        return self._between(time, datetime.now(UTC) + _MARGIN, {})

    def all(self) -> Iterator[Execution]:
        """Yield the executions that the log has, the newest first: back in time, by ever larger steps."""
        until, window, ended = datetime.now(UTC) + _MARGIN, _FIRST_WINDOW, dict[str, Any]()
        first = self._first()
        while until > first:
            yield from self._between(until - window, until, ended)
            until, window = until - window, 2 * window

    def _between(self, since: datetime, until: datetime, ended: dict[str, Any]) -> Iterator[Execution]:
        group = self._group("")
        patterns = [f'"{kind}"' for kind in (_STARTED, *_ENDS)]
        events = [event for pattern in patterns for event in self._events(group, pattern, since, until)]
        return _executions(events, ended)

    def _events(
        self, group: str, pattern: str, since: datetime | None, until: datetime | None
    ) -> Iterator[Mapping[str, Any]]:
        limits = {"startTime": since, "endTime": until}
        pages = self._stack.client("logs").get_paginator("filter_log_events")
        asked = {name: int(limit.timestamp() * 1000) for name, limit in limits.items() if limit}
        with translated(f"Reading the log {group}"):
            for page in pages.paginate(logGroupName=group, filterPattern=pattern, **asked):
                yield from map(_event, page["events"])

    def _first(self) -> datetime:
        """Return when the log begins: nothing is older."""
        group = self._group("")
        with translated(f"Looking for the log {group}"):
            answer = self._stack.client("logs").describe_log_groups(logGroupNamePrefix=group)
        return min((_moment(one["creationTime"]) for one in answer["logGroups"]), default=datetime.now(UTC))

    def _group(self, arn: str) -> str:
        """Return the photos' machine's log group, or the bulk one's, whose children's ARNs name its Map."""
        machine = "BulkProcessing" if "/" in arn else "ImageProc"
        return f"/aws/vendedlogs/states/{self._stack.name}-{machine}"

    def _record(self, arn: str) -> PhotoRecord | None:
        store = RecordStore(self._stack.client("dynamodb"), self._stack.image_table, PhotoRecord)
        return store.of_execution(arn)


def _executions(events: list[Mapping[str, Any]], ended: dict[str, Any]) -> Iterator[Execution]:
    """Yield the executions that began in these events, newest first; `ended` has the ends of later ones."""
    ended |= {one["arn"]: one for one in events if one["type"] in _ENDS}
    began = [one for one in events if one["type"] == _STARTED]
    for one in sorted(began, key=lambda event: event["timestamp"], reverse=True):
        end = ended.pop(one["arn"], None)
        late = datetime.now(UTC) - one["timestamp"] > _LIMIT + _MARGIN
        status = _ENDS[end["type"]] if end else "TIMED_OUT" if late else "RUNNING"
        stopped = end["timestamp"] if end else None
        yield Execution(one["arn"], execution_name_of(one["arn"]), status, one["timestamp"], stopped)


def _of_photo(events: Iterable[Mapping[str, Any]], place: int) -> Iterator[Mapping[str, Any]]:
    """Yield the events of one photo of a batch: those that follow upon its iteration of the Map.

    By which event each names before it. The local AWS leaves that out: there are none.
    """
    mine: set[int] = set()
    for event in sorted(events, key=lambda one: int(one["id"])):
        begins = event["type"] == "MapIterationStarted" and _index(event) == place
        if begins or event["previousEventId"] in mine:
            if begins or not event["type"].startswith("MapIteration"):
                mine.add(event["id"])
            yield event


def _index(event: Mapping[str, Any]) -> int:
    return int(event["mapIterationStartedEventDetails"]["index"])


def _event(logged: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of the log in the form of GetExecutionHistory."""
    line = json.loads(logged["message"])
    kind = line["type"]
    return {
        "id": int(line["id"]),
        "previousEventId": int(line["previous_event_id"]),
        "type": kind,
        "timestamp": _moment(int(line["event_timestamp"])),
        f"{kind[0].lower()}{kind[1:]}EventDetails": line.get("details") or {},
        "arn": line["execution_arn"],
    }


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
