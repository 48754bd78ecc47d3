"""A stack as CloudFormation tells of it: its state, and the resources that it has or had."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from imageproc.aws.translation import is_missing
from imageproc.deployment.stack.feed import event_pages
from imageproc.errors import ForeignStackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from imageproc.aws.clients import Aws
    from imageproc.deployment.events import StackEvent


OUR_PARAMETERS = ("DataRetention", "RoleStrategy", "TestClientAccess")
"""Parameters that our template has always had, and that hardly another has."""

# As text: the template may be YAML or JSON, as packaged here or rewritten by another tool.
_CODE_BUCKET = re.compile(r"""\bS3Bucket["']?:\s*["']?([a-z0-9][a-z0-9.-]+)""")


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
        return self.status.endswith("_IN_PROGRESS") and not self.new

    @property
    def new(self) -> bool:
        """Whether it waits for its first change set: it holds nothing, and has no parameters yet."""
        return self.status == "REVIEW_IN_PROGRESS"

    @property
    def gone(self) -> bool:
        """Whether it is deleted, and CloudFormation only remembers it."""
        return self.status == "DELETE_COMPLETE"

    @property
    def ours(self) -> bool:
        """Whether our template made it: it has that template's parameters.

        They tell that also of a stack whose creation failed early, or that is deleted; resources do not. A
        new one has neither.
        """
        return self.new or set(OUR_PARAMETERS) <= set(self.parameters)

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
            f"{next(name for name in OUR_PARAMETERS if name not in state.parameters)}. It is left alone. "
            "Check the stack's name, the profile and the region."
        )
    return state


def template_of(aws: Aws, stack_id: str) -> str:
    """Return the template that a stack was made of last, a deleted one's too; empty if it has none yet."""
    try:
        answer: Any = aws.cloudformation.get_template(StackName=stack_id, TemplateStage="Original")
    except ClientError as error:
        if is_missing(error):
            return ""
        raise
    body = answer["TemplateBody"]
    return body if isinstance(body, str) else json.dumps(body)  # boto3 parses JSON already


def code_bucket(aws: Aws, stack_id: str) -> str | None:
    """Return the bucket that a stack's code was deployed from; None if it has none yet."""
    found = _CODE_BUCKET.search(template_of(aws, stack_id))
    return found[1] if found else None


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


def _all_events(aws: Aws, stack_id: str) -> list[StackEvent]:
    """Return all events, oldest first."""
    return [event for page in event_pages(aws, stack_id) for event in page][::-1]


def _listed(aws: Aws, stack_id: str) -> Iterator[Resource]:
    for page in aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id):
        for each in page["StackResourceSummaries"]:
            physical_id = each.get("PhysicalResourceId", "")
            yield Resource(
                each["LogicalResourceId"], physical_id, each["ResourceType"], each["ResourceStatus"]
            )


def _resource(event: StackEvent) -> Resource:
    return Resource(event.logical_id, event.physical_id, event.type, event.status)
