"""What an upload asks S3, and what it says of what it sent."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from imageproc.client.albums import Album
from imageproc.client.cancellation import Cancellation
from imageproc.client.stack import Stack
from imageproc.client.uploads import sender
from imageproc.client.uploads.events import PreparedFile, Uploaded, UploadFailed, UploadProgress
from imageproc.client.uploads.files import prepare_file
from imageproc.client.workbench import Workbench
from imageproc.errors import Cancelled
from tests import pictures
from tests.client.conftest import REGION, Backend, written

ALBUM = Album("a1", "ann", "Cats", 0)


@pytest.fixture
def stack(backend: Backend) -> Stack:
    return backend.stack


@pytest.fixture
def asked(stack: Stack) -> list[str]:
    """The names of the operations that S3 was asked for."""
    names: list[str] = []
    stack.client("s3").meta.events.register("before-call.s3", lambda model, **_: names.append(model.name))
    return names


def files(folder: Path, count: int) -> list[PreparedFile]:
    return [written(folder / f"{number}.jpg", (50 + number, 40)) for number in range(count)]


def sent(workbench: Workbench, files: list[PreparedFile]) -> list[Uploaded]:
    return [event for event in workbench.uploads.send(files, ALBUM) if isinstance(event, Uploaded)]


def test_new_files_take_a_request_each_and_one_for_all(
    workbench: Workbench, asked: list[str], tmp_path: Path
) -> None:
    assert len(sent(workbench, files(tmp_path, 5))) == 5
    assert sorted(asked) == ["ListObjectsV2", *["PutObject"] * 5]


def test_nothing_asks_for_nothing(workbench: Workbench, asked: list[str]) -> None:
    assert sent(workbench, []) == []
    assert asked == []


def test_only_files_that_may_be_there_are_asked_for(
    workbench: Workbench, asked: list[str], tmp_path: Path
) -> None:
    prepared = files(tmp_path, 4)
    first = sent(workbench, prepared[:2])
    asked.clear()
    again = {one.file.key: one for one in sent(workbench, prepared)}
    assert [again[one.key].already_there for one in prepared] == [True, True, False, False]
    assert [again[one.file.key].version.id for one in first] == [one.version.id for one in first]
    assert sorted(asked) == ["HeadObject"] * 2 + ["ListObjectsV2"] + ["PutObject"] * 2


def test_in_an_album_of_more_photos_than_one_answer_holds_each_is_asked_for(
    workbench: Workbench, stack: Stack, asked: list[str], tmp_path: Path
) -> None:
    s3 = stack.client("s3")
    s3.meta.events.register(  # an answer holds two photos here, and a thousand in S3
        "provide-client-params.s3.ListObjectsV2", lambda params, **_: {**params, "MaxKeys": 2}
    )
    for number in range(2):  # one answer's worth, all before what is sent
        s3.put_object(Bucket="photos", Key=f"Incoming/a1/ !{number}", Body=b"")
    prepared = files(tmp_path, 2)
    sent(workbench, prepared)
    asked.clear()
    assert [one.already_there for one in sent(workbench, prepared)] == [True, True]
    assert sorted(asked) == ["HeadObject", "HeadObject", "ListObjectsV2"]


def test_the_same_content_under_another_name_is_noticed_before_bytes_are_sent(
    workbench: Workbench, asked: list[str], tmp_path: Path
) -> None:
    (first,) = files(tmp_path, 1)
    (there,) = sent(workbench, [first])
    other = prepare_file(first.path.rename(tmp_path / "other.jpg"), "a1")
    assert isinstance(other, PreparedFile)
    asked.clear()
    (found,) = sent(workbench, [other])
    assert (found.already_there, found.there_as, found.photo_id) == (True, first.photo_id, first.photo_id)
    assert (found.file, found.version.id) == (other, there.version.id)
    assert "PutObject" not in asked
    allowed = [*workbench.uploads.send([other], ALBUM, allow_duplicates=True)][-1]
    assert isinstance(allowed, Uploaded)
    assert (allowed.already_there, allowed.photo_id) == (False, other.photo_id)


def test_of_files_of_the_same_content_the_first_is_sent_and_the_others_are_told_of(
    workbench: Workbench, asked: list[str], tmp_path: Path
) -> None:
    (first,) = files(tmp_path, 1)
    copies = []
    for name in ("b.jpg", "c.jpg"):
        path = tmp_path / name
        path.write_bytes(first.path.read_bytes())
        copies.append(prepare_file(path, "a1"))
    ready = [first, *(one for one in copies if isinstance(one, PreparedFile))]
    found = {one.file.path.name: one for one in sent(workbench, ready)}
    assert [found[name].there_as for name in ("0.jpg", "b.jpg", "c.jpg")] == [None, *[first.photo_id] * 2]
    assert asked.count("PutObject") == 1
    every = [*workbench.uploads.send(ready, ALBUM, allow_duplicates=True)]
    assert len({one.photo_id for one in every if isinstance(one, Uploaded)}) == 3


@pytest.mark.parametrize("option", [{}, {"again": True}, {"allow_duplicates": True}])
def test_one_photo_in_two_folders_is_sent_once_and_told_of_for_each(
    workbench: Workbench, asked: list[str], tmp_path: Path, option: dict[str, Any]
) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "fig.jpg").write_bytes(pictures.jpeg())
    found = [*workbench.uploads.upload(tmp_path, ALBUM, **option)]
    ended = [one for one in found if isinstance(one, Uploaded)]
    assert sorted(one.file.path.parent.name for one in ended) == ["one", "two"]
    assert [one.already_there for one in ended] == [False, True]
    assert len({one.photo_id for one in ended}) == 1
    assert asked.count("PutObject") == 1


def test_of_files_of_the_same_content_none_is_there_if_the_first_fails(
    workbench: Workbench, backend: Backend, tmp_path: Path
) -> None:
    (first,) = files(tmp_path, 1)
    (tmp_path / "b.jpg").write_bytes(first.path.read_bytes())
    other = prepare_file(tmp_path / "b.jpg", "a1")
    assert isinstance(other, PreparedFile)
    backend.refuse("s3", "PutObject", 5)
    ended = [*workbench.uploads.send([first, other], ALBUM)]
    assert [one.file for one in ended if isinstance(one, UploadFailed)] == [first, other]


@pytest.mark.parametrize("parts", [False, True])
def test_a_version_is_the_one_that_this_upload_made(
    workbench: Workbench, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, parts: bool
) -> None:
    """Not that of somebody who uploads the same key just afterwards."""
    if parts:
        monkeypatch.setattr(sender._TRANSFER, "multipart_threshold", 100)
    (file,) = files(tmp_path, 1)
    s3: Any = stack.client("s3")
    somebody: Any = boto3.Session("key", "secret", region_name=REGION).client("s3")
    made: list[str] = []

    def overtake(parsed: dict[str, Any], **_: Any) -> None:
        made.append(parsed["VersionId"])
        somebody.put_object(Bucket="photos", Key=file.key, Body=b"other")

    operation = "CompleteMultipartUpload" if parts else "PutObject"
    s3.meta.events.register_last(f"after-call.s3.{operation}", overtake)
    (one,) = sent(workbench, [file])
    assert [one.version.id] == made
    head = s3.head_object(Bucket="photos", Key=file.key, VersionId=one.version.id)
    assert 0 <= one.version.uploaded - head["LastModified"].timestamp() <= 2


def test_the_bytes_that_are_sent_are_told(workbench: Workbench, tmp_path: Path) -> None:
    (file,) = files(tmp_path, 1)
    events = workbench.uploads.send([file], ALBUM)
    told = [event.sent for event in events if isinstance(event, UploadProgress)]
    assert sum(told) == file.size


@pytest.mark.parametrize("ended_by", [Cancelled, KeyboardInterrupt])
def test_what_arrives_while_it_is_broken_off_is_told_of(
    workbench: Workbench, stack: Stack, tmp_path: Path, ended_by: type[BaseException]
) -> None:
    asked = threading.Event()

    def slow(**_: Any) -> None:
        asked.set()
        time.sleep(0.2)

    stack.client("s3").meta.events.register("before-call.s3.PutObject", slow)
    arrived: list[str] = []

    def cancelled() -> bool:
        if asked.is_set():
            raise ended_by
        return False

    cancellation = Cancellation()
    cancellation.check = cancelled  # type: ignore[method-assign, assignment]
    prepared = files(tmp_path, 30)

    def collect() -> None:
        events = workbench.uploads.send(prepared, ALBUM, cancellation=cancellation)
        arrived.extend(event.photo_id for event in events if isinstance(event, Uploaded))

    with pytest.raises(ended_by):
        collect()
    listed = stack.client("s3").list_objects_v2(Bucket="photos")["Contents"]
    assert {f"Incoming/{one}" for one in arrived} == {one["Key"] for one in listed}
    assert 1 <= len(arrived) < 30
