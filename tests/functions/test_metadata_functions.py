"""ExtractImageMetadata and StoreImageMetadata."""

from __future__ import annotations

from typing import Any

import pytest

from imageproc.core.attributes import METADATA_ATTRIBUTES
from imageproc.core.limits import FIRST_RANGE
from imageproc.errors import ImageIdentifyError, PhotoGoneError, SupersededError
from imageproc.functions import clients, extract_image_metadata, store_image_metadata
from tests import pictures
from tests.core.pictures import noisy, saved
from tests.functions.conftest import Backend


def test_metadata_comes_with_format_size_camera_owner_and_version(backend: Backend) -> None:
    data = pictures.jpeg((640, 480), make="Canon", model="EOS R5", orientation=6)
    version = backend.upload("cat.jpg", data)

    extracted = extract_image_metadata.handler(backend.state("cat.jpg"), None)

    assert extracted["format"] == "JPEG"
    attributes = extracted["attributes"]
    assert attributes["dimensions"] == {"width": 640, "height": 480}
    assert attributes["fileSize"] == len(data)
    assert (attributes["exifMake"], attributes["exifModel"], attributes["exifOrientation"]) == (
        "Canon",
        "EOS R5",
        6,
    )
    assert (attributes["userID"], attributes["albumID"], attributes["versionId"]) == ("ann", "a1", version)


def test_a_large_photo_is_not_downloaded(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures.jpeg((3000, 2000)) + bytes(3_000_000)
    backend.upload("large.jpg", data)
    ranges: list[str] = []
    real = clients.s3().get_object

    def counted(**request: Any) -> Any:
        ranges.append(request["Range"])
        return real(**request)

    monkeypatch.setattr(clients.s3(), "get_object", counted)
    assert extract_image_metadata.handler(backend.state("large.jpg"), None)["format"] == "JPEG"
    size = len(data)
    assert ranges == [f"bytes=0-{FIRST_RANGE - 1}", f"bytes={size - 8192}-{size - 1}"], "its ends"


def test_a_photo_whose_end_is_not_seen_is_said_so_if_tags_are_to_be_made(backend: Backend) -> None:
    photo = saved(noisy((640, 480)))
    for name, data, unseen in (
        ("whole.jpg", photo, None),
        ("cut.jpg", photo[:-2], True),
        ("trailer.jpg", photo + bytes(4000), None),
        ("whole.png", pictures.png(), None),
        ("cut.png", pictures.png()[:-5], True),
    ):
        backend.upload(name, data)
        assert extract_image_metadata.handler(backend.state(name), None).get("endUnseen") is unseen, name
    only = backend.state("cut.jpg", only=["thumbnail"])
    assert "endUnseen" not in extract_image_metadata.handler(only, None)


def test_a_header_beyond_the_first_range_is_read_from_the_same_version(backend: Backend) -> None:
    photo = pictures.jpeg((300, 200), make="Sony")
    comment = b"\xff\xfe\xff\xff" + bytes(0xFFFD)
    version = backend.upload("long.jpg", photo[:2] + comment * 4 + photo[2:])
    backend.upload("long.jpg", b"replaced meanwhile")

    extracted = extract_image_metadata.handler(backend.state("long.jpg", versionId=version), None)

    assert extracted["attributes"]["exifMake"] == "Sony"
    assert extracted["attributes"]["versionId"] == version


def test_another_image_format_is_left_to_the_choice(backend: Backend) -> None:
    backend.upload("moving.gif", pictures.gif())
    extracted = extract_image_metadata.handler(backend.state("moving.gif"), None)
    assert extracted["format"] == "UNSUPPORTED"
    assert "GIF" in extracted["cause"]


@pytest.mark.parametrize("data", [b"", b"no picture at all", b"\xff\xd8\xff"])
def test_what_is_no_image_is_identified_as_such(backend: Backend, data: bytes) -> None:
    backend.upload("x.jpg", data)
    with pytest.raises(ImageIdentifyError):
        extract_image_metadata.handler(backend.state("x.jpg"), None)


def test_a_missing_object_is_gone(backend: Backend) -> None:
    with pytest.raises(PhotoGoneError):
        extract_image_metadata.handler(backend.state("gone.jpg"), None)


def test_input_that_lacks_a_name_says_which() -> None:
    with pytest.raises(ValueError, match="objectID"):
        extract_image_metadata.handler({"s3Bucket": "b", "s3Key": "Incoming/k"}, None)


def test_stored_metadata_replaces_what_an_earlier_photo_of_the_key_had(backend: Backend) -> None:
    earlier = {
        "format": "JPEG",
        "attributes": {"imageFormat": "JPEG", "exifMake": "Canon", "exifFNumber": 2.8},
    }
    later = {
        "format": "PNG",
        "attributes": {"imageFormat": "PNG", "geo": {"latitude": 0.1, "longitude": -7.25}},
    }
    for extracted in (earlier, later):
        store_image_metadata.handler(backend.state("cat", extractedMetadata=extracted), None)

    record = backend.record("cat")
    assert record["imageFormat"] == "PNG"
    assert "exifMake" not in record
    assert {name: float(value) for name, value in record["geo"].items()} == {
        "latitude": 0.1,
        "longitude": -7.25,
    }
    assert record["status"] == "PROCESSING"


def extracted(version: str) -> dict[str, Any]:
    return {"format": "JPEG", "attributes": {"imageFormat": "JPEG", "versionId": version}}


def test_an_older_upload_does_not_overwrite_a_newer_ones_metadata(backend: Backend) -> None:
    new = backend.state("cat", extractedMetadata=extracted("new"), versionId="new")
    old = backend.state("cat", extractedMetadata=extracted("old"), versionId="old")
    store_image_metadata.handler(new, None)
    with pytest.raises(SupersededError):
        store_image_metadata.handler(old, None)
    assert backend.record("cat")["versionId"] == "new"


def test_an_execution_that_was_started_by_hand_takes_the_record_for_the_version_it_read(
    backend: Backend,
) -> None:
    store_image_metadata.handler(
        backend.state("cat", extractedMetadata=extracted("old"), versionId="old"), None
    )
    store_image_metadata.handler(backend.state("cat", extractedMetadata=extracted("new")), None)
    assert backend.record("cat")["versionId"] == "new"


def test_the_list_of_metadata_attributes_is_what_the_reader_can_yield() -> None:
    from imageproc.core.metadata import IMAGE_FIELDS, PHOTO_FIELDS

    exif = {name for fields in (IMAGE_FIELDS, PHOTO_FIELDS) for name, _ in fields.values()}
    assert exif == {name for name in METADATA_ATTRIBUTES if name.startswith("exif")}


def test_a_photo_that_is_moved_while_its_metadata_is_read_stays_in_the_other_album(backend: Backend) -> None:
    version = backend.upload("cat.jpg", pictures.jpeg(), album="a1")
    state = backend.state("cat.jpg", versionId=version)
    found = extract_image_metadata.handler(state, None)
    backend.dynamodb.put_item(
        TableName=backend.table,
        Item={"imageID": {"S": "cat.jpg"}, "albumID": {"S": "a2"}, "versionId": {"S": version}},
    )
    store_image_metadata.handler(state | {"extractedMetadata": found}, None)
    record = backend.record("cat.jpg")
    assert (record["albumID"], record["userID"], record["imageFormat"]) == ("a2", "ann", "JPEG")
