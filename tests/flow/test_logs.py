"""The logs of real runs, by their correlation ID."""

from __future__ import annotations

import time

from imageproc.client.logs import STATE_MACHINE
from tests import pictures
from tests.flow.conftest import Backend

FUNCTIONS = {
    "ImageProcStartExecution",
    "ExtractImageMetadata",
    "StoreImageMetadata",
    "Rekognition",
    "GenerateThumbnail",
    "RecordOutcome",
}


def test_one_call_returns_a_photos_whole_run_and_no_other(backend: Backend, fresh: str) -> None:
    ids = [f"{fresh}/1.jpg", f"{fresh}/2.jpg"]
    for object_id in ids:
        backend.put(object_id, pictures.jpeg())
    for photo in backend.ended(*ids).values():
        backend.execution(photo)
    photo = backend.photos.get(ids[0])

    entries = backend.workbench.logs.of_photo(photo)
    deadline = time.monotonic() + 10
    while not {one.source for one in entries} >= FUNCTIONS and time.monotonic() < deadline:
        time.sleep(0.2)  # logs may be later than what they tell of
        entries = backend.workbench.logs.of_photo(photo)

    assert photo.execution_arn
    assert {one.correlation_id for one in entries} == {photo.execution_arn.rpartition(":")[2]}
    assert {one.source for one in entries} >= {*FUNCTIONS, STATE_MACHINE}
    assert [one.time for one in entries] == sorted(one.time for one in entries)
    assert {one.fields["objectID"] for one in entries if one.source != STATE_MACHINE} == {ids[0]}
    assert entries[0].source == "ImageProcStartExecution"
    (counted,) = [one for one in entries if "_aws" in one.fields]
    assert counted.fields["Status"] == photo.status
    assert counted.fields["StackName"] == backend.stack.name


def test_an_error_is_logged_with_its_cause(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}\u2028{{}}.jpg"
    backend.put(object_id, b"no photo")
    backend.execution(backend.ended(object_id)[object_id])

    entries = backend.workbench.logs.of_photo(backend.photos.get(object_id))

    (failed,) = [one for one in entries if one.message == "failed"]
    assert (failed.source, failed.level) == ("ExtractImageMetadata", "WARNING")
    assert failed.fields["error"] == "ImageIdentifyError"
    assert failed.request_id
    assert failed.fields["objectID"] == object_id


def test_an_execution_that_was_started_by_hand_has_logs_too(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    backend.execution(backend.ended(object_id)[object_id])
    state = {"s3Bucket": backend.stack.bucket, "s3Key": f"Incoming/{object_id}", "objectID": object_id}
    ended = backend.run(state)

    entries = backend.workbench.logs.of_execution(ended["executionArn"])

    assert {one.source for one in entries} >= {*FUNCTIONS, STATE_MACHINE} - {"ImageProcStartExecution"}
    assert len({one.correlation_id for one in entries}) == 1


def test_a_retry_has_logs_of_its_own(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    backend.execution(backend.ended(object_id)[object_id])
    again = backend.photos.reprocess(backend.photos.get(object_id), ["thumbnail"])
    backend.execution(backend.ended(object_id)[object_id])

    entries = backend.workbench.logs.of_photo(backend.photos.get(object_id))

    assert {one.correlation_id for one in entries} == {again.execution_arn.rpartition(":")[2]}
    done = {one.source: one.fields["only"] for one in entries if one.message == "done"}
    assert done["GenerateThumbnail"] == ["thumbnail"]
