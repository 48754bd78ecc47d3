"""Where a photo's file is, and its bytes: in the stack's bucket, or where it is processed in place."""

from __future__ import annotations

from imageproc.aws.translation import translated
from imageproc.client.photos.photo import Photo
from imageproc.client.stack import Stack
from imageproc.errors import AwsError, PhotoNotFoundError

_CHANGED = ("412", "PreconditionFailed")


def located(stack: Stack, photo: Photo) -> dict[str, str]:
    """Return what names a photo's file to S3: Bucket, Key and, in the stack's bucket, VersionId.

    What a record says of another bucket is followed only into the one that the stack may read: whoever may
    write pointers must not reach what the reader may. Raises PhotoNotFoundError.
    """
    if photo.original is None:
        version = {"VersionId": photo.version_id} if photo.version_id else {}
        return {"Bucket": stack.bucket, "Key": photo.key, **version}
    if not photo.original.is_within(stack.source_bucket):
        raise PhotoNotFoundError(
            f"{photo.original.address} is not in the stack's SourceBucket ({stack.source_bucket or 'none'}).",
            "Deploy with that bucket (imageproc deploy -p SourceBucket=…).",
        )
    return {"Bucket": photo.original.bucket, "Key": photo.original.key}


def read_original(stack: Stack, photo: Photo) -> bytes:
    """Return a photo's file. Raises as `Photos.read` does."""
    unchanged = {"IfMatch": photo.original.etag} if photo.original else {}
    try:
        return read_object(stack, **located(stack, photo), **unchanged)
    except AwsError as error:
        if photo.original and error.code in _CHANGED:
            cause = f"{photo.original.address} has changed since it was imported."
            raise PhotoNotFoundError(cause, "Import it again.") from error
        raise


def read_object(stack: Stack, **named: str) -> bytes:
    """Return an object's bytes. Raises AwsError."""
    with translated(f"Reading {named['Key']}"):
        return bytes(stack.client("s3").get_object(**named)["Body"].read())
