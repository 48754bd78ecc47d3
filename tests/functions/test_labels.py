"""Rekognition, RekognitionOfRendition and StoreRekognizedTags."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from imageproc.errors import (
    LabelsQueuedError,
    RecognitionRefusedError,
    RecognitionUnavailableError,
    RenditionNeededError,
    ServiceRefusedError,
    TransientServiceError,
)
from imageproc.functions import (
    clients,
    extract_image_metadata,
    rekognition,
    rekognition_of_rendition,
    store_rekognized_tags,
)
from tests import pictures
from tests.core.pictures import noisy, saved
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


REFUSALS = ("ImageTooLargeException", "InvalidImageFormatException", "InvalidParameterException")


@pytest.mark.parametrize(
    ("code", "status", "raised"),
    [
        ("ThrottlingException", 400, LabelsQueuedError),
        ("ProvisionedThroughputExceededException", 400, LabelsQueuedError),
        ("InternalServerError", 500, TransientServiceError),
        *((code, 400, RenditionNeededError) for code in REFUSALS),
        ("InvalidS3ObjectException", 400, ServiceRefusedError),
        ("AccessDeniedException", 400, ServiceRefusedError),
        ("RecognitionUnavailable", 501, RecognitionUnavailableError),
    ],
)
def test_each_refusal_has_its_own_error(
    backend: Backend, service: Stubber, code: str, status: int, raised: type[Exception]
) -> None:
    for _ in range(2):  # the SDK's own tries
        service.add_client_error("detect_labels", code, "why", status)
    with pytest.raises(raised, match="Turn 2" if raised is LabelsQueuedError else "why"):
        rekognition.handler(backend.state("cat.jpg"), None)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_rendition_that_is_refused_has_no_labels_for_good(
    backend: Backend, service: Stubber, code: str
) -> None:
    backend.upload("cat.jpg", pictures.jpeg())
    service.add_client_error("detect_labels", code, "why", 400)
    with pytest.raises(RecognitionRefusedError, match="why"):
        rekognition_of_rendition.handler(backend.state("cat.jpg"), None)


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"fileSize": 15 * 1024 * 1024 + 1}, "15,728,641 bytes"),
        ({"fileSize": 1, "dimensions": {"width": 10_001, "height": 500}}, "10,001 x 500 pixels"),
        ({"fileSize": 1, "dimensions": {"width": 500, "height": 79}}, "500 x 79 pixels"),
    ],
)
def test_what_rekognition_cannot_take_is_not_asked_of_it(
    backend: Backend, service: Stubber, attributes: dict[str, Any], why: str
) -> None:
    state = backend.state("cat.jpg", extractedMetadata={"format": "JPEG", "attributes": attributes})
    with pytest.raises(RenditionNeededError, match=why):
        rekognition.handler(state, None)


def test_of_a_photo_at_the_limits_the_original_is_labelled(backend: Backend, service: Stubber) -> None:
    service.add_response("detect_labels", ANSWER)
    at_the_limits = {"fileSize": 15 * 1024 * 1024, "dimensions": {"width": 10_000, "height": 80}}
    state = backend.state("cat.jpg", extractedMetadata={"format": "JPEG", "attributes": at_the_limits})
    assert rekognition.handler(state, None)["tags"] == ["Cat", "Animal"]


def test_a_rendition_is_sent_as_a_jpeg_within_the_limits(backend: Backend, service: Stubber) -> None:
    version = backend.upload("thin.png", pictures.png((60, 400)))
    backend.upload("thin.png", b"replaced meanwhile")
    sent: list[bytes] = []
    clients.rekognition().meta.events.register_first(
        "before-parameter-build.rekognition.DetectLabels",
        lambda params, **_: sent.append(params["Image"]["Bytes"]),
        "seen",
    )
    service.add_response("detect_labels", ANSWER)

    found = rekognition_of_rendition.handler(backend.state("thin.png", versionId=version), None)

    clients.rekognition().meta.events.unregister(
        "before-parameter-build.rekognition.DetectLabels", unique_id="seen"
    )
    assert found["tags"] == ["Cat", "Animal"]
    made = pictures.opened(sent[0])
    assert (made.format, made.size) == ("JPEG", (80, 533))


@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
def test_of_a_truncated_photo_labels_are_asked_only_if_most_of_it_is_there(
    backend: Backend, service: Stubber, share: float
) -> None:
    photo = saved(noisy((640, 480)), quality=90)
    backend.upload("cut.jpg", photo[: int(len(photo) * share)])
    state = backend.state("cut.jpg")
    state["extractedMetadata"] = extract_image_metadata.handler(state, None)
    with pytest.raises(RenditionNeededError, match="does not end as a photo does"):
        rekognition.handler(state, None)
    service.add_response("detect_labels", ANSWER)
    if share < 0.5:
        with pytest.raises(RecognitionRefusedError, match=r"only (9|1\d)% of the picture is there"):
            rekognition_of_rendition.handler(state, None)
    else:
        assert rekognition_of_rendition.handler(state, None)["tags"] == ["Cat", "Animal"]


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
