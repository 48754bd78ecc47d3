"""Photos followed on a clock that passes only by sleeping: what counts, what is told, when it is given up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from imageproc.client.cancellation import Cancellation
from imageproc.client.executions import Executions
from imageproc.client.photos import Photos
from imageproc.client.photos.following import QUIET_S
from imageproc.client.photos.photo import Photo, PhotoLike
from imageproc.client.target import Target
from imageproc.client.uploads.events import Uploaded
from imageproc.core.record import Status
from imageproc.errors import AwsError, Cancelled, FollowTimeoutError, InvalidArgumentError
from tests.client.conftest import Backend, Clock, uploaded


def follow(backend: Backend, clock: Clock, *photos: PhotoLike | Uploaded, **options: Any) -> list[Photo]:
    found = backend.workbench.photos.follow(photos, interval_s=1, clock=clock, sleep=clock.sleep, **options)
    return list(found)


def test_a_photo_comes_whenever_its_status_has_changed_until_all_are_finished(
    backend: Backend, clock: Clock
) -> None:
    backend.write("1.jpg", Status.UPLOADED)
    backend.write("2.jpg", Status.PROCESSING)
    clock.at(2, lambda: backend.write("1.jpg", Status.PROCESSING))
    clock.at(4, lambda: backend.write("2.jpg", Status.REJECTED))
    clock.at(6, lambda: backend.write("1.jpg", Status.SUCCEEDED))
    clock.at(7, lambda: backend.write("2.jpg", Status.UPLOADED))
    photos = follow(backend, clock, "1.jpg", backend.workbench.photos.get("2.jpg"))
    seen = [(photo.id, photo.status) for photo in photos]
    assert sorted(seen[:2]) == [("1.jpg", Status.UPLOADED), ("2.jpg", Status.PROCESSING)]
    assert seen[2:] == [
        ("1.jpg", Status.PROCESSING),
        ("2.jpg", Status.REJECTED),
        ("1.jpg", Status.SUCCEEDED),
    ]
    assert clock.now == 6


def test_nothing_to_follow_asks_nothing(backend: Backend, clock: Clock) -> None:
    backend.refuse("dynamodb", "BatchGetItem")
    assert follow(backend, clock) == []


def test_of_an_upload_a_record_about_an_earlier_one_does_not_count(backend: Backend, clock: Clock) -> None:
    backend.write("cat.jpg", Status.SUCCEEDED, versionId="old", uploadTime=99)
    clock.at(3, lambda: backend.write("cat.jpg", Status.FAILED, versionId="new", uploadTime=100))
    (photo,) = follow(backend, clock, uploaded("cat.jpg", "new", 100))
    assert (photo.version_id, photo.status) == ("new", Status.FAILED)
    assert clock.now == 3


def test_of_two_uploads_in_the_same_second_only_the_one_that_is_followed_counts(
    backend: Backend, clock: Clock
) -> None:
    backend.write("cat.jpg", Status.SUCCEEDED, versionId="old", uploadTime=100)
    clock.at(3, lambda: backend.write("cat.jpg", Status.SUCCEEDED, versionId="new", uploadTime=100))
    (photo,) = follow(backend, clock, uploaded("cat.jpg", "new", 100))
    assert photo.version_id == "new"


def test_a_later_upload_of_the_same_photo_counts_as_well(backend: Backend, clock: Clock) -> None:
    backend.write("cat.jpg", Status.SUCCEEDED, versionId="newer", uploadTime=101)
    (photo,) = follow(backend, clock, uploaded("cat.jpg", "new", 100))
    assert photo.version_id == "newer"
    assert clock.now == 0


def test_a_photo_that_is_followed_by_its_id_is_whichever_the_record_is_about(
    backend: Backend, clock: Clock
) -> None:
    backend.write("cat.jpg", Status.SUCCEEDED, versionId="old", uploadTime=1)
    assert [photo.id for photo in follow(backend, clock, "cat.jpg")] == ["cat.jpg"]


def test_an_execution_that_ended_without_finishing_its_photo_is_told_as_a_failure(
    backend: Backend, clock: Clock
) -> None:
    arn = backend.start()
    backend.write("cat.jpg", Status.PROCESSING, executionArn=arn)
    clock.at(5, lambda: backend.end(arn))
    *_, photo = follow(backend, clock, "cat.jpg")
    assert photo.status is Status.FAILED
    assert photo.error is not None
    assert (photo.error.step, photo.error.name) == ("execution", "ABORTED")
    assert "imageproc reconcile finishes it" in photo.error.cause
    assert 10 < clock.now < 13, "asked after ten seconds without news"
    assert photo.refresh().status is Status.PROCESSING, "the record itself stays as it is"


@pytest.mark.parametrize("down", [False, True], ids=["already", "from the midst of a look"])
def test_while_a_killed_local_aws_is_made_up_for_nothing_counts_as_failed(
    backend: Backend, clock: Clock, monkeypatch: pytest.MonkeyPatch, down: bool
) -> None:
    """A request that waits for one that is down is answered with what the crash has left: MISSING, say."""
    recovering = [not down]
    monkeypatch.setattr(Target, "is_recovering", property(lambda _: recovering[0]))
    arn = backend.start()
    backend.end(arn)
    backend.write("cat.jpg", Status.PROCESSING, executionArn=arn)
    many = Photos.many

    def answered_after_its_start(photos: Photos, ids: Iterable[str]) -> Iterator[Photo]:
        if QUIET_S < clock.now < 30:
            recovering[0] = True
        return many(photos, ids)

    monkeypatch.setattr(Photos, "many", answered_after_its_start)
    clock.at(30, lambda: backend.write("cat.jpg", Status.PROCESSING, executionArn=backend.start("another")))
    clock.at(31, lambda: recovering.__setitem__(0, False))
    clock.at(50, lambda: backend.write("cat.jpg", Status.SUCCEEDED))
    assert [one.status for one in follow(backend, clock, "cat.jpg")] == [Status.PROCESSING, Status.SUCCEEDED]


def test_a_photo_that_is_started_again_while_it_is_asked_about_has_not_failed(
    backend: Backend, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = backend.start()
    backend.end(arn)
    backend.write("cat.jpg", Status.PROCESSING, executionArn=arn)
    status = Executions.status

    def started_again(executions: Executions, asked: Photo) -> str:
        answer = status(executions, asked)
        if asked.execution_arn == arn:
            backend.write("cat.jpg", Status.PROCESSING, executionArn=backend.start("another"))
        return answer

    monkeypatch.setattr(Executions, "status", started_again)
    clock.at(50, lambda: backend.write("cat.jpg", Status.SUCCEEDED))
    assert [one.status for one in follow(backend, clock, "cat.jpg")] == [Status.PROCESSING, Status.SUCCEEDED]


def test_an_execution_that_step_functions_no_longer_knows_has_ended(backend: Backend, clock: Clock) -> None:
    backend.write("cat.jpg", Status.UPLOADED, executionArn=backend.start() + "-gone")
    *_, photo = follow(backend, clock, "cat.jpg")
    assert photo.error is not None
    assert photo.error.name == "MISSING"


def test_an_execution_that_still_runs_is_waited_for(backend: Backend, clock: Clock) -> None:
    backend.write("cat.jpg", Status.PROCESSING, executionArn=backend.start())
    clock.at(40, lambda: backend.write("cat.jpg", Status.INCOMPLETE))
    *_, photo = follow(backend, clock, "cat.jpg")
    assert photo.status is Status.INCOMPLETE


def test_a_photo_that_was_finished_just_before_its_execution_ended_is_no_failure(
    backend: Backend, clock: Clock
) -> None:
    arn = backend.start()
    backend.end(arn)
    backend.write("cat.jpg", Status.PROCESSING, executionArn=arn)
    events = backend.stack.client("stepfunctions").meta.events
    events.register(
        "before-call.sfn.DescribeExecution",
        lambda **_: backend.write("cat.jpg", Status.SUCCEEDED, executionArn=arn),
    )
    *_, photo = follow(backend, clock, "cat.jpg")
    assert photo.status is Status.SUCCEEDED
    assert photo.error is None


def test_uploads_that_nothing_begins_with_are_told_of_once_and_with_the_fix(
    backend: Backend, clock: Clock
) -> None:
    told: list[tuple[float, str]] = []
    backend.write("3.jpg", Status.SUCCEEDED)
    clock.at(90, lambda: backend.write("1.jpg"))
    clock.at(200, lambda: backend.write("2.jpg"))
    photos = follow(
        backend,
        clock,
        *(uploaded(f"{number}.jpg", None) for number in (1, 2, 3)),
        notify=lambda text: told.append((clock.now, text)),
        timeout_s=500,
    )
    assert {photo.status for photo in photos} == {Status.SUCCEEDED}
    ((moment, text),) = told
    assert moment == 61
    assert text.startswith("Nothing has begun to process 2 uploaded photos")
    assert "`imageproc reconcile` starts them" in text


def test_photos_that_do_not_finish_in_time_are_told_as_a_timeout(backend: Backend, clock: Clock) -> None:
    backend.write("1.jpg", Status.PROCESSING, executionArn=backend.start())
    backend.write("2.jpg", Status.SUCCEEDED)
    with pytest.raises(FollowTimeoutError, match=r"Not finished after 30 s: 1 of the photos\. They") as told:
        follow(backend, clock, "1.jpg", "2.jpg", timeout_s=30)
    assert isinstance(told.value, TimeoutError)
    assert "wait longer (timeout_s)" in told.value.fix
    assert clock.now == 31


def test_a_timeout_of_uploads_that_nothing_began_with_names_the_fix(backend: Backend, clock: Clock) -> None:
    with pytest.raises(FollowTimeoutError, match="imageproc reconcile"):
        follow(backend, clock, "a/1.jpg", timeout_s=5)


def test_a_batch_has_two_minutes_and_ten_seconds_for_each_photo(backend: Backend, clock: Clock) -> None:
    with pytest.raises(FollowTimeoutError, match="Not finished after 140 s: 2 of the photos"):
        follow(backend, clock, "a/1.jpg", "a/2.jpg")
    assert clock.now == 141


def test_following_is_cancelled_at_once(backend: Backend) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Cancelled):
        list(backend.workbench.photos.follow(["a/cat.jpg"], sleep=cancellation.sleep))


def test_a_refusal_of_aws_is_told(backend: Backend, clock: Clock) -> None:
    backend.refuse("dynamodb", "BatchGetItem")
    with pytest.raises(AwsError, match="Reading images failed"):
        follow(backend, clock, "a/cat.jpg")


def test_a_photo_is_followed_by_its_name_unless_that_is_an_id(backend: Backend) -> None:
    backend.photo("a1/cat.jpg")
    photos = backend.workbench.photos
    for wanted in ("cat.jpg", ["cat.jpg"], photos.get("a1/cat.jpg")):
        assert [one.id for one in photos.follow(wanted)] == ["a1/cat.jpg"]
    with pytest.raises(FollowTimeoutError):
        list(photos.follow("at.jpg", timeout_s=0, sleep=lambda _: None))
    backend.photo("cat.jpg")
    assert [one.id for one in photos.follow("cat.jpg")] == ["cat.jpg"]
    with pytest.raises(InvalidArgumentError, match="A photo cannot be 5"):
        photos.follow([5])  # type: ignore[list-item]
