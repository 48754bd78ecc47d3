"""Figures for plots: throughput, durations, statuses.

They are computed from executions and records, so that they are the same on AWS and on the local AWS. What
only CloudWatch has, such as throttles, is read from there, and is empty on the local AWS, which publishes no
metrics of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from imageproc.aws.translation import translated
from imageproc.client.executions import Execution, Executions
from imageproc.client.executions.history import Step
from imageproc.client.looped import looped
from imageproc.client.photos.photo import Photo
from imageproc.client.resource import StackResource
from imageproc.client.stack import Stack
from imageproc.core.record import Status


@dataclass(frozen=True)
class Minute:
    """What the executions that started in one minute became."""

    start: datetime
    started: int
    by_status: dict[str, int]
    """RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED: those there are."""


@dataclass(frozen=True)
class Duration:
    """How long one step of one execution took."""

    execution: str
    """The execution's name."""
    step: str
    started: datetime
    seconds: float
    """Waiting for retries included."""
    retries: int


@dataclass(frozen=True)
class Spread:
    """How durations are spread, seconds."""

    count: int
    median: float
    p95: float
    longest: float


@dataclass(frozen=True)
class Series:
    """A metric of CloudWatch's over time."""

    label: str
    times: tuple[datetime, ...]
    values: tuple[float, ...]


def per_minute(executions: Iterable[Execution]) -> list[Minute]:
    """Return the executions by the minute in which they started, the oldest first; no empty minutes."""
    minutes: dict[datetime, Counter[str]] = {}
    for one in executions:
        start = one.started.replace(second=0, microsecond=0)
        minutes.setdefault(start, Counter())[one.status] += 1
    return [Minute(start, counts.total(), dict(counts)) for start, counts in sorted(minutes.items())]


def statuses(photos: Iterable[Photo]) -> dict[Status, int]:
    """Return how many photos are of each status; all statuses, also those of none."""
    counts = Counter(photo.status for photo in photos)
    return {status: counts[status] for status in Status}


def spread(seconds: Iterable[float]) -> Spread | None:
    """Return how durations are spread, by the nearest rank; None if there are none."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    median, p95 = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.95))
    return Spread(len(ordered), median, p95, ordered[-1])


def by_step(durations: Iterable[Duration]) -> dict[str, Spread]:
    """Return how the durations of each step are spread, in the order in which steps first appear."""
    found: dict[str, list[float]] = {}
    for one in durations:
        found.setdefault(one.step, []).append(one.seconds)
    return {step: known for step, seconds in found.items() if (known := spread(seconds))}


class Metrics(StackResource):
    """The figures of a stack."""

    def __init__(self, stack: Stack, executions: Executions) -> None:
        """Measure this stack."""
        super().__init__(stack)
        self._executions = executions

    @looped
    def executions(self, limit: int = 1000, *, since: datetime | None = None) -> Iterator[Execution]:
        """Yield at most so many executions, the newest first, not older than `since`, as the pages come."""
        for one in islice(self._executions.all(), limit):
            if since and one.started < since:
                return
            yield one

    def durations(self, executions: Iterable[Execution]) -> Iterator[Duration]:
        """Yield how long each step of these executions took. One request for each execution, or more."""
        for one in executions:
            for step in self._executions.steps(one.arn):
                if (seconds := step.seconds) is not None:
                    yield _duration(one, step, seconds)

    @property
    def has_cloudwatch(self) -> bool:
        """Whether CloudWatch has metrics of this stack: on AWS, not on the local AWS."""
        return not self._stack.target.is_local

    def cloudwatch(
        self, since: datetime, until: datetime, period: timedelta = timedelta(minutes=1)
    ) -> list[Series]:
        """Return CloudWatch's metrics of the state machine and the functions; empty on the local AWS.

        `period` is a multiple of a minute. CloudWatch is some minutes late. Raises AwsError.
        """
        if not self.has_cloudwatch:
            return []
        queries = list(self._queries(int(period.total_seconds())))
        pages = self._stack.client("cloudwatch").get_paginator("get_metric_data")
        found: dict[str, dict[datetime, float]] = {}
        with translated("Reading CloudWatch's metrics"):
            for page in pages.paginate(MetricDataQueries=queries, StartTime=since, EndTime=until):
                for one in page["MetricDataResults"]:
                    values = zip(one["Timestamps"], one["Values"], strict=True)
                    found.setdefault(one["Label"], {}).update(values)
        return [_series(label, points) for label, points in found.items()]

    def _queries(self, period_s: int) -> Iterator[dict[str, object]]:
        """Yield what CloudWatch is asked for: metric, dimension and statistic."""
        machine = self._stack.state_machine_arn
        names = ("ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionThrottled")
        asked = [("AWS/States", name, "StateMachineArn", machine, "Sum") for name in names]
        asked += [
            ("AWS/States", "ExecutionTime", "StateMachineArn", machine, statistic)
            for statistic in ("p50", "p95")
        ]
        for function in self._executions.functions():
            asked += [
                ("AWS/Lambda", name, "FunctionName", function, statistic)
                for name, statistic in (("Errors", "Sum"), ("Throttles", "Sum"), ("Duration", "p95"))
            ]
        for number, (namespace, name, dimension, value, statistic) in enumerate(asked):
            metric = {
                "Namespace": namespace,
                "MetricName": name,
                "Dimensions": [{"Name": dimension, "Value": value}],
            }
            yield {
                "Id": f"m{number}",
                "Label": f"{value.rpartition(':')[2]} {name} {statistic}",
                "MetricStat": {"Metric": metric, "Period": period_s, "Stat": statistic},
            }


def _duration(execution: Execution, step: Step, seconds: float) -> Duration:
    return Duration(execution.name, step.name, step.entered, seconds, step.retries)


def _series(label: str, points: dict[datetime, float]) -> Series:
    ordered = sorted(points.items())
    return Series(label, tuple(time for time, _ in ordered), tuple(value for _, value in ordered))
