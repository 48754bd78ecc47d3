"""A DetectLabels request, checked against the service's own model.

The model is botocore's, so that what any AWS SDK may send is understood as Amazon Rekognition would.
https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.validate import ParamValidator

from imageproc.local.recognition.errors import ImageTooLarge, InvalidParameter

if TYPE_CHECKING:
    from typing import Never

    from botocore.model import OperationModel, Shape

MAX_IMAGE_BYTES = 5 * 1024 * 1024
"""Largest image in the request itself, in bytes."""

MAX_OBJECT_BYTES = 15 * 1024 * 1024
"""Largest image in S3, in bytes. https://docs.aws.amazon.com/rekognition/latest/dg/limits.html"""

MIN_SIDE, MAX_SIDE = 80, 10_000
"""Least and largest width and height of an image, in pixels."""

MAX_BODY_BYTES = MAX_IMAGE_BYTES * 4 // 3 + 64 * 1024
"""Largest request, in bytes: an image in base 64, and the rest."""

DEFAULT_MIN_CONFIDENCE = 55.0
DEFAULT_MAX_LABELS = 1000
_FILTERS = (
    "LabelInclusionFilters",
    "LabelExclusionFilters",
    "LabelCategoryInclusionFilters",
    "LabelCategoryExclusionFilters",
)


@dataclass(frozen=True)
class S3Object:
    """An object in S3, in its newest version unless one is named."""

    bucket: str
    name: str
    version: str | None


@dataclass(frozen=True)
class Filters:
    """Which labels and categories are wanted (all, if neither is named), and which are not."""

    labels: frozenset[str]
    not_labels: frozenset[str]
    categories: frozenset[str]
    not_categories: frozenset[str]

    def admit(self, name: str, category: str) -> bool:
        """Say whether a label of this category is wanted."""
        if name in self.not_labels or category in self.not_categories:
            return False
        return not (self.labels or self.categories) or name in self.labels or category in self.categories


@dataclass(frozen=True)
class DetectLabels:
    """What is asked for. `min_confidence` is in percent."""

    image: bytes | S3Object
    max_labels: int
    min_confidence: float
    filters: Filters


def request_shape() -> Shape:
    """Return what botocore says of a request's parameters."""
    return _operation().input_shape or _no_shape()


def response_shape() -> Shape:
    """Return what botocore says of a response."""
    return _operation().output_shape or _no_shape()


@cache
def _operation() -> OperationModel:
    return botocore.session.Session().get_service_model("rekognition").operation_model("DetectLabels")


def _no_shape() -> Never:
    raise AssertionError("botocore's model of DetectLabels has a request and a response")


def parse(body: bytes) -> DetectLabels:
    """Read the body of a request.

    Raises InvalidParameter or ImageTooLarge.
    """
    if len(body) > MAX_BODY_BYTES:
        raise ImageTooLarge(f"The image has more than {MAX_IMAGE_BYTES:,} bytes: put it into S3.")
    given = _decoded(body)
    report = ParamValidator().validate(given, request_shape())
    if report.has_errors():
        raise InvalidParameter(f"Request has invalid parameters: {report.generate_report()}")
    _check_values(given)
    settings = given.get("Settings", {}).get("GeneralLabels", {})
    return DetectLabels(
        image=_image(given["Image"]),
        max_labels=given.get("MaxLabels", DEFAULT_MAX_LABELS),
        min_confidence=float(given.get("MinConfidence", DEFAULT_MIN_CONFIDENCE)),
        filters=Filters(*(frozenset(settings.get(name, ())) for name in _FILTERS)),
    )


def _decoded(body: bytes) -> dict[str, Any]:
    """Return the request's parameters, the image's bytes out of their base 64."""
    try:
        given = json.loads(body)
        image = given.get("Image") if isinstance(given, dict) else None
        if isinstance(image, dict) and isinstance(image.get("Bytes"), str):
            image["Bytes"] = base64.b64decode(image["Bytes"], validate=True)
    except (ValueError, RecursionError, binascii.Error) as error:
        raise InvalidParameter(f"Request is no JSON, or its image no base 64: {error}") from error
    if not isinstance(given, dict):
        raise InvalidParameter("Request is no JSON object.")
    return given


def _check_values(given: dict[str, Any]) -> None:
    """Check what botocore's validation leaves to the service."""
    if not 0 <= given.get("MinConfidence", 0) <= 100:
        raise InvalidParameter("MinConfidence must be between 0 and 100.")
    if "IMAGE_PROPERTIES" in given.get("Features", ()):
        raise InvalidParameter("IMAGE_PROPERTIES are not offered by local recognition: GENERAL_LABELS are.")
    if ("Bytes" in given["Image"]) == ("S3Object" in given["Image"]):
        raise InvalidParameter("Image must have either Bytes or S3Object.")


def _image(image: dict[str, Any]) -> bytes | S3Object:
    if "Bytes" in image:
        data = bytes(image["Bytes"])
        if not data:
            raise InvalidParameter("Image.Bytes must not be empty.")
        if len(data) > MAX_IMAGE_BYTES:
            raise ImageTooLarge(f"The image has {len(data):,} bytes; at most {MAX_IMAGE_BYTES:,} are taken.")
        return data
    where = image["S3Object"]
    if not where.get("Bucket") or not where.get("Name"):
        raise InvalidParameter("S3Object must have Bucket and Name.")
    return S3Object(where["Bucket"], where["Name"], where.get("Version") or None)
