"""A change set's life: waiting for it, and removing it with what it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from imageproc.aws.errors import is_missing
from imageproc.deployment.changes import changes, nothing_changed
from imageproc.deployment.errors import PlanRejectedError
from imageproc.deployment.stack import describe
from imageproc.deployment.validation import of_change_set

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from imageproc.aws.clients import Aws
    from imageproc.deployment.changes import Change

_POLL_SECONDS = 1.0
_MAX_POLLS = 600


def wait_for(
    aws: Aws, stack_id: str, change_set: str, sleep: Callable[[float], None]
) -> tuple[Change, ...] | None:
    """Return the changes of a change set once it is made; None if there is nothing to change.

    Raises PlanRejectedError if CloudFormation cannot make it. A change set that will not be used is removed.
    """
    answer = _settled(aws, stack_id, change_set, sleep)
    status, reason = answer["Status"], answer.get("StatusReason", "")
    if status == "CREATE_COMPLETE":
        pages = aws.cloudformation.get_paginator("describe_change_set")
        return changes(pages.paginate(StackName=stack_id, ChangeSetName=change_set))
    if not nothing_changed(status, reason):
        details = "; ".join(f"{each.logical_id}: {each.reason}" for each in of_change_set(aws, change_set))
        remove(aws, stack_id, change_set)
        raise PlanRejectedError(
            f"CloudFormation could not work out the changes ({status}): {reason} {details}".rstrip()
        )
    remove(aws, stack_id, change_set)
    return None


def remove(aws: Aws, stack_id: str, change_set: str) -> None:
    """Remove a change set; also the stack, if it was only there to be reviewed and no other change set
    waits.
    """
    try:
        aws.cloudformation.delete_change_set(StackName=stack_id, ChangeSetName=change_set)
    except ClientError as error:
        if not is_missing(error):
            raise
    state = describe(aws, stack_id)
    if not state or state.status != "REVIEW_IN_PROGRESS":
        return
    pages = aws.cloudformation.get_paginator("list_change_sets").paginate(StackName=state.name)
    others = [each for page in pages for each in page["Summaries"] if each.get("ChangeSetId") != change_set]
    if not others:
        aws.cloudformation.delete_stack(StackName=stack_id)


def _settled(aws: Aws, stack_id: str, change_set: str, sleep: Callable[[float], None]) -> Mapping[str, Any]:
    for _ in range(_MAX_POLLS):
        answer = aws.cloudformation.describe_change_set(StackName=stack_id, ChangeSetName=change_set)
        if answer["Status"] not in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
            return answer
        sleep(_POLL_SECONDS)
    remove(aws, stack_id, change_set)
    raise PlanRejectedError("CloudFormation did not finish the change set within ten minutes. Try again.")
