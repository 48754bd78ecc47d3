from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest

from imageproc.client.executions import Execution
from imageproc.client.metrics import Duration, Spread, by_step, per_minute, spread, statuses
from imageproc.client.photos.photo import Photo
from imageproc.client.target import LOCAL, Target
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.core.record_codec import decode

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def execution(second: int, status: str) -> Execution:
    return Execution("arn", "name", status, NOON + timedelta(seconds=second), None)


def test_executions_are_counted_in_the_minute_in_which_they_started() -> None:
    minutes = per_minute([execution(181, "FAILED"), execution(59, "SUCCEEDED"), execution(0, "SUCCEEDED")])
    assert [(one.start, one.started, one.by_status) for one in minutes] == [
        (NOON, 2, {"SUCCEEDED": 2}),
        (NOON + timedelta(minutes=3), 1, {"FAILED": 1}),
    ]


def test_statuses_that_no_photo_has_are_counted_as_none() -> None:
    counts = statuses([decode({"imageID": "a", "status": "FAILED"}, Photo)])
    assert set(counts) == set(Status)
    assert (counts[Status.FAILED], counts[Status.SUCCEEDED]) == (1, 0)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], None),
        ([2.0], Spread(1, 2.0, 2.0, 2.0)),
        ([float(n) for n in range(100, 0, -1)], Spread(100, 50.0, 95.0, 100.0)),
    ],
)
def test_spread_is_by_the_nearest_rank(seconds: list[float], expected: Spread | None) -> None:
    assert spread(seconds) == expected


def test_durations_are_put_together_by_step() -> None:
    durations = [
        Duration("e", step, NOON, seconds, 0) for step, seconds in (("B", 1.0), ("A", 5.0), ("B", 3.0))
    ]
    assert by_step(durations) == {"B": Spread(2, 1.0, 3.0, 3.0), "A": Spread(1, 5.0, 5.0, 5.0)}


def test_the_local_aws_has_no_metrics_of_cloudwatch() -> None:
    session = boto3.Session(region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    metrics = Workbench(Target(LOCAL, session, "http://127.0.0.1:1")).metrics
    assert metrics.cloudwatch(NOON, NOON) == []
