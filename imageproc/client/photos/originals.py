"""Where a photo's file is: in the stack's bucket, or where it is processed in place."""

from __future__ import annotations

from imageproc.client.photos.photo import Photo
from imageproc.client.stack import Stack
from imageproc.errors import PhotoNotFoundError


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
