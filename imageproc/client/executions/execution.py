"""One run of a state machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imageproc.core.parts import error_message
from imageproc.core.record import PhotoRecord
from imageproc.errors import InvalidArgumentError, PhotoNotFoundError
from imageproc.presentation import html

STATUSES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE")
"""Those that Step Functions has; the last one only executions of Distributed Maps."""


@dataclass(frozen=True)
class Execution:
    """A run of the state machine."""

    arn: str
    name: str
    status: str
    """One of STATUSES."""
    started: datetime
    stopped: datetime | None
    error: str | None = None
    """The name of the error that it ended with; `Executions.get` tells it, the listings do not."""
    cause: str | None = None
    """That error in words."""

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
                ("Error", self.error),
                ("Cause", self.cause),
                ("ARN", self.arn),
            ],
        )


def execution_of(one: Any) -> Execution:
    """Return an execution as ListExecutions and DescribeExecution tell of it."""
    cause = one.get("cause")
    return Execution(
        arn=one["executionArn"],
        name=one["name"],
        status=one["status"],
        started=one["startDate"],
        stopped=one.get("stopDate"),
        error=one.get("error"),
        cause=error_message(cause) if cause else None,
    )


ExecutionLike = Execution | PhotoRecord | str
"""An execution, its ARN, or a photo: the last execution of that."""


def arn_of(execution: ExecutionLike) -> str:
    """Return an execution's ARN.

    Raises PhotoNotFoundError for a photo of which none was started, InvalidArgumentError for what is none.
    """
    if isinstance(execution, Execution):
        return execution.arn
    if isinstance(execution, PhotoRecord):
        if not execution.execution_arn:
            raise PhotoNotFoundError(
                f"No execution was started for {execution.id} yet.", "Look at the dead-letter queue."
            )
        return execution.execution_arn
    if not isinstance(execution, str) or not execution.startswith("arn:"):
        raise InvalidArgumentError(
            f"An execution cannot be {execution!r}.",
            "Give an Execution (a workbench's executions are those), its ARN, or a Photo "
            "(workbench.photos.find finds one by its name).",
        )
    return execution
