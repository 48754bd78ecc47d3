"""Files in S3 that are read in ranges: never the whole, and never two versions of one."""

from __future__ import annotations

from typing import Any

import pytest

from imageproc import Written
from imageproc.client.stack import Stack
from imageproc.errors import AccessDeniedError, AwsError, PhotoNotFoundError
from tests.client.conftest import PHOTO, Backend

HALF = len(PHOTO) // 2


def ranges_asked_of(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    s3: Any = stack.client("s3")
    asked, real = [], s3.get_object

    def get_object(**named: str) -> Any:
        asked.append(named.get("Range"))
        return real(**named)

    monkeypatch.setattr(s3, "get_object", get_object)
    return asked


def test_an_original_is_read_in_ranges(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.photo("cat.jpg")
    asked = ranges_asked_of(backend.stack, monkeypatch)
    file = backend.workbench.photos.open("cat.jpg")
    assert (file.size, asked) == (None, []), "nothing is read before it is asked for"
    first = file.read(0, HALF)
    assert file.size == len(PHOTO)
    rest = file.read(HALF, len(PHOTO))
    assert (first + rest, len(first)) == (PHOTO, HALF)
    assert file.read(HALF) == rest
    assert file.read() == PHOTO
    to = len(PHOTO) + HALF - 1
    assert asked == [f"bytes=0-{HALF - 1}", f"bytes={HALF}-{to}", f"bytes={HALF}-", None]


def test_what_is_read_is_the_records_version(backend: Backend) -> None:
    backend.photo("cat.jpg")
    file = backend.workbench.photos.open("cat.jpg")
    first = file.read(0, HALF)
    backend.put("cat.jpg", b"another one" * 1000)
    assert first + file.read(HALF, len(PHOTO)) == PHOTO


def test_what_was_replaced_meanwhile_is_not_read_on(backend: Backend) -> None:
    """Of a record without a version the newest is read, but not two of them."""
    backend.put("cat.jpg")
    backend.write("cat.jpg")
    file = backend.workbench.photos.open("cat.jpg")
    file.read(0, HALF)
    backend.put("cat.jpg", b"another one" * 1000)
    with pytest.raises(AwsError) as error:
        file.read(HALF, 10)
    assert error.value.code in ("412", "PreconditionFailed")


def test_an_empty_file_has_no_bytes(backend: Backend) -> None:
    backend.write("none.jpg", versionId=backend.put("none.jpg", b""))
    file = backend.workbench.photos.open("none.jpg")
    assert (file.read(0, 100), file.size) == (b"", 0)
    assert file.read() == b""


def test_what_cannot_be_read_is_an_error(backend: Backend) -> None:
    backend.photo("cat.jpg")
    file = backend.workbench.photos.open("cat.jpg")
    with pytest.raises(AwsError):
        file.read(len(PHOTO), 10)
    backend.refuse("s3", "GetObject")
    with pytest.raises(AccessDeniedError, match=r"Reading Incoming/cat\.jpg failed"):
        file.read(0, 10)
    assert file.read(0, 10) == PHOTO[:10], "another try reads it"
    backend.write("gone.jpg")
    with pytest.raises(AwsError, match="NoSuchKey"):
        backend.workbench.photos.open("gone.jpg").read(0, 10)


def test_an_original_that_has_changed_where_it_lies_is_not_read(backend: Backend) -> None:
    s3: Any = backend.stack.client("s3")
    s3.create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    tag = s3.put_object(Bucket="archive", Key="cat.jpg", Body=PHOTO)["ETag"]
    original = {"s3Bucket": "archive", "s3Key": "cat.jpg", "eTag": tag}
    backend.write("a1/cat.jpg", original=original)
    with pytest.raises(PhotoNotFoundError, match="not in the stack's SourceBucket"):
        backend.workbench.photos.open("a1/cat.jpg")
    backend.stack.outputs = {**backend.stack.outputs, "SourceBucket": "archive"}
    file = backend.workbench.photos.open("a1/cat.jpg")
    assert file.read(0, HALF) == PHOTO[:HALF]
    s3.put_object(Bucket="archive", Key="cat.jpg", Body=b"another one")
    with pytest.raises(PhotoNotFoundError, match="has changed since it was imported"):
        file.read(HALF, 10)


def test_a_link_has_the_file_that_is_behind_it(backend: Backend) -> None:
    link = backend.workbench.photos.link("x.zip", lambda file: Written(0, file.write(b"0123456789")))
    assert (link.file.read(3, 4), link.file.size) == (b"3456", 10)
