"""Out of the states in which CloudFormation leaves a stack that went wrong: to one that can be deployed to.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageproc.deployment.events import Note, Proposal, always
from imageproc.deployment.inventory import log_group_names
from imageproc.deployment.inventory.tables import delete_log_group
from imageproc.deployment.stack import EventFeed, describe, describe_ours, first_failure, follow, resources
from imageproc.errors import PlanDeclinedError, StackBusyError, StackStuckError

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageproc.aws.clients import Aws
    from imageproc.deployment.events import Event, StackEvent
    from imageproc.deployment.stack import StackState

_TO_BE_DELETED = {
    "ROLLBACK_COMPLETE": "Its creation failed before",
    "ROLLBACK_FAILED": "Its creation failed before, and so did the rollback",
    "CREATE_FAILED": "Its creation failed before",
    "DELETE_FAILED": "Its deletion failed before",
}


def is_broken(state: StackState) -> bool:
    """Whether a stack must be brought back before it can be deployed to."""
    return state.status in _TO_BE_DELETED or state.status == "UPDATE_ROLLBACK_FAILED"


def recover(
    aws: Aws,
    stack: str,
    notify: Callable[[Event], None],
    sleep: Callable[[float], None],
    *,
    wait: bool = False,
    repair: bool = True,
    confirm: Callable[[Proposal], bool] = always,
) -> StackState | None:
    """Return the stack's state once it can be deployed to; None if it must be created.

    A stack that never came to life is deleted. An update whose rollback failed is rolled back again. Both
    only if `confirm` says yes, else raise PlanDeclinedError; without `repair`, raise StackStuckError. While
    another operation runs, wait for its end or raise StackBusyError. Raises StackStuckError if neither helps,
    ForeignStackError.
    """
    state = describe_ours(aws, stack)
    if state and state.busy:
        state = _after_operation(aws, state, notify, sleep, wait=wait)
    if state is None or not is_broken(state):
        return state
    _ask(state, confirm, repair=repair)
    if state.status == "UPDATE_ROLLBACK_FAILED":
        return _roll_back(aws, state, notify, sleep)
    _delete(aws, state, notify, sleep)
    return None


def _ask(state: StackState, confirm: Callable[[Proposal], bool], *, repair: bool) -> None:
    """Ask before a broken stack is touched."""
    failed = _TO_BE_DELETED.get(state.status)
    step = "deleted" if failed else "rolled back once more"
    why = failed or "The rollback of its last update failed before"
    broken = f"The stack {state.name} is {state.status}. {why}"
    if not repair:
        raise StackStuckError(
            f"{broken}: what would change can be said only after it was {step}, which deploying does first. "
            "Nothing was changed."
        )
    action = "Delete the stack" if failed else "Roll back once more"
    if not confirm(Proposal(f"{broken}. May it be {step} first?", action)):
        raise PlanDeclinedError(f"{broken}. It was not {step}, and nothing was changed.")


def _after_operation(
    aws: Aws,
    state: StackState,
    notify: Callable[[Event], None],
    sleep: Callable[[float], None],
    *,
    wait: bool,
) -> StackState | None:
    """Return the stack's state after the operation that runs now."""
    if not wait:
        raise StackBusyError(
            f"The stack {state.name} is {state.status}: another operation runs. Wait until it is over "
            "and repeat the command, or let the command wait for it."
        )
    notify(Note(f"The stack {state.name} is {state.status}; waiting until that is over"))
    for event in follow(aws, state.id, EventFeed(aws, state.id), sleep):
        notify(event)
    return describe(aws, state.name)


def _delete(
    aws: Aws, state: StackState, notify: Callable[[Event], None], sleep: Callable[[float], None]
) -> None:
    """Delete a stack that cannot be updated any more. Raises StackStuckError if it cannot be deleted
    either.
    """
    notify(
        Note(f"The stack {state.name} is {state.status}. {_TO_BE_DELETED[state.status]}: it is deleted first")
    )
    feed = EventFeed(aws, state.id)
    aws.cloudformation.delete_stack(StackName=state.id)
    told = _tell(aws, state, feed, notify, sleep)
    left = describe(aws, state.id)
    if left and left.status != "DELETE_COMPLETE":
        raise _stuck(
            left, told, "Remove everything that is left of it (`imageproc destroy`), then deploy again."
        )
    # A function's last lines may arrive after its log group is gone, and create it again, in the way.
    for name in log_group_names(resources(aws, state.id)):
        for removed in delete_log_group(aws, name):
            notify(removed)


def _roll_back(
    aws: Aws, state: StackState, notify: Callable[[Event], None], sleep: Callable[[float], None]
) -> StackState | None:
    """Roll a failed update back once more."""
    notify(
        Note(f"The stack {state.name} is {state.status}: the rollback of its last update is continued first")
    )
    feed = EventFeed(aws, state.id)
    aws.cloudformation.continue_update_rollback(StackName=state.id)
    told = _tell(aws, state, feed, notify, sleep)
    after = describe(aws, state.name)
    if after and after.status == "UPDATE_ROLLBACK_FAILED":
        raise _stuck(
            after,
            told,
            "Mend that resource, then deploy again; or skip it with `aws cloudformation "
            f"continue-update-rollback --stack-name {state.name} --resources-to-skip` and its logical ID.",
        )
    return after


def _tell(
    aws: Aws,
    state: StackState,
    feed: EventFeed,
    notify: Callable[[Event], None],
    sleep: Callable[[float], None],
) -> list[StackEvent]:
    told = []
    for event in follow(aws, state.id, feed, sleep):
        told.append(event)
        notify(event)
    return told


def _stuck(state: StackState, told: list[StackEvent], fix: str) -> StackStuckError:
    failure = first_failure(told)
    what = f"{failure.logical_id}: {failure.reason}" if failure else state.reason or "no reason was given"
    return StackStuckError(f"The stack {state.name} stays {state.status} ({what}). {fix}")
