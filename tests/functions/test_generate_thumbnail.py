from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from PIL import Image

from imageproc.core.thumbnail import make_thumbnail
from imageproc.errors import ImageTooLargeError, SupersededError, TransientServiceError
from imageproc.functions import clients, generate_thumbnail
from tests import pictures
from tests.functions.conftest import Backend


def thumbnail(backend: Backend, object_id: str) -> Any:
    return backend.s3.get_object(Bucket=backend.bucket, Key=f"Thumbnails/{object_id}")


def own(backend: Backend, object_id: str, version: str) -> None:
    """Make the record a version's, as the start function does."""
    item = {"imageID": {"S": object_id}, "versionId": {"S": version}}
    backend.dynamodb.put_item(TableName=backend.table, Item=item)


def test_the_thumbnail_lies_beside_the_original_and_the_record_names_it(backend: Backend) -> None:
    data = pictures.jpeg((640, 480), make="Canon", orientation=6)
    backend.upload("a/cat.jpg", data)

    assert generate_thumbnail.handler(backend.state("a/cat.jpg"), None) == {}

    answer = thumbnail(backend, "a/cat.jpg")
    made = pictures.opened(answer["Body"].read())
    assert made.size == (188, 250)
    assert not made.getexif()
    assert answer["ContentType"] == "image/jpeg"
    record = backend.record("a/cat.jpg")
    assert record["thumbnail"] == {"s3Bucket": "photos", "s3Key": "Thumbnails/a/cat.jpg"}
    assert record["contentHash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert "truncated" not in record


def test_a_photo_that_lacks_its_end_gives_a_thumbnail_and_says_so(backend: Backend) -> None:
    noise = pictures.jpeg((900, 900))
    backend.upload("cut.jpg", noise[: len(noise) - 200])
    generate_thumbnail.handler(backend.state("cut.jpg"), None)
    assert backend.record("cut.jpg")["truncated"] is True


def test_the_perceptual_hash_is_written_with_it_and_goes_when_nothing_is_to_be_seen(backend: Backend) -> None:
    picture = io.BytesIO()
    Image.radial_gradient("L").save(picture, "PNG")
    backend.upload("a.png", picture.getvalue())
    generate_thumbnail.handler(backend.state("a.png"), None)
    assert backend.record("a.png")["perceptualHash"] == make_thumbnail(picture.getvalue()).perceptual_hash

    backend.upload("a.png", pictures.png())
    generate_thumbnail.handler(backend.state("a.png"), None)
    assert "perceptualHash" not in backend.record("a.png")


def test_an_older_upload_does_not_overwrite_a_newer_ones_thumbnail(backend: Backend) -> None:
    old = backend.upload("x.png", pictures.png((10, 10)))
    new = backend.upload("x.png", pictures.png((20, 20)))
    own(backend, "x.png", new)
    generate_thumbnail.handler(backend.state("x.png", versionId=new), None)

    with pytest.raises(SupersededError):
        generate_thumbnail.handler(backend.state("x.png", versionId=old), None)

    assert pictures.opened(thumbnail(backend, "x.png")["Body"].read()).size == (20, 20)


def test_a_newer_upload_replaces_the_thumbnail(backend: Backend) -> None:
    for size in ((10, 10), (20, 20)):
        version = backend.upload("x.png", pictures.png(size))
        own(backend, "x.png", version)
        generate_thumbnail.handler(backend.state("x.png", versionId=version), None)
    assert pictures.opened(thumbnail(backend, "x.png")["Body"].read()).size == (20, 20)


@pytest.mark.parametrize(
    ("there", "side", "expected"),
    [
        ("same", "250", ["GetObject", "HeadObject"]),
        ("other", "100", ["GetObject", "HeadObject", "PutObject"]),
        ("gone", "250", ["GetObject", "HeadObject", "PutObject"]),
    ],
)
def test_of_a_photo_that_is_processed_again_only_another_thumbnail_is_written(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, there: str, side: str, expected: list[str]
) -> None:
    version = backend.upload("cat.jpg", pictures.jpeg((640, 480)))
    own(backend, "cat.jpg", version)
    state = backend.state("cat.jpg", versionId=version, hasThumbnail=True)
    generate_thumbnail.handler(backend.state("cat.jpg", versionId=version), None)
    if there == "gone":
        backend.s3.delete_object(Bucket=backend.bucket, Key="Thumbnails/cat.jpg")
    monkeypatch.setenv("THUMBNAIL_SIZE", side)
    asked: list[str] = []
    clients.s3().meta.events.register(
        "before-call.s3", lambda model, **_: asked.append(model.name), unique_id="asked"
    )
    try:
        generate_thumbnail.handler(state, None)
    finally:
        clients.s3().meta.events.unregister("before-call.s3", unique_id="asked")
    assert asked == expected
    assert max(pictures.opened(thumbnail(backend, "cat.jpg")["Body"].read()).size) == int(side)


def test_a_thumbnail_that_is_written_between_look_and_write_is_tried_again(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.upload("x.png", pictures.png())
    generate_thumbnail.handler(backend.state("x.png"), None)
    stale = backend.s3.head_object(Bucket=backend.bucket, Key="Thumbnails/x.png") | {"ETag": '"stale"'}
    monkeypatch.setattr(clients.s3(), "head_object", lambda **_: stale)
    with pytest.raises(TransientServiceError):
        generate_thumbnail.handler(backend.state("x.png"), None)


def test_too_many_bytes_are_refused_before_they_are_read(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.upload("x.png", pictures.png())
    monkeypatch.setattr("imageproc.core.limits.MAX_BYTES", 10)
    with pytest.raises(ImageTooLargeError):
        generate_thumbnail.handler(backend.state("x.png"), None)


def test_an_execution_for_other_parts_makes_no_thumbnail(backend: Backend) -> None:
    backend.upload("x.png", pictures.png())
    assert generate_thumbnail.handler(backend.state("x.png", only=["tags"]), None) == {}
    assert backend.record("x.png") == {}


def test_it_is_as_large_as_the_stack_says(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.upload("a.jpg", pictures.jpeg((640, 480)))
    monkeypatch.setenv("THUMBNAIL_SIZE", "500")
    generate_thumbnail.handler(backend.state("a.jpg"), None)
    assert pictures.opened(thumbnail(backend, "a.jpg")["Body"].read()).size == (500, 375)
