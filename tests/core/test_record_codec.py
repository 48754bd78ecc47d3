"""The codec reads what a record promises, keeps what it does not know, and writes what it has read."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.core import record_codec
from imageproc.core.label import BoundingBox, Correction, CorrectionAction, Label
from imageproc.core.record import (
    Camera,
    Dimensions,
    Exposure,
    PhotoRecord,
    Place,
    Status,
    StepError,
    Thumbnail,
)
from imageproc.core.record_codec import KNOWN_ATTRIBUTES, decode, encode

UNREACHABLE = {"step": "Rekognition", "name": "RecognitionUnavailableError", "cause": "unreachable"}
WHOLE: dict[str, Any] = {
    "imageID": "a1/0123456789ab-cat.jpg",
    "s3key": "Incoming/a1/0123456789ab-cat.jpg",
    "status": "INCOMPLETE",
    "userID": "ann",
    "albumID": "a1",
    "uploadTime": 1_700_000_000,
    "versionId": "v1",
    "sequencer": "0A",
    "executionArn": "arn:aws:states:eu-west-1:123456789012:execution:m:x",
    "error": {"step": "Rekognition", "name": "RecognitionUnavailableError", "cause": "unreachable"},
    "missing": {
        "tags": {"step": "Rekognition", "name": "RecognitionUnavailableError", "cause": "unreachable"}
    },
    "imageFormat": "JPEG",
    "fileSize": 12345,
    "dimensions": {"width": 4000, "height": 3000},
    "exifOrientation": 6,
    "creationTime": "2014-05-01T10:20:30+02:00",
    "creationTimeSource": "DateTimeOriginal",
    "geo": {"latitude": 52.5, "longitude": 13.4, "altitude": 34.0},
    "latitude": {"D": 52, "M": 30, "S": 0, "Direction": "N"},
    "exifMake": "Canon",
    "exifModel": "Canon EOS 5D",
    "exifExposureTime": 0.004,
    "exifFNumber": 2.8,
    "exifPhotographicSensitivity": 400,
    "tags": ["Cat", "Pet"],
    "labels": [
        {
            "name": "Cat",
            "confidence": 98.5,
            "parents": ["Animal"],
            "boxes": [{"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4, "confidence": 97.0}],
        },
        {"name": "Pet", "confidence": 98.5, "parents": [], "boxes": []},
    ],
    "labelCorrections": {"Pet": {"action": "renamed", "by": "ann", "at": 1_700_000_000_123, "to": "Toy"}},
    "labelModelVersion": "3.0",
    "thumbnail": {"s3Bucket": "photos", "s3Key": "Thumbnails/a1/0123456789ab-cat.jpg"},
    "contentHash": "sha256:" + "0f" * 32,
    "perceptualHash": "dct144:" + "0f" * 18,
    "embedding": bytes(range(256)) * 5,
    "truncated": True,
    "rating": 5,
}

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.dictionaries(st.sampled_from(sorted(KNOWN_ATTRIBUTES)) | st.text(max_size=10), PLAIN, max_size=8)


def test_every_fact_has_a_typed_field() -> None:
    record = decode(WHOLE)
    unreachable = StepError("Rekognition", "RecognitionUnavailableError", "unreachable")
    assert record == PhotoRecord(
        id="a1/0123456789ab-cat.jpg",
        key="Incoming/a1/0123456789ab-cat.jpg",
        status=Status.INCOMPLETE,
        user="ann",
        album_id="a1",
        uploaded=datetime.fromtimestamp(1_700_000_000, UTC),
        version_id="v1",
        sequencer="0A",
        execution_arn="arn:aws:states:eu-west-1:123456789012:execution:m:x",
        error=unreachable,
        missing={"tags": unreachable},
        format="JPEG",
        file_size=12345,
        dimensions=Dimensions(4000, 3000),
        orientation=6,
        taken=datetime.fromisoformat("2014-05-01T10:20:30+02:00"),
        taken_source="DateTimeOriginal",
        place=Place(52.5, 13.4, 34.0),
        camera=Camera("Canon", "Canon EOS 5D"),
        exposure=Exposure(time=0.004, f_number=2.8, sensitivity=400),
        machine_tags=("Cat", "Pet"),
        machine_labels=(
            Label("Cat", 98.5, ("Animal",), (BoundingBox(0.1, 0.2, 0.3, 0.4, 97.0),)),
            Label("Pet", 98.5),
        ),
        corrections=(
            Correction(
                "Pet",
                CorrectionAction.RENAMED,
                "ann",
                datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC),
                to="Toy",
            ),
        ),
        label_model_version="3.0",
        thumbnail=Thumbnail("photos", "Thumbnails/a1/0123456789ab-cat.jpg"),
        content_hash="sha256:" + "0f" * 32,
        perceptual_hash="dct144:" + "0f" * 18,
        embedding=bytes(range(256)) * 5,
        truncated=True,
        other={"rating": 5, "latitude": WHOLE["latitude"]},
    )
    assert record.name == "cat.jpg"
    assert record.thumbnail_key == "Thumbnails/a1/0123456789ab-cat.jpg"


@given(RECORDS | st.just(WHOLE))
def test_what_was_read_is_written_as_it_was(stored: dict[str, Any]) -> None:
    assert encode(decode(stored)) == stored


def test_an_empty_record_is_under_way_and_knows_nothing() -> None:
    assert decode({}) == PhotoRecord()
    assert PhotoRecord().status is Status.PROCESSING


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("uploadTime", "yesterday"),
        ("dimensions", {"width": 1}),
        ("creationTime", "2014:05:01"),
        ("geo", {"latitude": 91, "longitude": 0}),
        ("labels", [{"name": 5, "confidence": 1}]),
        ("status", "DONE"),
        ("tags", "Cat"),
        ("exifFNumber", "f/2"),
        ("thumbnail", "Thumbnails/x"),
    ],
)
def test_a_value_of_another_form_is_kept_and_believed_nowhere(attribute: str, value: Any) -> None:
    record = decode({attribute: value})
    assert dict(record.other) == {attribute: value}
    assert record == PhotoRecord(other={attribute: value})


def test_a_thumbnail_is_never_another_object() -> None:
    assert decode({"thumbnail": {"s3Bucket": "b", "s3Key": "Incoming/secret.jpg"}}).thumbnail_key is None


def test_the_examples_of_the_documentation_run() -> None:
    assert doctest.testmod(record_codec).failed == 0
