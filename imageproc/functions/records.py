"""The records, as the functions read and write them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imageproc.aws.record_store import RecordStore
from imageproc.core.record import PhotoRecord
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import dynamodb

if TYPE_CHECKING:
    from imageproc.core.ownership import RecordChange


def get(photo_id: str) -> PhotoRecord | None:
    """Return a record, None if there is none. Raises TransientServiceError, ServiceRefusedError."""
    with aws_call("Reading a record"):
        return _store().get(photo_id)


def of_execution(arn: str) -> PhotoRecord | None:
    """Return an Express execution's record. Raises TransientServiceError, ServiceRefusedError."""
    with aws_call("Looking for an execution's record"):
        return _store().of_execution(arn)


def write(photo_id: str, change: RecordChange) -> None:
    """Perform a change. Raises SupersededError, TransientServiceError, ServiceRefusedError."""
    with aws_call("Writing a record"):
        _store().write(photo_id, change)


def _store() -> RecordStore[PhotoRecord]:
    return RecordStore(dynamodb(), os.environ["IMAGE_METADATA_TABLE"], PhotoRecord)
