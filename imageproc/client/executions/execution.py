"""One run of a state machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imageproc.presentation import html


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


def execution_of(one: Any) -> Execution:
    """Return an execution as ListExecutions and DescribeExecution tell of it."""
    return Execution(one["executionArn"], one["name"], one["status"], one["startDate"], one.get("stopDate"))
