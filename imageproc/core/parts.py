"""The parts of a photo that can be made again alone, and the outcome when some of them are missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from imageproc.core.attributes import ERROR, MISSING, STATUS
from imageproc.core.record import PhotoRecord, Status, StepError
from imageproc.core.record_codec import error_attribute
from imageproc.errors import (
    ImageIdentifyError,
    ImageTooLargeError,
    InvalidArgumentError,
    NotSupportedImageType,
    RecognitionRefusedError,
)

REJECTIONS = frozenset(
    kind.__name__ for kind in (ImageIdentifyError, ImageTooLargeError, NotSupportedImageType)
)
"""The names of errors that are the file's own fault."""

_FINAL = REJECTIONS | {RecognitionRefusedError.__name__}


class Part(StrEnum):
    """What of a photo can be made again alone; an execution's input names it in `only`."""

    METADATA = "metadata"
    TAGS = "tags"
    THUMBNAIL = "thumbnail"
    EMBEDDING = "embedding"
    """Only where the template's parameter Similarity is Enabled."""


ALWAYS_MADE = (Part.METADATA, Part.TAGS, Part.THUMBNAIL)
"""The parts that every stack makes."""


def parse_parts(only: Iterable[str]) -> tuple[str, ...]:
    """Return the parts without repeats. Raises InvalidArgumentError for anything else."""
    names = [only] if isinstance(only, str) else only
    unknown = [name for name in names if name not in list(Part)]
    if unknown:
        raise InvalidArgumentError(
            f"A photo has no part {unknown[0]!r}.", f"Its parts are {', '.join(Part)}."
        )
    return tuple(dict.fromkeys(Part(name).value for name in names))


def is_wanted(part: Part, only: Sequence[str] | None) -> bool:
    """Whether an execution whose input has this `only` is to make the part: without `only`, all are."""
    return not only or part in only


def has_part(record: PhotoRecord, part: Part) -> bool:
    """Whether the record says that the part was made."""
    if part is Part.METADATA:
        return record.format is not None
    if part is Part.TAGS:
        return record.label_model_version is not None or bool(record.machine_tags)
    return (record.thumbnail if part is Part.THUMBNAIL else record.embedding) is not None


def is_final(error_name: str) -> bool:
    """Whether a part that is missing by an error of this name would be missing after another try, too."""
    return error_name in _FINAL


def parts_to_make(record: PhotoRecord | None, version_id: str | None, only: Sequence[str]) -> tuple[str, ...]:
    """Return which of the parts `only` can be made alone of this version of a photo; empty: all must be.

    What is not made stays as the record has it. So a photo that was never processed to its end, and a newer
    upload than the record is about, are made whole: otherwise they would pass for complete without being so.
    """
    ended = record is not None and record.status in (Status.SUCCEEDED, Status.INCOMPLETE)
    return tuple(only) if ended and record and record.version_id == version_id else ()


def error_message(cause: str) -> str:
    """Return the message of a function's error, which Lambda wraps in JSON; other causes as they are."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


def outcome(
    failures: Mapping[str, StepError], earlier: Mapping[str, StepError], only: Sequence[str] | None
) -> dict[str, Any]:
    """Return the attributes `status`, `missing` and `error` for a photo whose metadata is stored.

    `failures` are the parts that failed now, `earlier` those that the record lacked before; an execution for
    some parts only leaves the others as they were.
    """
    kept = {part: error for part, error in earlier.items() if not is_wanted(Part(part), only)}
    missing = {part: error_attribute(error) for part, error in {**kept, **failures}.items()}
    if not missing:
        return {STATUS: Status.SUCCEEDED}
    return {STATUS: Status.INCOMPLETE, MISSING: missing, ERROR: next(iter(missing.values()))}
