"""Bulk runs: how one is started, followed and stopped. `tests/flow/test_bulk.py` runs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber
from moto.core.models import DEFAULT_ACCOUNT_ID

from imageproc.client.bulk import BulkProgress, BulkRuns
from imageproc.client.photo_list import PhotoList
from imageproc.client.target import Target
from imageproc.core.parts import Part
from imageproc.errors import AwsError, InvalidArgumentError, PhotoNotFoundError, TargetError
from tests.client.conftest import REGION, Backend, Clock, without_aws

ARN = f"arn:aws:states:{REGION}:{DEFAULT_ACCOUNT_ID}:execution:bulk:run"


@pytest.fixture
def bulk(backend: Backend) -> BulkRuns:
    return backend.workbench.bulk


@pytest.fixture
def stubber(backend: Backend) -> Iterator[Stubber]:
    """Answers for Step Functions: moto knows no Map Runs."""
    with Stubber(backend.stack.client("stepfunctions")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answer(stubber: Stubber, status: str, cause: str = "", **counts: int) -> None:
    """Let the next look find a run like this."""
    run = {
        "executionArn": "arn",
        "stateMachineArn": "machine",
        "status": status,
        "startDate": 0,
        **({"cause": cause} if cause else {}),
    }
    stubber.add_response("describe_execution", run)
    if not counts:
        stubber.add_response("list_map_runs", {"mapRuns": []})
        return
    one = {"executionArn": "arn", "mapRunArn": "map", "stateMachineArn": "machine", "startDate": 0}
    stubber.add_response("list_map_runs", {"mapRuns": [one]})
    names = ("total", "pending", "running", "succeeded", "failed", "timedOut", "aborted", "resultsWritten")
    all_counts = dict.fromkeys(names, 0) | counts
    described = {
        "mapRunArn": "map",
        "executionArn": "arn",
        "status": status,
        "startDate": 0,
        "maxConcurrency": 1,
        "toleratedFailurePercentage": 0,
        "toleratedFailureCount": 0,
        "itemCounts": all_counts,
        "executionCounts": all_counts,
    }
    stubber.add_response("describe_map_run", described, {"mapRunArn": "map"})


@pytest.fixture
def photos(backend: Backend) -> list[str]:
    """Originals, and what else lies beside them."""
    ids = ["a.jpg", "trip/1.jpg", "trip/ü \u2028 2.jpg"]
    for photo_id in (*ids, "trip/"):
        backend.put(photo_id)
    backend.put_thumbnail("a.jpg")
    return ids


def test_a_run_is_started_for_a_prefix_and_parts(backend: Backend, bulk: BulkRuns, photos: list[str]) -> None:
    seen: list[int] = []
    arns = {bulk.start(listed=seen.append), bulk.start([Part.TAGS, "tags", "metadata"], "trip/")}
    assert backend.bulk_runs() == [
        (photos, {"only": [], "again": True}),
        (photos[1:], {"only": ["tags", "metadata"], "again": True}),
    ]
    assert seen == [3]
    assert {run.arn for run in bulk.runs()} == arns
    assert {run.status for run in bulk.runs()} == {"RUNNING"}


def test_a_list_of_any_photos_may_leave_out_what_has_been_processed(backend: Backend, bulk: BulkRuns) -> None:
    with PhotoList() as listed:
        for key in ("Incoming/b.jpg", "Incoming/a.jpg"):
            listed.add(key)
        bulk.start_listed(listed, again=False)
    assert backend.bulk_runs() == [(["b.jpg", "a.jpg"], {"only": [], "again": False})]


def test_without_photos_nothing_is_started(backend: Backend, bulk: BulkRuns, photos: list[str]) -> None:
    with pytest.raises(PhotoNotFoundError, match="no photos whose IDs begin with sea/ in the stack"):
        bulk.start(prefix="sea/")
    assert backend.bulk_runs() == []


def test_anything_but_a_part_starts_nothing(backend: Backend, bulk: BulkRuns, photos: list[str]) -> None:
    with pytest.raises(InvalidArgumentError, match="no part 'pixels'"):
        bulk.start(["pixels"])
    assert backend.bulk_runs() == []


def test_a_start_that_is_repeated_because_its_answer_was_lost_starts_no_second_run(
    bulk: BulkRuns, monkeypatch: pytest.MonkeyPatch, stubber: Stubber, photos: list[str]
) -> None:
    monkeypatch.setattr(bulk, "require_lists", lambda: None)
    stubber.add_client_error("start_execution", "ExecutionAlreadyExists")
    assert ":execution:bulk:bulk-" in bulk.start()


@pytest.mark.parametrize(
    ("service", "operation", "said"),
    [
        ("stepfunctions", "DescribeStateMachine", "Reading the bulk state machine's definition"),
        ("s3", "ListObjectsV2", "Listing the photos"),
        ("s3", "PutObject", "Writing the list of photos"),
        ("stepfunctions", "StartExecution", "Starting the bulk run"),
    ],
)
def test_a_start_that_is_refused_is_told(
    backend: Backend, bulk: BulkRuns, photos: list[str], service: str, operation: str, said: str
) -> None:
    backend.refuse(service, operation)
    with pytest.raises(AwsError, match=f"{said} failed"):
        bulk.start()
    assert backend.bulk_runs() == []


def test_a_stack_without_a_bulk_state_machine_is_told_with_the_fix(target: Target) -> None:
    with pytest.raises(TargetError, match=r"has no bulk state machine. Deploy it again"):
        without_aws(target).bulk.start()


def test_a_state_machine_that_reads_no_lists_is_told_before_anything_is_listed_or_written(
    backend: Backend, bulk: BulkRuns, photos: list[str]
) -> None:
    backend.make_older()
    listed: list[int] = []
    told = r"the stack imageproc reads no list of photos: an older version deployed it\. Deploy it again"
    with pytest.raises(TargetError, match=told):
        bulk.start(listed=listed.append)
    with PhotoList() as named:
        named.add("Incoming/a.jpg")
        with pytest.raises(TargetError, match=told):
            bulk.start_listed(named)
    found = backend.stack.client("s3").list_objects_v2(Bucket=backend.stack.bucket, Prefix="Bulk/")
    assert (listed, found["KeyCount"], backend.bulk_runs()) == ([], 0, [])


def test_a_run_that_has_not_begun_has_no_photos_yet(bulk: BulkRuns, stubber: Stubber) -> None:
    answer(stubber, "RUNNING")
    progress = bulk.progress(ARN)
    assert progress == BulkProgress(ARN, "RUNNING", 0, 0, 0, 0)
    assert not progress.finished


def test_what_failed_was_cut_off_or_took_too_long_is_lost_alike(bulk: BulkRuns, stubber: Stubber) -> None:
    counts = {"total": 9, "succeeded": 2, "failed": 1, "timedOut": 2, "aborted": 3, "running": 1}
    answer(stubber, "FAILED", cause="the threshold", **counts)
    progress = bulk.progress(ARN)
    assert progress == BulkProgress(ARN, "FAILED", 9, 2, 6, 1, "the threshold")
    assert progress.finished


@pytest.mark.parametrize(("more", "done", "failed"), [(2, 38, 22), (-17, 57, 3)])
def test_counts_of_batches_are_corrected_by_what_failed_in_those_that_succeeded_and_the_reverse(
    backend: Backend, bulk: BulkRuns, stubber: Stubber, more: int, done: int, failed: int
) -> None:
    item = {"imageID": {"S": "run/"}, "failedPhotos": {"N": str(more)}}
    backend.stack.client("dynamodb").put_item(TableName=backend.stack.image_table, Item=item)
    answer(stubber, "RUNNING", total=60, succeeded=40, failed=20)
    progress = bulk.progress(ARN)
    assert (progress.done, progress.failed) == (done, failed)


def test_a_run_is_followed_by_its_changes_until_it_has_ended(
    bulk: BulkRuns, stubber: Stubber, clock: Clock
) -> None:
    answer(stubber, "RUNNING")
    answer(stubber, "RUNNING")
    answer(stubber, "RUNNING", total=2, succeeded=1, running=1)
    answer(stubber, "SUCCEEDED", total=2, succeeded=2)
    seen = [(one.status, one.done) for one in bulk.follow(ARN, interval_s=3, sleep=clock.sleep)]
    assert seen == [("RUNNING", 0), ("RUNNING", 1), ("SUCCEEDED", 2)]
    assert clock.now == 9


def test_a_run_that_is_stopped_begins_no_further_photos(bulk: BulkRuns, photos: list[str]) -> None:
    arn = bulk.start()
    bulk.stop(arn)
    (run,) = bulk.runs()
    assert run.status == "ABORTED"


def test_stopping_what_has_just_ended_is_no_error_and_any_other_refusal_is(
    bulk: BulkRuns, stubber: Stubber
) -> None:
    stubber.add_client_error("stop_execution", "ValidationException")
    answer(stubber, "SUCCEEDED", total=1, succeeded=1)
    bulk.stop(ARN)
    stubber.add_client_error("stop_execution", "ValidationException")
    answer(stubber, "RUNNING")
    with pytest.raises(AwsError, match="Stopping the bulk run failed"):
        bulk.stop(ARN)
    stubber.add_client_error("stop_execution", "AccessDeniedException")
    with pytest.raises(AwsError, match="Stopping the bulk run failed"):
        bulk.stop(ARN)
