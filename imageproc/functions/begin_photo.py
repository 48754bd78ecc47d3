"""BeginPhotoFunction: makes a photo ready to be processed in bulk, again or for the first time.

The bulk state machine calls it for each original of its list. The record is claimed for the
newest version (`imageproc.core.ownership`); the execution's name comes from that version and from the bulk
run, so that a repeated call names the same one.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code
from imageproc.core.attributes import VERSION_ID
from imageproc.core.execution_input import ExecutionInput
from imageproc.core.express import status_of
from imageproc.core.keys import (
    execution_arn,
    execution_name,
    execution_name_of,
    is_express,
    is_original,
    photo_id_of,
)
from imageproc.core.ownership import claim_again, started_execution
from imageproc.core.parts import parts_to_make
from imageproc.core.record import PhotoRecord
from imageproc.errors import PhotoGoneError, SupersededError
from imageproc.functions import logs, records
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import dynamodb, make_at_start, s3, stepfunctions
from imageproc.functions.photos import head

_log = logging.getLogger(__name__)

Answer = dict[str, Any]
"""`start`, and if that is true the `name` and `input` of the execution to start."""

make_at_start(dynamodb, s3, stepfunctions)


@logs.logged
def handler(event: Mapping[str, Any], _context: object) -> Answer:
    """Claim the photo that `bucket` and `key` name for the run `bulk`, to make the parts `only` (empty: all).

    Nothing is to be started for a key that is not a photo's, and for a photo that is gone, is being
    processed, or was just uploaded again; if `again` is false, neither for a version that has been processed,
    but for a newer one than is being processed.
    `executionArn` is the caller's if it goes on to process the photo itself, as an Express execution does.
    Raises TransientServiceError, ServiceRefusedError.
    """
    if not is_original(event["key"]):
        return {"start": False}
    photo = ExecutionInput(event["bucket"], event["key"], photo_id_of(event["key"]))
    try:
        return _begin(photo, event)
    except (PhotoGoneError, SupersededError) as error:
        _log.info("not started: %s", error)
        return {"start": False}


def _begin(photo: ExecutionInput, event: Mapping[str, Any]) -> Answer:
    found = head(photo)
    record = records.get(photo.photo_id)
    version = found.get(VERSION_ID)
    arn = event.get("executionArn")
    name = (
        execution_name_of(arn)
        if arn
        else f"{execution_name(photo.bucket, photo.key, version or '')}-{_token(event['bulk'])}"
    )
    arn = arn or execution_arn(os.environ["STATE_MACHINE_ARN"], name)
    with logs.about(correlationId=name, objectID=photo.photo_id):
        same_version = record is not None and record.version_id == version
        if record and (event["again"] or same_version) and _is_processed(record, besides=arn):
            _log.info("not started: it is being processed")
            return {"start": False}
        if record and not event["again"] and same_version and record.status.finished:
            _log.info("not started: it has been processed")
            return {"start": False}
        records.write(
            photo.photo_id, claim_again(photo.key, found, record, started_execution(arn, datetime.now(UTC)))
        )
        only = parts_to_make(record, version, event["only"])
        there = bool(record and record.thumbnail)
        begun = replace(photo, version_id=version, only=only, has_thumbnail=there, correlation_id=name)
        return {"start": True, "name": name, "input": begun.to_state()}


def _is_processed(record: PhotoRecord, besides: str) -> bool:
    """Whether an execution works on the photo; the one that is to be started does not count."""
    arn = record.execution_arn
    if not arn or arn == besides or record.status.finished:
        return False
    if is_express(arn):
        return status_of(record, time.time_ns() // 1_000_000) == "RUNNING"
    with aws_call("Asking for the execution's state"):
        try:
            return stepfunctions().describe_execution(executionArn=arn)["status"] == "RUNNING"
        except ClientError as error:
            if error_code(error) == "ExecutionDoesNotExist":
                return False
            raise


def _token(bulk: str) -> str:
    return hashlib.sha256(bulk.encode()).hexdigest()[:6]
