"""Photos processed again, and what was left behind finished."""

from __future__ import annotations

import json
from typing import Any

import pytest

from imageproc.aws.items import to_item
from imageproc.client.photos.processing import Restarted
from imageproc.core.parts import Part
from imageproc.core.record import Status
from imageproc.errors import InvalidArgumentError, RetryError
from tests import pictures
from tests.flow.conftest import DONE, Backend


def reconciled(backend: Backend, prefix: str) -> dict[str, str]:
    """Reconcile, and return why each photo of a test was started; others' may be under way."""
    started = [one for one in backend.photos.reconcile() if isinstance(one, Restarted)]
    return {one.photo_id: one.reason for one in started if one.photo_id.startswith(prefix)}


def forget(backend: Backend, object_id: str) -> None:
    """Remove a photo's record, as if its event had been lost; its execution has ended, which comes after."""
    backend.execution(backend.photos.get(object_id))
    backend.stack.client("dynamodb").delete_item(
        TableName=backend.stack.image_table, Key={"imageID": {"S": object_id}}
    )


def write(backend: Backend, object_id: str, **values: Any) -> None:
    """Change strings of a photo's record."""
    backend.stack.client("dynamodb").update_item(
        TableName=backend.stack.image_table,
        Key={"imageID": {"S": object_id}},
        AttributeUpdates={name: {"Value": {"S": value}, "Action": "PUT"} for name, value in values.items()},
    )


def test_finished_photos_are_left_alone(backend: Backend, fresh: str) -> None:
    backend.put(f"{fresh}.jpg", pictures.jpeg())
    backend.ended(f"{fresh}.jpg")
    assert reconciled(backend, fresh) == {}


def test_a_photo_without_a_record_is_processed(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg(make="Leica"))
    backend.ended(object_id)
    forget(backend, object_id)

    assert reconciled(backend, fresh) == {object_id: "no record"}

    photo = backend.ended(object_id)[object_id]
    assert photo.camera.make == "Leica"
    assert (photo.user, photo.album_id) == ("ann", "a1")
    assert reconciled(backend, fresh) == {}


def test_a_photo_whose_execution_ended_without_finishing_it_is_processed(
    backend: Backend, fresh: str
) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    photo = backend.ended(object_id)[object_id]
    backend.execution(photo)
    write(backend, object_id, status="PROCESSING")

    assert reconciled(backend, fresh) == {object_id: "not finished"}

    assert backend.ended(object_id)[object_id].status is DONE
    assert len(backend.executions_of(object_id)) == 2


def test_following_tells_of_a_photo_that_nothing_finishes_any_more(
    backend: Backend, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    backend.execution(backend.ended(object_id)[object_id])
    write(backend, object_id, status="PROCESSING")
    monkeypatch.setattr("imageproc.client.photos.following.QUIET_S", 0.1)

    photo = backend.ended(object_id)[object_id]

    assert photo.status is Status.FAILED
    assert photo.error
    assert "reconcile" in photo.error.cause


def test_a_retry_of_a_failed_photo_makes_all_of_it(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    # Its execution ends a moment after its record: until then a retry would find it still running.
    backend.execution(backend.ended(object_id)[object_id])
    write(backend, object_id, status="FAILED")

    backend.photos.retry(backend.photos.get(object_id))

    assert backend.ended(object_id)[object_id].status is DONE


def test_a_retry_that_cannot_help_is_refused(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, b"no photo")
    with pytest.raises(RetryError, match="rejected"):
        backend.photos.retry(backend.ended(object_id)[object_id])
    write(backend, object_id, status="SUCCEEDED")
    with pytest.raises(RetryError, match="nothing to retry"):
        backend.photos.retry(backend.photos.get(object_id))


def test_an_upload_without_album_is_reconciled_and_stops_nobody(backend: Backend, fresh: str) -> None:
    ids = [f"{fresh}/1.jpg", f"{fresh}/2.jpg"]
    backend.put(ids[0], pictures.jpeg(), user="", album="")
    backend.put(ids[1], pictures.jpeg())
    backend.ended(*ids)
    for object_id in ids:
        forget(backend, object_id)
    assert set(reconciled(backend, fresh)) == set(ids)
    assert backend.ended(*ids)[ids[0]].album_id is None


def test_an_event_that_comes_after_its_upload_was_reconciled_changes_nothing(
    backend: Backend, fresh: str
) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    original = backend.ended(object_id)[object_id]
    forget(backend, object_id)
    reconciled(backend, fresh)
    before = backend.ended(object_id)[object_id].attributes

    entry = {
        "key": f"Incoming/{object_id}",
        "versionId": original.version_id,
        "sequencer": original.sequencer,
    }
    event = {"Records": [{"s3": {"bucket": {"name": backend.stack.bucket}, "object": entry}}]}
    backend.stack.client("lambda").invoke(
        FunctionName=f"{backend.stack.name}-ImageProcStartExecution", Payload=json.dumps(event).encode()
    )

    after = backend.photos.get(object_id).attributes
    assert after == {**before, "sequencer": original.sequencer}


def test_one_part_made_anew_leaves_the_others_as_they_are(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg(make="Leica"))
    backend.execution(backend.ended(object_id)[object_id])
    write(backend, object_id, labelModelVersion="kept", contentHash="to be made anew")
    before = backend.photos.get(object_id)

    backend.photos.reprocess(before, [Part.THUMBNAIL])

    after = backend.ended(object_id)[object_id]
    assert after.status is before.status
    assert after.label_model_version == "kept"
    assert str(after.content_hash).startswith("sha256:")
    assert after.tags == before.tags


def test_a_part_alone_of_a_photo_that_failed_would_pass_for_all_of_it_so_all_is_made(
    backend: Backend, fresh: str
) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg(make="Leica"))
    backend.execution(backend.ended(object_id)[object_id])
    write(backend, object_id, status="FAILED", labelModelVersion="old", exifMake="old")

    backend.photos.reprocess(backend.photos.get(object_id), [Part.THUMBNAIL])

    after = backend.ended(object_id)[object_id]
    assert after.status is DONE
    assert after.camera.make == "Leica"
    assert after.label_model_version != "old" or DONE is Status.INCOMPLETE


def test_a_thumbnail_that_is_gone_from_the_bucket_is_found_and_made(backend: Backend, fresh: str) -> None:
    ids = [f"{fresh}/1.jpg", f"{fresh}/2.jpg"]
    for object_id in ids:
        backend.put(object_id, pictures.jpeg())
    for photo in backend.ended(*ids).values():
        backend.execution(photo)
    backend.stack.client("s3").delete_object(Bucket=backend.stack.bucket, Key=f"Thumbnails/{ids[0]}")

    found = list(backend.photos.reprocess_missing([Part.THUMBNAIL]))

    assert [(one.photo_id, getattr(one, "reason", "")) for one in found if one.photo_id in ids] == [
        (ids[0], "lacked thumbnail")
    ]
    backend.ended(ids[0])
    assert backend.thumbnail(ids[0])["ContentType"] == "image/jpeg"


def test_a_retry_of_a_part_is_only_for_photos_that_lack_just_that(backend: Backend, fresh: str) -> None:
    lacking = {"tags": {"step": "Rekognition", "name": "x", "cause": "y"}}
    record = {"imageID": fresh, "status": "INCOMPLETE", "missing": lacking}
    table, items = backend.stack.image_table, backend.stack.client("dynamodb")
    items.put_item(TableName=table, Item=to_item(record))
    with pytest.raises(RetryError, match="has its thumbnail: there is nothing to retry"):
        backend.photos.retry(fresh, [Part.THUMBNAIL])
    with pytest.raises(InvalidArgumentError, match="pixels"):
        backend.photos.retry(fresh, ["pixels"])
    items.put_item(TableName=table, Item=to_item({**record, "status": "FAILED"}))
    with pytest.raises(RetryError, match=r"not processed to its end\. Retry all of it"):
        backend.photos.retry(fresh, [Part.TAGS])
    items.delete_item(TableName=table, Key=to_item({"imageID": fresh}))
