"""RekognitionFunction: has Amazon Rekognition label the photo where it lies, in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imageproc.core.execution_input import ExecutionInput, State
from imageproc.core.labels import why_rendition
from imageproc.core.parts import Part
from imageproc.errors import RecognitionRefusedError, RenditionNeededError
from imageproc.functions import logs, turns
from imageproc.functions.clients import dynamodb, make_at_start, rekognition
from imageproc.functions.recognition import labelled

if TYPE_CHECKING:
    from types_boto3_rekognition.type_defs import S3ObjectTypeDef

make_at_start(dynamodb, rekognition)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Return `tags`, `labels` and `labelModelVersion`; nothing if the execution is not to make tags.

    Raises RenditionNeededError if Rekognition cannot take the original, LabelsQueuedError if it is not yet
    its turn, RecognitionThrottledError, RecognitionUnavailableError, TransientServiceError,
    ServiceRefusedError.
    """
    photo = ExecutionInput.from_state(event)
    if not photo.wants(Part.TAGS):
        return {}
    if why := why_rendition(event.get("extractedMetadata", {})):
        raise RenditionNeededError(f"A rendition is labelled: {why}.")
    turn = turns.take(event)
    try:
        return labelled({"S3Object": _s3_object(photo)}, turn)
    except RecognitionRefusedError as error:
        raise RenditionNeededError(f"A rendition is labelled. {error.cause}") from error


def _s3_object(photo: ExecutionInput) -> S3ObjectTypeDef:
    if photo.original:  # it takes no ETag: if it has changed, reading its thumbnail's original tells
        return {"Bucket": photo.original.bucket, "Name": photo.original.key}
    found: S3ObjectTypeDef = {"Bucket": photo.bucket, "Name": photo.key}
    if photo.version_id:
        found["Version"] = photo.version_id
    return found
