"""RekognitionFunction: has Amazon Rekognition label the photo where it lies, in S3."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoRegionError

from imageproc.core.record import Part, labels
from imageproc.core.request import PhotoRequest, State
from imageproc.functions import logs
from imageproc.functions.aws import make_at_start, rekognition
from imageproc.functions.errors import (
    RecognitionRefusedError,
    RecognitionUnavailableError,
    aws_call,
    code_of,
)

if TYPE_CHECKING:
    from types_boto3_rekognition.type_defs import S3ObjectTypeDef

# What DetectLabels answers for a photo that it cannot take, today or tomorrow:
# https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html#API_DetectLabels_Errors
REFUSED_CODES = frozenset(
    {
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidParameterException",
        "InvalidS3ObjectException",
    }
)

UNAVAILABLE_CODE = "RecognitionUnavailable"
"""What a local AWS without recognition answers. Amazon Rekognition is in few regions; elsewhere it has no
address, or none that answers."""

make_at_start(rekognition)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Return `tags`, `labels` and `labelModelVersion`; nothing if the execution is not to make tags.

    Raises RecognitionRefusedError, RecognitionUnavailableError, TransientServiceError, ServiceRefusedError.
    """
    photo = PhotoRequest.from_state(event)
    if not photo.wants(Part.TAGS):
        return {}
    with aws_call("asking Rekognition"):
        try:
            answer = rekognition().detect_labels(
                Image={"S3Object": _where(photo)},
                MaxLabels=int(os.environ["MAX_LABELS"]),
                MinConfidence=float(os.environ["MIN_CONFIDENCE"]),
            )
        except (BotoCoreError, ClientError) as error:
            _raise_named(error)
            raise
    return labels(answer)


def _where(photo: PhotoRequest) -> S3ObjectTypeDef:
    where: S3ObjectTypeDef = {"Bucket": photo.bucket, "Name": photo.key}
    if photo.version_id:
        where["Version"] = photo.version_id
    return where


def _raise_named(error: BotoCoreError | ClientError) -> None:
    if isinstance(error, EndpointConnectionError | NoRegionError):
        raise RecognitionUnavailableError(f"Rekognition cannot be reached: {error}") from error
    if isinstance(error, ClientError):
        message = error.response["Error"].get("Message", "")
        if code_of(error) == UNAVAILABLE_CODE:
            raise RecognitionUnavailableError(message) from error
        if code_of(error) in REFUSED_CODES:
            raise RecognitionRefusedError(f"Rekognition cannot take this photo: {message}") from error
