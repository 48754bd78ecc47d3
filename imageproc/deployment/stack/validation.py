"""What CloudFormation's checks before provisioning found: stack events and change sets only say that they
failed.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code, is_missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from imageproc.aws.clients import Aws


@dataclass(frozen=True)
class Finding:
    """What is wrong with a resource."""

    logical_id: str
    reason: str


def of_change_set(aws: Aws, change_set: str) -> list[Finding]:
    """Return what was found while a change set was made."""
    return list(_findings(aws, {"ChangeSetName": change_set}, None))


def of_stack(aws: Aws, stack_id: str, since: datetime | None) -> list[Finding]:
    """Return what was found while a stack was deployed, not before `since`."""
    return list(_findings(aws, {"StackName": stack_id}, since))


def _findings(aws: Aws, of: dict[str, Any], since: datetime | None) -> Iterator[Finding]:
    try:
        answer = aws.cloudformation.describe_events(**of, Filters={"FailedEvents": True})
    except ClientError as error:
        # The details are worth a question, not a failure of their own.
        if error_code(error) in {"AccessDenied", "AccessDeniedException"} or is_missing(error):
            return
        raise
    for each in answer.get("OperationEvents", []):
        reason = each.get("ValidationStatusReason")
        if (
            reason
            and each.get("ValidationFailureMode") != "WARN"
            and (not since or each["Timestamp"] >= since)
        ):
            yield Finding(each.get("LogicalResourceId", "The template"), reason)
