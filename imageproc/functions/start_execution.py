"""ImageProcStartExecutionFunction: starts one execution for each version of an original that S3 reports.

The record is claimed first (`imageproc.core.ownership`), and the execution's name comes from the object's
version. So a repeated event starts nothing, and an event that comes late is dropped. Only where the workflow
is Express may a repeated event start a second execution, which does the same again and harms nothing.
A pointer that a bulk run processes starts nothing here (`imageproc.core.original`).
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws.objects import object_attributes
from imageproc.aws.translation import error_code
from imageproc.core.attributes import EXECUTION_ARN, SEQUENCER
from imageproc.core.execution_input import ExecutionInput
from imageproc.core.keys import (
    INCOMING_PREFIX,
    decode_event_key,
    execution_arn,
    execution_name,
    is_original,
    photo_id_of,
)
from imageproc.core.original import is_left_to_bulk_run
from imageproc.core.ownership import (
    LateClaim,
    after_refused_claim,
    claim_for_upload,
    started_execution,
    write_as,
)
from imageproc.errors import PhotoGoneError, SupersededError
from imageproc.functions import logs, records
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import dynamodb, make_at_start, s3, stepfunctions
from imageproc.functions.photos import head_object

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportedUpload:
    """One upload, as S3 reports it."""

    photo: ExecutionInput
    sequencer: str
    """S3's order of the uploads of one key."""


make_at_start(dynamodb, s3, stepfunctions)


@logs.logged
def handler(event: Mapping[str, Any], _context: object) -> dict[str, list[str]]:
    """Start an execution for each record of an S3 event, and return the ARNs of those that run for it.

    A record that fails does not keep the others from being started. Its error is raised in the end, so that
    Lambda delivers the whole event again; what was started is then found started.
    """
    started: list[str] = []
    failures: list[Exception] = []
    for record in event.get("Records", ()):
        try:
            started += _start_if_new(record)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other photos come first
            _log.exception("no execution for %s", record)
            failures.append(error)
    if failures:
        raise failures[0]
    return {"executionArns": started}


def _start_if_new(record: Mapping[str, Any]) -> list[str]:
    upload = _upload(record)
    if upload is None:
        return []
    with logs.about(correlationId=upload.photo.correlation_id, objectID=upload.photo.photo_id):
        try:
            claimed = _claim(upload)
        except PhotoGoneError as error:
            _log.info("no execution for %s: %s", upload.photo.key, error)
            return []
        return [_start(upload)] if claimed else []


def _upload(record: Mapping[str, Any]) -> ReportedUpload | None:
    """Return the upload that an event's record reports; None if it is not of an original."""
    entry = record["s3"]["object"]
    key = decode_event_key(entry["key"])
    if not is_original(key):
        _log.info("no execution for %s: it is not a photo under %s", key, INCOMING_PREFIX)
        return None
    bucket, version = record["s3"]["bucket"]["name"], entry.get("versionId")
    photo = ExecutionInput(
        bucket=bucket,
        key=key,
        photo_id=photo_id_of(key),
        version_id=version,
        correlation_id=execution_name(bucket, key, version or entry["sequencer"]),
    )
    return ReportedUpload(photo, entry["sequencer"])


def _claim(upload: ReportedUpload) -> bool:
    """Make the record this upload's; False if nothing is to be started."""
    photo = upload.photo
    found = head_object(photo)
    if is_left_to_bulk_run(found["Metadata"]):
        _log.info("no execution: a bulk run processes it")
        return False
    attributes = object_attributes(found)
    try:
        records.write(photo.photo_id, claim_for_upload(photo.key, upload.sequencer, attributes))
    except SupersededError:
        late = after_refused_claim(records.get(photo.photo_id), upload.sequencer, photo.version_id)
        if late is LateClaim.ADD_SEQUENCER:
            _write(upload, {SEQUENCER: upload.sequencer})
        return late is LateClaim.START
    return True


def _start(upload: ReportedUpload) -> str:
    """Start the execution, record it, and return its ARN; a Standard one that exists already is as good."""
    photo, machine = upload.photo, os.environ["STATE_MACHINE_ARN"]
    with aws_call(f"Starting the execution for {photo.key}"):
        try:
            answer = stepfunctions().start_execution(
                stateMachineArn=machine,
                name=photo.correlation_id,
                input=json.dumps(photo.to_state(), sort_keys=True),
            )
            started = started_execution(answer["executionArn"], answer["startDate"])
        except ClientError as error:
            if error_code(error) != "ExecutionAlreadyExists":
                raise
            started = {EXECUTION_ARN: execution_arn(machine, photo.correlation_id)}
    _write(upload, started)
    _log.info("execution started")
    return str(started[EXECUTION_ARN])


def _write(upload: ReportedUpload, values: Mapping[str, Any]) -> None:
    photo = upload.photo
    try:
        records.write(photo.photo_id, write_as(photo.version_id, values))
    except SupersededError:
        _log.info("%s was uploaded again while %s was written", photo.key, ", ".join(values))
