"""Operations: running photos again, whole or in part, and finishing what was left behind."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws.errors import AwsError, translated
from imageproc.client.errors import RetryError
from imageproc.client.items import to_item
from imageproc.client.photos import Photo, Photos
from imageproc.client.stack import Stack
from imageproc.core.keys import (
    INCOMING_PREFIX,
    THUMBNAILS_PREFIX,
    execution_name,
    is_folder_marker,
    object_id,
)
from imageproc.core.record import (
    ALBUM_ID,
    ALBUM_METADATA,
    EXECUTION_ARN,
    FILE_SIZE,
    IMAGE_ID,
    PIPELINE_ATTRIBUTES,
    S3_KEY,
    STATUS,
    TAGS,
    THUMBNAIL,
    UPLOAD_TIME,
    USER_ID,
    USER_METADATA,
    VERSION_ID,
    Part,
    Status,
    makeable,
    parts,
)
from imageproc.core.request import PhotoRequest


@dataclass(frozen=True)
class Restarted:
    """A photo whose processing was started again."""

    photo_id: str
    execution_arn: str
    reason: str


@dataclass(frozen=True)
class NotRestarted:
    """A photo that could not be started again, and why; the others go on."""

    photo_id: str
    cause: str


def attempt_each(
    photos: Iterable[Photo], start: Callable[[Photo], Restarted]
) -> Iterator[Restarted | NotRestarted]:
    """Start these photos, by `Operations.retry` say; one that cannot be started does not stop the others."""
    for photo in photos:
        try:
            yield start(photo)
        except RetryError as error:
            yield NotRestarted(photo.id, str(error))


class Operations:
    """What an operator does with a stack's photos."""

    def __init__(self, stack: Stack) -> None:
        """Operate on this stack."""
        self._stack = stack
        self._photos = Photos(stack)
        self._s3 = stack.client("s3")

    def retry(self, photo: Photo, only: Sequence[str] = ()) -> Restarted:
        """Run a photo again: only what is missing (of `only`, if given), or all of it if it failed.

        `only` names parts (`imageproc.core.record.Part`). Raises RetryError if there is nothing to do or
        another try cannot help, ValueError for another part.
        """
        wanted = parts(only)
        if photo.status is Status.SUCCEEDED:
            raise RetryError(f"{photo.id} is complete: there is nothing to retry.")
        if photo.status is Status.REJECTED:
            raise RetryError(
                f"{photo.id} was rejected ({photo.error.get('cause')}): upload a photo that can be read."
            )
        if self._runs(photo):
            raise RetryError(f"{photo.id} is being processed.")
        lacking = tuple(photo.missing) if photo.status is Status.INCOMPLETE else ()
        if wanted:
            lacking = _chosen(photo, lacking, wanted)
        return self._start(photo.key, photo, lacking, "retried")

    def reprocess(self, photo: Photo, only: Sequence[str] = ()) -> Restarted:
        """Make a photo anew, whatever its status: all of it, or only these parts.

        A photo that never was processed to its end is made whole all the same. Raises RetryError if it is
        being processed, ValueError for what is no part (`imageproc.core.record.Part`).
        """
        wanted = parts(only)
        if self._runs(photo):
            raise RetryError(f"{photo.id} is being processed.")
        return self._start(photo.key, photo, wanted, "reprocessed")

    def reprocess_missing(self, only: Sequence[str] = ()) -> Iterator[Restarted | NotRestarted]:
        """Make what photos lack of these parts, or of all: by their records, thumbnails also by the bucket.

        A photo that was rejected is left alone, and so is one that is being processed.
        """
        wanted = parts(only) or tuple(Part)
        thumbnails = self._thumbnails() if Part.THUMBNAIL in wanted else set()
        for key, photo, _ in self._originals_and_photos():
            lacking = _lacking(key, photo, wanted, thumbnails)
            if lacking and not (photo and self._runs(photo)):
                yield self._tried(key, photo, lacking, f"lacked {', '.join(lacking)}")

    def restore(self, key: str) -> Restarted | str:
        """Start one original as `reconcile` would; if there is nothing to do, return why, in words.

        Raises AwsError, RetryError.
        """
        try:
            with translated(f"Looking at {key}"):
                head = self._s3.head_object(Bucket=self._stack.bucket, Key=key)
        except AwsError as error:
            if error.code in ("404", "NoSuchKey"):
                return "the photo is no longer in the bucket"
            raise
        photo = next(self._photos.many([object_id(key)]), None)
        reason = self._left_behind(photo, head)
        if not reason and photo:
            return f"its record is {photo.status}" if photo.status.finished else "it is being processed"
        return self._start(key, photo, (), reason)

    def reconcile(self) -> Iterator[Restarted | NotRestarted]:
        """Start every photo in the bucket that has no finished record and that nothing is working on.

        Such photos are left behind when events or executions are lost. What is under way is left alone,
        and a second call starts nothing twice. A photo that cannot be started does not stop the others.
        """
        for key, photo, original in self._originals_and_photos():
            reason = self._left_behind(photo, original)
            if reason:
                yield self._tried(key, photo, (), reason)

    def _tried(
        self, key: str, photo: Photo | None, only: tuple[str, ...], reason: str
    ) -> Restarted | NotRestarted:
        try:
            return self._start(key, photo, only, reason)
        except (AwsError, RetryError) as error:
            return NotRestarted(object_id(key), str(error))

    def _originals(self) -> Iterator[list[Any]]:
        pages = self._s3.get_paginator("list_objects_v2")
        with translated("Listing the photos"):
            for page in pages.paginate(Bucket=self._stack.bucket, Prefix=INCOMING_PREFIX):
                yield [one for one in page.get("Contents", ()) if not is_folder_marker(one["Key"])]

    def _originals_and_photos(self) -> Iterator[tuple[str, Photo | None, Any]]:
        """Yield the key, the record if there is one, and S3's entry of each original."""
        for page in self._originals():
            known = {photo.id: photo for photo in self._photos.many(object_id(one["Key"]) for one in page)}
            for original in page:
                yield original["Key"], known.get(object_id(original["Key"])), original

    def _thumbnails(self) -> set[str]:
        """Return the object IDs whose thumbnails are in the bucket."""
        pages = self._s3.get_paginator("list_objects_v2")
        with translated("Listing the thumbnails"):
            listed = pages.paginate(Bucket=self._stack.bucket, Prefix=THUMBNAILS_PREFIX)
            return {object_id(one["Key"]) for page in listed for one in page.get("Contents", ())}

    def _left_behind(self, photo: Photo | None, original: Any) -> str:
        """Return why a photo is to be started; empty if it is not."""
        if photo is None:
            return "no record"
        if photo.upload_time and photo.upload_time < int(original["LastModified"].timestamp()):
            return "uploaded again since"
        if photo.status.finished or self._runs(photo):
            return ""
        return "not finished"

    def _runs(self, photo: Photo) -> bool:
        if photo.status.finished or not photo.execution_arn:
            return False
        return self._photos.execution_status(photo.execution_arn) == "RUNNING"

    def _start(self, key: str, photo: Photo | None, only: tuple[str, ...], reason: str) -> Restarted:
        """Claim the photo's record for the newest version, and start an execution for that."""
        with translated(f"Starting {key} again"):
            head = self._s3.head_object(Bucket=self._stack.bucket, Key=key)
            version = head.get("VersionId")
            request = PhotoRequest(
                bucket=self._stack.bucket,
                key=key,
                object_id=object_id(key),
                version_id=version,
                only=makeable(photo.record, version, only) if photo else (),
            )
            self._claim(request, head, photo)
            arn = self._start_execution(request)
            self._write(request.object_id, {EXECUTION_ARN: arn}, version=request.version_id)
        return Restarted(request.object_id, arn, reason)

    def _claim(self, request: PhotoRequest, head: Any, photo: Photo | None) -> None:
        """Make the record this version's, unless somebody else has changed whose it is since it was read."""
        known = photo.version_id if photo else None
        # What an earlier version had is not this one's.
        stale = () if known == request.version_id else PIPELINE_ATTRIBUTES
        self._write(request.object_id, _waiting(request, head), version=known, remove=stale)

    def _start_execution(self, request: PhotoRequest) -> str:
        """Start the execution that the upload's own event would start, or one beside it if that has ended.

        So an event that is still on its way finds its execution there, and starts no second one.
        """
        name = execution_name(request.bucket, request.key, request.version_id or "")
        machine = self._stack.state_machine_arn
        if not request.only:
            arn = self._start_named(machine, name, request)
            if arn:
                return arn
            taken = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
            if self._photos.execution_status(taken) == "RUNNING":
                return taken
        arn = self._start_named(machine, f"{name}-{secrets.token_hex(3)}", request)
        if arn is None:
            raise RetryError(f"{request.object_id} could not be started: its name is taken. Try again.")
        return arn

    def _start_named(self, machine: str, name: str, request: PhotoRequest) -> str | None:
        """Start an execution; None if the name is taken."""
        body = json.dumps(replace(request, correlation_id=name).to_state(), sort_keys=True)
        try:
            client = self._stack.client("stepfunctions")
            answer = client.start_execution(stateMachineArn=machine, name=name, input=body)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionAlreadyExists":
                return None
            raise
        return str(answer["executionArn"])

    def _write(
        self, image_id: str, values: dict[str, Any], *, version: str | None, remove: Iterable[str] = ()
    ) -> None:
        """Change a record that is still about this version, or about none. Raises RetryError if it is not."""
        removed = [name for name in remove if name not in values]
        names = {f"#{index}": name for index, name in enumerate([*values, *removed])}
        sets = ", ".join(f"#{index} = :{index}" for index in range(len(values)))
        removes = ", ".join(f"#{len(values) + index}" for index in range(len(removed)))
        same = f" OR {VERSION_ID} = :version" if version else ""
        if VERSION_ID in values:
            # A claim whose answer was lost on the way is made again by the SDK, and is no stranger's.
            mine = f"{VERSION_ID} = :{list(values).index(VERSION_ID)}"
            same += f" OR ({mine} AND attribute_not_exists({EXECUTION_ARN}))"
        numbered = {f":{index}": value for index, value in enumerate(values.values())}
        try:
            self._stack.client("dynamodb").update_item(
                TableName=self._stack.image_table,
                Key=to_item({IMAGE_ID: image_id}),
                UpdateExpression=f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
                ConditionExpression=f"attribute_not_exists({VERSION_ID}){same}",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=to_item(numbered | ({":version": version} if version else {})),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                raise RetryError(f"{image_id} was uploaded again meanwhile, and is under way.") from error
            raise


def _chosen(photo: Photo, lacking: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return what a photo lacks of these parts. Raises RetryError if it is nothing, or everything."""
    if photo.status is not Status.INCOMPLETE:
        raise RetryError(f"{photo.id} was not processed to its end: retry all of it.")
    chosen = tuple(part for part in lacking if part in wanted)
    if not chosen:
        raise RetryError(f"{photo.id} lacks no {' or '.join(wanted)}: there is nothing to retry.")
    return chosen


_PROOF = {Part.METADATA: "imageFormat", Part.TAGS: TAGS, Part.THUMBNAIL: THUMBNAIL}
"""The attribute that a record has if it has the part."""


def _lacking(
    key: str, photo: Photo | None, wanted: Sequence[str], thumbnails: Container[str]
) -> tuple[str, ...]:
    """Return which of these parts a photo lacks. A rejected one lacks nothing that could be made."""
    if photo and photo.status is Status.REJECTED:
        return ()
    record = photo.record if photo else {}
    lost = {Part.THUMBNAIL} if object_id(key) not in thumbnails else set()
    return tuple(part for part in wanted if Part(part) in lost or _PROOF[Part(part)] not in record)


def _waiting(request: PhotoRequest, head: Any) -> dict[str, Any]:
    """Return the attributes of a record whose execution is about to start."""
    known = {
        S3_KEY: request.key,
        STATUS: Status.UPLOADED,
        VERSION_ID: request.version_id,
        FILE_SIZE: head["ContentLength"],
        UPLOAD_TIME: int(head["LastModified"].timestamp()),
        USER_ID: head["Metadata"].get(USER_METADATA),
        ALBUM_ID: head["Metadata"].get(ALBUM_METADATA),
    }
    return {name: value for name, value in known.items() if value}
