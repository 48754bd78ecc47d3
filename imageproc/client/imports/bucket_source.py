"""A bucket as a source: objects are copied within S3, and only their first bytes are read here."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, cast

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code, translated
from imageproc.client.cancellation import Cancellation
from imageproc.client.imports.entries import ImportEntry
from imageproc.client.imports.source import SourceFile, screened
from imageproc.client.stack import Stack
from imageproc.client.uploads.events import PreparedFile
from imageproc.client.uploads.sender import Sender
from imageproc.core.formats import SNIFF_BYTES
from imageproc.core.keys import is_folder_marker
from imageproc.errors import AccessDeniedError, AwsError, ImageprocError, UploadError

_ADDRESS = re.compile(r"s3://([A-Za-z0-9._-]{3,63})(?:/(.*))?", re.S)
_ARCHIVED = "It is archived: restore it, and run the import again."
_NEEDED = """If the bucket is in account {account}, attach this policy to the user or role that you work as:

{mine}

If it is in another account, its owner also adds this to the bucket's policy:

{theirs}

Objects that are encrypted with a KMS key of their own need kms:Decrypt on that key as well."""


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


class BucketSource:
    """The objects of a bucket below a prefix."""

    def __init__(self, stack: Stack, address: str) -> None:
        """Read `s3://bucket/prefix`; the prefix is a folder. Raises UploadError for anything else."""
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

    def files(self) -> Iterator[SourceFile | ImportEntry]:
        """Yield each object; what consoles create to show an empty folder is none."""
        pages = self._stack.client("s3").get_paginator("list_objects_v2")
        with self._listing():
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                yield from (
                    self._file(one) for one in page.get("Contents", ()) if not is_folder_marker(one["Key"])
                )

    def explained(self, denied: AccessDeniedError) -> UploadError:
        """Return a refusal with the policies that are needed."""
        return UploadError(str(denied), f"\n\n{self._policies()}")

    def _file(self, listed: dict[str, Any]) -> SourceFile | ImportEntry:
        source = {"Bucket": self._bucket, "Key": listed["Key"]}
        opened = partial(_opened, ObjectContent(self._stack, source, listed["ETag"], listed["Size"]))
        return screened(listed["Key"].removeprefix(self._prefix), listed["Size"], opened)

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

    def _policies(self) -> str:
        target, account = self._stack.target, "ACCOUNT"
        with suppress(ImageprocError):
            account = target.account
        partition = target.session.get_partition_for_region(target.region)
        bucket = f"arn:{partition}:s3:::{self._bucket}"
        listing: dict[str, Any] = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket}
        if self._prefix:
            listing["Condition"] = {"StringLike": {"s3:prefix": f"{self._prefix}*"}}
        reading = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket}/{self._prefix}*"}
        granted = {"Effect": "Allow", "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"}}
        return _NEEDED.format(
            account=account,
            mine=_policy(listing, reading),
            theirs=_policy(granted | listing, granted | reading),
        )


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2, ensure_ascii=False)


@contextmanager
def _opened(content: ObjectContent) -> Iterator[ObjectContent]:
    yield content
