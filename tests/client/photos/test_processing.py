"""Photos processed again: what is started, for which version and parts, and what is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import pytest

from imageproc.client.photos import Photos, processing
from imageproc.client.photos.photo import Photo
from imageproc.client.photos.processing import NotRestarted, Restarted
from imageproc.core.keys import execution_arn, execution_name
from imageproc.core.parts import Part
from imageproc.core.record import Status
from imageproc.errors import AwsError, InvalidArgumentError, PhotoNotFoundError, RetryError
from tests.client.conftest import PHOTO, Backend

WHY = {"step": "Rekognition", "name": "ServiceRefusedError", "cause": "denied"}
REFUSED = {"step": "RekognitionOfRendition", "name": "RecognitionRefusedError", "cause": "too odd"}
LACKS: dict[str, Any] = {"missing": {"tags": WHY, "thumbnail": WHY}, "error": WHY}
THUMBNAIL: dict[str, Any] = {"thumbnail": {"s3Bucket": "photos", "s3Key": "Thumbnails/cat.jpg"}}
WHOLE: dict[str, Any] = {"imageFormat": "JPEG", "tags": ["Cat"], **THUMBNAIL}


@pytest.fixture
def photos(backend: Backend) -> Photos:
    return backend.workbench.photos


def own_execution(backend: Backend, photo: Photo) -> str:
    """Return the ARN of the execution that the upload's own event starts."""
    name = execution_name(backend.stack.bucket, photo.key, photo.version_id or "")
    return execution_arn(backend.stack.state_machine_arn, name)


def reasons(outcomes: Iterable[Restarted | NotRestarted]) -> dict[str, str]:
    return {one.photo_id: one.reason if isinstance(one, Restarted) else one.cause for one in outcomes}


def test_a_failed_photo_is_retried_whole_by_the_execution_of_its_upload(
    backend: Backend, photos: Photos
) -> None:
    photo = backend.photo("cat.jpg", Status.FAILED, error=WHY)
    restarted = photo.retry()
    assert restarted == Restarted("cat.jpg", own_execution(backend, photo), "retried")
    name = restarted.execution_arn.rpartition(":")[2]
    assert backend.executions() == {
        restarted.execution_arn: {
            "s3Bucket": "photos",
            "s3Key": "Incoming/cat.jpg",
            "objectID": "cat.jpg",
            "versionId": photo.version_id,
            "correlationId": name,
        }
    }
    after = photo.refresh()
    assert (after.status, after.execution_arn) == (Status.UPLOADED, restarted.execution_arn)
    assert (after.user, after.album_id, after.file_size) == ("ann", "a1", len(PHOTO))


def test_a_second_retry_has_an_execution_of_its_own(backend: Backend, photos: Photos) -> None:
    photo = backend.photo("cat.jpg", Status.FAILED)
    first = photo.retry()
    backend.end(first.execution_arn)
    second = photos.retry("cat.jpg")
    assert second.execution_arn.startswith(f"{first.execution_arn}-")
    started = backend.executions()[second.execution_arn]
    assert started["correlationId"] == second.execution_arn.rpartition(":")[2]
    assert photo.refresh().execution_arn == second.execution_arn


@pytest.mark.parametrize(
    ("only", "made"),
    [((), ["tags", "thumbnail"]), ([Part.TAGS], ["tags"]), ("thumbnail", ["thumbnail"])],
)
def test_of_an_incomplete_photo_only_what_is_missing_is_made(
    backend: Backend, photos: Photos, only: Any, made: list[str]
) -> None:
    photo = backend.photo("cat.jpg", Status.INCOMPLETE, **LACKS, exifMake="Leica")
    restarted = photo.retry(only)
    assert backend.executions()[restarted.execution_arn]["only"] == made
    assert restarted.execution_arn != own_execution(backend, photo), "the upload's own would make all"
    assert photo.refresh().camera.make == "Leica", "what is there stays"


def test_what_no_other_try_can_make_is_left_out_of_a_retry_and_of_what_is_missing(
    backend: Backend, photos: Photos
) -> None:
    lacking = {"missing": {"tags": REFUSED, "thumbnail": WHY}, "imageFormat": "JPEG"}
    photo = backend.photo("cat.jpg", Status.INCOMPLETE, **lacking)
    restarted = photo.retry()
    assert backend.executions()[restarted.execution_arn]["only"] == ["thumbnail"]
    backend.end(restarted.execution_arn)
    backend.photo("cat.jpg", Status.INCOMPLETE, **lacking)
    assert reasons(photos.reprocess_missing()) == {"cat.jpg": "lacked thumbnail"}
    assert list(photos.reprocess_missing([Part.TAGS])) == []


def test_of_a_newer_upload_than_the_record_is_about_all_is_made(backend: Backend, photos: Photos) -> None:
    photo = backend.photo("cat.jpg", Status.INCOMPLETE, **LACKS, exifMake="Leica")
    newest = backend.put("cat.jpg")
    restarted = photo.retry([Part.TAGS])
    started = backend.executions()[restarted.execution_arn]
    assert "only" not in started
    assert started["versionId"] == newest
    after = photo.refresh()
    assert (after.version_id, after.camera.make, dict(after.missing)) == (newest, None, {})


@pytest.mark.parametrize(
    ("status", "stored", "only", "cause"),
    [
        (Status.SUCCEEDED, {}, (), "cat.jpg is complete: there is nothing to retry."),
        (Status.REJECTED, {"error": WHY}, (), "cat.jpg was rejected (denied). Upload a photo that can be"),
        (Status.REJECTED, {}, (), "cat.jpg was rejected (no reason is recorded)."),
        (Status.INCOMPLETE, {"missing": {"tags": WHY}}, ["thumbnail"], "has its thumbnail: there is nothing"),
        (Status.FAILED, {}, ["tags"], "cat.jpg was not processed to its end. Retry all of it."),
        (Status.INCOMPLETE, {"missing": {"tags": REFUSED}}, (), "makes no tags of cat.jpg (too odd). Upload"),
        (Status.INCOMPLETE, {"missing": {"tags": REFUSED, "thumbnail": WHY}}, ["tags"], "makes no tags of"),
    ],
)
def test_a_retry_that_cannot_help_says_why_and_starts_nothing(
    backend: Backend, photos: Photos, status: Status, stored: Any, only: Any, cause: str
) -> None:
    photo = backend.photo("cat.jpg", status, **stored)
    with pytest.raises(RetryError) as told:
        photos.retry("cat.jpg", only)
    assert cause in str(told.value)
    assert backend.executions() == {}
    assert photo.refresh() == photo


@pytest.mark.parametrize("method", ["retry", "reprocess"])
def test_a_photo_that_is_being_processed_is_left_alone(backend: Backend, photos: Photos, method: str) -> None:
    arn = backend.start()
    photo = backend.photo("cat.jpg", Status.PROCESSING, executionArn=arn)
    with pytest.raises(RetryError, match=r"cat\.jpg is being processed"):
        getattr(photo, method)()
    backend.end(arn)
    assert getattr(photo, method)().photo_id == "cat.jpg"


@pytest.mark.parametrize(
    "method", ["retry", "reprocess", "retry_each", "reprocess_each", "reprocess_missing"]
)
def test_anything_but_a_part_is_told_with_the_parts(backend: Backend, photos: Photos, method: str) -> None:
    backend.photo("cat.jpg", Status.FAILED)
    given = {"retry_each": (["cat.jpg"],), "reprocess_each": (["cat.jpg"],), "reprocess_missing": ()}
    with pytest.raises(InvalidArgumentError, match=r"no part 'pixels'\. Its parts are metadata, tags"):
        list(getattr(photos, method)(*given.get(method, ("cat.jpg",)), ["pixels"]))
    assert backend.executions() == {}


def test_a_record_that_was_claimed_since_it_was_read_is_not_overwritten(
    backend: Backend, photos: Photos
) -> None:
    photo = backend.photo("cat.jpg", Status.FAILED)
    theirs = {"versionId": backend.put("cat.jpg"), "executionArn": "theirs"}
    backend.stack.client("s3").meta.events.register(
        "before-call.s3.HeadObject", lambda **_: backend.write("cat.jpg", Status.UPLOADED, **theirs)
    )
    with pytest.raises(RetryError, match=r"cat\.jpg was uploaded or started again meanwhile"):
        photo.retry()
    assert backend.executions() == {}
    assert photo.refresh().execution_arn == "theirs"


def test_a_record_that_is_claimed_while_its_execution_is_started_stays_the_others(
    backend: Backend, photos: Photos
) -> None:
    photo = backend.photo("cat.jpg", Status.FAILED)
    events = backend.stack.client("stepfunctions").meta.events
    events.register(
        "before-call.sfn.StartExecution",
        lambda **_: backend.write("cat.jpg", versionId="newer", executionArn="theirs"),
    )
    with pytest.raises(RetryError, match="meanwhile"):
        photo.retry()
    assert photo.refresh().execution_arn == "theirs"


def test_a_name_that_is_taken_twice_is_told(
    backend: Backend, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = backend.photo("cat.jpg", Status.FAILED)
    name = own_execution(backend, photo).rpartition(":")[2]
    for taken in (name, f"{name}-same"):
        backend.end(backend.start(taken))
    monkeypatch.setattr("secrets.token_hex", lambda _: "same")
    with pytest.raises(RetryError, match=r"its name is taken. Try again"):
        photo.retry()


@pytest.mark.parametrize(
    ("status", "only", "made"),
    [
        (Status.SUCCEEDED, (), None),
        (Status.SUCCEEDED, ["tags", "tags"], ["tags"]),
        (Status.INCOMPLETE, ["metadata"], ["metadata"]),
        (Status.REJECTED, (), None),
        (Status.FAILED, ["tags"], None),
    ],
)
def test_a_photo_is_reprocessed_in_part_only_if_it_was_processed_to_its_end(
    backend: Backend, photos: Photos, status: Status, only: Any, made: list[str] | None
) -> None:
    backend.photo("cat.jpg", status)
    restarted = photos.reprocess("cat.jpg", only)
    assert restarted.reason == "reprocessed"
    assert backend.executions()[restarted.execution_arn].get("only") == made


def test_a_photo_that_is_gone_from_the_bucket_cannot_be_processed(backend: Backend, photos: Photos) -> None:
    backend.write("cat.jpg", Status.FAILED)
    with pytest.raises(AwsError, match=r"Starting Incoming/cat.jpg again failed"):
        photos.retry("cat.jpg")


def test_one_photo_that_cannot_be_retried_does_not_stop_the_others(backend: Backend, photos: Photos) -> None:
    for name, status in (("1.jpg", Status.FAILED), ("2.jpg", Status.SUCCEEDED), ("3.jpg", Status.FAILED)):
        backend.photo(name, status)
    first, second, third = photos.retry_each(["1.jpg", photos.get("2.jpg"), "3.jpg"])
    assert isinstance(first, Restarted)
    assert second == NotRestarted("2.jpg", "2.jpg is complete: there is nothing to retry.")
    assert isinstance(third, Restarted)


def test_each_of_some_photos_is_reprocessed_in_the_parts_that_are_asked_for(
    backend: Backend, photos: Photos
) -> None:
    names = ["1.jpg", "2.jpg"]
    for name in names:
        backend.photo(name)
    outcomes = list(photos.reprocess_each(names, [Part.THUMBNAIL]))
    assert reasons(outcomes) == dict.fromkeys(names, "reprocessed")
    assert [one["only"] for one in backend.executions().values()] == [["thumbnail"], ["thumbnail"]]


def test_a_photo_that_has_changed_since_it_was_read_is_retried_by_what_it_is_now(
    backend: Backend, photos: Photos
) -> None:
    done, gone = (backend.photo(name, Status.FAILED) for name in ("done.jpg", "gone.jpg"))
    backend.write("done.jpg", Status.SUCCEEDED)
    gone_key = {"imageID": {"S": "gone.jpg"}}
    backend.stack.client("dynamodb").delete_item(TableName=backend.stack.image_table, Key=gone_key)
    refused = [one.cause for one in photos.retry_each([done, gone]) if isinstance(one, NotRestarted)]
    assert refused[0] == "done.jpg is complete: there is nothing to retry."
    assert refused[1].startswith("There is no photo 'gone.jpg'.")
    assert backend.executions() == {}


def test_a_name_that_is_no_photos_stops_a_batch(photos: Photos) -> None:
    with pytest.raises(PhotoNotFoundError):
        list(photos.retry_each(["gone.jpg"]))


def test_what_photos_lack_is_found_by_their_records_and_in_the_bucket(
    backend: Backend, photos: Photos
) -> None:
    backend.photo("whole.jpg", **WHOLE)
    backend.photo("thumbnail gone.jpg", **WHOLE)
    backend.photo("no tags.jpg", Status.INCOMPLETE, imageFormat="JPEG", **THUMBNAIL)
    backend.photo("rejected.jpg", Status.REJECTED)
    backend.photo("running.jpg", Status.PROCESSING, executionArn=backend.start())
    backend.put("no record.jpg")
    backend.put("folder/")
    for name in ("whole.jpg", "no tags.jpg"):
        backend.put_thumbnail(name)

    assert reasons(photos.reprocess_missing()) == {
        "no record.jpg": "lacked metadata, tags, thumbnail",
        "no tags.jpg": "lacked tags",
        "thumbnail gone.jpg": "lacked thumbnail",
    }


def test_labels_that_found_nothing_are_not_missing(backend: Backend, photos: Photos) -> None:
    backend.photo("empty.jpg", imageFormat="JPEG", labelModelVersion="3.0", tags=[], **THUMBNAIL)
    assert list(photos.reprocess_missing([Part.TAGS])) == []


def test_only_the_parts_that_are_asked_for_are_looked_for(backend: Backend, photos: Photos) -> None:
    backend.photo("cat.jpg", imageFormat="JPEG")
    assert list(photos.reprocess_missing([Part.METADATA])) == []
    assert reasons(photos.reprocess_missing([Part.TAGS])) == {"cat.jpg": "lacked tags"}


def test_what_was_left_behind_is_reconciled_and_nothing_else(backend: Backend, photos: Photos) -> None:
    ended = backend.start("ended")
    backend.end(ended)
    backend.photo("finished.jpg", Status.SUCCEEDED)
    backend.photo("running.jpg", Status.PROCESSING, executionArn=backend.start("running"))
    backend.photo("ended.jpg", Status.PROCESSING, executionArn=ended)
    backend.photo("never started.jpg", Status.UPLOADED)
    backend.photo("again.jpg", Status.REJECTED, uploadTime=int(time.time()) - 100)
    backend.put("no record.jpg")
    backend.put("folder/")

    assert reasons(photos.reconcile()) == {
        "again.jpg": "uploaded again since",
        "ended.jpg": "not finished",
        "never started.jpg": "not finished",
        "no record.jpg": "no record",
    }
    assert list(photos.reconcile()) == [], "a second call starts nothing twice"


def test_what_is_started_by_others_while_it_is_reconciled_needs_nothing(
    backend: Backend, photos: Photos
) -> None:
    backend.photo("cat.jpg", Status.UPLOADED)
    backend.put("lost.jpg")

    def claimed(params: Any, **_: Any) -> None:
        if params["Key"].endswith("cat.jpg"):
            backend.write("cat.jpg", Status.UPLOADED, versionId="newer", executionArn="theirs")

    backend.stack.client("s3").meta.events.register("provide-client-params.s3.HeadObject", claimed)
    assert reasons(photos.reconcile()) == {"lost.jpg": "no record"}
    assert photos.get("cat.jpg").execution_arn == "theirs"


def test_a_reconciled_photo_without_a_record_gets_one(backend: Backend, photos: Photos) -> None:
    version = backend.put("cat.jpg", user="bob", album="b1")
    (restarted,) = photos.reconcile()
    assert isinstance(restarted, Restarted)
    photo = photos.get("cat.jpg")
    assert (photo.user, photo.album_id, photo.version_id, photo.status, photo.execution_arn) == (
        "bob",
        "b1",
        version,
        Status.UPLOADED,
        restarted.execution_arn,
    )


def test_an_execution_that_a_late_event_has_started_is_found_and_not_started_twice(
    backend: Backend, photos: Photos
) -> None:
    photo = backend.photo("cat.jpg", Status.UPLOADED)
    theirs = backend.start(own_execution(backend, photo).rpartition(":")[2])
    (restarted,) = photos.reconcile()
    assert isinstance(restarted, Restarted)
    assert restarted.execution_arn == theirs
    assert list(backend.executions()) == [theirs]


def test_one_photo_that_cannot_be_started_does_not_stop_the_reconciling(
    backend: Backend, photos: Photos
) -> None:
    backend.put("1.jpg")
    backend.put("2.jpg")
    backend.refuse("stepfunctions", "StartExecution")
    first, second = photos.reconcile()
    assert isinstance(first, NotRestarted)
    assert "Starting Incoming/1.jpg again failed" in first.cause
    assert "the test says so" in first.cause
    assert isinstance(second, Restarted)
    assert reasons(photos.reconcile()) == {"1.jpg": "not finished"}, "the next call finds it"


def test_an_original_is_restored_or_the_reason_is_given_in_words(backend: Backend, photos: Photos) -> None:
    backend.photo("finished.jpg", Status.INCOMPLETE)
    backend.photo("running.jpg", Status.PROCESSING, executionArn=backend.start())
    backend.put("cat.jpg")
    assert photos.restore("Incoming/gone.jpg") == "the photo is no longer in the bucket"
    assert photos.restore("Incoming/finished.jpg") == "its record is INCOMPLETE"
    assert photos.restore("Incoming/running.jpg") == "it is being processed"
    restarted = photos.restore("Incoming/cat.jpg")
    assert isinstance(restarted, Restarted)
    assert restarted.reason == "no record"


def test_an_original_that_may_not_be_looked_at_is_an_error(backend: Backend, photos: Photos) -> None:
    backend.put("cat.jpg")
    backend.refuse("s3", "HeadObject")
    with pytest.raises(AwsError, match=r"Looking for Incoming/cat.jpg failed"):
        photos.restore("Incoming/cat.jpg")


def test_what_is_started_is_json_that_the_state_machine_takes(backend: Backend, photos: Photos) -> None:
    photo = backend.photo("ü/{cat}.jpg", Status.INCOMPLETE, **LACKS)
    restarted = photo.retry()
    described = backend.stack.client("stepfunctions").describe_execution(executionArn=restarted.execution_arn)
    assert json.loads(described["input"])["objectID"] == "ü/{cat}.jpg"


def test_embeddings_alone_are_not_made_where_the_stack_makes_none(
    backend: Backend, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed = {"Similarity": "Disabled"}
    monkeypatch.setattr(processing, "parameters_of", lambda _: deployed)
    photo, only = backend.photo("a/1.jpg", status="SUCCEEDED"), ["embedding"]
    for start in (
        lambda: photos.reprocess(photo, only),
        lambda: photos.reprocess_each([photo], only),
        lambda: list(photos.reprocess_missing(only)),
        lambda: backend.workbench.bulk.start(only),
    ):
        with pytest.raises(InvalidArgumentError, match="makes no embeddings") as caught:
            start()
        assert "imageproc deploy -p Similarity=Enabled" in caught.value.fix
    assert photos.reprocess(photo, ["embedding", "tags"]).reason == "reprocessed"
    deployed["Similarity"] = "Enabled"
    assert photos.reprocess(photo, only).reason == "reprocessed"
