"""Executions of the state machine: listed, one's steps, the definition, the console."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code, translated
from imageproc.client.executions.history import Definition, Step, states, steps_of
from imageproc.client.resource import StackResource
from imageproc.client.stack import Stack
from imageproc.presentation import html

_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


@dataclass(frozen=True)
class Execution:
    """A run of the state machine."""

    arn: str
    name: str
    status: str
    """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
    started: datetime
    stopped: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.stopped - self.started).total_seconds() if self.stopped else None

    def _repr_html_(self) -> str:
        """Return the execution as a table, for Jupyter."""
        took = None if self.seconds is None else f"{self.seconds:.1f} s"
        return html.pairs(
            "Execution",
            [
                ("Name", self.name),
                ("Status", self.status),
                ("Started", self.started),
                ("Took", took),
                ("ARN", self.arn),
            ],
        )


class Executions(StackResource):
    """The executions of a stack's state machine."""

    def __init__(self, stack: Stack) -> None:
        """Look at the executions of this stack."""
        super().__init__(stack)
        self._definition: Definition | None = None

    def __iter__(self) -> Iterator[Execution]:
        """Yield the executions, the newest first, as the pages come."""
        return self.all()

    def all(self, status: str | None = None) -> Iterator[Execution]:
        """Yield the executions, the newest first, of one status or of all, as the pages come."""
        wanted = {"statusFilter": status} if status else {}
        pages = self._stepfunctions.get_paginator("list_executions")
        with translated("Listing executions"):
            for page in pages.paginate(stateMachineArn=self._stack.state_machine_arn, **wanted):
                yield from map(execution_of, page["executions"])

    def since(self, time: datetime) -> Iterator[Execution]:
        """Yield the executions that were started since then, the newest first, a thousand a request."""
        pages = self._stepfunctions.get_paginator("list_executions")
        machine, size = self._stack.state_machine_arn, {"PageSize": 1000}
        with translated("Listing executions"):
            for page in pages.paginate(stateMachineArn=machine, PaginationConfig=size):
                found = [execution_of(one) for one in page["executions"]]
                yield from (one for one in found if one.started >= time)
                if found and found[-1].started < time:
                    return

    def get(self, arn: str) -> Execution:
        """Return one execution. Raises AwsError, also if Step Functions no longer knows it."""
        with translated("Reading the execution"):
            return execution_of(self._stepfunctions.describe_execution(executionArn=arn))

    def status(self, arn: str) -> str:
        """Return an execution's status, or MISSING if Step Functions no longer knows it. Raises AwsError."""
        with translated("Asking for the execution's state"):
            try:
                answer = self._stepfunctions.describe_execution(executionArn=arn)
            except ClientError as refused:
                if error_code(refused) == "ExecutionDoesNotExist":
                    return "MISSING"
                raise
        return str(answer["status"])

    def definition(self) -> Definition:
        """Return the deployed state machine's definition. Asks once."""
        if self._definition is None:
            with translated("Reading the state machine's definition"):
                answer = self._stepfunctions.describe_state_machine(
                    stateMachineArn=self._stack.state_machine_arn
                )
            self._definition = json.loads(answer["definition"])
        return self._definition

    def functions(self) -> list[str]:
        """Return the names of the functions that the state machine runs, in alphabetical order."""
        found = {state["Resource"] for _, _, state in states(self.definition()) if "Resource" in state}
        return sorted(arn.rpartition(":")[2] for arn in found)

    def history(self, arn: str) -> Iterator[Mapping[str, Any]]:
        """Yield the events of an execution's history, the oldest first. Raises AwsError."""
        pages = self._stepfunctions.get_paginator("get_execution_history")
        with translated("Reading the execution's history"):
            for page in pages.paginate(executionArn=arn):
                yield from page["events"]

    def steps(self, arn: str) -> list[Step]:
        """Return the steps of an execution so far, in the order in which they were entered.

        Raises AwsError, also if Step Functions no longer knows the execution (90 days after its end).
        """
        return steps_of(self.history(arn), self.definition())

    @property
    def _stepfunctions(self) -> Any:
        return self._stack.client("stepfunctions")

    def console_url(self, arn: str) -> str | None:
        """Return the page of an execution in the AWS console; None on the local AWS, which has none."""
        if self._stack.target.is_local:
            return None
        _, partition, _, region, *_ = arn.split(":")
        host = f"{region}.{_CONSOLES.get(partition, _CONSOLES['aws'])}"
        return f"https://{host}/states/home?region={region}#/v2/executions/details/{arn}"


def execution_of(one: Any) -> Execution:
    """Return an execution as ListExecutions and DescribeExecution tell of it."""
    return Execution(one["executionArn"], one["name"], one["status"], one["startDate"], one.get("stopDate"))
