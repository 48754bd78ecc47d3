"""Counting, emptying and removing a bucket: every version, every delete marker, every unfinished upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code, is_missing
from imageproc.deployment.events import Emptied, Removed
from imageproc.errors import SweepFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3.type_defs import ListObjectVersionsOutputTypeDef, ObjectIdentifierTypeDef

    from imageproc.aws.clients import Aws
    from imageproc.deployment.events import Event

_BATCH = 1000
"""The most keys that one DeleteObjects takes:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""


@dataclass(frozen=True)
class BucketContents:
    """What a bucket holds. `size` in bytes, with earlier versions; `versions` counts them and delete markers
    too.
    """

    name: str
    objects: int
    versions: int
    size: int
    unfinished_uploads: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing keeps the bucket from being removed."""
        return not (self.versions or self.unfinished_uploads)


def contents(aws: Aws, bucket: str, prefix: str = "") -> BucketContents | None:
    """Count what a bucket holds under a prefix; None if there is no such bucket."""
    objects = versions = size = 0
    try:
        for page in _version_pages(aws, bucket, prefix):
            listed = page.get("Versions", [])
            objects += sum(each["IsLatest"] for each in listed)
            size += sum(each["Size"] for each in listed)
            versions += len(listed) + len(page.get("DeleteMarkers", []))
        return BucketContents(bucket, objects, versions, size, len(list(_uploads(aws, bucket, prefix))))
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def empty(aws: Aws, bucket: str, prefix: str = "") -> Iterator[Event]:
    """Remove all that a bucket holds under a prefix, and tell after each page. A missing bucket is an empty
    one.

    Raises SweepFailedError if S3 refuses to remove an object.
    """
    removed = 0
    before: list[ObjectIdentifierTypeDef] = []
    try:
        # From the beginning each time: what is removed needs no marker to be passed over.
        while versions := _identifiers(_first_page(aws, bucket, prefix)):
            if versions == before:
                raise SweepFailedError(f"S3 removed nothing of {bucket}, without saying why.", [bucket])
            removed += _remove(aws, bucket, versions)
            before = versions
            yield Emptied(bucket, removed)
        for key, upload_id in list(_uploads(aws, bucket, prefix)):
            aws.s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
            yield Removed("upload", key)
    except ClientError as error:
        if not is_missing(error):
            raise


def delete(aws: Aws, bucket: str) -> Iterator[Event]:
    """Remove an empty bucket. Raises SweepFailedError if something was put into it meanwhile."""
    try:
        aws.s3.delete_bucket(Bucket=bucket, ExpectedBucketOwner=aws.account)
    except ClientError as error:
        if error_code(error) == "BucketNotEmpty":
            raise SweepFailedError(
                f"Something was put into the bucket {bucket} while it was emptied. Run the command again.",
                [bucket],
            ) from error
        if not is_missing(error):
            raise
    else:
        yield Removed("bucket", bucket)


def _version_pages(aws: Aws, bucket: str, prefix: str) -> Iterator[ListObjectVersionsOutputTypeDef]:
    pages = aws.s3.get_paginator("list_object_versions")
    yield from pages.paginate(Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=aws.account)


def _first_page(aws: Aws, bucket: str, prefix: str) -> ListObjectVersionsOutputTypeDef:
    return aws.s3.list_object_versions(
        Bucket=bucket, Prefix=prefix, MaxKeys=_BATCH, ExpectedBucketOwner=aws.account
    )


def _identifiers(page: ListObjectVersionsOutputTypeDef) -> list[ObjectIdentifierTypeDef]:
    versions: list[ObjectIdentifierTypeDef] = [
        {"Key": each["Key"], "VersionId": each["VersionId"]} for each in page.get("Versions", [])
    ]
    versions += [
        {"Key": each["Key"], "VersionId": each["VersionId"]} for each in page.get("DeleteMarkers", [])
    ]
    return versions


def _remove(aws: Aws, bucket: str, versions: list[ObjectIdentifierTypeDef]) -> int:
    """Remove object versions; return how many. DeleteObjects answers 200 even when it removed none."""
    answer = aws.s3.delete_objects(
        Bucket=bucket, Delete={"Objects": versions, "Quiet": True}, ExpectedBucketOwner=aws.account
    )
    if refused := answer.get("Errors", []):
        first = refused[0]
        raise SweepFailedError(
            f"S3 did not remove {len(refused)} objects of {bucket}; the first is {first.get('Key')}: "
            f"{first.get('Message')} ({first.get('Code')}).",
            [f"{bucket}/{each.get('Key')}" for each in refused],
        )
    return len(versions)


def _uploads(aws: Aws, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    pages = aws.s3.get_paginator("list_multipart_uploads")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=aws.account):
        for each in page.get("Uploads", []):
            yield each["Key"], each["UploadId"]
