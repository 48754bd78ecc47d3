"""Photos in S3: opened for ranged reading or downloaded, always one and the same version of the object.

Of a photo that is processed in place the pointer is read first, and then the original that it names.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, cast

from botocore.exceptions import ClientError

from imageproc.aws.objects import object_attributes
from imageproc.core.limits import FIRST_RANGE, check_bytes
from imageproc.core.original import from_metadata
from imageproc.errors import ImageIdentifyError, PhotoGoneError, ServiceRefusedError
from imageproc.functions.aws_calls import aws_call
from imageproc.functions.clients import s3
from imageproc.functions.ranged_reader import RangedReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from imageproc.core.execution_input import ExecutionInput
    from imageproc.core.original import Original


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
    answer, first = _first_range(_object(photo), photo.key)
    attributes, pinned = object_attributes(answer), _object(photo) | _pinned(answer)
    if pointed := from_metadata(answer["Metadata"]):
        pinned = _unchanged(pointed[0])
        with _reading_in_place(pointed[0]):
            answer, first = _first_range(pinned, pointed[0].address)
    size = int(answer["ContentRange"].rpartition("/")[2])

    def fetch(start: int, last: int) -> bytes:
        with aws_call(f"Reading {photo.key}"):
            more = s3().get_object(**pinned, Range=f"bytes={start}-{last}")
            return more["Body"].read()

    # Python's raw files and binary files share no type; what a reader of headers calls is the same.
    file = cast("BinaryIO", RangedReader(first, size, fetch))
    return OpenPhoto(file, size, attributes)


def download(photo: ExecutionInput) -> bytes:
    """Return an original's bytes.

    Raises ImageTooLargeError before more than its headers were read, PhotoGoneError if it does not exist.
    """
    if photo.original:
        with _reading_in_place(photo.original):
            return _downloaded(_unchanged(photo.original), photo.original.address)
    return _downloaded(_object(photo), photo.key)


def head(photo: ExecutionInput) -> dict[str, Any]:
    """Return what S3 knows of a photo, under the record's names, without reading it.

    Raises PhotoGoneError if it does not exist.
    """
    return object_attributes(head_object(photo))


def head_object(photo: ExecutionInput) -> Mapping[str, Any]:
    """Return S3's answer about a photo. Raises PhotoGoneError if it does not exist."""
    with aws_call(f"Looking for {photo.key}"):
        return s3().head_object(**_object(photo))


def _first_range(named: dict[str, Any], key: str) -> tuple[Mapping[str, Any], bytes]:
    with aws_call(f"Reading {key}"):
        try:
            answer = s3().get_object(**named, Range=f"bytes=0-{FIRST_RANGE - 1}")
        except ClientError as error:
            _refuse_empty(key, error)
        return answer, answer["Body"].read()


def _downloaded(named: dict[str, Any], key: str) -> bytes:
    with aws_call(f"Downloading {key}"):
        answer = s3().get_object(**named)
        with closing(answer["Body"]) as body:
            check_bytes(answer["ContentLength"])
            return body.read()


@contextmanager
def _reading_in_place(original: Original) -> Iterator[None]:
    """Say what to do about an original in a bucket that is not the stack's."""
    try:
        yield
    except PhotoGoneError as error:
        cause = f"{original.address} has changed or is gone since it was imported."
        raise PhotoGoneError(cause, "Import it again.") from error
    except ServiceRefusedError as error:
        fix = "The stack may not read it, or it is gone: `imageproc import --in-place` says what it needs."
        raise ServiceRefusedError(error.cause, fix) from error


def _unchanged(original: Original) -> dict[str, Any]:
    return {"Bucket": original.bucket, "Key": original.key, "IfMatch": original.etag}


def _object(photo: ExecutionInput) -> dict[str, Any]:
    version = {"VersionId": photo.version_id} if photo.version_id else {}
    return {"Bucket": photo.bucket, "Key": photo.key, **version}


def _pinned(answer: Mapping[str, Any]) -> dict[str, Any]:
    if answer.get("VersionId"):
        return {"VersionId": answer["VersionId"]}
    return {"IfMatch": answer["ETag"]}


def _refuse_empty(key: str, error: ClientError) -> NoReturn:
    """An empty object has no first range: S3 answers 416 for it."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise ImageIdentifyError(f"{key} is empty: it has no bytes.") from error
    raise error
