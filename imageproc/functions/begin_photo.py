"""BeginPhotoFunction: makes a photo ready to be processed in bulk, again or for the first time.

The bulk state machine calls it for each original that it finds in the bucket. The record is claimed for the
newest version, on condition that nobody else has changed whose it is; the execution's name comes from that
version and from the bulk run, so that a repeated call names the same one.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from imageproc.core.errors import PhotoGoneError, SupersededError
from imageproc.core.keys import execution_name, is_original, object_id
from imageproc.core.record import (
    EXECUTION_ARN,
    PIPELINE_ATTRIBUTES,
    S3_KEY,
    STATUS,
    VERSION_ID,
    Status,
    makeable,
)
from imageproc.core.request import PhotoRequest
from imageproc.functions import logs, table
from imageproc.functions.aws import dynamodb, make_at_start, s3, stepfunctions
from imageproc.functions.errors import aws_call, code_of
from imageproc.functions.photos import look_at

_log = logging.getLogger(__name__)

Begun = dict[str, Any]
"""`start`, and if that is true the `name` and `input` of the execution to start."""

make_at_start(dynamodb, s3, stepfunctions)


@logs.logged
def handler(event: Mapping[str, Any], _context: object) -> Begun:
    """Claim the photo that `bucket` and `key` name for the run `bulk`, to make the parts `only` (empty: all).

    Nothing is to be started for what is no photo, is gone, is being processed, or was just uploaded again.
    Raises TransientServiceError, ServiceRefusedError.
    """
    if not is_original(event["key"]):
        return {"start": False}
    photo = PhotoRequest(event["bucket"], event["key"], object_id(event["key"]))
    try:
        return _begun(photo, event)
    except (PhotoGoneError, SupersededError) as error:
        _log.info("not started: %s", error)
        return {"start": False}


def _begun(photo: PhotoRequest, event: Mapping[str, Any]) -> Begun:
    seen = look_at(photo)
    record = table.get(photo.object_id)
    version = seen.get(VERSION_ID)
    name = f"{execution_name(photo.bucket, photo.key, version or '')}-{_token(event['bulk'])}"
    arn = f"{os.environ['STATE_MACHINE_ARN'].replace(':stateMachine:', ':execution:')}:{name}"
    with logs.about(correlationId=name, objectID=photo.object_id):
        if _runs(record, besides=arn):
            _log.info("not started: it is being processed")
            return {"start": False}
        claimed = {S3_KEY: photo.key, STATUS: Status.UPLOADED, EXECUTION_ARN: arn, **seen}
        only = makeable(record, version, event["only"])
        _claim(photo, claimed, record)
        begun = replace(photo, version_id=version, only=only, correlation_id=name)
        return {"start": True, "name": name, "input": begun.to_state()}


def _claim(photo: PhotoRequest, claimed: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """Make the record this version's, if it is still what it was. What another version had is removed."""
    known = record.get(VERSION_ID)
    if known is None:
        condition = table.Condition(f"attribute_not_exists({VERSION_ID})", {})
    else:
        condition = table.Condition(f"{VERSION_ID} = :known", {":known": known})
    stale = () if known == claimed.get(VERSION_ID) else PIPELINE_ATTRIBUTES
    table.update(photo.object_id, claimed, condition=condition, remove=stale)


def _runs(record: Mapping[str, Any], besides: str) -> bool:
    """Whether an execution works on the photo, this run's own not counted."""
    arn = record.get(EXECUTION_ARN)
    if not arn or arn == besides or Status(record.get(STATUS, Status.PROCESSING)).finished:
        return False
    with aws_call("asking for the execution's state"):
        try:
            return stepfunctions().describe_execution(executionArn=arn)["status"] == "RUNNING"
        except ClientError as error:
            if code_of(error) == "ExecutionDoesNotExist":
                return False
            raise


def _token(bulk: str) -> str:
    return hashlib.sha256(bulk.encode()).hexdigest()[:6]
