"""Executions of the state machine: listed, one's steps, the definition, the console."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code, translated
from imageproc.client.executions.execution import STATUSES, Execution, ExecutionLike, arn_of, execution_of
from imageproc.client.executions.express import ExpressExecutions
from imageproc.client.executions.history import Definition, Step, states, steps_of
from imageproc.client.looped import looped
from imageproc.client.resource import StackResource
from imageproc.client.stack import Stack
from imageproc.client.target import local_aws
from imageproc.core.close_names import nearest
from imageproc.core.keys import is_express, whole_execution
from imageproc.core.record import PhotoRecord
from imageproc.errors import AwsError, InvalidArgumentError

__all__ = ["Execution", "ExecutionLike", "Executions", "execution_of"]

_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


class Executions(StackResource):
    """The executions of a stack's state machine."""

    def __init__(self, stack: Stack) -> None:
        """Look at the executions of this stack."""
        super().__init__(stack)
        self._described: Mapping[str, Any] | None = None
        self._express = ExpressExecutions(stack)

    def __iter__(self) -> Iterator[Execution]:
        """Yield the executions, the newest first, as the pages come."""
        return self.all()

    @looped
    def all(self, status: str | None = None) -> Iterator[Execution]:
        """Yield the executions, the newest first, of one status or of all, as the pages come.

        Of an Express workflow those that its log still has. Raises InvalidArgumentError, AwsError.
        """
        if status is not None and status not in STATUSES:
            raise InvalidArgumentError(f"No execution has the status {status!r}.", nearest(status, STATUSES))
        if self.are_express:
            yield from (one for one in self._express.all() if status in (None, one.status))
            return
        wanted = {"statusFilter": status} if status else {}
        pages = self._stepfunctions.get_paginator("list_executions")
        with translated("Listing executions"):
            for page in pages.paginate(stateMachineArn=self._stack.state_machine_arn, **wanted):
                yield from map(execution_of, page["executions"])

    @looped
    def since(self, time: datetime) -> Iterator[Execution]:
        """Yield the executions that were started since then, the newest first, a thousand a request."""
        if self.are_express:
            yield from self._express.since(time)
            return
        pages = self._stepfunctions.get_paginator("list_executions")
        machine, size = self._stack.state_machine_arn, {"PageSize": 1000}
        with translated("Listing executions"):
            for page in pages.paginate(stateMachineArn=machine, PaginationConfig=size):
                found = [execution_of(one) for one in page["executions"]]
                yield from (one for one in found if one.started >= time)
                if found and found[-1].started < time:
                    return

    def get(self, execution: ExecutionLike) -> Execution:
        """Return one execution as it is now. Raises AwsError, also if Step Functions no longer knows it.

        Raises PhotoNotFoundError for a photo of which none was started, InvalidArgumentError.
        """
        arn = arn_of(execution)
        if is_express(arn):
            return self._found(self._express.get(arn), arn)
        with translated("Reading the execution"):
            return execution_of(self._stepfunctions.describe_execution(executionArn=arn))

    def status(self, execution: ExecutionLike) -> str:
        """Return an execution's status, or MISSING if nobody knows it any more. Raises as `get`."""
        arn = arn_of(execution)
        if is_express(arn):
            if isinstance(execution, PhotoRecord):
                return self._status_of_express(execution)
            found = self._express.get(arn)
            return found.status if found else "MISSING"
        with translated("Asking for the execution's state"):
            try:
                answer = self._stepfunctions.describe_execution(executionArn=arn)
            except ClientError as refused:
                if error_code(refused) == "ExecutionDoesNotExist":
                    return "MISSING"
                raise
        return str(answer["status"])

    def _status_of_express(self, photo: PhotoRecord) -> str:
        execution = self._express.of_photo(photo)
        if execution.status == "RUNNING" and self._was_cut_off(execution):
            return "MISSING"
        return execution.status

    def of_photo(self, photo: PhotoRecord) -> Execution | None:
        """Return a photo's last execution if its record tells of it, which it does of an Express one."""
        return self._express.of_photo(photo) if is_express(photo.execution_arn or "") else None

    @property
    def are_express(self) -> bool:
        """Whether the workflow is Express. Asks once. Raises AwsError."""
        return bool(self._machine["type"] == "EXPRESS")

    def definition(self) -> Definition:
        """Return the deployed state machine's definition. Asks once."""
        definition: Definition = json.loads(self._machine["definition"])
        return definition

    @property
    def _machine(self) -> Mapping[str, Any]:
        if self._described is None:
            with translated("Reading the state machine's definition"):
                self._described = self._stepfunctions.describe_state_machine(
                    stateMachineArn=self._stack.state_machine_arn
                )
        return self._described

    def _was_cut_off(self, execution: Execution) -> bool:
        """Whether it was one of a local AWS that has been stopped since."""
        target = self._stack.target
        since = local_aws(target.state_dir).status().since if target.is_local else None
        return since is not None and execution.started < since

    @staticmethod
    def _found(execution: Execution | None, arn: str) -> Execution:
        if execution is None:
            raise AwsError(
                "Reading the execution",
                f"no record and no log knows {arn}.",
                code="ExecutionDoesNotExist",
            )
        return execution

    def functions(self) -> list[str]:
        """Return the names of the functions that the state machine runs, in alphabetical order."""
        found = {state["Resource"] for _, _, state in states(self.definition()) if "Resource" in state}
        return sorted(arn.rpartition(":")[2] for arn in found)

    @looped
    def history(self, execution: ExecutionLike) -> Iterator[Mapping[str, Any]]:
        """Yield the events of an execution's history, the oldest first. Raises as `get`.

        An Express execution's come from the log, and are none where it does not say them.
        """
        arn = arn_of(execution)
        if is_express(arn):
            yield from self._express.history(arn)
            return
        pages = self._stepfunctions.get_paginator("get_execution_history")
        with translated("Reading the execution's history"):
            for page in pages.paginate(executionArn=arn):
                yield from page["events"]

    def steps(self, execution: ExecutionLike) -> list[Step]:
        """Return the steps of an execution so far, in the order in which they were entered. Raises as `get`.

        Step Functions knows an execution for 90 days after its end.
        """
        return steps_of(self.history(execution), self.definition())

    @property
    def _stepfunctions(self) -> Any:
        return self._stack.client("stepfunctions")

    def console_url(self, execution: ExecutionLike) -> str | None:
        """Return the page of an execution in the AWS console; None on the local AWS, which has none."""
        if self._stack.target.is_local:
            return None
        arn = arn_of(execution)
        _, partition, _, region, *_ = arn.split(":")
        host = f"{region}.{_CONSOLES.get(partition, _CONSOLES['aws'])}"
        kind = "express-executions" if is_express(arn) else "v2/executions"
        return f"https://{host}/states/home?region={region}#/{kind}/details/{whole_execution(arn)}"
