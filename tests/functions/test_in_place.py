"""Photos whose originals stay in another bucket: the functions read them there, and write nothing there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from imageproc.core.original import Original, is_left_to_bulk_run, left_to_bulk_run
from imageproc.core.record_codec import decode
from imageproc.errors import ImageIdentifyError, PhotoGoneError, ServiceRefusedError
from imageproc.functions import (
    begin_photo,
    clients,
    extract_image_metadata,
    generate_thumbnail,
    rekognition,
    start_execution,
    store_image_metadata,
)
from tests import pictures
from tests.functions.conftest import Backend
from tests.functions.test_start_execution import event

ARCHIVE = "an-archive"
KEY = "2019/élan vital +1.jpg"


def put(backend: Backend, data: bytes, key: str = KEY) -> Original:
    """Put an object into the archive, and return it as an original."""
    if ARCHIVE not in {one["Name"] for one in backend.s3.list_buckets()["Buckets"]}:
        location: Any = {"LocationConstraint": backend.s3.meta.region_name}
        backend.s3.create_bucket(Bucket=ARCHIVE, CreateBucketConfiguration=location)
    return Original(ARCHIVE, key, backend.s3.put_object(Bucket=ARCHIVE, Key=key, Body=data)["ETag"])


def point(backend: Backend, photo_id: str, original: Original, size: int, **more: str) -> str:
    """Put a pointer under a photo's key, and return its version."""
    metadata = {"userid": "ann", "albumid": "a1", **original.to_metadata(size), **more}
    key, body = f"Incoming/{photo_id}", original.address.encode()
    return str(
        backend.s3.put_object(Bucket=backend.bucket, Key=key, Body=body, Metadata=metadata)["VersionId"]
    )


def begin(backend: Backend, photo_id: str, bulk: str) -> dict[str, Any]:
    """Begin a photo as a bulk run does."""
    event = {"bucket": backend.bucket, "key": f"Incoming/{photo_id}", "only": [], "again": False}
    return dict(begin_photo.handler({**event, "bulk": bulk}, None))


def begun(backend: Backend, photo_id: str) -> dict[str, Any]:
    """Begin a photo as a bulk run does, extract its metadata and store them; return the state."""
    state = begin(backend, photo_id, "bulk-1")["input"]
    state |= {"extractedMetadata": extract_image_metadata.handler(state, None)}
    store_image_metadata.handler(state, None)
    return dict(state)


def test_the_original_is_read_where_it_lies(backend: Backend) -> None:
    data = pictures.jpeg((640, 480), make="Canon")
    original = put(backend, data)
    version = point(backend, "a1/cat.jpg", original, len(data))

    state = begun(backend, "a1/cat.jpg")
    generate_thumbnail.handler(state, None)

    record = decode(backend.record("a1/cat.jpg"))
    assert record.original == original
    assert (record.file_size, record.version_id, record.user) == (len(data), version, "ann")
    assert (record.camera.make, record.key) == ("Canon", "Incoming/a1/cat.jpg")
    assert record.thumbnail
    assert record.thumbnail.bucket == backend.bucket
    kept = backend.s3.list_objects_v2(Bucket=ARCHIVE)["Contents"]
    assert [(one["Key"], one["ETag"]) for one in kept] == [(KEY, original.etag)]


def test_the_event_of_a_pointer_that_is_left_to_a_bulk_run_starts_nothing(backend: Backend) -> None:
    original = put(backend, pictures.jpeg())
    left = event(backend, ("left.jpg", point(backend, "left.jpg", original, 1, **left_to_bulk_run())))
    other = event(backend, ("other.jpg", point(backend, "other.jpg", original, 1)))
    assert start_execution.handler(left, None) == {"executionArns": []}
    assert len(start_execution.handler(other, None)["executionArns"]) == 1
    assert not backend.record("left.jpg")

    assert begin(backend, "left.jpg", "bulk-1")["start"]
    claimed = backend.record("left.jpg")
    start_execution.handler(left, None)
    assert backend.record("left.jpg") == claimed, "however late the event comes"


def test_an_upload_that_is_no_pointer_is_not_left_to_a_bulk_run() -> None:
    assert not is_left_to_bulk_run(left_to_bulk_run())
    assert not is_left_to_bulk_run({"processedby": "somebody", **Original("b", "k", '"1"').to_metadata(1)})


def test_rekognition_is_sent_to_the_original(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    original = put(backend, pictures.jpeg())
    point(backend, "a1/cat.jpg", original, 1)
    asked: list[Any] = []

    def labelled(image: Any, _turn: Any) -> dict[str, Any]:
        asked.append(image)
        return {}

    monkeypatch.setattr(rekognition, "labelled", labelled)
    rekognition.handler(begun(backend, "a1/cat.jpg"), None)
    assert asked == [{"S3Object": {"Bucket": ARCHIVE, "Name": KEY}}]


def test_an_original_that_changed_is_not_taken_for_the_one_that_was_imported(backend: Backend) -> None:
    original = put(backend, pictures.jpeg((64, 48)))
    point(backend, "a1/cat.jpg", original, 1)
    state = begun(backend, "a1/cat.jpg")
    put(backend, pictures.jpeg((80, 60)))
    for function in (extract_image_metadata, generate_thumbnail):
        with pytest.raises(PhotoGoneError, match=r"has changed or is gone .* Import it again"):
            function.handler(state, None)


def test_a_bucket_that_may_not_be_read_is_a_failure_that_says_what_to_do(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = put(backend, pictures.jpeg())
    point(backend, "a1/cat.jpg", original, 1)
    with refused(monkeypatch), pytest.raises(ServiceRefusedError, match=r"import --in-place"):
        extract_image_metadata.handler(backend.state("a1/cat.jpg"), None)


def test_an_empty_original_is_no_image(backend: Backend) -> None:
    point(backend, "a1/cat.jpg", put(backend, b""), 0)
    with pytest.raises(ImageIdentifyError, match=r"s3://an-archive/2019/.* is empty"):
        extract_image_metadata.handler(backend.state("a1/cat.jpg"), None)


def test_an_upload_in_the_pointers_place_is_an_upload(backend: Backend) -> None:
    point(backend, "a1/cat.jpg", put(backend, pictures.jpeg()), 1)
    begun(backend, "a1/cat.jpg")
    backend.upload("a1/cat.jpg", pictures.jpeg((20, 10)))
    assert begin(backend, "a1/cat.jpg", "bulk-2")["start"]
    assert "original" not in backend.record("a1/cat.jpg"), "from its claim on"


@pytest.mark.parametrize("lost", ["originalbucket", "originalkey", "originaletag", "originalsize"])
def test_metadata_that_lack_something_make_no_pointer(backend: Backend, lost: str) -> None:
    metadata = put(backend, pictures.jpeg()).to_metadata(5)
    del metadata[lost]
    backend.s3.put_object(
        Bucket=backend.bucket, Key="Incoming/a1/cat.jpg", Body=b"s3://no/photo", Metadata=metadata
    )
    with pytest.raises(ImageIdentifyError):
        extract_image_metadata.handler(backend.state("a1/cat.jpg"), None)


@contextmanager
def refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let S3 refuse what is in the archive."""
    real = clients.s3().get_object

    def get_object(**request: Any) -> Any:
        if request["Bucket"] == ARCHIVE:
            answer: Any = {
                "Error": {"Code": "AccessDenied", "Message": "Access Denied"},
                "ResponseMetadata": {"HTTPStatusCode": 403},
            }
            raise ClientError(answer, "GetObject")
        return real(**request)

    with monkeypatch.context() as patched:
        patched.setattr(clients.s3(), "get_object", get_object)
        yield
