"""RekognitionFunction: has Amazon Rekognition label the photo where it lies, in S3."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoRegionError

from imageproc.aws.translation import error_code
from imageproc.core.execution_input import ExecutionInput, State
from imageproc.core.labels import attributes_of
from imageproc.core.parts import Part
from imageproc.errors import RecognitionRefusedError, RecognitionUnavailableError
from imageproc.functions import logs
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import make_at_start, rekognition

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
    photo = ExecutionInput.from_state(event)
    if not photo.wants(Part.TAGS):
        return {}
    with aws_call("Asking Rekognition for labels"):
        try:
            answer = rekognition().detect_labels(
                Image={"S3Object": _s3_object(photo)},
                MaxLabels=int(os.environ["MAX_LABELS"]),
                MinConfidence=float(os.environ["MIN_CONFIDENCE"]),
            )
        except (BotoCoreError, ClientError) as error:
            _raise_named(error)
            raise
    return attributes_of(answer)


def _s3_object(photo: ExecutionInput) -> S3ObjectTypeDef:
    found: S3ObjectTypeDef = {"Bucket": photo.bucket, "Name": photo.key}
    if photo.version_id:
        found["Version"] = photo.version_id
    return found


def _raise_named(error: BotoCoreError | ClientError) -> None:
    if isinstance(error, EndpointConnectionError | NoRegionError):
        raise RecognitionUnavailableError(f"Rekognition cannot be reached: {error}") from error
    if isinstance(error, ClientError):
        message = error.response["Error"].get("Message", "")
        if error_code(error) == UNAVAILABLE_CODE:
            raise RecognitionUnavailableError(message) from error
        if error_code(error) in REFUSED_CODES:
            raise RecognitionRefusedError(f"Rekognition cannot take this photo: {message}") from error
