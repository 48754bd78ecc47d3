"""Photos: their records, one or many, and following them to their end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws.errors import translated
from imageproc.client import items
from imageproc.client.errors import PhotoMissingError
from imageproc.client.stack import Stack
from imageproc.core.keys import THUMBNAILS_PREFIX
from imageproc.core.record import (
    ALBUM_ID,
    ALBUM_INDEX,
    ERROR,
    EXECUTION_ARN,
    IMAGE_ID,
    MISSING,
    S3_KEY,
    SEQUENCER,
    STATUS,
    TAGS,
    THUMBNAIL,
    UPLOAD_TIME,
    VERSION_ID,
    Status,
    error,
)

_DIGEST = re.compile(r"^[0-9a-f]{12}-(?=.)")

_BATCH_S, _EACH_S = 120.0, 10.0
"""What a batch may take at worst: so many seconds, and so many for each photo."""

_QUIET_S = 10.0
"""Seconds without news after which an execution is asked whether it still runs."""

NOT_STARTED_S = 60.0
"""Seconds without news of any photo after which those without a record count as not started."""


def _silent(_text: str) -> None:
    pass


def not_started(count: int) -> str:
    """Say of so many uploads that nothing has begun with them, and what to do."""
    return (
        f"Nothing has begun with {count} uploaded photos: S3's events may be late or lost. They are in the "
        "bucket, and `imageproc reconcile` starts them."
    )


@dataclass(frozen=True)
class Version:
    """One upload of a photo."""

    id: str | None
    """S3's version ID."""
    upload_time: int
    """Epoch seconds."""


@dataclass(frozen=True)
class Photo:
    """A photo's record. `record` holds all attributes, under the data contract's names."""

    record: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The object ID."""
        return str(self.record[IMAGE_ID])

    @property
    def name(self) -> str:
        """The last part of the object ID: for photos of this client, a digest and the file name."""
        return self.id.rpartition("/")[2]

    @property
    def file_name(self) -> str:
        """The name of the file that was uploaded: without the digest that this client puts before it."""
        return _DIGEST.sub("", self.name)

    @property
    def key(self) -> str:
        """The original's key."""
        return str(self.record.get(S3_KEY, ""))

    @property
    def thumbnail_key(self) -> str | None:
        """The thumbnail's key; None without one, and if the record names anything but a thumbnail."""
        place = self.record.get(THUMBNAIL)
        key = place.get("s3Key") if isinstance(place, dict) else None
        return key if isinstance(key, str) and key.startswith(THUMBNAILS_PREFIX) else None

    @property
    def status(self) -> Status:
        """Where it stands; a record without a status is another client's: under way."""
        return Status(self.record.get(STATUS, Status.PROCESSING))

    @property
    def error(self) -> Mapping[str, str]:
        """Step, name and cause of what failed first; empty if nothing did."""
        return dict(self.record.get(ERROR, {}))

    @property
    def missing(self) -> Mapping[str, Mapping[str, str]]:
        """The parts that are missing, each with its error."""
        return dict(self.record.get(MISSING, {}))

    @property
    def tags(self) -> list[str]:
        """Label names, the surest first."""
        return list(self.record.get(TAGS, ()))

    @property
    def execution_arn(self) -> str | None:
        """The execution that was started last."""
        return self.record.get(EXECUTION_ARN)

    @property
    def version_id(self) -> str | None:
        """The version of the original that the record is about."""
        return self.record.get(VERSION_ID)

    @property
    def sequencer(self) -> str | None:
        """S3's order of the uploads of this key."""
        return self.record.get(SEQUENCER)

    @property
    def upload_time(self) -> int:
        """Epoch seconds; 0 if unknown."""
        return int(self.record.get(UPLOAD_TIME, 0))


class Photos:
    """The photos of a stack."""

    def __init__(self, stack: Stack) -> None:
        """Read the photos of this stack."""
        self._stack = stack
        self._dynamodb = stack.client("dynamodb")

    def get(self, image_id: str) -> Photo:
        """Return one photo. Raises PhotoMissingError."""
        record = items.get(self._dynamodb, self._stack.image_table, {IMAGE_ID: image_id})
        if record is None:
            raise PhotoMissingError(f"There is no photo {image_id!r}; `imageproc photos` lists them.")
        return Photo(record)

    def find(self, text: str) -> Photo:
        """Return the photo with this ID, or the only one whose ID ends with it (its file name, say).

        The latter reads the whole table. Raises PhotoMissingError, also if there are several.
        """
        if not text:
            raise PhotoMissingError("Name a photo: an ID, or its end.")
        record = items.get(self._dynamodb, self._stack.image_table, {IMAGE_ID: text})
        found = [Photo(record)] if record else [photo for photo in self.all() if photo.id.endswith(text)]
        if len(found) > 1:
            several = ", ".join(sorted(photo.id for photo in found)[:5])
            raise PhotoMissingError(
                f"{len(found)} photos end with {text!r}: {several} ... Give more of the ID."
            )
        return found[0] if found else self.get(text)

    def many(self, image_ids: Iterable[str]) -> Iterator[Photo]:
        """Yield those of these photos that have a record."""
        table = self._stack.image_table
        return map(Photo, items.get_many(self._dynamodb, table, IMAGE_ID, image_ids))

    def in_album(self, album_id: str, page_size: int | None = None) -> Iterator[Photo]:
        """Yield the photos of an album, the newest upload first, `page_size` for each request at most."""
        table = self._stack.image_table
        return map(Photo, items.query(self._dynamodb, table, ALBUM_INDEX, ALBUM_ID, album_id, page_size))

    def all(self) -> Iterator[Photo]:
        """Yield all photos, in no fixed order."""
        return map(Photo, items.scan(self._dynamodb, self._stack.image_table))

    def original(self, photo: Photo) -> bytes:
        """Return the photo's file as it was uploaded, in the version that the record is about.

        Raises AwsError, also if it is gone.
        """
        version = {"VersionId": photo.version_id} if photo.version_id else {}
        return self._object(photo.key, **version)

    def thumbnail(self, photo: Photo) -> bytes:
        """Return the thumbnail's file. Raises PhotoMissingError if the photo has none, AwsError."""
        if photo.thumbnail_key is None:
            raise PhotoMissingError(f"{photo.file_name} has no thumbnail.")
        return self._object(photo.thumbnail_key)

    def _object(self, key: str, **version: str) -> bytes:
        with translated(f"Reading {key}"):
            answer = self._stack.client("s3").get_object(Bucket=self._stack.bucket, Key=key, **version)
            return bytes(answer["Body"].read())

    def execution_status(self, arn: str) -> str:
        """Return an execution's status, or MISSING if Step Functions knows it no more."""
        with translated("Asking for the execution's state"):
            try:
                answer = self._stack.client("stepfunctions").describe_execution(executionArn=arn)
            except ClientError as refused:
                if refused.response["Error"]["Code"] == "ExecutionDoesNotExist":
                    return "MISSING"
                raise
        return str(answer["status"])

    def follow(
        self,
        image_ids: Iterable[str],
        *,
        versions: Mapping[str, Version] | None = None,
        timeout_s: float | None = None,
        interval_s: float = 0.5,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        notify: Callable[[str], object] = _silent,
    ) -> Iterator[Photo]:
        """Yield each photo whenever its status has changed, until all are finished.

        With `versions`, a record that is still about an earlier upload of the photo does not count. A photo
        whose execution ended without finishing the record comes as FAILED, with the reason. `notify` is told
        once if nothing seems to begin with some of them. Raises TimeoutError if some are not finished in time
        (two minutes and ten seconds for each, unless `timeout_s` says another); they go on nevertheless.
        """
        waiting: dict[str, Status | None] = dict.fromkeys(image_ids)
        if timeout_s is None:
            timeout_s = _BATCH_S + _EACH_S * len(waiting)
        expected = versions or {}
        deadline, news = clock() + timeout_s, clock()
        while waiting:
            for photo in self._changed(waiting, expected, check=clock() - news > _QUIET_S):
                news = clock()
                yield photo
                waiting[photo.id] = photo.status
                if photo.status.finished:
                    del waiting[photo.id]
            idle = sum(status is None for status in waiting.values())
            if idle and clock() - news > NOT_STARTED_S:
                notify(not_started(idle))
                notify = _silent
            if waiting and clock() > deadline:
                late = f"{len(waiting)} photos are not finished after {timeout_s:.0f} s."
                raise TimeoutError(f"{late} {not_started(idle)}" if idle else late)
            if waiting:
                sleep(interval_s)

    def current(
        self, image_ids: Iterable[str], versions: Mapping[str, Version], *, check: bool = False
    ) -> list[Photo]:
        """Return those that have a record by now; not those whose record is about an earlier upload.

        With `check`, executions that ended without finishing the record make it FAILED, with the reason.
        """
        found = self.many(image_ids)
        current = [photo for photo in found if not _is_earlier(photo, versions.get(photo.id))]
        return [self._checked(photo) for photo in current] if check else current

    def _changed(
        self, waiting: Mapping[str, Status | None], expected: Mapping[str, Version], *, check: bool
    ) -> list[Photo]:
        current = self.current(waiting, expected, check=check)
        return [photo for photo in current if photo.status != waiting[photo.id]]

    def _checked(self, photo: Photo) -> Photo:
        """Return the photo as FAILED if nothing is going to finish it any more."""
        if photo.status.finished or not photo.execution_arn:
            return photo
        status = self.execution_status(photo.execution_arn)
        if status == "RUNNING" or self.get(photo.id).status.finished:
            return photo
        lost = error(
            "execution", status, "The execution ended, but not the photo: imageproc reconcile finishes it."
        )
        return Photo({**photo.record, STATUS: Status.FAILED, ERROR: lost})


def _is_earlier(photo: Photo, expected: Version | None) -> bool:
    """Whether the record is not yet about the upload that is waited for, nor about a later one."""
    if expected is None or photo.version_id == expected.id:
        return False
    return photo.upload_time <= expected.upload_time
