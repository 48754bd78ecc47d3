"""DetectLabels as a caller sees it, with an image and labels of the test's own."""

from __future__ import annotations

import base64
import json
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser

pytest.importorskip("cv2", reason="the extra 'recognition' is not installed")

from imageproc.errors import ImageIdentifyError, ImageTooLargeError, NotSupportedImageType
from imageproc.local.recognition.detector import Box
from imageproc.local.recognition.errors import InvalidS3Object
from imageproc.local.recognition.labels import FoundLabel, Instance
from imageproc.local.recognition.request import MAX_IMAGE_BYTES, S3Object
from imageproc.local.recognition.service import answer
from tests import pictures

LABELS = [
    FoundLabel("Animal", 0.97, (), "Animals and Pets"),
    FoundLabel(
        "Cat",
        0.9,
        ("Mammal", "Pet", "Animal"),
        "Animals and Pets",
        [Instance(0.9, Box(0.1, 0.2, 0.3, 0.4)), Instance(0.2, Box(0, 0, 1, 1))],
    ),
    FoundLabel("Vase", 0.6, ("Jar",), "Kitchen and Dining"),
    FoundLabel("Bed", 0.3, ("Furniture",), "Furniture and Furnishings"),
]
PHOTO = pictures.jpeg()


def inline(data: bytes) -> dict[str, str]:
    return {"Bytes": base64.b64encode(data).decode()}


IMAGE = inline(PHOTO)
MODEL = botocore.session.Session().get_service_model("rekognition").operation_model("DetectLabels")


def ask(request: Any, labels: Any = LABELS, read: Any = None) -> dict[str, Any]:
    """Return the answer as botocore reads it."""
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    found = answer(body, read or (lambda where: PHOTO), lambda data: labels)
    headers = {"content-type": "application/x-amz-json-1.1"}
    response = {"status_code": found.status, "headers": headers, "body": found.body}
    assert MODEL.output_shape is not None
    parsed: dict[str, Any] = create_parser("json").parse(response, MODEL.output_shape)
    return parsed


def code(answered: dict[str, Any]) -> str:
    return str(answered["Error"]["Code"])


def names(answered: dict[str, Any]) -> list[str]:
    return [label["Name"] for label in answered["Labels"]]


def test_the_answer_has_rekognitions_shape() -> None:
    answered = ask({"Image": IMAGE})
    assert answered["LabelModelVersion"] == "local EfficientNet-Lite3 + SSD-MobileNetV2-COCO"
    assert answered["Labels"][1] == {
        "Name": "Cat",
        "Confidence": 90.0,
        "Instances": [
            {"BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}, "Confidence": 90.0}
        ],
        "Parents": [{"Name": "Mammal"}, {"Name": "Pet"}, {"Name": "Animal"}],
        "Aliases": [],
        "Categories": [{"Name": "Animals and Pets"}],
    }


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["Animal", "Cat", "Vase"]),
        ({"MinConfidence": 95}, ["Animal"]),
        ({"MinConfidence": 0}, ["Animal", "Cat", "Vase", "Bed"]),
        ({"MaxLabels": 2}, ["Animal", "Cat"]),
        ({"MaxLabels": 0}, []),
        ({"Settings": {"GeneralLabels": {"LabelInclusionFilters": ["Cat"]}}}, ["Cat"]),
        ({"Settings": {"GeneralLabels": {"LabelExclusionFilters": ["Cat"]}}}, ["Animal", "Vase"]),
        (
            {"Settings": {"GeneralLabels": {"LabelCategoryInclusionFilters": ["Kitchen and Dining"]}}},
            ["Vase"],
        ),
        ({"Settings": {"GeneralLabels": {"LabelCategoryExclusionFilters": ["Animals and Pets"]}}}, ["Vase"]),
    ],
)
def test_the_parameters_choose_labels(parameters: dict[str, Any], expected: list[str]) -> None:
    assert names(ask({"Image": IMAGE, **parameters})) == expected


def test_an_object_is_read_in_the_version_that_is_named() -> None:
    asked: list[S3Object] = []

    def read(where: S3Object) -> bytes:
        asked.append(where)
        return PHOTO

    ask({"Image": {"S3Object": {"Bucket": "photos", "Name": "a b.jpg", "Version": "v1"}}}, read=read)
    ask({"Image": {"S3Object": {"Bucket": "photos", "Name": "a b.jpg"}}}, read=read)
    assert asked == [S3Object("photos", "a b.jpg", "v1"), S3Object("photos", "a b.jpg", None)]


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"no JSON",
        b"[]",
        b"[" * 100_000,
        {},
        {"Image": {}},
        {"Image": "text"},
        {"Image": {"Bytes": "no base 64!"}},
        {"Image": {"Bytes": ""}},
        {"Image": {"S3Object": {"Bucket": "photos"}}},
        {"Image": {**IMAGE, "S3Object": {"Bucket": "photos", "Name": "a"}}},
        {"Image": IMAGE, "MaxLabels": -1},
        {"Image": IMAGE, "MaxLabels": "many"},
        {"Image": IMAGE, "MinConfidence": 100.1},
        {"Image": IMAGE, "MinConfidence": -1},
        {"Image": IMAGE, "Nonsense": 1},
        {"Image": IMAGE, "Features": ["IMAGE_PROPERTIES"]},
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_request_that_does_not_fit_is_refused(request_: Any) -> None:
    assert code(ask(request_)) == "InvalidParameterException"


@pytest.mark.parametrize("size", [MAX_IMAGE_BYTES + 1, 2 * MAX_IMAGE_BYTES])
def test_an_image_that_is_too_large_for_a_request_is_refused(size: int) -> None:
    assert code(ask({"Image": inline(PHOTO.ljust(size, b"\0"))})) == "ImageTooLargeException"
    assert "Labels" in ask({"Image": inline(PHOTO.ljust(MAX_IMAGE_BYTES, b"\0"))})


@pytest.mark.parametrize("make", [pictures.jpeg, pictures.png])
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((80, 80), None),
        ((79, 80), "InvalidParameterException"),
        ((640, 79), "InvalidParameterException"),
        ((10_000, 80), None),
        ((10_001, 80), "ImageTooLargeException"),
        ((80, 10_001), "ImageTooLargeException"),
    ],
)
def test_an_image_has_80_to_10000_pixels_a_side(make: Any, size: tuple[int, int], expected: Any) -> None:
    answered = ask({"Image": inline(make(size))})
    assert (code(answered) if "Error" in answered else None) == expected


def test_what_is_neither_jpeg_nor_png_is_refused_unseen() -> None:
    assert code(ask({"Image": inline(pictures.gif())})) == "InvalidImageFormatException"


@pytest.mark.parametrize(
    ("raised", "expected", "status"),
    [
        (ImageIdentifyError("why"), "InvalidImageFormatException", 400),
        (NotSupportedImageType("why"), "InvalidImageFormatException", 400),
        (ImageTooLargeError("why"), "ImageTooLargeException", 400),
        (InvalidS3Object("why"), "InvalidS3ObjectException", 400),
        (ZeroDivisionError("secret"), "InternalServerError", 500),
    ],
)
def test_each_failure_has_its_error(raised: Exception, expected: str, status: int) -> None:
    def fail(_: object) -> Any:
        raise raised

    found = answer(json.dumps({"Image": IMAGE}).encode(), fail, fail)
    error = json.loads(found.body)
    assert (found.status, error["__type"]) == (status, expected)
    assert "secret" not in error["message"]


def test_an_answer_that_does_not_fit_the_services_model_is_not_given() -> None:
    broken = [FoundLabel("Cat", 0.9, (1,), "Animals and Pets")]  # type: ignore[arg-type]
    assert code(ask({"Image": IMAGE}, labels=broken)) == "InternalServerError"
