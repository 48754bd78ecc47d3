"""RecordOutcomeFunction: writes how it ended, good or bad, to the photo's record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from imageproc.core import errors
from imageproc.core.limits import SUPPORTED_FORMATS
from imageproc.core.record import ERROR, MISSING, S3_KEY, STATUS, Part, Status, error, outcome, words
from imageproc.core.request import PhotoRequest, State
from imageproc.functions import logs, table
from imageproc.functions.aws import dynamodb, make_at_start

_log = logging.getLogger(__name__)

REJECTIONS = frozenset(
    kind.__name__
    for kind in (errors.ImageIdentifyError, errors.ImageTooLargeError, errors.NotSupportedImageType)
)
"""Errors after which another try cannot help."""

PARTS = {
    "Rekognition": Part.TAGS,
    "StoreRekognizedTags": Part.TAGS,
    "GenerateThumbnail": Part.THUMBNAIL,
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
    photo = PhotoRequest.from_state(event)
    ended = _ended(photo, event)
    table.update(
        photo.object_id,
        ended | {S3_KEY: photo.key},
        condition=table.owned_by(photo.version_id),
        remove=[ERROR, MISSING],
    )
    status = ended[STATUS]
    _log.info("photo %s", status, extra={"fields": logs.metric("Photos", Status=status)})
    return ended


def _ended(photo: PhotoRequest, event: State) -> dict[str, Any]:
    failures: Failures = event.get("failures", {})
    for step, caught in failures.items():
        return _failed(step, caught)
    if event["extractedMetadata"]["format"] not in SUPPORTED_FORMATS:
        return _rejected(event)
    earlier = table.get(photo.object_id).get(MISSING, {}) if photo.only else {}
    return outcome(_missing(event["parallelResults"]), earlier, photo.only)


def _failed(step: str, caught: Mapping[str, str]) -> dict[str, Any]:
    status = Status.REJECTED if caught["Error"] in REJECTIONS else Status.FAILED
    return {STATUS: status, ERROR: _named(step, caught)}


def _rejected(event: State) -> dict[str, Any]:
    cause = event["extractedMetadata"].get("cause", "The photo is neither JPEG nor PNG.")
    return {
        STATUS: Status.REJECTED,
        ERROR: error("ImageTypeCheck", errors.NotSupportedImageType.__name__, cause),
    }


def _missing(branches: list[Failures]) -> dict[str, dict[str, str]]:
    return {PARTS[step]: _named(step, caught) for failures in branches for step, caught in failures.items()}


def _named(step: str, caught: Mapping[str, str]) -> dict[str, str]:
    return error(step, caught["Error"], words(caught["Cause"]))
