"""A bucket as a source: objects are copied within S3, or processed in place.

Only their first bytes are read here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code, translated
from imageproc.client.cancellation import Cancellation
from imageproc.client.imports import bucket_policies
from imageproc.client.imports.entries import ImportEntry
from imageproc.client.imports.source import Pointer, SourceFile, screened
from imageproc.client.stack import Stack
from imageproc.client.uploads.events import PreparedFile
from imageproc.client.uploads.sender import Sender
from imageproc.core.formats import SNIFF_BYTES
from imageproc.core.keys import is_folder_marker
from imageproc.core.original import Original
from imageproc.errors import AccessDeniedError, AwsError, UploadError

_ADDRESS = re.compile(r"s3://([A-Za-z0-9._-]{3,63})(?:/(.*))?", re.S)
_ARCHIVED = "It is archived: restore it, and run the import again."


class ObjectContent:
    """An object as it was when the bucket was listed; if it has changed since, S3 refuses."""

    def __init__(self, stack: Stack, source: dict[str, str], etag: str, size: int) -> None:
        """`source` names Bucket and Key."""
        self._stack, self._source, self._etag, self._size = stack, source, etag, size

    def digest(self) -> str:
        """Return digits of the ETag and the size: the SHA-256 of the content would take reading it."""
        return hashlib.sha256(f"s3 {self._etag} {self._size}".encode()).hexdigest()

    def head(self) -> bytes:
        """Return the first bytes."""
        try:
            answer = self._stack.client("s3").get_object(
                **self._source, Range=f"bytes=0-{SNIFF_BYTES - 1}", IfMatch=self._etag
            )
        except ClientError as error:
            if error_code(error) == "InvalidObjectState":
                raise UploadError(_ARCHIVED) from error
            raise
        with answer["Body"] as body:
            return cast("bytes", body.read())

    def send(self, sender: Sender, file: PreparedFile, stop: Cancellation) -> None:
        """Have S3 copy it: at most 100 MB, and CopyObject takes 5 GB."""
        stop.check()
        sender.copy(self._source, file, self._etag)


class ObjectInPlace(ObjectContent):
    """An object that stays where it is: the stack's bucket gets a pointer to it."""

    def __init__(self, stack: Stack, source: dict[str, str], pointer: Pointer) -> None:
        """`source` names Bucket and Key."""
        super().__init__(stack, source, pointer.original.etag, pointer.size)
        self._pointer = pointer

    def digest(self) -> str:
        """Return digits of the address: a changed object is the same photo."""
        return self._pointer.digest

    def send(self, sender: Sender, file: PreparedFile, stop: Cancellation) -> None:
        """Put the pointer: a bulk run processes it."""
        stop.check()
        sender.point(self._pointer.original, self._pointer.size, file.photo_id, in_bulk=True)


class BucketSource:
    """The objects of a bucket below a prefix."""

    def __init__(self, stack: Stack, address: str, *, in_place: bool = False) -> None:
        """Read `s3://bucket/prefix`; the prefix is a folder. Raises UploadError for anything else.

        `in_place` leaves the objects where they are. Raises UploadError, too, if the stack may not read
        there, with what is needed.
        """
        match = _ADDRESS.fullmatch(address)
        if not match:
            raise UploadError(f"{address} is not the address of a bucket.", "Write s3://bucket/prefix.")
        self._stack = stack
        self._bucket, prefix = match[1], match[2] or ""
        self._prefix = prefix if not prefix or is_folder_marker(prefix) else f"{prefix}/"
        self.address = f"s3://{self._bucket}/{self._prefix}"
        self.name = next((part for part in reversed(self._prefix.split("/")) if part), self._bucket)
        if self._bucket == stack.bucket:
            raise UploadError(
                f"{self._bucket} is the bucket of the stack {stack.name} itself.", "Name another bucket."
            )
        self._in_place = in_place
        if in_place:
            self._check_in_place()

    def files(self) -> Iterator[SourceFile | ImportEntry]:
        """Yield each object; what consoles create to show an empty folder is none."""
        pages = self._stack.client("s3").get_paginator("list_objects_v2")
        with self._listing():
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                if self._in_place:
                    self._check_region(page)
                yield from (
                    self._file(one) for one in page.get("Contents", ()) if not is_folder_marker(one["Key"])
                )

    def explained(self, denied: AccessDeniedError) -> UploadError:
        """Return a refusal with the policies that are needed."""
        needed = bucket_policies.reading(self._stack, self._bucket, self._prefix)
        return UploadError(str(denied), f"\n\n{needed}")

    def _file(self, listed: dict[str, Any]) -> SourceFile | ImportEntry:
        path, size = listed["Key"].removeprefix(self._prefix), listed["Size"]
        source = {"Bucket": self._bucket, "Key": listed["Key"]}
        if not self._in_place:
            content = ObjectContent(self._stack, source, listed["ETag"], size)
            return screened(path, size, partial(_opened, content))
        pointer = Pointer(Original(self._bucket, listed["Key"], listed["ETag"]), size)
        return screened(path, size, partial(_opened, ObjectInPlace(self._stack, source, pointer)), pointer)

    def _check_in_place(self) -> None:
        folder, stack = f"{self._bucket}/{self._prefix}", self._stack
        if not folder.startswith(f"{stack.source_bucket or None}/"):
            raise UploadError(
                f"The stack {stack.name} may not read in {self.address}: its SourceBucket is "
                f"{stack.source_bucket or 'not set'}.",
                f"\n\n{bucket_policies.reading_in_place(stack, self._bucket, self._prefix)}",
            )

    def _check_region(self, listed: Mapping[str, Any]) -> None:
        here = self._stack.target.region
        region = listed["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", here)
        if region != here:
            raise UploadError(
                f"{self._bucket} is in {region}, and Rekognition reads no bucket of another region than the "
                f"stack's, {here}.",
                "Copy the photos: leave out --in-place.",
            )

    @contextmanager
    def _listing(self) -> Iterator[None]:
        try:
            with translated(f"Listing {self.address}"):
                yield
        except AccessDeniedError as error:
            raise self.explained(error) from error
        except AwsError as error:
            if error.code != "NoSuchBucket":
                raise
            raise UploadError(f"There is no bucket {self._bucket}.", "Check its name.") from error


@contextmanager
def _opened(content: ObjectContent) -> Iterator[ObjectContent]:
    yield content
