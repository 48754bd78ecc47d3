"""RecordOutcomeFunction: writes how it ended, good or bad, to the photo's record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from imageproc.core.attributes import ERROR, MISSING, S3_KEY, STATUS
from imageproc.core.execution_input import ExecutionInput, State
from imageproc.core.limits import SUPPORTED_FORMATS
from imageproc.core.ownership import write_as
from imageproc.core.parts import REJECTIONS, Part, error_message, outcome
from imageproc.core.record import Status, StepError
from imageproc.core.record_codec import error_attribute
from imageproc.errors import NotSupportedImageType
from imageproc.functions import logs, records
from imageproc.functions.clients import dynamodb, make_at_start

_log = logging.getLogger(__name__)

PARTS = {
    "Rekognition": Part.TAGS,
    "RekognitionOfRendition": Part.TAGS,
    "StoreRekognizedTags": Part.TAGS,
    "GenerateThumbnail": Part.THUMBNAIL,
    "EmbedImage": Part.EMBEDDING,
}
"""What is missing when a state inside the Parallel fails."""

Failures = Mapping[str, Mapping[str, str]]
"""What the state machine caught: `Error` and `Cause` by the state's name."""

make_at_start(dynamodb)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Store `status`, and `error` and `missing` where something went wrong; return what was stored.

    Raises SupersededError if a newer upload owns the record, TransientServiceError, ServiceRefusedError.
    """
    photo = ExecutionInput.from_state(event)
    ended = _ended(photo, event)
    records.write(
        photo.photo_id, write_as(photo.version_id, ended | {S3_KEY: photo.key}, remove=(ERROR, MISSING))
    )
    status = ended[STATUS]
    _log.info("photo %s", status, extra={"fields": logs.metric("Photos", Status=status)})
    return ended


def _ended(photo: ExecutionInput, event: State) -> dict[str, Any]:
    failures: Failures = event.get("failures", {})
    for step, caught in failures.items():
        status = Status.REJECTED if caught["Error"] in REJECTIONS else Status.FAILED
        return _with_error(status, _step_error(step, caught))
    if event["extractedMetadata"]["format"] not in SUPPORTED_FORMATS:
        cause = event["extractedMetadata"].get("cause", "The photo is neither JPEG nor PNG.")
        rejection = NotSupportedImageType.__name__
        return _with_error(Status.REJECTED, StepError("ImageTypeCheck", rejection, cause))
    record = records.get(photo.photo_id) if photo.only else None
    return outcome(_missing(event["parallelResults"]), record.missing if record else {}, photo.only)


def _with_error(status: Status, error: StepError) -> dict[str, Any]:
    return {STATUS: status, ERROR: error_attribute(error)}


def _missing(branches: list[Failures]) -> dict[str, StepError]:
    return {
        PARTS[step]: _step_error(step, caught) for failures in branches for step, caught in failures.items()
    }


def _step_error(step: str, caught: Mapping[str, str]) -> StepError:
    return StepError(step, caught["Error"], error_message(caught["Cause"]))
