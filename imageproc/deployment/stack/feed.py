"""A stack's events as they come, each once, until the operation that runs on it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from imageproc.aws.translation import THROTTLING_CODES, error_code, is_missing
from imageproc.deployment.events import StackEvent

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
        for page in event_pages(self._aws, self._stack_id):
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
    try:
        (stack,) = aws.cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
    except ClientError as error:
        if is_missing(error):
            return True
        raise
    return not stack["StackStatus"].endswith("_IN_PROGRESS")


def event_pages(aws: Aws, stack_id: str) -> Iterator[list[StackEvent]]:
    """Yield pages of a stack's events, newest first."""
    pages = aws.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    for page in pages:
        yield [stack_event(each) for each in page["StackEvents"]]
