"""A photo goes in; metadata, status and thumbnail come out."""

from __future__ import annotations

import json
import time

import pytest

from imageproc.core.keys import MAX_KEY_BYTES
from imageproc.core.record import Dimensions, Status
from tests import pictures
from tests.flow.conftest import DONE, Backend


def test_a_jpeg_gets_metadata_and_an_upright_thumbnail(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}/cat.jpg"
    backend.put(object_id, pictures.jpeg((640, 480), make="Canon", model="EOS R5", orientation=6))

    photo = backend.ended(object_id)[object_id]

    assert photo.format == "JPEG"
    assert photo.dimensions == Dimensions(640, 480)
    assert (photo.camera.make, photo.camera.model) == ("Canon", "EOS R5")
    assert (photo.user, photo.album_id) == ("ann", "a1")
    assert photo.status is DONE
    answer = backend.thumbnail(object_id)
    assert answer["ContentType"] == "image/jpeg"
    assert pictures.opened(answer["Body"].read()).size == (188, 250)
    assert backend.execution(photo)["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("data", "step", "name"),
    [
        (b"plain text", "ExtractImageMetadata", "ImageIdentifyError"),
        (b"", "ExtractImageMetadata", "ImageIdentifyError"),
        (pictures.gif(), "ImageTypeCheck", "NotSupportedImageType"),
    ],
    ids=["text", "empty", "gif"],
)
def test_what_is_no_photo_is_rejected_with_its_reason(
    backend: Backend, fresh: str, data: bytes, step: str, name: str
) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, data)

    photo = backend.ended(object_id)[object_id]

    assert photo.status is Status.REJECTED
    assert photo.error
    assert (photo.error.step, photo.error.name) == (step, name)
    assert photo.album_id == "a1", "a rejected photo shows in its album, too"
    execution = backend.execution(photo)
    assert (execution["status"], execution["error"]) == ("FAILED", "NotSupportedImageType")


def test_keys_of_all_kinds_make_photos_of_their_own(backend: Backend, fresh: str) -> None:
    longest = "x" * (MAX_KEY_BYTES - len(f"Thumbnails/{fresh}/.jpg")) + ".jpg"
    names = ["a b+c%20.jpg", "../up.jpg", "ü雪.jpg", "one/same.jpg", "two/same.jpg", "<b>&\"'.jpg", longest]
    ids = [f"{fresh}/{name}" for name in names]
    for number, object_id in enumerate(ids):
        backend.put(object_id, pictures.jpeg((100 + number, 80)))

    photos = backend.ended(*ids)

    assert [photos[one].attributes["dimensions"]["width"] for one in ids] == [
        100 + n for n in range(len(ids))
    ]
    for number, object_id in enumerate(ids):
        assert pictures.opened(backend.thumbnail(object_id)["Body"].read()).width == 100 + number


def test_a_key_that_is_as_long_as_s3_allows_ends_with_a_reason(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}/".ljust(MAX_KEY_BYTES - len("Incoming/"), "k")
    backend.put(object_id, pictures.jpeg())
    photo = backend.ended(object_id)[object_id]
    assert photo.status is Status.INCOMPLETE
    assert "thumbnail" in photo.missing, "its thumbnail's key would be longer than S3 allows"


def test_a_folder_marker_and_a_thumbnail_start_nothing(backend: Backend, fresh: str) -> None:
    before = len(list(backend.workbench.executions.all()))
    backend.put(f"{fresh}/", b"")
    s3 = backend.stack.client("s3")
    s3.put_object(Bucket=backend.stack.bucket, Key=f"Thumbnails/{fresh}.jpg", Body=pictures.jpeg())
    time.sleep(1)
    assert len(list(backend.workbench.executions.all())) == before
    assert list(backend.photos.many([fresh, f"{fresh}/", f"{fresh}.jpg"])) == []


def test_the_newest_upload_of_a_key_wins(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    versions = [backend.put(object_id, pictures.jpeg((100 + number, 90))) for number in range(5)]

    photo = backend.until_version(object_id, versions[-1])

    assert photo.version_id == versions[-1]
    assert photo.attributes["dimensions"]["width"] == 104
    assert pictures.opened(backend.thumbnail(object_id)["Body"].read()).width == 104
    assert len(backend.executions_of(object_id)) <= 5


def test_a_repeated_event_starts_nothing(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    photo = backend.ended(object_id)[object_id]
    event = {
        "Records": [
            {
                "s3": {
                    "bucket": {"name": backend.stack.bucket},
                    "object": {
                        "key": f"Incoming/{object_id}",
                        "versionId": photo.version_id,
                        "sequencer": photo.sequencer,
                    },
                }
            }
        ]
    }
    for _ in range(3):
        answer = backend.stack.client("lambda").invoke(
            FunctionName=f"{backend.stack.name}-ImageProcStartExecution", Payload=json.dumps(event).encode()
        )
        assert json.loads(answer["Payload"].read()) == {"executionArns": []}
    assert len(backend.executions_of(object_id)) == 1


def test_the_photos_of_an_album_come_newest_first(backend: Backend, fresh: str) -> None:
    album = backend.workbench.albums.get_or_create(f"Album {fresh}", "ann")
    assert backend.workbench.albums.get_or_create(f"Album {fresh}", "ann") == album
    assert backend.workbench.albums.get_or_create(f"Album {fresh}", "bob") != album
    ids = [f"{fresh}/{number}.jpg" for number in range(3)]
    for object_id in ids:
        backend.put(object_id, pictures.jpeg(), album=album.id)
    backend.ended(*ids)
    listed = list(backend.photos.in_album(album))
    assert {photo.id for photo in listed} == set(ids)
    assert [str(photo.uploaded) for photo in listed] == sorted(
        (str(photo.uploaded) for photo in listed), reverse=True
    )


def test_an_execution_for_a_replaced_version_changes_nothing(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    old = backend.put(object_id, pictures.jpeg((100, 80)))
    backend.ended(object_id)
    new = backend.put(object_id, pictures.jpeg((200, 80)))
    backend.until_version(object_id, new)
    before = backend.photos.get(object_id).attributes

    state = {"s3Bucket": backend.stack.bucket, "s3Key": f"Incoming/{object_id}", "objectID": object_id}
    ended = backend.run(state | {"versionId": old})

    assert ended["status"] == "SUCCEEDED", "it ends as superseded"
    assert backend.photos.get(object_id).attributes == before
    assert pictures.opened(backend.thumbnail(object_id)["Body"].read()).width == 200


def test_an_execution_that_only_knows_the_contracts_input_is_as_good(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    first = backend.ended(object_id)[object_id]
    backend.execution(first)
    state = {"s3Bucket": backend.stack.bucket, "s3Key": f"Incoming/{object_id}", "objectID": object_id}
    assert backend.run(state)["status"] == "SUCCEEDED"
    again = backend.photos.get(object_id)
    assert again.attributes | {"changeTime": first.change_time} == first.attributes
