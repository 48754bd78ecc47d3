"""A change set: what it would do, as plain data that a table can show; waiting for it, and removing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from imageproc.aws.translation import is_missing
from imageproc.deployment.stack import describe
from imageproc.deployment.stack.validation import of_change_set
from imageproc.errors import PlanRejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from imageproc.aws.clients import Aws

_POLL_SECONDS = 1.0
_MAX_POLLS = 600
_NOTHING_CHANGED = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class Change:
    """What would become of one resource.

    `action` is `Add`, `Modify`, `Remove`, `Import` or `Dynamic`; `replacement` is `True`, `False`,
    `Conditional` or empty; `scope` names what of the resource changes.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
    """

    action: str
    logical_id: str
    type: str
    replacement: str = ""
    scope: tuple[str, ...] = ()
    physical_id: str = ""

    @property
    def loses_data(self) -> bool:
        """Whether a bucket or table would be removed or replaced: worth a question."""
        holds_data = self.type in {"AWS::S3::Bucket", "AWS::DynamoDB::Table"}
        return holds_data and (self.action == "Remove" or self.replacement in {"True", "Conditional"})


def changes(pages: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Turn the pages of DescribeChangeSet into changes."""
    return tuple(
        _change(each["ResourceChange"])
        for page in pages
        for each in page.get("Changes", [])
        if "ResourceChange" in each
    )


@dataclass(frozen=True)
class ParameterChange:
    """A parameter that gets another value than the stack has now."""

    name: str
    present: str
    wanted: str

    def __str__(self) -> str:
        """Return it as `Tracing: PassThrough -> Active`."""
        return f"{self.name}: {self.present or '(empty)'} -> {self.wanted or '(empty)'}"


def parameter_changes(
    wanted: Iterable[Mapping[str, Any]], present: Mapping[str, str]
) -> tuple[ParameterChange, ...]:
    """Compare the parameters of a change set with a stack's present ones; new parameters do not count."""
    values = {each["ParameterKey"]: each["ParameterValue"] for each in wanted if "ParameterValue" in each}
    return tuple(
        ParameterChange(name, present[name], value)
        for name, value in values.items()
        if name in present and present[name] != value
    )


def nothing_changed(status: str, reason: str) -> bool:
    """Whether a change set failed only because there is nothing to do."""
    return status == "FAILED" and any(words in reason for words in _NOTHING_CHANGED)


def _change(answer: Mapping[str, Any]) -> Change:
    return Change(
        answer.get("Action", ""),
        answer["LogicalResourceId"],
        answer.get("ResourceType", ""),
        answer.get("Replacement", ""),
        tuple(answer.get("Scope", [])),
        answer.get("PhysicalResourceId", ""),
    )


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
    if not state or not state.new:
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
