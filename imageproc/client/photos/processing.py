"""Photos processed again, whole or in part, and what was left behind finished."""

from __future__ import annotations

import json
import secrets
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws.objects import object_attributes
from imageproc.aws.record_store import RecordStore
from imageproc.aws.translation import error_code, translated
from imageproc.client.costs import parameters_of
from imageproc.client.executions import Executions
from imageproc.client.photos.photo import Photo
from imageproc.client.stack import Stack
from imageproc.core.attributes import EXECUTION_ARN, VERSION_ID
from imageproc.core.execution_input import ExecutionInput
from imageproc.core.keys import (
    INCOMING_PREFIX,
    THUMBNAILS_PREFIX,
    execution_arn,
    execution_name,
    is_express,
    is_folder_marker,
    photo_id_of,
)
from imageproc.core.ownership import RecordChange, claim_again, started_execution, write_as
from imageproc.core.parts import ALWAYS_MADE, Part, has_part, is_final, parse_parts, parts_to_make
from imageproc.core.record import Status
from imageproc.errors import AwsError, InvalidArgumentError, RetryError, SupersededError

_FOR_GOOD = "Upload a file that is whole; `imageproc reprocess` asks once more all the same."


@dataclass(frozen=True)
class Restarted:
    """A photo whose processing was started again."""

    photo_id: str
    execution_arn: str
    reason: str


@dataclass(frozen=True)
class NotRestarted:
    """A photo that could not be started again, and why; the others continue."""

    photo_id: str
    cause: str
    under_way: bool = False
    """Whether somebody else has started it since it was looked at."""


def require_embeddings(stack: Stack, only: Iterable[str]) -> None:
    """Refuse to make embeddings alone in a stack that makes none. Raises InvalidArgumentError, AwsError."""
    if parse_parts(only) == (Part.EMBEDDING,) and parameters_of(stack).get("Similarity") != "Enabled":
        raise InvalidArgumentError(
            f"Nothing would be made: the stack {stack.name} makes no embeddings, Similarity is not Enabled.",
            "Switch it on (imageproc deploy -p Similarity=Enabled), then repeat this.",
        )


class Processing:
    """Starts executions for photos that are in the bucket."""

    def __init__(self, stack: Stack, records: RecordStore[Photo], executions: Executions) -> None:
        """Process this stack's photos."""
        self._stack, self._records, self._executions = stack, records, executions
        self._s3 = stack.client("s3")

    def retry(self, photo: Photo, only: Iterable[str] = ()) -> Restarted:
        """Process again what is missing (of `only`, if given), or all of a photo that failed."""
        wanted = parse_parts(only)
        if photo.status is Status.SUCCEEDED:
            raise RetryError(f"{photo.id} is complete: there is nothing to retry.")
        if photo.status is Status.REJECTED:
            why = photo.error.cause if photo.error else "no reason is recorded"
            raise RetryError(f"{photo.id} was rejected ({why}).", "Upload a photo that can be read.")
        if self._is_processed(photo):
            raise RetryError(f"{photo.id} is being processed.")
        return self._start(photo.key, photo, _to_retry(photo, wanted), "retried")

    def reprocess(self, photo: Photo, only: Iterable[str] = ()) -> Restarted:
        """Process a photo again, whatever its status: all of it, or only these parts."""
        wanted = parse_parts(only)
        if self._is_processed(photo):
            raise RetryError(f"{photo.id} is being processed.")
        return self._start(photo.key, photo, wanted, "reprocessed")

    def reprocess_missing(self, only: Iterable[str] = ()) -> Iterator[Restarted | NotRestarted]:
        """Make what photos lack of these parts, or of all. See `Photos.reprocess_missing`."""
        wanted = tuple(map(Part, parse_parts(only) or ALWAYS_MADE))
        require_embeddings(self._stack, wanted)
        thumbnails = self._thumbnails() if Part.THUMBNAIL in wanted else set()
        for key, photo, _ in self._originals_and_photos():
            missing = _missing(key, photo, wanted, thumbnails)
            if missing and not (photo and self._is_processed(photo)):
                yield self._started(key, photo, missing, f"lacked {', '.join(missing)}")

    def restore(self, key: str) -> Restarted | str:
        """Start one original as `reconcile` would; if there is nothing to do, return why, in words."""
        try:
            with translated(f"Looking for {key}"):
                head = self._s3.head_object(Bucket=self._stack.bucket, Key=key)
        except AwsError as error:
            if error.code in ("404", "NoSuchKey"):
                return "the photo is no longer in the bucket"
            raise
        photo = self._records.get(photo_id_of(key))
        reason = self._left_behind(photo, head)
        if not reason and photo:
            return f"its record is {photo.status}" if photo.status.finished else "it is being processed"
        return self._start(key, photo, (), reason)

    def reconcile(self) -> Iterator[Restarted | NotRestarted]:
        """Start every photo in the bucket that has no finished record and that nothing is processing."""
        for key, photo, original in self._originals_and_photos():
            reason = self._left_behind(photo, original)
            started = self._started(key, photo, (), reason) if reason else None
            if isinstance(started, Restarted) or (started and not started.under_way):
                yield started

    def _started(
        self, key: str, photo: Photo | None, only: tuple[str, ...], reason: str
    ) -> Restarted | NotRestarted:
        try:
            return self._start(key, photo, only, reason)
        except (AwsError, RetryError) as error:
            return NotRestarted(photo_id_of(key), str(error), isinstance(error.__cause__, SupersededError))

    def _listed(self, prefix: str) -> Iterator[list[Any]]:
        """Yield S3's entries of the objects under a prefix, page by page."""
        pages = self._s3.get_paginator("list_objects_v2")
        with translated(f"Listing {prefix}"):
            for page in pages.paginate(Bucket=self._stack.bucket, Prefix=prefix):
                yield [one for one in page.get("Contents", ()) if not is_folder_marker(one["Key"])]

    def _originals_and_photos(self) -> Iterator[tuple[str, Photo | None, Any]]:
        """Yield the key, the photo if it has a record, and S3's entry of each original."""
        for page in self._listed(INCOMING_PREFIX):
            ids = [photo_id_of(one["Key"]) for one in page]
            known = {photo.id: photo for photo in self._records.get_many(ids)}
            for photo_id, original in zip(ids, page, strict=True):
                yield original["Key"], known.get(photo_id), original

    def _thumbnails(self) -> set[str]:
        """Return the IDs of the photos whose thumbnails are in the bucket."""
        return {photo_id_of(one["Key"]) for page in self._listed(THUMBNAILS_PREFIX) for one in page}

    def _left_behind(self, photo: Photo | None, original: Any) -> str:
        """Return why a photo is to be started; empty if it is not."""
        if photo is None:
            return "no record"
        if photo.uploaded and int(photo.uploaded.timestamp()) < int(original["LastModified"].timestamp()):
            return "uploaded again since"
        if photo.status.finished or self._is_processed(photo):
            return ""
        return "not finished"

    def _is_processed(self, photo: Photo) -> bool:
        if photo.status.finished or not photo.execution_arn:
            return False
        return self._executions.status(photo) == "RUNNING"

    def _start(self, key: str, photo: Photo | None, only: tuple[str, ...], reason: str) -> Restarted:
        """Claim the photo's record for the newest version, and start an execution for that."""
        with translated(f"Starting {key} again"):
            found = object_attributes(self._s3.head_object(Bucket=self._stack.bucket, Key=key))
            version = found.get(VERSION_ID)
            execution = ExecutionInput(
                bucket=self._stack.bucket,
                key=key,
                photo_id=photo_id_of(key),
                version_id=version,
                only=parts_to_make(photo, version, only),
                has_thumbnail=bool(photo and photo.thumbnail),
            )
            self._write(execution, claim_again(key, found, photo))
            started = self._start_execution(execution, photo)
            self._write(execution, write_as(version, started))
        return Restarted(execution.photo_id, started[EXECUTION_ARN], reason)

    def _write(self, execution: ExecutionInput, change: RecordChange) -> None:
        try:
            self._records.write(execution.photo_id, change)
        except SupersededError as error:
            raise RetryError(
                f"{execution.photo_id} was uploaded or started again meanwhile, and is under way."
            ) from error

    def _start_execution(self, execution: ExecutionInput, photo: Photo | None) -> dict[str, Any]:
        """Start the execution that the upload's own event would start, or one beside it if that has ended.

        So an event that is still on its way finds its execution, and starts no second one. An Express
        execution does not take its name; the record says whether there was one. Returns what it is to hold.
        """
        name = execution_name(execution.bucket, execution.key, execution.version_id or "")
        before = photo.execution_arn if photo else None
        if not execution.only and not (before and is_express(before)):
            if started := self._start_named(name, execution):
                return started
            taken = execution_arn(self._stack.state_machine_arn, name)
            if self._executions.status(taken) == "RUNNING":
                return {EXECUTION_ARN: taken}
        if started := self._start_named(f"{name}-{secrets.token_hex(3)}", execution):
            return started
        raise RetryError(f"{execution.photo_id} could not be started: its name is taken.", "Try again.")

    def _start_named(self, name: str, execution: ExecutionInput) -> dict[str, Any] | None:
        """Start an execution, and return what the record is to hold of it; None if the name is taken."""
        body = json.dumps(replace(execution, correlation_id=name).to_state(), sort_keys=True)
        try:
            answer = self._stack.client("stepfunctions").start_execution(
                stateMachineArn=self._stack.state_machine_arn, name=name, input=body
            )
        except ClientError as error:
            if error_code(error) == "ExecutionAlreadyExists":
                return None
            raise
        return started_execution(answer["executionArn"], answer["startDate"])


def _to_retry(photo: Photo, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the parts to retry (of `wanted`, if given), none for all. Raises RetryError if none can help."""
    incomplete = photo.status is Status.INCOMPLETE
    if wanted and not incomplete:
        raise RetryError(f"{photo.id} was not processed to its end.", "Retry all of it.")
    lacking = [part for part in photo.missing if incomplete and part in (wanted or photo.missing)]
    chosen = tuple(part for part in lacking if not is_final(photo.missing[part].name))
    if lacking and not chosen:
        why = photo.missing[lacking[0]].cause
        raise RetryError(f"Another try makes no {' and no '.join(lacking)} of {photo.id} ({why}).", _FOR_GOOD)
    if wanted and not chosen:
        raise RetryError(f"{photo.id} has its {' and '.join(wanted)}: there is nothing to retry.")
    return chosen


def _missing(
    key: str, photo: Photo | None, wanted: Sequence[Part], thumbnails: Container[str]
) -> tuple[str, ...]:
    """Return which of these parts a photo lacks, and another try may make: none of a rejected one."""
    if photo and photo.status is Status.REJECTED:
        return ()
    refused = {part for part, error in photo.missing.items() if is_final(error.name)} if photo else set()
    lost = set() if photo_id_of(key) in thumbnails else {Part.THUMBNAIL}
    lacking = (part for part in wanted if part in lost or photo is None or not has_part(photo, part))
    return tuple(part for part in lacking if part not in refused)
