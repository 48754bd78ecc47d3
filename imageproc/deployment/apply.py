"""Apply a plan and tell what happens while it happens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from imageproc.aws.clients import Aws
from imageproc.aws.translation import error_code, error_message, is_missing, translated
from imageproc.deployment.events import Deployed
from imageproc.deployment.stack import EventFeed, describe, first_failure, follow, is_end
from imageproc.deployment.stack.validation import of_stack
from imageproc.errors import DeploymentFailed, PlanStaleError, StackMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imageproc.aws.clients import ClientFactory
    from imageproc.deployment.events import Event, StackEvent
    from imageproc.deployment.plan import Plan
    from imageproc.deployment.stack import StackState

_WORKED = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_STALE = {"InvalidChangeSetStatus", "ChangeSetNotFound", "InvalidChangeSetStatusException"}


def apply(
    clients: ClientFactory, plan: Plan, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Event]:
    """Yield a StackEvent for each step, each once and only of this deployment; at last, `Deployed`.

    A failed deployment is followed until its rollback is over; then DeploymentFailed names the resource that
    failed first. Closing the generator only stops the telling: CloudFormation carries on.

    Raises DeploymentFailed, PlanStaleError, AwsError.
    """
    aws = Aws(clients)
    with translated(f"Deploying {plan.stack}"):
        told: list[StackEvent] = []
        if plan.changed:
            feed = EventFeed(aws, plan.stack_id)
            _begin(aws, plan)
            for event in follow(aws, plan.stack_id, feed, sleep):
                told.append(event)
                yield event
        yield _deployed(aws, plan, told)


def outputs(clients: ClientFactory, stack: str) -> dict[str, str]:
    """Return a stack's outputs by name. Raises StackMissingError if there is no such stack."""
    with translated(f"Reading the outputs of {stack}"):
        state = describe(Aws(clients), stack)
    if state is None:
        raise StackMissingError(f"Reading the outputs of {stack}", f"There is no stack {stack}.")
    return dict(state.outputs)


def _begin(aws: Aws, plan: Plan) -> None:
    if plan.change_set:
        _execute(aws, plan, plan.change_set)
    elif plan.update:
        aws.cloudformation.update_stack(**plan.update)


def _execute(aws: Aws, plan: Plan, change_set: str) -> None:
    try:
        aws.cloudformation.execute_change_set(StackName=plan.stack_id, ChangeSetName=change_set)
    except ClientError as error:
        if error_code(error) in _STALE or is_missing(error):
            said = error_message(error).rstrip(".")
            raise PlanStaleError(
                f"The plan for {plan.stack} can no longer be applied: {said}. Plan again."
            ) from error
        raise


def _deployed(aws: Aws, plan: Plan, told: list[StackEvent]) -> Deployed:
    """Return the last event of a deployment that worked; raise DeploymentFailed for another."""
    state = describe(aws, plan.stack_id)
    if state is None:
        raise PlanStaleError(f"The stack {plan.stack} was deleted meanwhile. Plan again.")
    status = next((event.status for event in reversed(told) if is_end(event)), state.status)
    if plan.changed and status not in _WORKED:
        raise _failed(aws, state, status, told)
    return Deployed(state.name, state.id, dict(state.outputs), changed=plan.changed)


def _failed(aws: Aws, state: StackState, status: str, told: list[StackEvent]) -> DeploymentFailed:
    """Return the error that names what failed first: a resource, or what was found before any was touched."""
    failure = first_failure(told)
    logical_id, reason = (failure.logical_id, failure.reason) if failure else (state.name, state.reason)
    if failure is None or failure.of_stack:
        found = of_stack(aws, state.id, told[0].time if told else None)
        if found:
            logical_id, reason = found[0].logical_id, found[0].reason
    return DeploymentFailed(
        state.name, status, logical_id, reason.rstrip(".") + "." if reason else "No reason given."
    )
