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
from typing import Any

from botocore.exceptions import ClientError

from imageproc.core.errors import PhotoGoneError, SupersededError
from imageproc.core.keys import INCOMING_PREFIX, decode_event_key, execution_name, is_folder_marker, object_id
from imageproc.core.record import EXECUTION_ARN, PIPELINE_ATTRIBUTES, S3_KEY, SEQUENCER, STATUS, Status
from imageproc.core.request import PhotoRequest
from imageproc.functions import table
from imageproc.functions.aws import stepfunctions
from imageproc.functions.errors import aws_call, code_of
from imageproc.functions.photos import look_at

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)


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
            failures.append(error)
    if failures:
        raise failures[0]
    return {"executionArns": started}


def _start_if_new(record: Mapping[str, Any]) -> list[str]:
    photo = _photo(record)
    if photo is None:
        return []
    try:
        if not _claim(photo):
            return []
    except PhotoGoneError as error:
        _log.info("no execution for %s: %s", photo.key, error)
        return []
    arn = _start(photo)
    _remember(photo, arn)
    return [arn]


def _photo(record: Mapping[str, Any]) -> PhotoRequest | None:
    """Return the photo of an event's record; None if it is no original."""
    key = decode_event_key(record["s3"]["object"]["key"])
    if not key.startswith(INCOMING_PREFIX) or is_folder_marker(key):
        _log.info("no execution for %s: it is no photo under %s", key, INCOMING_PREFIX)
        return None
    return PhotoRequest(
        bucket=record["s3"]["bucket"]["name"],
        key=key,
        object_id=object_id(key),
        version_id=record["s3"]["object"].get("versionId"),
        sequencer=record["s3"]["object"]["sequencer"],
    )


def _claim(photo: PhotoRequest) -> bool:
    """Make the record this upload's; False if nothing is to be started."""
    claimed = {
        S3_KEY: photo.key,
        SEQUENCER: photo.sequencer,
        STATUS: Status.UPLOADED,
        **look_at(photo),
    }
    try:
        table.update(
            photo.object_id,
            claimed,
            sequencer=photo.sequencer,
            remove=PIPELINE_ATTRIBUTES,
            condition=table.NEWER,
        )
    except SupersededError:
        return _claimed_but_not_started(photo)
    return True


def _claimed_but_not_started(photo: PhotoRequest) -> bool:
    """Whether an earlier delivery of this event stopped between the record and the execution."""
    record = table.get(photo.object_id)
    return record.get(SEQUENCER) == photo.sequencer and EXECUTION_ARN not in record


def _start(photo: PhotoRequest) -> str:
    """Start the execution, and return its ARN; one that is there already is as good."""
    machine = os.environ["STATE_MACHINE_ARN"]
    upload = photo.version_id or f"{photo.sequencer}"
    name = execution_name(photo.bucket, photo.key, upload)
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


def _remember(photo: PhotoRequest, arn: str) -> None:
    try:
        table.update(photo.object_id, {EXECUTION_ARN: arn}, sequencer=photo.sequencer)
    except SupersededError:
        _log.info("%s was uploaded again while %s was started", photo.key, arn)
