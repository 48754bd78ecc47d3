from __future__ import annotations

import json
from typing import Any

import pytest

from imageproc.errors import SupersededError
from imageproc.functions import record_outcome
from tests.functions.conftest import Backend

JPEG = {"format": "JPEG", "attributes": {}}


def caught(name: str, message: str) -> dict[str, str]:
    """Return what the state machine catches of a function's error."""
    cause = {"errorMessage": message, "errorType": name, "stackTrace": ["  File ..."]}
    return {"Error": name, "Cause": json.dumps(cause)}


UNAVAILABLE = {"Rekognition": caught("RecognitionUnavailableError", "nobody there")}
THROTTLED = {"GenerateThumbnail": caught("TransientServiceError", "slow down")}


def ended(backend: Backend, **state: Any) -> dict[str, Any]:
    """Record an outcome, and return the record."""
    record_outcome.handler(backend.state("x", **state), None)
    return backend.record("x")


def test_a_photo_with_all_its_parts_has_succeeded(backend: Backend) -> None:
    record = ended(backend, extractedMetadata=JPEG, parallelResults=[{}, {}])
    assert record["status"] == "SUCCEEDED"
    assert "error" not in record
    assert "missing" not in record


def test_a_part_that_failed_is_missing_and_says_why(backend: Backend) -> None:
    record = ended(backend, extractedMetadata=JPEG, parallelResults=[UNAVAILABLE, {}])
    why = {"step": "Rekognition", "name": "RecognitionUnavailableError", "cause": "nobody there"}
    assert record["status"] == "INCOMPLETE"
    assert record["missing"] == {"tags": why}
    assert record["error"] == why


def test_both_parts_may_be_missing(backend: Backend) -> None:
    record = ended(backend, extractedMetadata=JPEG, parallelResults=[UNAVAILABLE, THROTTLED])
    assert set(record["missing"]) == {"tags", "thumbnail"}


def test_a_retry_of_one_part_leaves_the_other_as_it_was(backend: Backend) -> None:
    ended(backend, extractedMetadata=JPEG, parallelResults=[UNAVAILABLE, THROTTLED])
    record = ended(backend, extractedMetadata=JPEG, parallelResults=[{}, {}], only=["tags"])
    assert record["status"] == "INCOMPLETE"
    assert set(record["missing"]) == {"thumbnail"}
    assert record["error"]["name"] == "TransientServiceError"


def test_a_retry_that_completes_the_photo_clears_the_error(backend: Backend) -> None:
    ended(backend, extractedMetadata=JPEG, parallelResults=[UNAVAILABLE, {}])
    record = ended(backend, extractedMetadata=JPEG, parallelResults=[{}, {}], only=["tags"])
    assert record["status"] == "SUCCEEDED"
    assert "error" not in record
    assert "missing" not in record


@pytest.mark.parametrize("name", ["ImageIdentifyError", "ImageTooLargeError"])
def test_a_bad_image_is_rejected(backend: Backend, name: str) -> None:
    record = ended(backend, failures={"ExtractImageMetadata": caught(name, "bad")})
    assert record["status"] == "REJECTED"
    assert record["error"] == {"step": "ExtractImageMetadata", "name": name, "cause": "bad"}


def test_another_format_is_rejected_with_the_choices_name(backend: Backend) -> None:
    record = ended(
        backend, extractedMetadata={"format": "UNSUPPORTED", "cause": "it is a GIF", "attributes": {}}
    )
    assert record["status"] == "REJECTED"
    assert record["error"] == {
        "step": "ImageTypeCheck",
        "name": "NotSupportedImageType",
        "cause": "it is a GIF",
    }


def test_any_other_failure_can_be_retried_and_keeps_its_cause(backend: Backend) -> None:
    timed_out = {"Error": "States.Timeout", "Cause": "60 seconds"}
    record = ended(backend, failures={"StoreImageMetadata": timed_out}, extractedMetadata=JPEG)
    assert record["status"] == "FAILED"
    assert record["error"] == {"step": "StoreImageMetadata", "name": "States.Timeout", "cause": "60 seconds"}


def test_an_older_upload_does_not_touch_a_newer_ones_status(backend: Backend) -> None:
    backend.dynamodb.put_item(
        TableName=backend.table, Item={"imageID": {"S": "x"}, "versionId": {"S": "new"}}
    )
    with pytest.raises(SupersededError):
        ended(backend, extractedMetadata=JPEG, parallelResults=[{}, {}], versionId="old")
    assert "status" not in backend.record("x")
