"""Photos in S3: opened for ranged reading or downloaded, always one and the same version of the object."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, cast

from botocore.exceptions import ClientError

from imageproc.aws.objects import object_attributes
from imageproc.core.limits import FIRST_RANGE, check_bytes
from imageproc.errors import ImageIdentifyError
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import s3
from imageproc.functions.ranged_reader import RangedReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imageproc.core.execution_input import ExecutionInput


@dataclass(frozen=True)
class OpenPhoto:
    """An original that is read by ranges."""

    file: BinaryIO
    size: int
    """Bytes."""
    attributes: dict[str, Any]
    """What S3 knows of the photo, under the record's names."""


def open_photo(photo: ExecutionInput) -> OpenPhoto:
    """Open an original for ranged reading, pinned to the version that the first range came from.

    Raises ImageIdentifyError if the object is empty, PhotoGoneError if it does not exist.
    """
    with aws_call(f"Reading {photo.key}"):
        try:
            answer = s3().get_object(**_object(photo), Range=f"bytes=0-{FIRST_RANGE - 1}")
        except ClientError as error:
            _refuse_empty(photo, error)
        first = answer["Body"].read()
    size = int(answer["ContentRange"].rpartition("/")[2])
    pinned = _object(photo) | _pinned(answer)

    def fetch(start: int, last: int) -> bytes:
        with aws_call(f"Reading {photo.key}"):
            more = s3().get_object(**pinned, Range=f"bytes={start}-{last}")
            return more["Body"].read()

    # Python's raw files and binary files share no type; what a reader of headers calls is the same.
    file = cast("BinaryIO", RangedReader(first, size, fetch))
    return OpenPhoto(file, size, object_attributes(answer))


def download(photo: ExecutionInput) -> bytes:
    """Return an original's bytes.

    Raises ImageTooLargeError before more than its headers were read, PhotoGoneError if it does not exist.
    """
    with aws_call(f"Downloading {photo.key}"):
        answer = s3().get_object(**_object(photo))
        with closing(answer["Body"]) as body:
            check_bytes(answer["ContentLength"])
            return body.read()


def head(photo: ExecutionInput) -> dict[str, Any]:
    """Return what S3 knows of a photo, under the record's names, without reading it.

    Raises PhotoGoneError if it does not exist.
    """
    with aws_call(f"Looking for {photo.key}"):
        return object_attributes(s3().head_object(**_object(photo)))


def _object(photo: ExecutionInput) -> dict[str, Any]:
    version = {"VersionId": photo.version_id} if photo.version_id else {}
    return {"Bucket": photo.bucket, "Key": photo.key, **version}


def _pinned(answer: Mapping[str, Any]) -> dict[str, Any]:
    if answer.get("VersionId"):
        return {"VersionId": answer["VersionId"]}
    return {"IfMatch": answer["ETag"]}


def _refuse_empty(photo: ExecutionInput, error: ClientError) -> NoReturn:
    """An empty object has no first range: S3 answers 416 for it."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise ImageIdentifyError(f"{photo.key} is empty: it has no bytes.") from error
    raise error
