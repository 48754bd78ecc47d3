"""Photos followed by polling, as a user interface does."""

from __future__ import annotations

import pytest

from imageproc.client.photos.followed import FollowedPhotos
from imageproc.core.record import Status
from imageproc.errors import AwsError
from tests.client.conftest import Backend, Clock, uploaded


@pytest.fixture
def followed(backend: Backend, clock: Clock) -> FollowedPhotos:
    return backend.workbench.photos.followed(clock)


def test_a_poll_returns_what_is_finished_now_and_each_photo_once(
    backend: Backend, followed: FollowedPhotos
) -> None:
    followed.add(uploaded("1.jpg", None))
    followed.add(uploaded("2.jpg", None))
    assert followed.poll() == []
    backend.write("1.jpg", Status.SUCCEEDED)
    backend.write("2.jpg", Status.PROCESSING)
    assert [photo.id for photo in followed.poll()] == ["1.jpg"]
    backend.write("2.jpg", Status.REJECTED)
    assert [photo.id for photo in followed.poll()] == ["2.jpg"]
    assert followed.poll() == []
    assert followed.waiting == 0


def test_those_under_way_come_first_and_the_newest_of_them(
    backend: Backend, followed: FollowedPhotos
) -> None:
    for number in range(4):
        followed.add(uploaded(f"{number}.jpg", None))
    backend.write("1.jpg", Status.SUCCEEDED)
    backend.write("3.jpg", Status.FAILED)
    followed.poll()
    assert [one.photo_id for one in followed.all()] == ["2.jpg", "0.jpg", "3.jpg", "1.jpg"]
    assert [one.failed for one in followed.all()] == [False, False, True, False]
    assert followed.waiting == 2


def test_a_new_upload_of_a_photo_takes_the_place_of_the_earlier_one(
    backend: Backend, followed: FollowedPhotos
) -> None:
    backend.write("1.jpg", Status.SUCCEEDED, versionId="old", uploadTime=99)
    followed.add(uploaded("1.jpg", "old", 99))
    followed.add(uploaded("2.jpg", None))
    followed.poll()
    followed.add(uploaded("1.jpg", "new", 100))
    assert [one.photo_id for one in followed.all()] == ["1.jpg", "2.jpg"], "it is the newest now"
    assert followed.waiting == 2
    assert followed.poll() == []
    backend.write("1.jpg", Status.SUCCEEDED, versionId="new", uploadTime=100)
    assert [photo.version_id for photo in followed.poll()] == ["new"]


def test_a_photo_that_was_read_is_known_before_the_first_poll(
    backend: Backend, followed: FollowedPhotos
) -> None:
    followed.add(
        backend.photo("trip/0123456789ab-cat.jpg", Status.SUCCEEDED, executionArn="arn", uploadTime=7)
    )
    one = followed.get("trip/0123456789ab-cat.jpg")
    assert one is not None
    assert (one.finished, one.name, one.arn, one.uploaded) == (True, "cat.jpg", "arn", 7)
    assert followed.get("other") is None


def test_an_id_without_a_photo_is_lost_but_an_upload_may_still_come(followed: FollowedPhotos) -> None:
    followed.add("trip/gone.jpg")
    followed.add(uploaded("late.jpg", None))
    followed.poll()
    gone, late = followed.get("trip/gone.jpg"), followed.get("late.jpg")
    assert gone is not None
    assert late is not None
    assert (gone.lost, gone.finished, gone.failed, gone.name) == (True, True, True, "gone.jpg")
    assert (late.lost, late.finished) == (False, False)
    assert late.key == "Incoming/late.jpg"


def test_uploads_count_as_not_started_after_a_minute_without_news(
    backend: Backend, followed: FollowedPhotos, clock: Clock
) -> None:
    followed.add(uploaded("1.jpg", None))
    followed.add(uploaded("2.jpg", None))
    clock.now = 60
    assert followed.not_started == 0
    clock.now = 61
    assert followed.not_started == 2
    backend.write("1.jpg", Status.PROCESSING)
    followed.poll()
    assert followed.not_started == 0, "there was news"
    clock.now = 122
    followed.poll()
    assert followed.not_started == 1


def test_an_execution_that_ended_without_finishing_its_photo_is_found_after_a_while(
    backend: Backend, followed: FollowedPhotos, clock: Clock
) -> None:
    arn = backend.start()
    backend.end(arn)
    backend.write("1.jpg", Status.PROCESSING, executionArn=arn)
    followed.add("1.jpg")
    assert followed.poll() == []
    clock.now = 11
    (photo,) = followed.poll()
    assert photo.status is Status.FAILED


def test_the_times_of_a_finished_photo_are_those_of_its_execution(
    backend: Backend, followed: FollowedPhotos
) -> None:
    arn, other = backend.start("one"), backend.start("another")
    backend.write("1.jpg", Status.SUCCEEDED, executionArn=arn, uploadTime=100)
    followed.add("1.jpg")
    followed.poll()
    (one,) = followed.all()
    assert one.execution is not None
    assert (one.execution.arn, one.seconds) == (arn, None), "its execution ends a moment later"
    backend.end(arn)
    backend.end(other)
    followed.poll()
    assert one.execution.arn == arn
    assert one.seconds is not None
    assert one.seconds >= 0


def test_a_poll_that_fails_loses_nothing(backend: Backend, followed: FollowedPhotos) -> None:
    followed.add(uploaded("1.jpg", None))
    backend.write("1.jpg", Status.SUCCEEDED)
    backend.refuse("dynamodb", "BatchGetItem")
    with pytest.raises(AwsError):
        followed.poll()
    assert [photo.id for photo in followed.poll()] == ["1.jpg"]
