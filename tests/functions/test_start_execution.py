from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote_plus

import pytest
from botocore.exceptions import ClientError

from imageproc.errors import ServiceRefusedError, TransientServiceError
from imageproc.functions import records, start_execution
from imageproc.functions.clients import stepfunctions
from tests.functions.conftest import Backend

_sequencers = itertools.count(0x660F00000)


def event(backend: Backend, *uploads: tuple[str, str | None], sequencer: str | None = None) -> dict[str, Any]:
    """Return S3's event for uploads, each an object ID and a version."""
    return {"Records": [_record(backend, *upload, sequencer) for upload in uploads]}


def _record(
    backend: Backend, object_id: str, version: str | None, sequencer: str | None = None
) -> dict[str, Any]:
    entry = {
        "key": quote_plus(f"Incoming/{object_id}", safe="/"),
        "sequencer": sequencer or f"{next(_sequencers):018X}",
        **({"versionId": version} if version else {}),
    }
    return {"s3": {"bucket": {"name": backend.bucket}, "object": entry}}


def test_an_upload_starts_an_execution_and_its_record_names_it(backend: Backend) -> None:
    version = backend.upload("cat.jpg", b"x")

    started = start_execution.handler(event(backend, ("cat.jpg", version)), None)

    record = backend.record("cat.jpg")
    assert started["executionArns"] == [record["executionArn"]]
    assert record["s3key"] == "Incoming/cat.jpg"
    assert record["status"] == "UPLOADED"
    assert (record["userID"], record["albumID"]) == ("ann", "a1")
    assert record["uploadTime"] > 1_700_000_000
    described = backend.stepfunctions.describe_execution(executionArn=record["executionArn"])
    assert json.loads(described["input"]) == {
        "s3Bucket": "photos",
        "s3Key": "Incoming/cat.jpg",
        "objectID": "cat.jpg",
        "versionId": version,
        "correlationId": described["name"],
    }


def test_the_same_event_three_times_starts_one_execution(backend: Backend) -> None:
    delivered = event(backend, ("cat.jpg", backend.upload("cat.jpg", b"x")))
    for _ in range(3):
        start_execution.handler(delivered, None)
    assert len(backend.executions()) == 1


def test_an_event_whose_first_delivery_stopped_before_the_start_is_started_by_the_next(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered = event(backend, ("cat.jpg", backend.upload("cat.jpg", b"x")))
    with monkeypatch.context() as broken:
        broken.setattr(stepfunctions(), "start_execution", _throttled)
        with pytest.raises(TransientServiceError):
            start_execution.handler(delivered, None)
    assert backend.record("cat.jpg")["status"] == "UPLOADED"

    start_execution.handler(delivered, None)

    assert backend.record("cat.jpg")["executionArn"]


def test_an_older_upload_that_is_reported_late_starts_nothing_and_changes_nothing(backend: Backend) -> None:
    old, new = backend.upload("cat.jpg", b"old"), backend.upload("cat.jpg", b"newer")
    start_execution.handler(event(backend, ("cat.jpg", new), sequencer="0B"), None)
    before = backend.record("cat.jpg")

    start_execution.handler(event(backend, ("cat.jpg", old), sequencer="0A"), None)

    assert backend.record("cat.jpg") == before
    assert len(backend.executions()) == 1


def test_a_newer_upload_takes_the_record_over_and_clears_what_the_older_one_had(backend: Backend) -> None:
    start_execution.handler(
        event(backend, ("cat.jpg", backend.upload("cat.jpg", b"old")), sequencer="0A"), None
    )
    backend.dynamodb.update_item(
        TableName=backend.table,
        Key={"imageID": {"S": "cat.jpg"}},
        UpdateExpression="SET exifMake = :x, tags = :x, favourite = :x",
        ExpressionAttributeValues={":x": {"S": "old"}},
    )
    new = backend.upload("cat.jpg", b"newer")

    start_execution.handler(event(backend, ("cat.jpg", new), sequencer="0B"), None)

    record = backend.record("cat.jpg")
    assert (record["versionId"], record["fileSize"]) == (new, 5)
    assert "exifMake" not in record
    assert "tags" not in record
    assert record["favourite"] == "old", "what the pipeline does not make is not its to remove"


@pytest.mark.parametrize(
    "object_id",
    ["a b+c%20ü.jpg", "../../etc/passwd", "2024/05/x.jpg", "Incoming/x.jpg", "雪.png", "a\u0301.jpg"],
)
def test_keys_are_decoded_once(backend: Backend, object_id: str) -> None:
    start_execution.handler(event(backend, (object_id, backend.upload(object_id, b"x"))), None)
    assert backend.record(object_id)["s3key"] == f"Incoming/{object_id}"


def test_the_same_name_in_two_folders_makes_two_photos(backend: Backend) -> None:
    uploads = [(name, backend.upload(name, b"x")) for name in ("a/1.jpg", "b/1.jpg")]
    start_execution.handler(event(backend, *uploads), None)
    assert len(backend.executions()) == 2
    assert backend.record("a/1.jpg")["executionArn"] != backend.record("b/1.jpg")["executionArn"]


def test_one_record_that_fails_does_not_keep_the_others_from_being_started(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = [(name, backend.upload(name, b"x")) for name in ("1.jpg", "2.jpg", "3.jpg")]
    real = records.write

    def refused(image_id: str, *args: Any, **options: Any) -> None:
        if image_id == "2.jpg":
            raise ServiceRefusedError("no")
        real(image_id, *args, **options)

    monkeypatch.setattr(records, "write", refused)
    with pytest.raises(ServiceRefusedError):
        start_execution.handler(event(backend, *uploads), None)
    assert len(backend.executions()) == 2


@pytest.mark.parametrize("key", ["Thumbnails/cat.jpg", "Incoming/folder/", "elsewhere.jpg"])
def test_thumbnails_and_folder_markers_start_nothing(backend: Backend, key: str) -> None:
    record = _record(backend, "x", "v1")
    record["s3"]["object"]["key"] = key
    assert start_execution.handler({"Records": [record]}, None) == {"executionArns": []}
    assert backend.executions() == []


def test_a_photo_that_was_deleted_meanwhile_starts_nothing(backend: Backend) -> None:
    assert start_execution.handler(event(backend, ("gone.jpg", None)), None) == {"executionArns": []}


def test_concurrent_deliveries_start_one_execution(backend: Backend) -> None:
    delivered = event(backend, ("cat.jpg", backend.upload("cat.jpg", b"x")))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: start_execution.handler(delivered, None), range(4)))
    assert len(backend.executions()) == 1


def _throttled(**_: Any) -> None:
    error = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}
    raise ClientError(error, "StartExecution")  # type: ignore[arg-type]


def test_an_execution_that_is_there_already_is_as_good_as_a_new_one(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ExecutionAlreadyExists"}}, "StartExecution")

    monkeypatch.setattr(stepfunctions(), "start_execution", taken)
    started = start_execution.handler(event(backend, ("cat.jpg", backend.upload("cat.jpg", b"x"))), None)
    assert started["executionArns"] == [backend.record("cat.jpg")["executionArn"]]
    assert ":execution:" in started["executionArns"][0]
