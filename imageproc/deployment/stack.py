"""A stack as CloudFormation tells of it: its state, its resources, its events as they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from imageproc.aws.errors import THROTTLING_CODES, error_code, is_missing
from imageproc.deployment.errors import ForeignStackError
from imageproc.deployment.events import StackEvent
from imageproc.deployment.parameters import CODE_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from imageproc.aws.clients import Aws

_FIRST_POLL_SECONDS = 0.2
_POLL_SECONDS = 2.0
_MAX_POLL_SECONDS = 30.0

_ROLLBACK_FOLLOWS = {"CREATE_FAILED", "UPDATE_FAILED"}
"""What a stack may say before it is rolled back: we never turn rollbacks off."""

_QUIET_POLLS = 3
"""After so many polls without an event the stack's own status decides: an event may have been missed."""


@dataclass(frozen=True)
class StackState:
    """A stack at one moment. `parameters` and `outputs` by name."""

    name: str
    id: str
    status: str
    reason: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        """Whether an operation runs. A stack that waits for its first change set is not busy."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def gone(self) -> bool:
        """Whether it is deleted, and CloudFormation only remembers it."""
        return self.status == "DELETE_COMPLETE"

    @property
    def ours(self) -> bool:
        """Whether our template made it: its parameters say where our code lies.

        They tell that also of a stack whose creation failed early, or that is deleted; resources do not. One
        that waits for its first change set has neither, and holds nothing.
        """
        return self.status == "REVIEW_IN_PROGRESS" or set(CODE_PARAMETERS) <= set(self.parameters)

    @property
    def retains_data(self) -> bool:
        """Whether its data is to outlive it."""
        return self.parameters.get("DataRetention") == "Retain"


@dataclass(frozen=True)
class Resource:
    """A resource that a stack has or had."""

    logical_id: str
    physical_id: str
    type: str
    status: str


def stack_state(answer: Mapping[str, Any]) -> StackState:
    """Turn one stack of DescribeStacks into its state."""
    return StackState(
        answer["StackName"],
        answer["StackId"],
        answer["StackStatus"],
        answer.get("StackStatusReason", ""),
        {each["ParameterKey"]: each.get("ParameterValue", "") for each in answer.get("Parameters", [])},
        {each["OutputKey"]: each.get("OutputValue", "") for each in answer.get("Outputs", [])},
    )


def stack_event(answer: Mapping[str, Any]) -> StackEvent:
    """Turn one event of DescribeStackEvents into ours."""
    return StackEvent(
        id=answer["EventId"],
        time=answer["Timestamp"],
        logical_id=answer.get("LogicalResourceId", ""),
        physical_id=answer.get("PhysicalResourceId", ""),
        type=answer.get("ResourceType", ""),
        status=answer.get("ResourceStatus", ""),
        reason=answer.get("ResourceStatusReason", ""),
        of_stack=answer.get("PhysicalResourceId") == answer["StackId"],
    )


def describe(aws: Aws, stack: str) -> StackState | None:
    """Return a stack's state by its name or ID; None if there is none (a deleted one has only its ID)."""
    try:
        return stack_state(aws.cloudformation.describe_stacks(StackName=stack)["Stacks"][0])
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def describe_ours(aws: Aws, stack: str) -> StackState | None:
    """Return a stack's state like `describe`. Raises ForeignStackError if it was not made by this project."""
    state = describe(aws, stack)
    if state and not state.ours:
        raise ForeignStackError(
            f"The stack {state.name} was not made by imageproc: it has no parameter "
            f"{next(name for name in CODE_PARAMETERS if name not in state.parameters)}. It is left alone. "
            "Check the stack's name, the profile and the region."
        )
    return state


def deleted(aws: Aws, name: str) -> list[StackState]:
    """Return our deleted stacks of that name, the last one first. CloudFormation remembers for 90 days."""
    pages = aws.cloudformation.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
    found = [each for page in pages for each in page["StackSummaries"] if each["StackName"] == name]
    found.sort(key=lambda each: each.get("DeletionTime") or each["CreationTime"], reverse=True)
    states = (describe(aws, each["StackId"]) for each in found)
    return [state for state in states if state and state.ours]


def resources(aws: Aws, stack_id: str) -> list[Resource]:
    """Return what a stack has or had, the newest stack event for each physical ID; also of a deleted stack.

    What could not be created is left out: its name may be that of something which was there before.
    """
    found: dict[str, Resource] = {}
    for event in _all_events(aws, stack_id):
        made = event.status in {"CREATE_COMPLETE", "IMPORT_COMPLETE"} or event.physical_id in found
        if made and event.physical_id and not event.of_stack:
            found[event.physical_id] = _resource(event)
    for listed in _listed(aws, stack_id):
        if listed.physical_id and listed.status != "CREATE_FAILED":
            found[listed.physical_id] = listed
    return list(found.values())


class EventFeed:
    """The events of a stack that come after this object was made, each once, in their order."""

    def __init__(self, aws: Aws, stack_id: str) -> None:
        """Take what has happened until now as known."""
        self._aws, self._stack_id = aws, stack_id
        self._seen: set[str] = set()
        self._seen.update(event.id for event in self._unseen(first_page_only=True))

    def new(self) -> list[StackEvent]:
        """Return the events since the last call, oldest first."""
        fresh = self._unseen()
        self._seen.update(event.id for event in fresh)
        return fresh

    def _unseen(self, *, first_page_only: bool = False) -> list[StackEvent]:
        """Read pages, newest first, until one holds an event that is known."""
        found: list[StackEvent] = []
        for page in _event_pages(self._aws, self._stack_id):
            fresh = [event for event in page if event.id not in self._seen]
            found += fresh
            if first_page_only or len(fresh) < len(page):
                break
        return found[::-1]


def follow(aws: Aws, stack_id: str, feed: EventFeed, sleep: Callable[[float], None]) -> Iterator[StackEvent]:
    """Yield a stack's events until the operation that runs on it is over.

    The stack's own events say when it is over, because the status that DescribeStacks gives may lag behind.
    It asks quickly at first, for the local AWS's sake, then every two seconds; throttling makes it ask more
    rarely.
    """
    delay, quiet = _FIRST_POLL_SECONDS, 0
    while True:
        try:
            fresh = feed.new()
            delay = min(delay * 1.5, _POLL_SECONDS)
        except ClientError as error:
            if error_code(error) not in THROTTLING_CODES:
                raise
            fresh, delay = [], min(max(delay, _POLL_SECONDS) * 2, _MAX_POLL_SECONDS)
        yield from fresh
        if any(is_end(event) for event in fresh):
            return
        quiet = 0 if fresh or delay < _POLL_SECONDS else quiet + 1
        if quiet >= _QUIET_POLLS and _is_settled(aws, stack_id):
            return
        sleep(delay)


def is_end(event: StackEvent) -> bool:
    """Whether an operation on the stack ended with this event."""
    return (
        event.of_stack and not event.status.endswith("_IN_PROGRESS") and event.status not in _ROLLBACK_FOLLOWS
    )


def first_failure(told: Iterable[StackEvent]) -> StackEvent | None:
    """Return the event of the resource that failed first: what was cancelled because of it does not count."""
    failed = [event for event in told if event.failed]
    of_resources = [event for event in failed if not event.of_stack and "cancelled" not in event.reason]
    return next(iter(of_resources or failed), None)


def _is_settled(aws: Aws, stack_id: str) -> bool:
    state = describe(aws, stack_id)
    return state is None or not state.status.endswith("_IN_PROGRESS")


def _event_pages(aws: Aws, stack_id: str) -> Iterator[list[StackEvent]]:
    """Yield pages of events, newest first."""
    pages = aws.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    for page in pages:
        yield [stack_event(each) for each in page["StackEvents"]]


def _all_events(aws: Aws, stack_id: str) -> list[StackEvent]:
    """Return all events, oldest first."""
    return [event for page in _event_pages(aws, stack_id) for event in page][::-1]


def _listed(aws: Aws, stack_id: str) -> Iterator[Resource]:
    for page in aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id):
        for each in page["StackResourceSummaries"]:
            physical_id = each.get("PhysicalResourceId", "")
            yield Resource(
                each["LogicalResourceId"], physical_id, each["ResourceType"], each["ResourceStatus"]
            )


def _resource(event: StackEvent) -> Resource:
    return Resource(event.logical_id, event.physical_id, event.type, event.status)
