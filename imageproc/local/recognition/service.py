"""DetectLabels: a request's body goes in, the response's body or a typed error comes out.

The protocol is AWS JSON 1.1: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

import io
import json
import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from botocore.validate import ParamValidator

from imageproc.core.metadata import read_metadata
from imageproc.errors import ImageTooLargeError, PhotoError
from imageproc.local.recognition.errors import (
    DetectLabelsError,
    ImageTooLarge,
    InternalServerError,
    InvalidImageFormat,
    InvalidParameter,
)
from imageproc.local.recognition.models import MODEL_VERSION
from imageproc.local.recognition.request import MAX_SIDE, MIN_SIDE, S3Object, parse, response_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imageproc.local.recognition.labels import FoundLabel, Instance
    from imageproc.local.recognition.request import DetectLabels

_log = logging.getLogger("imageproc.local.recognition")


@dataclass(frozen=True)
class Answer:
    """An HTTP status, and a body of JSON."""

    status: int
    body: bytes


def answer(
    body: bytes, read: Callable[[S3Object], bytes], recognise: Callable[[bytes], Sequence[FoundLabel]]
) -> Answer:
    """Answer a request. `read` gets an object with the caller's rights, `recognise` labels an image.

    Nothing is raised: what goes wrong is in the answer, as any AWS SDK understands it.
    """
    try:
        request = parse(body)
        image = read(request.image) if isinstance(request.image, S3Object) else request.image
        return Answer(200, json.dumps(_checked(_response(request, _recognised(image, recognise)))).encode())
    except DetectLabelsError as error:
        return refusal(error)
    except Exception:  # noqa: BLE001 - this caller gets an answer, and the next one is served
        _log.exception("DetectLabels failed")
        return refusal(InternalServerError("Recognition failed; the log of the local AWS says why."))


def refusal(error: DetectLabelsError) -> Answer:
    """Return an error as the protocol writes it."""
    return Answer(error.status, json.dumps({"__type": error.code, "message": str(error)}).encode())


def _recognised(image: bytes, recognise: Callable[[bytes], Sequence[FoundLabel]]) -> Sequence[FoundLabel]:
    try:
        check_size(image)
        return recognise(image)
    except ImageTooLargeError as error:
        raise ImageTooLarge(f"Request image is too large: {error}") from error
    except PhotoError as error:
        raise InvalidImageFormat(f"Request has invalid image format: {error}") from error


def check_size(image: bytes) -> None:
    """Check what an image says of its width and height, before it is decoded.

    The errors are those that callers of Amazon Rekognition report; its pages only name the limits:
    https://docs.aws.amazon.com/rekognition/latest/dg/limits.html

    Raises ImageTooLarge, InvalidParameter, ImageIdentifyError, NotSupportedImageType or ImageTooLargeError.
    """
    found = read_metadata(io.BytesIO(image), len(image))
    if max(found.width, found.height) > MAX_SIDE:
        raise ImageTooLarge(
            f"Input image dimensions {found.width} x {found.height} exceed maximum dimension size of "
            f"{MAX_SIDE} pixels"
        )
    if min(found.width, found.height) < MIN_SIDE:
        raise InvalidParameter("Request has invalid parameters")


def _response(request: DetectLabels, labels: Sequence[FoundLabel]) -> dict[str, Any]:
    least = request.min_confidence / 100
    wanted = [
        label
        for label in labels
        if label.confidence >= least and request.filters.admit(label.name, label.category)
    ]
    return {
        "Labels": [_label(label, least) for label in wanted[: request.max_labels]],
        "LabelModelVersion": MODEL_VERSION,
    }


def _label(label: FoundLabel, least: float) -> dict[str, Any]:
    return {
        "Name": label.name,
        "Confidence": _percent(label.confidence),
        "Instances": [_instance(one) for one in label.instances if one.confidence >= least],
        "Parents": [{"Name": parent} for parent in label.parents],
        "Aliases": [],
        "Categories": [{"Name": label.category}],
    }


def _instance(instance: Instance) -> dict[str, Any]:
    sides = {side.title(): round(length, 5) for side, length in asdict(instance.box).items()}
    return {"BoundingBox": sides, "Confidence": _percent(instance.confidence)}


def _percent(fraction: float) -> float:
    return round(min(fraction, 1.0) * 100, 3)


def _checked(response: dict[str, Any]) -> dict[str, Any]:
    """Return the response, which must fit the service's model: an SDK may rely on it."""
    report = ParamValidator().validate(response, response_shape())
    if report.has_errors():
        raise InternalServerError(f"The answer is malformed: {report.generate_report()}")
    return response
