"""Asking Rekognition for labels, of an original or of its rendition."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, EndpointConnectionError, NoRegionError

from imageproc.aws.translation import THROTTLING_CODES, error_code
from imageproc.core.labels import attributes_of
from imageproc.errors import RecognitionRefusedError, RecognitionUnavailableError
from imageproc.functions import turns
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import rekognition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_rekognition.type_defs import ImageTypeDef

    from imageproc.core.turns import Turn

# What DetectLabels answers for a picture that it cannot take, today or tomorrow:
# https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html#API_DetectLabels_Errors
REFUSED_CODES = frozenset(
    {"ImageTooLargeException", "InvalidImageFormatException", "InvalidParameterException"}
)

UNAVAILABLE_CODE = "RecognitionUnavailable"
"""What a local AWS without recognition answers. Amazon Rekognition is in few regions; elsewhere it has no
address, or none that answers."""


def labelled(image: ImageTypeDef, turn: Turn) -> dict[str, Any]:
    """Ask for an image's labels when it is its turn; return `tags`, `labels` and `labelModelVersion`.

    Raises LabelsQueuedError if it is throttled, RecognitionThrottledError after too many turns,
    RecognitionRefusedError, RecognitionUnavailableError, TransientServiceError, ServiceRefusedError.
    """
    turns.wait_for(turn)
    with aws_call("Asking Rekognition for labels"), _named(turn):
        answer = rekognition().detect_labels(
            Image=image,
            MaxLabels=int(os.environ["MAX_LABELS"]),
            MinConfidence=float(os.environ["MIN_CONFIDENCE"]),
        )
    return attributes_of(answer)


@contextmanager
def _named(turn: Turn) -> Iterator[None]:
    try:
        yield
    except (EndpointConnectionError, NoRegionError) as error:
        raise RecognitionUnavailableError(f"Rekognition cannot be reached: {error}") from error
    except ClientError as error:
        code, message = error_code(error), error.response["Error"].get("Message", "")
        if code == UNAVAILABLE_CODE:
            raise RecognitionUnavailableError(message) from error
        if code in REFUSED_CODES:
            raise RecognitionRefusedError(f"Rekognition cannot take this photo: {message}") from error
        if code in THROTTLING_CODES:
            raise turns.after_throttling(turn, message) from error
        raise
