"""GenerateThumbnailFunction: writes the thumbnail to S3 and its place to the photo's record."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code
from imageproc.core.attributes import CONTENT_HASH, PERCEPTUAL_HASH, THUMBNAIL, TRUNCATED
from imageproc.core.execution_input import ExecutionInput, State
from imageproc.core.keys import MAX_KEY_BYTES, thumbnail_key
from imageproc.core.ownership import write_as
from imageproc.core.parts import Part
from imageproc.core.thumbnail import ThumbnailFile, make_thumbnail
from imageproc.errors import ServiceRefusedError, SupersededError, TransientServiceError
from imageproc.functions import logs, records
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import dynamodb, make_at_start, s3
from imageproc.functions.photos import download

if TYPE_CHECKING:
    from collections.abc import Mapping

_ABSENT = ("404", "NoSuchKey")
_CONFLICTS = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")

make_at_start(dynamodb, s3)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Make and store the thumbnail, unless the execution is not to. Nothing failed: the result is empty.

    Raises ImageIdentifyError, ImageTooLargeError, PhotoGoneError, SupersededError if a newer upload owns the
    record or the thumbnail, TransientServiceError, ServiceRefusedError.
    """
    photo = ExecutionInput.from_state(event)
    if not photo.wants(Part.THUMBNAIL):
        return {}
    _check_key(photo)
    data = download(photo)
    side = int(os.environ["THUMBNAIL_SIZE"])
    thumbnail = make_thumbnail(data, (side, side))
    _put(photo, thumbnail)
    stored: dict[str, Any] = {
        THUMBNAIL: {"s3Bucket": photo.bucket, "s3Key": thumbnail_key(photo.photo_id)},
        CONTENT_HASH: f"sha256:{hashlib.sha256(data).hexdigest()}",
    }
    if thumbnail.truncated:
        stored[TRUNCATED] = True
    if thumbnail.perceptual_hash:
        stored[PERCEPTUAL_HASH] = thumbnail.perceptual_hash
    records.write(photo.photo_id, write_as(photo.version_id, stored, remove=(TRUNCATED, PERCEPTUAL_HASH)))
    return {}


def _check_key(photo: ExecutionInput) -> None:
    """S3 takes no longer keys; a thumbnail's is two bytes longer than its original's."""
    if len(thumbnail_key(photo.photo_id).encode()) > MAX_KEY_BYTES:
        raise ServiceRefusedError(
            f"The thumbnail's key would be longer than S3's {MAX_KEY_BYTES} bytes: choose a shorter key."
        )


def _put(photo: ExecutionInput, thumbnail: ThumbnailFile) -> None:
    """Write the thumbnail unless it is there already, but never over one of a newer upload.

    The first write of a key takes one request. Another one is made only while the record is this upload's,
    and only over the thumbnail that was there then (S3's conditional writes): two executions of one key
    cannot overtake each other. Of a photo that is processed again the thumbnail is mostly the same: to look
    at it costs a twelfth of a write.
    """
    with aws_call(f"Writing the thumbnail of {photo.photo_id}"):
        there = _etag(photo) if photo.has_thumbnail else None
        if there is None:
            if _put_if(photo, thumbnail, {"IfNoneMatch": "*"}):
                return
            there = _etag(photo)
        if there == f'"{hashlib.md5(thumbnail.data, usedforsecurity=False).hexdigest()}"':
            return  # never so where a key of KMS encrypts it: then it is written again
        record = records.get(photo.photo_id)
        if record and record.version_id not in (None, photo.version_id):
            raise SupersededError(f"The record of {photo.photo_id} belongs to another upload.")
        if there is None or not _put_if(photo, thumbnail, {"IfMatch": there}):
            raise TransientServiceError(
                f"Another execution wrote the thumbnail of {photo.photo_id} just now."
            )


def _etag(photo: ExecutionInput) -> str | None:
    """Return the ETag of the thumbnail that is there: the MD5 of its bytes, unless KMS encrypts it."""
    try:
        found = s3().head_object(Bucket=photo.bucket, Key=thumbnail_key(photo.photo_id))
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return None
        raise
    return found["ETag"]


def _put_if(photo: ExecutionInput, thumbnail: ThumbnailFile, condition: Mapping[str, Any]) -> bool:
    try:
        s3().put_object(
            Bucket=photo.bucket,
            Key=thumbnail_key(photo.photo_id),
            Body=thumbnail.data,
            ContentType=thumbnail.content_type,
            **condition,
        )
    except ClientError as error:
        if error_code(error) in _CONFLICTS:
            return False
        raise
    return True
