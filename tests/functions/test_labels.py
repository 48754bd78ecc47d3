"""Rekognition and StoreRekognizedTags."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from imageproc.errors import (
    RecognitionRefusedError,
    RecognitionUnavailableError,
    ServiceRefusedError,
    TransientServiceError,
)
from imageproc.functions import clients, rekognition, store_rekognized_tags
from tests.functions.conftest import Backend

ANSWER: dict[str, Any] = {
    "Labels": [
        {"Name": "Animal", "Confidence": 91.5},
        {
            "Name": "Cat",
            "Confidence": 98.25,
            "Parents": [{"Name": "Animal"}, {"Name": "Pet"}],
            "Instances": [
                {"BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}, "Confidence": 97.0},
                {"Confidence": 60.0},
            ],
        },
    ],
    "LabelModelVersion": "3.0",
}


@pytest.fixture
def service(backend: Backend) -> Iterator[Stubber]:
    with Stubber(clients.rekognition()) as stubber:
        yield stubber


def test_the_photo_is_labelled_where_it_lies_in_the_version_that_was_read(
    backend: Backend, service: Stubber
) -> None:
    expected = {
        "Image": {"S3Object": {"Bucket": "photos", "Name": "Incoming/cat.jpg", "Version": "v7"}},
        "MaxLabels": 20,
        "MinConfidence": 55.0,
    }
    service.add_response("detect_labels", ANSWER, expected)
    extracted = {"format": "JPEG", "attributes": {"versionId": "v7"}}

    found = rekognition.handler(backend.state("cat.jpg", extractedMetadata=extracted), None)

    assert found["tags"] == ["Cat", "Animal"]
    assert found["labelModelVersion"] == "3.0"
    assert found["labels"][0]["parents"] == ["Animal", "Pet"]
    assert found["labels"][0]["boxes"] == [
        {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4, "confidence": 97.0}
    ]


@pytest.mark.parametrize(
    ("code", "status", "raised"),
    [
        ("ThrottlingException", 400, TransientServiceError),
        ("ProvisionedThroughputExceededException", 400, TransientServiceError),
        ("InternalServerError", 500, TransientServiceError),
        ("ImageTooLargeException", 400, RecognitionRefusedError),
        ("InvalidImageFormatException", 400, RecognitionRefusedError),
        ("InvalidS3ObjectException", 400, RecognitionRefusedError),
        ("AccessDeniedException", 400, ServiceRefusedError),
        ("RecognitionUnavailable", 501, RecognitionUnavailableError),
    ],
)
def test_each_refusal_has_its_own_error(
    backend: Backend, service: Stubber, code: str, status: int, raised: type[Exception]
) -> None:
    for _ in range(3):  # the SDK's own tries
        service.add_client_error("detect_labels", code, "why", status)
    with pytest.raises(raised, match="why"):
        rekognition.handler(backend.state("cat.jpg"), None)


def test_an_endpoint_that_does_not_answer_means_that_recognition_is_unavailable(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://rekognition.nowhere")

    monkeypatch.setattr(clients.rekognition(), "detect_labels", unreachable)
    with pytest.raises(RecognitionUnavailableError):
        rekognition.handler(backend.state("cat.jpg"), None)


def test_an_execution_for_other_parts_asks_nobody_and_stores_nothing(
    backend: Backend, service: Stubber
) -> None:
    state = backend.state("cat.jpg", only=["thumbnail"])
    state["rekognition"] = rekognition.handler(state, None)
    assert store_rekognized_tags.handler(state, None) == {}
    assert backend.record("cat.jpg") == {}


def test_labels_are_stored_as_the_contract_says(backend: Backend, service: Stubber) -> None:
    service.add_response("detect_labels", ANSWER)
    state = backend.state("cat.jpg")
    state["rekognition"] = rekognition.handler(state, None)

    store_rekognized_tags.handler(state, None)

    record = backend.record("cat.jpg")
    assert record["tags"] == ["Cat", "Animal"]
    assert record["labels"][0]["confidence"] == Decimal("98.25")
