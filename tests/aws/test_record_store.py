"""Every write of a record, performed twice: the SDK repeats a request whose answer was lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from imageproc.aws import record_store
from imageproc.aws.items import from_item, to_item
from imageproc.aws.record_store import RecordStore
from imageproc.core.attributes import EXECUTION_ARN
from imageproc.core.changes import shard_of, tombstone_id
from imageproc.core.corrections import from_stored
from imageproc.core.ownership import (
    LateClaim,
    RecordChange,
    after_refused_claim,
    begin_corrections,
    claim_again,
    claim_for_upload,
    correct,
    move,
    write_as,
)
from imageproc.core.record import PhotoRecord
from imageproc.errors import SupersededError

KEY = "Incoming/cat.jpg"
NEW = {"versionId": "new", "uploadTime": 200, "fileSize": 5}

Store = RecordStore[PhotoRecord]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    # A request that the SDK repeats is the same: it has the first one's time.
    monkeypatch.setattr(record_store, "time", SimpleNamespace(time=lambda: 1_700_000_000.5))
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="eu-west-1")
        dynamodb.create_table(
            TableName="images",
            KeySchema=[{"AttributeName": "imageID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "imageID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield RecordStore(dynamodb, "images", PhotoRecord)


def put(store: Store, stored: dict[str, Any] | None) -> PhotoRecord | None:
    """Store a record as it is; None: there is none."""
    if stored:
        store.write("cat.jpg", RecordChange(stored))
    return store.get("cat.jpg")


NONE: dict[str, Any] | None = None
OLD = {"versionId": "old", "uploadTime": 100, "sequencer": "0A", "executionArn": "arn:old", "exifMake": "old"}
SAME = {
    "versionId": "new",
    "uploadTime": 200,
    "sequencer": "0B",
    "executionArn": "arn:new",
    "status": "FAILED",
}


def version_of(record: PhotoRecord | None) -> str | None:
    return record.version_id if record else "new"


WRITES: dict[str, Callable[[PhotoRecord | None], RecordChange]] = {
    "start an upload": lambda _: claim_for_upload(KEY, "0C", NEW),
    "begin in bulk": lambda record: claim_again(KEY, NEW, record, {EXECUTION_ARN: "arn:bulk"}),
    "retry": lambda record: claim_again(KEY, NEW, record),
    "store as the version": lambda record: write_as(
        record.version_id if record else "new", {"tags": ["Cat"]}
    ),
    "store as any version": lambda _: write_as(None, {"tags": ["Cat"]}),
    "store the metadata": lambda _: write_as(None, {"albumID": "a1"}, keep=("albumID",)),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("stored", [NONE, OLD, SAME], ids=["no record", "older version", "same version"])
def test_a_write_that_is_performed_twice_is_the_same_as_once(
    store: Store, write: str, stored: dict[str, Any] | None
) -> None:
    """The upload's claim is refused the second time; `after_refused_claim` then tells it to go on."""
    change = WRITES[write](put(store, stored))
    if write == "start an upload" and stored is SAME:
        with pytest.raises(SupersededError):  # its execution was started: nothing is to be done
            store.write("cat.jpg", change)
        return
    store.write("cat.jpg", change)
    once = store.get("cat.jpg")
    try:
        store.write("cat.jpg", change)
    except SupersededError:
        assert after_refused_claim(store.get("cat.jpg"), "0C", "new") is LateClaim.START
    assert store.get("cat.jpg") == once


@pytest.mark.parametrize("write", ["begin in bulk", "retry"])
@pytest.mark.parametrize("stored", [NONE, OLD], ids=["no record", "older version"])
def test_a_record_that_changed_hands_since_it_was_read_is_not_claimed(
    store: Store, write: str, stored: dict[str, Any] | None
) -> None:
    change = WRITES[write](put(store, stored))
    put(store, {"versionId": "newest", "executionArn": "arn:theirs"})
    before = store.get("cat.jpg")
    with pytest.raises(SupersededError):
        store.write("cat.jpg", change)
    assert store.get("cat.jpg") == before


@pytest.mark.parametrize("write", ["begin in bulk", "retry"])
def test_the_same_version_that_somebody_else_has_started_is_not_claimed(store: Store, write: str) -> None:
    change = WRITES[write](put(store, NONE))
    put(store, {"versionId": "new", "executionArn": "arn:theirs"})
    with pytest.raises(SupersededError):
        store.write("cat.jpg", change)


def test_a_claim_removes_what_another_version_had_and_keeps_what_the_pipeline_does_not_make(
    store: Store,
) -> None:
    record = put(store, OLD | {"rating": 5})
    store.write("cat.jpg", claim_again(KEY, NEW, record))
    claimed = store.get("cat.jpg")
    assert claimed
    assert (claimed.version_id, claimed.camera.make, claimed.execution_arn) == ("new", None, None)
    assert claimed.other["rating"] == 5


@pytest.mark.parametrize("sequencer", ["0A", "09"])
def test_an_upload_that_is_not_newer_claims_nothing(store: Store, sequencer: str) -> None:
    put(store, OLD)
    with pytest.raises(SupersededError):
        store.write("cat.jpg", claim_for_upload(KEY, sequencer, NEW))


@pytest.mark.parametrize(
    ("record", "then"),
    [
        (None, LateClaim.DROP),
        (PhotoRecord(sequencer="0C", version_id="new"), LateClaim.START),
        (PhotoRecord(sequencer="0C", version_id="new", execution_arn="arn"), LateClaim.DROP),
        (PhotoRecord(version_id="new", execution_arn="arn"), LateClaim.ADD_SEQUENCER),
        (PhotoRecord(sequencer="0D", version_id="newest"), LateClaim.DROP),
    ],
)
def test_what_an_upload_does_whose_claim_was_refused(record: PhotoRecord | None, then: LateClaim) -> None:
    assert after_refused_claim(record, "0C", "new") is then


def test_floats_are_stored_within_dynamodbs_digits(store: Store) -> None:
    store.write("cat.jpg", write_as(None, {"exifFNumber": 0.1 + 0.2, "geo": {"latitude": 1 / 3}}))
    record = store.get("cat.jpg")
    assert record
    assert record.exposure.f_number == 0.1 + 0.2


@pytest.mark.parametrize("album", [None, "a1"])
def test_a_move_that_is_performed_twice_is_the_same_as_once(store: Store, album: str | None) -> None:
    store._dynamodb.put_item(
        TableName="images",
        Item=to_item({"imageID": "cat.jpg", "versionId": "new"} | ({"albumID": album} if album else {})),
    )
    for _ in range(2):
        store.write("cat.jpg", move(album, "a2"))
        record = store.get("cat.jpg")
        assert record
        assert (record.album_id, record.change_time) == ("a2", 1_700_000_000_500)
    with pytest.raises(SupersededError):
        store.write("cat.jpg", move(album, "a3"))
    with pytest.raises(SupersededError):
        store.write("dog.jpg", move(album, "a2"))
    assert store.get("dog.jpg") is None


def test_a_correction_that_is_performed_twice_is_the_same_as_once_and_stamped(store: Store) -> None:
    put(store, OLD)
    said = from_stored("Dog", {"action": "added", "by": "ann", "at": 1})
    later = from_stored("Dog", {"action": "removed", "by": "bob", "at": 2})
    for _ in range(2):
        store.write("cat.jpg", begin_corrections())
    for found, then in ((None, said), (said, later), (later, None)):
        store.write("cat.jpg", correct("Dog", found, then))
        once = store.get("cat.jpg")
        with pytest.raises(SupersededError):  # it finds itself, or nothing, and not what it was made for
            store.write("cat.jpg", correct("Dog", found, then))
        assert once
        assert store.get("cat.jpg") == once
        assert once.corrections == ((then,) if then else ())
        assert once.change_time == 1_700_000_000_500
    with pytest.raises(SupersededError):
        store.write("dog.jpg", begin_corrections())
    assert store.get("dog.jpg") is None


def test_a_write_of_the_status_is_stamped_and_no_other(store: Store) -> None:
    store.write("cat.jpg", RecordChange({"status": "UPLOADED"}))
    record = store.get("cat.jpg")
    assert record
    assert (record.change_shard, record.change_time) == (shard_of("cat.jpg"), 1_700_000_000_500)
    store.write("dog.jpg", RecordChange({"tags": ["Dog"]}))
    record = store.get("dog.jpg")
    assert record
    assert (record.change_shard, record.change_time) == (None, None)


@pytest.mark.parametrize("there", [True, False])
def test_an_erased_record_leaves_a_tombstone_that_is_no_record(store: Store, there: bool) -> None:
    if there:
        store.write("trip/cat.jpg", RecordChange({"status": "FAILED", "userID": "ann"}))
    store.erase("trip/cat.jpg")
    left = [from_item(item) for item in store._dynamodb.scan(TableName="images")["Items"]]
    tombstone = tombstone_id("trip/cat.jpg")
    assert left == [
        {
            "imageID": tombstone,
            "changeShard": "forgotten",
            "changeTime": 1_700_000_000_500,
            "expiryTime": 1_700_000_000 + 90 * 86_400,
        }
    ]
    assert list(store.scan()) == []
    assert list(store.get_many([tombstone, "trip/cat.jpg"])) == []
    assert store.get(tombstone) is None
