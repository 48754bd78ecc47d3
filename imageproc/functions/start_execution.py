"""ImageProcStartExecutionFunction: starts one execution for each version of an original that S3 reports.

S3 delivers events at least once and in no fixed order. The record is written first, on condition that this
upload is newer than the one that owns it; the execution's name comes from the object's version. So a repeated
event starts nothing, and an event that comes late is dropped.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from imageproc.core.errors import PhotoGoneError, SupersededError
from imageproc.core.keys import INCOMING_PREFIX, decode_event_key, execution_name, is_original, object_id
from imageproc.core.record import (
    EXECUTION_ARN,
    PIPELINE_ATTRIBUTES,
    S3_KEY,
    SEQUENCER,
    STATUS,
    UPLOAD_TIME,
    VERSION_ID,
    Status,
)
from imageproc.core.request import PhotoRequest
from imageproc.functions import logs, table
from imageproc.functions.aws import dynamodb, make_at_start, s3, stepfunctions
from imageproc.functions.errors import aws_call, code_of
from imageproc.functions.photos import look_at

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """One upload, as S3 reports it."""

    photo: PhotoRequest
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
    with logs.about(correlationId=upload.photo.correlation_id, objectID=upload.photo.object_id):
        return _claimed_and_started(upload)


def _claimed_and_started(upload: Upload) -> list[str]:
    try:
        if not _claim(upload):
            return []
    except PhotoGoneError as error:
        _log.info("no execution for %s: %s", upload.photo.key, error)
        return []
    arn = _start(upload)
    _remember(upload, {EXECUTION_ARN: arn})
    _log.info("execution started")
    return [arn]


def _upload(record: Mapping[str, Any]) -> Upload | None:
    """Return the upload that an event's record reports; None if it is no original."""
    entry = record["s3"]["object"]
    key = decode_event_key(entry["key"])
    if not is_original(key):
        _log.info("no execution for %s: it is no photo under %s", key, INCOMING_PREFIX)
        return None
    bucket, version = record["s3"]["bucket"]["name"], entry.get("versionId")
    photo = PhotoRequest(
        bucket=bucket,
        key=key,
        object_id=object_id(key),
        version_id=version,
        correlation_id=execution_name(bucket, key, version or entry["sequencer"]),
    )
    return Upload(photo, entry["sequencer"])


def _claim(upload: Upload) -> bool:
    """Make the record this upload's; False if nothing is to be started."""
    photo = upload.photo
    seen = look_at(photo)
    claimed = {S3_KEY: photo.key, SEQUENCER: upload.sequencer, STATUS: Status.UPLOADED, **seen}
    condition = _newer(upload, seen[UPLOAD_TIME])
    try:
        table.update(photo.object_id, claimed, condition=condition, remove=PIPELINE_ATTRIBUTES)
    except SupersededError:
        return _claimed_but_not_started(upload)
    return True


def _newer(upload: Upload, upload_time: int) -> table.Condition:
    """Hold if this upload is newer than the one that the record is about, and was not started by a client.

    S3's sequencers of one key compare as strings. A record that a client made, reconciling, has none; then
    the upload times decide.
    """
    newer = (
        f"({SEQUENCER} < :sequencer OR (attribute_not_exists({SEQUENCER}) AND "
        f"(attribute_not_exists({UPLOAD_TIME}) OR {UPLOAD_TIME} <= :time)))"
    )
    values = {":sequencer": upload.sequencer, ":time": upload_time}
    if not upload.photo.version_id:
        return table.Condition(newer, values)
    not_started = f"({VERSION_ID} <> :mine OR attribute_not_exists({EXECUTION_ARN}))"
    return table.Condition(f"{newer} AND {not_started}", values | {":mine": upload.photo.version_id})


def _claimed_but_not_started(upload: Upload) -> bool:
    """Whether an earlier delivery of this event stopped between the record and the execution.

    If a client started this very version meanwhile, the record only lacks the sequencer.
    """
    record = table.get(upload.photo.object_id)
    if record.get(SEQUENCER) == upload.sequencer:
        return EXECUTION_ARN not in record
    if record.get(VERSION_ID) == upload.photo.version_id:
        _remember(upload, {SEQUENCER: upload.sequencer})
    return False


def _start(upload: Upload) -> str:
    """Start the execution, and return its ARN; one that is there already is as good."""
    photo = upload.photo
    machine = os.environ["STATE_MACHINE_ARN"]
    name = photo.correlation_id
    with aws_call(f"starting the execution for {photo.key}"):
        try:
            answer = stepfunctions().start_execution(
                stateMachineArn=machine, name=name, input=json.dumps(photo.to_state(), sort_keys=True)
            )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise
            return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    return answer["executionArn"]


def _remember(upload: Upload, attributes: Mapping[str, Any]) -> None:
    photo = upload.photo
    try:
        table.update(photo.object_id, attributes, condition=table.owned_by(photo.version_id))
    except SupersededError:
        _log.info("%s was uploaded again while %s was written", photo.key, ", ".join(attributes))
