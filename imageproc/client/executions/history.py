"""One execution's steps as a user interface shows them, from its history.

On AWS each event names the one before it. The local AWS leaves that out, and of the states inside a Parallel
it tells only which function was called; those are found through the definition: Pass states among them only
where a failure led there. Only those with which a branch begins have their input, which is the Parallel's.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from imageproc.core.parts import error_message

Definition = dict[str, Any]
"""A state machine in the Amazon States Language."""


class StepStatus(StrEnum):
    """How a state went."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    CAUGHT = "CAUGHT"
    """It failed, and the state machine went on by the state's Catch."""
    FAILED = "FAILED"
    ABORTED = "ABORTED"
    """It was cut off: by somebody, by the execution's time-out, or by another branch that failed."""


@dataclass(frozen=True)
class Step:
    """One visit of a state."""

    name: str
    type: str
    """Task, Choice, Parallel, Pass, Succeed, Fail ..."""
    status: StepStatus
    entered: datetime
    exited: datetime | None
    input: Any = None
    """What went in, JSON; None where the history lacks it."""
    output: Any = None
    """What came out, JSON; of a state inside a Parallel on the local AWS: what its function answered."""
    error: str | None = None
    """The name of the last error, also of one after which a retry succeeded."""
    cause: str | None = None
    """That error in words."""
    retries: int = 0
    parent: str | None = None
    """The Parallel or Map that the state is in."""

    @property
    def seconds(self) -> float | None:
        """How long it took, waiting for retries included; None while it runs."""
        return (self.exited - self.entered).total_seconds() if self.exited else None


def steps_of(events: Iterable[Mapping[str, Any]], definition: Definition) -> list[Step]:
    """Return the steps that the events of an execution's history tell of, in the order of entering."""
    history = _History(definition)
    for event in events:
        history.add(event)
    return [visit.step() for visit in history.visits]


def states(machine: Mapping[str, Any], parent: str | None = None) -> Iterator[tuple[str, str | None, Any]]:
    """Yield name, parent (a Parallel or Map, or None) and definition of each state, nested ones too."""
    for name, state in machine["States"].items():
        yield name, parent, state
        inner = [*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])]
        for branch in inner:
            yield from states(branch, name)


def _begin_with_the_same_input(machine: Mapping[str, Any]) -> Iterator[str]:
    """Yield the states that get what the Parallel around them got: its branches' first ones."""
    for _, _, state in states(machine):
        if "InputPath" not in state and "Parameters" not in state:
            yield from (branch["StartAt"] for branch in state.get("Branches", ()))


@dataclass
class _Visit:
    """A step while its events come in."""

    name: str
    type: str
    parent: str | None
    entered: datetime
    input: Any = None
    output: Any = None
    error: str | None = None
    cause: str | None = None
    failed: bool = False
    """Whether the last thing heard of its work is a failure."""
    schedules: int = 0
    exited: datetime | None = None
    ended: StepStatus | None = None
    inferred: bool = False
    """Whether the history tells only of its function: it neither enters nor exits."""

    def exit(self, status: StepStatus, time: datetime) -> None:
        if self.ended is None:
            self.ended, self.exited = status, time

    def step(self) -> Step:
        return Step(
            name=self.name,
            type=self.type,
            status=self.ended or StepStatus.RUNNING,
            entered=self.entered,
            exited=self.exited,
            input=self.input,
            output=self.output,
            error=self.error,
            cause=self.cause,
            retries=max(0, self.schedules - 1),
            parent=self.parent,
        )


class _History:
    """Puts each event of a history to the visit of the state that it belongs to."""

    def __init__(self, definition: Definition) -> None:
        self._parents = {name: parent for name, parent, _ in states(definition)}
        self._nested = {
            (parent, state["Resource"]): name
            for name, parent, state in states(definition)
            if parent and "Resource" in state
        }
        self._states = {name: state for name, _, state in states(definition)}
        self._passed_on = set(_begin_with_the_same_input(definition))
        self._by_event: dict[int, _Visit] = {}
        self.visits: list[_Visit] = []

    def add(self, event: Mapping[str, Any]) -> None:
        """Take the next event."""
        kind, details = str(event["type"]), _details(event)
        if kind.endswith("StateEntered"):
            visit: _Visit | None = self._entered(kind, details, event["timestamp"])
        elif kind.startswith("Execution"):
            self._execution(kind, details, event["timestamp"])
            return
        else:
            visit = self._visit_of(event, details)
        if visit is None:
            return
        self._by_event[event["id"]] = visit
        _tell(visit, kind, details, event["timestamp"])
        if kind.endswith("StateExited"):
            self._close_nested(visit, event["timestamp"])

    def _entered(self, kind: str, details: Mapping[str, Any], time: datetime) -> _Visit:
        name = details["name"]
        visit = _Visit(
            name,
            kind.removesuffix("StateEntered"),
            self._parents.get(name),
            time,
            _json(details.get("input")),
        )
        self.visits.append(visit)
        return visit

    def _visit_of(self, event: Mapping[str, Any], details: Mapping[str, Any]) -> _Visit | None:
        """Return the visit that an event is about: by the event before it, by its name, by its function."""
        known = self._by_event.get(event.get("previousEventId", 0))
        opened = [visit for visit in self.visits if visit.ended is None]
        if "name" in details:
            same = [visit for visit in self.visits if visit.name == details["name"]]
            return known if known in same else next(reversed(same), None)
        if whole := re.match("Parallel|Map", str(event["type"])):  # the event before it is a branch's
            return next((visit for visit in reversed(opened) if visit.type == whole[0]), None)
        if known:
            return known
        nested = self._nested_in(opened, str(details.get("resource", "")), event)
        return nested or (opened[-1] if opened else None)

    def _nested_in(self, opened: list[_Visit], resource: str, event: Mapping[str, Any]) -> _Visit | None:
        """Return the visit of the state inside an open Parallel that calls this function; begin it if new."""
        for parent in opened:
            name = self._nested.get((parent.name, resource))
            if name is None:
                continue
            there = [visit for visit in self.visits if (visit.name, visit.parent) == (name, parent.name)]
            if not there:
                given = parent.input if name in self._passed_on else None
                visit = _Visit(name, "Task", parent.name, event["timestamp"], given, inferred=True)
                self.visits.append(visit)
                return visit
            return there[-1]
        return None

    def _close_nested(self, parent: _Visit, time: datetime) -> None:
        """End what the history leaves open inside a Parallel that is left: its failures were caught there."""
        for visit in tuple(self.visits):
            if visit.parent == parent.name and visit.ended is None:
                at_fault = StepStatus.CAUGHT if parent.ended is StepStatus.SUCCEEDED else StepStatus.FAILED
                ended = at_fault if visit.failed else StepStatus.ABORTED
                visit.exit(ended, time)
                if ended is StepStatus.CAUGHT:
                    self._go_on(visit, time)

    def _go_on(self, caught: _Visit, time: datetime) -> None:
        """Visit the Pass state to which a failure led, of which the local AWS's history does not tell."""
        name = _caught_by(self._states[caught.name], str(caught.error))
        if self._states.get(name, {}).get("Type") == "Pass":
            visit = _Visit(name, "Pass", caught.parent, time, inferred=True)
            visit.exit(StepStatus.SUCCEEDED, time)
            self.visits.append(visit)

    def _execution(self, kind: str, details: Mapping[str, Any], time: datetime) -> None:
        """End what is open when the execution ends: in a failure, the state that it failed in."""
        if kind not in ("ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"):
            return
        for visit in self.visits:
            if visit.ended is None:
                at_fault = kind == "ExecutionFailed" and (visit.failed or visit.type == "Fail")
                if visit.type == "Fail":
                    visit.error, visit.cause = details.get("error"), details.get("cause")
                visit.exit(StepStatus.FAILED if at_fault else StepStatus.ABORTED, time)


def _caught_by(state: Mapping[str, Any], error: str) -> str:
    """Return the state to which an error leads from this one; empty if nothing catches it."""
    names = {error, "States.ALL", "States.TaskFailed"}
    found = (one["Next"] for one in state.get("Catch", ()) if names.intersection(one["ErrorEquals"]))
    return next(found, "")


def _tell(visit: _Visit, kind: str, details: Mapping[str, Any], time: datetime) -> None:
    """Let a visit hear what happened."""
    if kind in ("TaskScheduled", "LambdaFunctionScheduled"):
        visit.schedules += 1
        visit.failed = False
    elif kind.endswith(("Failed", "TimedOut")):
        visit.failed = True
        visit.error = details.get("error", visit.error)
        visit.cause = error_message(details["cause"]) if details.get("cause") else visit.cause
    elif kind in ("TaskSucceeded", "LambdaFunctionSucceeded"):
        visit.output = _json(details.get("output"))
        if visit.inferred:
            visit.exit(StepStatus.SUCCEEDED, time)
    elif kind.endswith("StateExited"):
        visit.output = _json(details.get("output"))
        visit.exit(StepStatus.CAUGHT if visit.failed else StepStatus.SUCCEEDED, time)


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event's details, whose name depends on its type."""
    found = [value for name, value in event.items() if name.endswith("EventDetails")]
    return found[0] if found else {}


def _json(text: str | None) -> Any:
    """Return the JSON of a text; the text itself if Step Functions has cut it off."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
