from __future__ import annotations

import json
import time
from typing import Any

import pytest

from imageproc.core.record import PhotoRecord
from imageproc.functions import begin_photo
from imageproc.functions.clients import dynamodb
from tests.functions.conftest import Backend


def begin(backend: Backend, object_id: str, bulk: str = "run", **more: Any) -> dict[str, Any]:
    event = {"bucket": backend.bucket, "key": f"Incoming/{object_id}", "only": [], "again": True}
    return dict(begin_photo.handler({**event, "bulk": bulk, **more}, None))


def write(backend: Backend, object_id: str, **values: str) -> None:
    item = {"imageID": {"S": object_id}, **{name: {"S": value} for name, value in values.items()}}
    backend.dynamodb.put_item(TableName=backend.table, Item=item)


def test_a_photo_without_a_record_gets_one_and_is_to_be_processed(backend: Backend) -> None:
    version = backend.upload("a/cat.jpg", b"x")

    begun = begin(backend, "a/cat.jpg")

    assert begun["start"] is True
    assert begun["input"] == backend.state("a/cat.jpg", versionId=version, correlationId=begun["name"])
    record = backend.record("a/cat.jpg")
    assert (record["status"], record["versionId"], record["userID"]) == ("UPLOADED", version, "ann")
    assert record["executionArn"].endswith(f":{begun['name']}")
    assert len(begun["name"]) <= 80


def test_a_repeated_call_names_the_same_execution_and_another_run_another(backend: Backend) -> None:
    backend.upload("cat.jpg", b"x")
    first = begin(backend, "cat.jpg")
    assert begin(backend, "cat.jpg") == first
    assert begin(backend, "cat.jpg", bulk="other")["name"] != first["name"]


@pytest.mark.parametrize(
    ("status", "only"),
    [("SUCCEEDED", ["tags"]), ("INCOMPLETE", ["tags"]), ("FAILED", None), ("UPLOADED", None)],
)
def test_a_part_alone_is_made_only_of_a_photo_that_has_the_others(
    backend: Backend, status: str, only: list[str] | None
) -> None:
    write(backend, "cat.jpg", status=status, versionId=backend.upload("cat.jpg", b"x"))
    assert begin(backend, "cat.jpg", only=["tags"])["input"].get("only") == only


@pytest.mark.parametrize("status", ["SUCCEEDED", "INCOMPLETE", "REJECTED", "FAILED", "PROCESSING", None])
def test_a_run_that_leaves_out_what_has_been_processed_begins_the_others(
    backend: Backend, status: str | None
) -> None:
    version = backend.upload("cat.jpg", b"x")
    if status:
        write(backend, "cat.jpg", status=status, versionId=version)
    assert begin(backend, "cat.jpg", again=False)["start"] is (status in ("PROCESSING", None))
    newest = backend.upload("cat.jpg", b"y")
    assert begin(backend, "cat.jpg", bulk="next", again=False)["input"]["versionId"] == newest


def test_a_newer_version_than_is_being_processed_is_begun_by_a_run_that_processes_each_once(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(begin_photo, "_is_processed", lambda *_, **__: True)
    write(backend, "cat.jpg", status="PROCESSING", versionId=backend.upload("cat.jpg", b"x"))
    assert begin(backend, "cat.jpg", again=False) == {"start": False}
    newest = backend.upload("cat.jpg", b"y")
    assert begin(backend, "cat.jpg") == {"start": False}
    assert begin(backend, "cat.jpg", again=False)["input"]["versionId"] == newest
    assert backend.record("cat.jpg")["versionId"] == newest


def test_what_an_earlier_version_had_is_removed_and_the_part_alone_not_made(backend: Backend) -> None:
    earlier = backend.upload("cat.jpg", b"x")
    write(backend, "cat.jpg", status="SUCCEEDED", versionId=earlier, exifMake="old", custom="kept")
    newest = backend.upload("cat.jpg", b"y")

    begun = begin(backend, "cat.jpg", only=["tags"])

    record = backend.record("cat.jpg")
    assert begun["input"]["versionId"] == newest == record["versionId"]
    assert "only" not in begun["input"]
    assert "exifMake" not in record
    assert record["custom"] == "kept"


@pytest.mark.parametrize("running", [True, False])
def test_a_photo_that_is_being_processed_is_left_alone(
    backend: Backend, running: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = backend.upload("cat.jpg", b"x")
    arn = f"{backend.state_machine_arn.replace(':stateMachine:', ':execution:')}:gone"
    if running:
        machine, name = backend.state_machine_arn, "runs"
        started = backend.stepfunctions.start_execution(
            stateMachineArn=machine, name=name, input=json.dumps({})
        )
        arn = started["executionArn"]
    write(backend, "cat.jpg", status="PROCESSING", versionId=version, executionArn=arn)
    assert begin(backend, "cat.jpg")["start"] is not running
    assert backend.record("cat.jpg")["status"] == ("PROCESSING" if running else "UPLOADED")


def test_what_is_gone_or_no_photo_is_not_started(backend: Backend) -> None:
    assert begin(backend, "gone.jpg") == {"start": False}
    assert begin(backend, "folder/") == {"start": False}
    assert backend.record("gone.jpg") == {}


def test_a_photo_that_somebody_else_claims_meanwhile_is_left_to_them(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(backend, "cat.jpg", status="FAILED", versionId="theirs")
    backend.upload("cat.jpg", b"x")
    before = PhotoRecord(id="cat.jpg", version_id="before")
    monkeypatch.setattr("imageproc.functions.begin_photo.records.get", lambda _: before)
    assert begin(backend, "cat.jpg") == {"start": False}
    assert backend.record("cat.jpg")["versionId"] == "theirs"


@pytest.mark.parametrize("earlier", [None, "old", "same"])
def test_a_photo_whose_claim_was_written_twice_is_begun(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, earlier: str | None
) -> None:
    """The SDK repeats UpdateItem when its answer is lost: the second one finds the first one's claim."""
    versions = [backend.upload("cat.jpg", b"x"), backend.upload("cat.jpg", b"y")]
    if earlier:
        write(backend, "cat.jpg", status="FAILED", versionId=versions[earlier == "same"])
    real = dynamodb().update_item

    def twice(**request: Any) -> Any:
        real(**request)
        return real(**request)

    monkeypatch.setattr(dynamodb(), "update_item", twice)
    assert begin(backend, "cat.jpg")["start"] is True


EXPRESS = "arn:aws:states:eu-west-1:123456789012:express:bulk/Photos:{}:2f0c"


def test_an_express_child_processes_the_photo_itself_under_its_own_name(backend: Backend) -> None:
    backend.upload("cat.jpg", b"x")
    arn = EXPRESS.format("child")
    begun = begin(backend, "cat.jpg", executionArn=arn)
    assert begun["name"] == "child"
    assert begun["input"]["correlationId"] == "child"
    record = backend.record("cat.jpg")
    assert record["executionArn"] == arn
    assert abs(int(record["executionStartTime"]) / 1000 - time.time()) < 60
    assert begin(backend, "cat.jpg", executionArn=arn) == begun, "it may run twice"


def test_a_photo_of_another_express_execution_is_begun_only_when_that_can_run_no_longer(
    backend: Backend,
) -> None:
    backend.upload("cat.jpg", b"x")
    assert begin(backend, "cat.jpg", executionArn=EXPRESS.format("first"))["start"] is True
    assert begin(backend, "cat.jpg", executionArn=EXPRESS.format("second")) == {"start": False}
    backend.dynamodb.update_item(
        TableName=backend.table,
        Key={"imageID": {"S": "cat.jpg"}},
        UpdateExpression="SET executionStartTime = :long_ago",
        ExpressionAttributeValues={":long_ago": {"N": "1000"}},
    )
    assert begin(backend, "cat.jpg", executionArn=EXPRESS.format("third"))["start"] is True
