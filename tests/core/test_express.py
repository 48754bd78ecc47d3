"""What a record says of its Express execution, which Step Functions does not describe."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from imageproc.core import express
from imageproc.core.keys import execution_name_of, express_prefix, is_express
from imageproc.core.ownership import started_execution
from imageproc.core.record import PhotoRecord, Status

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:photos"
ARN = "arn:aws:states:eu-west-1:123456789012:express:photos:cat-0a:2f0c"
STANDARD = "arn:aws:states:eu-west-1:123456789012:execution:photos:cat-0a"
NOW = 1_764_093_600_000


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.UPLOADED, "RUNNING"),
        (Status.PROCESSING, "RUNNING"),
        (Status.SUCCEEDED, "SUCCEEDED"),
        (Status.INCOMPLETE, "SUCCEEDED"),
        (Status.REJECTED, "FAILED"),
        (Status.FAILED, "FAILED"),
    ],
)
def test_its_status_is_the_records(status: Status, said: str) -> None:
    record = PhotoRecord(status=status, execution_arn=ARN, execution_started=NOW - 1000)
    assert express.status_of(record, NOW) == said


def test_what_is_not_finished_when_it_can_run_no_longer_was_cut_off() -> None:
    record = PhotoRecord(status=Status.PROCESSING, execution_arn=ARN, execution_started=NOW)
    assert express.status_of(record, NOW + 5 * 60_000) == "RUNNING"
    assert express.status_of(record, NOW + 6 * 60_000) == "TIMED_OUT"


def test_its_arn_has_a_name_and_an_end_that_nobody_knows_before() -> None:
    assert ARN.startswith(express_prefix(MACHINE))
    assert (is_express(ARN), is_express(STANDARD), is_express("")) == (True, False, False)
    assert execution_name_of(ARN) == "cat-0a"


def test_only_of_an_express_execution_the_record_has_the_start() -> None:
    started = datetime.fromtimestamp(NOW / 1000, UTC)
    assert started_execution(ARN, started) == {"executionArn": ARN, "executionStartTime": NOW}
    assert started_execution(STANDARD, started) == {"executionArn": STANDARD}
