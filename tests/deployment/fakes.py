"""What moto cannot play: stacks that fail, roll back, get stuck, throttle, and buckets that refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from imageproc.deployment.stack.state import OUR_PARAMETERS
from tests.models import Held

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/demo/1"
_START = datetime(2026, 1, 1, tzinfo=UTC)


def refusal(code: str, message: str = "no", operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakePaginator:
    def __init__(self, answer: Any, *, paged: bool = False) -> None:
        self._answer, self._paged = answer, paged

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        if self._paged:
            yield from self._answer(**arguments)
        else:
            yield self._answer(**arguments)


class FakeCloudFormation:
    """One stack, whose story is told by hand: after each operation its events come, a batch for each look."""

    meta = SimpleNamespace(region_name="eu-west-1")

    def __init__(self, status: str | None, stories: dict[str, Any] | None = None) -> None:
        self.status = status
        self.stories = stories or {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.parameters: dict[str, str] = dict.fromkeys(OUR_PARAMETERS, "")
        self.outputs: dict[str, str] = {}
        self.change_set: dict[str, Any] = {"Status": "CREATE_COMPLETE", "Changes": []}
        self.template = "Resources: {}"
        self.findings: list[dict[str, Any]] = []
        self.other_change_sets: list[str] = []
        self.page_size = 100
        self._events: list[dict[str, Any]] = []
        self._coming: list[Any] = []

    def event(
        self, logical_id: str, status: str, reason: str = "", type_: str = "AWS::X::Y"
    ) -> dict[str, Any]:
        number = len(self._events)
        of_stack = logical_id == "demo"
        return {
            "EventId": f"e{number}-{logical_id}-{status}",
            "StackId": STACK_ID,
            "StackName": "demo",
            "Timestamp": _START + timedelta(seconds=number),
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": STACK_ID if of_stack else f"physical-{logical_id}",
            "ResourceType": "AWS::CloudFormation::Stack" if of_stack else type_,
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
        }

    def tell(self, *lines: tuple[str, ...]) -> None:
        for line in lines:
            self._events.append(self.event(*line))
            if line[0] == "demo":
                self.status = line[1]

    @property
    def operations(self) -> list[str]:
        return [name for name, _ in self.calls]

    def _begin(self, operation: str, **arguments: Any) -> dict[str, Any]:
        self.calls.append((operation, arguments))
        story: Any = self.stories.get(operation, [])
        if hasattr(story, "__next__"):  # another story each time
            story = next(story)
        if isinstance(story, ClientError):
            raise story
        self._coming = list(story)
        return {}

    def execute_change_set(self, **arguments: Any) -> dict[str, Any]:
        return self._begin("execute_change_set", **arguments)

    def delete_stack(self, **arguments: Any) -> dict[str, Any]:
        return self._begin("delete_stack", **arguments)

    def continue_update_rollback(self, **arguments: Any) -> dict[str, Any]:
        return self._begin("continue_update_rollback", **arguments)

    def update_stack(self, **arguments: Any) -> dict[str, Any]:
        return self._begin("update_stack", **arguments)

    def delete_change_set(self, **arguments: Any) -> dict[str, Any]:
        return self._begin("delete_change_set", **arguments)

    def create_change_set(self, **arguments: Any) -> dict[str, Any]:
        self._begin("create_change_set", **arguments)
        if self.status is None:
            self.status = "REVIEW_IN_PROGRESS"
        return {"Id": "arn:change-set", "StackId": STACK_ID}

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        return self.change_set

    def describe_events(self, **_: Any) -> dict[str, Any]:
        return {"OperationEvents": self.findings}

    def list_change_sets(self, **_: Any) -> dict[str, Any]:
        return {"Summaries": [{"ChangeSetId": each} for each in self.other_change_sets]}

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        if self.status is None:
            raise refusal("ValidationError", "Stack with id demo does not exist", "DescribeStacks")
        stack = {
            "StackName": "demo",
            "StackId": STACK_ID,
            "StackStatus": self.status,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in self.parameters.items()],
            "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()],
        }
        return {"Stacks": [stack]}

    def get_template(self, **_: Any) -> dict[str, Any]:
        return {"TemplateBody": self.template}

    def list_stacks(self, **_: Any) -> dict[str, Any]:
        return {"StackSummaries": []}

    def list_stack_resources(self, **_: Any) -> dict[str, Any]:
        return {"StackResourceSummaries": []}

    def describe_stack_events(self, **_: Any) -> Iterator[dict[str, Any]]:
        if self._coming:
            batch = self._coming.pop(0)
            if isinstance(batch, ClientError):
                raise batch
            self.tell(*batch)
        newest_first = self._events[::-1]
        for start in range(0, max(len(newest_first), 1), self.page_size):
            yield {"StackEvents": newest_first[start : start + self.page_size]}

    def get_paginator(self, operation: str) -> FakePaginator:
        return FakePaginator(getattr(self, operation), paged=operation == "describe_stack_events")


class FakeLogs:
    def __init__(self, *names: str) -> None:
        self.names = set(names)

    def describe_log_groups(self, logGroupNamePrefix: str) -> dict[str, Any]:  # noqa: N803 - AWS's own name
        found = sorted(name for name in self.names if name.startswith(logGroupNamePrefix))
        return {"logGroups": [{"logGroupName": name} for name in found]}

    def delete_log_group(self, logGroupName: str) -> None:  # noqa: N803 - AWS's own name
        if logGroupName not in self.names:
            raise refusal("ResourceNotFoundException")
        self.names.remove(logGroupName)

    def get_paginator(self, operation: str) -> FakePaginator:
        return FakePaginator(getattr(self, operation))


class FakeLambda:
    def __init__(self, free: int | ClientError = 1000) -> None:
        self.free = free

    def get_account_settings(self) -> dict[str, Any]:
        if isinstance(self.free, ClientError):
            raise self.free
        return {"AccountLimit": {"UnreservedConcurrentExecutions": self.free}}


class FakeClients:
    """Hands out what it was given by name, its requests and answers held to AWS's models."""

    def __init__(self, **clients: Any) -> None:
        clients.setdefault("logs", FakeLogs())
        clients.setdefault("lambda", FakeLambda())
        self._clients = {
            name: fake if isinstance(fake, BaseClient) else Held(name, fake) for name, fake in clients.items()
        }

    def client(self, service: str, /) -> Any:
        return self._clients[service]
