"""Remove a stack and all that belongs to it, and look afterwards whether it is gone.

It can be interrupted anywhere and run again: everything it removes is looked up again, from what
CloudFormation remembers of the stack, even after the stack is gone.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from imageproc.aws.clients import Aws
from imageproc.aws.translation import translated
from imageproc.deployment import artifacts
from imageproc.deployment.events import Note, Swept
from imageproc.deployment.inventory import DATA_TYPES, buckets, find, look, tables
from imageproc.deployment.stack import EventFeed, describe, first_failure, follow, resources
from imageproc.deployment.sweep.retention import retain_data
from imageproc.errors import SweepFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from imageproc.aws.clients import ClientFactory
    from imageproc.deployment.events import Event, StackEvent
    from imageproc.deployment.inventory import Inventory
    from imageproc.deployment.stack import StackState

_ATTEMPTS = 3
"""How often to start again when a photo or a log line arrives while its bucket or log group is removed."""

_SETTLE_SECONDS = 5.0


def destroy(
    clients: ClientFactory,
    stack: str,
    *,
    delete_data: bool | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Event]:
    """Yield an event for each step of removing a stack, its photos and records, logs and artifacts; at last
    `Swept`.

    Bucket and tables go with the stack unless its DataRetention is Retain; what deleted stacks of that name
    kept, stays. `delete_data=True` removes all of it, whatever the stack says; `False` keeps all of it. Show
    the `inventory` and ask before calling this. Closing the generator stops it; call it again, with the same
    `delete_data`, to finish.

    Raises ForeignStackError, SweepFailedError if something cannot be removed or is found afterwards,
    AwsError.
    """
    artifacts.check_stack_name(stack)
    with translated(f"Removing {stack}"):
        aws = Aws(clients)
        state = find(aws, stack)
        if state and state.busy:
            state = yield from _rest(aws, state, sleep)
        # Decided before the stack goes: afterwards it could not be told what it did not get to remove.
        retained = state is None or state.gone or state.retains_data
        keep = retained if delete_data is None else not delete_data
        if state and not state.gone:
            yield from _remove_stack(aws, state, sleep, keep_data=keep)
            state = describe(aws, state.id)
        yield from _remove_rest(aws, stack, state, sleep, retained=keep, delete_data=delete_data)


def _rest(aws: Aws, state: StackState, sleep: Callable[[float], None]) -> Generator[Event, None, StackState]:
    """Wait for the operation that runs now, and return the stack's state afterwards."""
    yield Note(f"The stack {state.name} is {state.status}; waiting until that is over")
    yield from follow(aws, state.id, EventFeed(aws, state.id), sleep)
    return describe(aws, state.id) or state


def _remove_stack(
    aws: Aws, state: StackState, sleep: Callable[[float], None], *, keep_data: bool
) -> Iterator[Event]:
    """See to the stack's data, then delete the stack."""
    if keep_data:
        yield from retain_data(aws, state, sleep)
    for attempt in range(_ATTEMPTS):
        if not keep_data:
            yield from _empty_buckets(aws, state)
        told: list[StackEvent] = []
        for event in _delete_stack(aws, state, sleep, keep_data=keep_data):
            told.append(event)
            yield event
        after = describe(aws, state.id)
        if after is None or after.gone:
            return
        if keep_data or attempt == _ATTEMPTS - 1 or not _for_want_of_emptiness(told):
            raise _not_deleted(after, told)
        state = after
        yield Note("A photo arrived while the bucket was emptied; once more")


def _empty_buckets(aws: Aws, state: StackState) -> Iterator[Event]:
    for each in resources(aws, state.id):
        if each.type == "AWS::S3::Bucket" and each.status != "DELETE_COMPLETE":
            yield from buckets.empty(aws, each.physical_id)


def _delete_stack(
    aws: Aws, state: StackState, sleep: Callable[[float], None], *, keep_data: bool
) -> Iterator[StackEvent]:
    """Delete the stack and follow that. Of a stack whose deletion failed, data to be kept is let go."""
    feed = EventFeed(aws, state.id)
    retained = []
    if keep_data and state.status == "DELETE_FAILED":
        left = resources(aws, state.id)
        retained = [
            each.logical_id for each in left if each.type in DATA_TYPES and each.status == "DELETE_FAILED"
        ]
    if retained:
        aws.cloudformation.delete_stack(StackName=state.id, RetainResources=retained)
    else:
        aws.cloudformation.delete_stack(StackName=state.id)
    yield from follow(aws, state.id, feed, sleep)


def _for_want_of_emptiness(told: list[StackEvent]) -> bool:
    return any(event.failed and event.type == "AWS::S3::Bucket" for event in told)


def _not_deleted(state: StackState, told: list[StackEvent]) -> SweepFailedError:
    failure = first_failure(told)
    what = f"{failure.logical_id}: {failure.reason}" if failure else state.reason or "no reason was given"
    return SweepFailedError(
        f"The stack {state.name} could not be deleted and is {state.status} ({what}). Mend that and run the "
        "command again: it continues where it stopped.",
        [state.name],
    )


def _remove_rest(
    aws: Aws,
    stack: str,
    state: StackState | None,
    sleep: Callable[[float], None],
    *,
    retained: bool,
    delete_data: bool | None,
) -> Iterator[Event]:
    """Remove what outlived the stack, and look whether it is gone: Lambda may write a last log line
    meanwhile.
    """
    found = look(aws, stack, state, retained=retained)
    for attempt in range(_ATTEMPTS):
        yield from _remove_found(aws, found, sleep, delete_data=delete_data)
        found = look(aws, stack, state, retained=retained)
        if not found.names(delete_data=delete_data):
            break
        if attempt < _ATTEMPTS - 1:
            sleep(_SETTLE_SECONDS)
    left = found.names(delete_data=delete_data)
    if left:
        raise SweepFailedError(
            f"After removing {stack} there is still: {', '.join(left)}. Run the command again.", left
        )
    yield Swept(stack, left, found.kept(delete_data=delete_data))


def _remove_found(
    aws: Aws, found: Inventory, sleep: Callable[[float], None], *, delete_data: bool | None
) -> Iterator[Event]:
    data = found.removed_data(delete_data=delete_data)
    for bucket in data.buckets:
        yield from buckets.empty(aws, bucket.name)
        yield from buckets.delete(aws, bucket.name)
    for table in data.tables:
        yield from tables.delete_table(aws, table.name, sleep)
    for group in found.log_groups:
        yield from tables.delete_log_group(aws, group.name)
    for each in found.artifacts:
        yield from buckets.empty(aws, each.contents.name, artifacts.key_prefix(found.stack))
        if each.ours:
            yield from _delete_artifacts_bucket(aws, each.contents.name)


def _delete_artifacts_bucket(aws: Aws, bucket: str) -> Iterator[Event]:
    """Remove the bucket that we made, unless somebody put something else into it: then it is theirs now."""
    rest = buckets.contents(aws, bucket)
    if rest is None:
        return
    if rest.empty:
        yield from buckets.delete(aws, bucket)
        return
    yield Note(f"The bucket {bucket} also holds {rest.objects} objects that are not ours: it stays")
    artifacts.disown(aws, bucket)
