"""The photo's record: its attribute names, its statuses, and what Rekognition's answer becomes in it.

The names are the data contract's: a client written for the original reference architecture reads them.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

IMAGE_ID = "imageID"
ALBUM_ID = "albumID"
USER_ID = "userID"
UPLOAD_TIME = "uploadTime"
EXECUTION_ARN = "executionArn"
S3_KEY = "s3key"
FILE_SIZE = "fileSize"
VERSION_ID = "versionId"
SEQUENCER = "sequencer"
STATUS = "status"
ERROR = "error"
MISSING = "missing"
TAGS = "tags"
LABELS = "labels"
LABEL_MODEL_VERSION = "labelModelVersion"
THUMBNAIL = "thumbnail"
CONTENT_HASH = "contentHash"
TRUNCATED = "truncated"

METADATA_ATTRIBUTES = (
    "imageFormat",
    "dimensions",
    "latitude",
    "longitude",
    "geo",
    "creationTime",
    "creationTimeSource",
    "exifArtist",
    "exifCopyright",
    "exifDigitalZoomRatio",
    "exifExposureBiasValue",
    "exifExposureMode",
    "exifExposureProgram",
    "exifExposureTime",
    "exifFNumber",
    "exifFlash",
    "exifFocalLength",
    "exifFocalLengthIn35mmFilm",
    "exifImageDescription",
    "exifLensMake",
    "exifLensModel",
    "exifMake",
    "exifMeteringMode",
    "exifModel",
    "exifOrientation",
    "exifPhotographicSensitivity",
    "exifSoftware",
    "exifWhiteBalance",
)
"""What a photo's header and EXIF give; absent where the photo lacks it."""

PIPELINE_ATTRIBUTES = (
    *METADATA_ATTRIBUTES,
    EXECUTION_ARN,
    ERROR,
    MISSING,
    TAGS,
    LABELS,
    LABEL_MODEL_VERSION,
    THUMBNAIL,
    CONTENT_HASH,
    TRUNCATED,
)
"""What an execution makes, and what a new upload of the same key therefore begins without."""

ALBUM_INDEX = "albumID-uploadTime-index"
"""Index of the ImageMetadata table: partition key `albumID`, sort key `uploadTime`."""

USER_INDEX = "userID-creationTime-index"
"""Index of the AlbumMetadata table: partition key `userID`, sort key `creationTime`."""

USER_METADATA = "userid"
ALBUM_METADATA = "albumid"
"""The S3 user metadata that an upload carries."""


class Status(StrEnum):
    """Where a photo stands."""

    UPLOADED = "UPLOADED"
    """In the bucket; its execution has not begun to write."""
    PROCESSING = "PROCESSING"
    """Its metadata is stored; labels and thumbnail are under way."""
    SUCCEEDED = "SUCCEEDED"
    """Metadata, labels and thumbnail are there."""
    INCOMPLETE = "INCOMPLETE"
    """Processed, but labels or thumbnail are missing: `missing` says which and why."""
    REJECTED = "REJECTED"
    """No JPEG or PNG that can be read: trying again cannot help."""
    FAILED = "FAILED"
    """Not processed: `error` says why. It can be retried."""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen unless somebody asks for it."""
        return self not in (Status.UPLOADED, Status.PROCESSING)


class Part(StrEnum):
    """What of a photo can be made anew alone; an execution's input names it in `only`."""

    METADATA = "metadata"
    TAGS = "tags"
    THUMBNAIL = "thumbnail"


def wanted(part: Part, only: Sequence[str] | None) -> bool:
    """Whether an execution whose input has this `only` is to make the part: without `only`, all are."""
    return not only or part in only


def parts(only: Sequence[str]) -> tuple[str, ...]:
    """Return the parts without repeats. Raises ValueError for what is none."""
    return tuple(dict.fromkeys(Part(one).value for one in only))


def makeable(record: Mapping[str, Any], version: str | None, only: Sequence[str]) -> tuple[str, ...]:
    """Return which of the parts `only` can be made alone of this version of a photo; empty: all must be.

    What is left out stays as the record has it. So a photo that was never processed to its end, and a newer
    upload than the record is about, are made whole: else they would pass for complete with what they lack.
    """
    ended = record.get(STATUS) in (Status.SUCCEEDED, Status.INCOMPLETE)
    return tuple(only) if ended and record.get(VERSION_ID) == version else ()


def error(step: str, name: str, cause: str) -> dict[str, str]:
    """Return the `error` attribute: the state that failed, the error's name, and its cause in words."""
    return {"step": step, "name": name, "cause": cause}


def words(cause: str) -> str:
    """Return the message of a function's error, which Lambda wraps in JSON; other causes as they are."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


def outcome(
    failures: Mapping[str, Mapping[str, str]],
    earlier: Mapping[str, Mapping[str, str]],
    only: Sequence[str] | None,
) -> dict[str, Any]:
    """Return `status`, `missing` and `error` for a photo whose metadata is stored.

    `failures` are the parts that failed now, `earlier` those that the record lacked before; an execution for
    some parts only leaves the others as they were.
    """
    missing = {part: why for part, why in earlier.items() if not wanted(Part(part), only)} | dict(failures)
    if not missing:
        return {STATUS: Status.SUCCEEDED}
    first = next(iter(missing.values()))
    return {STATUS: Status.INCOMPLETE, MISSING: missing, ERROR: first}


def labels(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return `tags`, `labels` and `labelModelVersion` of a DetectLabels response.

    Confidences are percent, boxes are fractions of the picture's width and height, as in the response:
    https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html
    """
    found = sorted(response.get("Labels", ()), key=lambda label: -label["Confidence"])
    return {
        TAGS: [label["Name"] for label in found],
        LABELS: [_label(label) for label in found],
        LABEL_MODEL_VERSION: response.get("LabelModelVersion", "unknown"),
    }


def _label(label: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": label["Name"],
        "confidence": label["Confidence"],
        "parents": [parent["Name"] for parent in label.get("Parents", ())],
        "boxes": [_box(instance) for instance in label.get("Instances", ()) if "BoundingBox" in instance],
    }


def _box(instance: Mapping[str, Any]) -> dict[str, float]:
    sides = {side.lower(): instance["BoundingBox"][side] for side in ("Left", "Top", "Width", "Height")}
    return sides | {"confidence": instance.get("Confidence", 0.0)}
