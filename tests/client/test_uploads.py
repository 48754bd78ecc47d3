"""What an upload asks S3, and what it says of what it sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import moto
import pytest

from imageproc.client import sending
from imageproc.client.albums import Album
from imageproc.client.stack import Stack
from imageproc.client.target import AWS, Target
from imageproc.client.uploads import Progress, Refusal, Refused, Sent, Upload, Uploads, prepare
from imageproc.client.workbench import Workbench
from tests import pictures

REGION = "us-east-1"


@pytest.fixture
def stack() -> Iterator[Stack]:
    with moto.mock_aws():
        made = Stack(
            Target(AWS, boto3.Session("key", "secret", region_name=REGION)),
            "s",
            {"S3PhotoRepoBucket": "photos"},
        )
        s3 = made.client("s3")
        s3.create_bucket(Bucket="photos")
        s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
        yield made


@pytest.fixture
def asked(stack: Stack) -> list[str]:
    """The names of the operations that S3 was asked for."""
    names: list[str] = []
    stack.client("s3").meta.events.register("before-call.s3", lambda model, **_: names.append(model.name))
    return names


def files(folder: Path, count: int) -> list[Upload]:
    found = []
    for number in range(count):
        path = folder / f"{number}.jpg"
        path.write_bytes(pictures.jpeg((50 + number, 40)))
        found.append(prepare(path, "a1"))
    return [one for one in found if isinstance(one, Upload)]


def sent(stack: Stack, uploads: list[Upload]) -> list[Sent]:
    return [event for event in Uploads(stack, "ann", "a1").send(uploads) if isinstance(event, Sent)]


def test_new_files_take_a_request_each_and_one_for_all(
    stack: Stack, asked: list[str], tmp_path: Path
) -> None:
    assert len(sent(stack, files(tmp_path, 5))) == 5
    assert sorted(asked) == ["ListObjectsV2", *["PutObject"] * 5]


def test_nothing_asks_for_nothing(stack: Stack, asked: list[str]) -> None:
    assert sent(stack, []) == []
    assert asked == []


def test_only_files_that_may_be_there_are_asked_for(stack: Stack, asked: list[str], tmp_path: Path) -> None:
    uploads = files(tmp_path, 4)
    first = sent(stack, uploads[:2])
    asked.clear()
    again = {one.upload.key: one for one in sent(stack, uploads)}
    assert [again[one.key].already_there for one in uploads] == [True, True, False, False]
    assert [again[one.upload.key].version.id for one in first] == [one.version.id for one in first]
    assert sorted(asked) == ["HeadObject"] * 2 + ["ListObjectsV2"] + ["PutObject"] * 2


def test_in_an_album_of_more_photos_than_one_answer_holds_each_is_asked_for(
    stack: Stack, asked: list[str], tmp_path: Path
) -> None:
    for number in range(1000):  # one answer's worth, all before what is sent
        stack.client("s3").put_object(Bucket="photos", Key=f"Incoming/a1/ !{number}", Body=b"")
    uploads = files(tmp_path, 2)
    sent(stack, uploads)
    asked.clear()
    assert [one.already_there for one in sent(stack, uploads)] == [True, True]
    assert sorted(asked) == ["HeadObject", "HeadObject", "ListObjectsV2"]


@pytest.mark.parametrize("parts", [False, True])
def test_a_version_is_the_one_that_this_upload_made(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, parts: bool
) -> None:
    """Not that of somebody who uploads the same key just afterwards."""
    if parts:
        monkeypatch.setattr(sending._TRANSFER, "multipart_threshold", 100)
    (upload,) = files(tmp_path, 1)
    s3: Any = stack.client("s3")
    somebody: Any = boto3.Session("key", "secret", region_name=REGION).client("s3")
    made: list[str] = []

    def overtake(parsed: dict[str, Any], **_: Any) -> None:
        made.append(parsed["VersionId"])
        somebody.put_object(Bucket="photos", Key=upload.key, Body=b"other")

    operation = "CompleteMultipartUpload" if parts else "PutObject"
    s3.meta.events.register_last(f"after-call.s3.{operation}", overtake)
    (one,) = sent(stack, [upload])
    assert [one.version.id] == made
    head = s3.head_object(Bucket="photos", Key=upload.key, VersionId=one.version.id)
    assert 0 <= one.version.upload_time - head["LastModified"].timestamp() <= 2


def test_the_bytes_that_are_sent_are_told(stack: Stack, tmp_path: Path) -> None:
    (upload,) = files(tmp_path, 1)
    told = [event.sent for event in Uploads(stack, "ann", "a1").send([upload]) if isinstance(event, Progress)]
    assert sum(told) == upload.size


@pytest.mark.parametrize("check", [True, False])
def test_a_link_that_leads_out_of_a_folder_is_not_followed_and_that_is_said(
    stack: Stack, tmp_path: Path, check: bool
) -> None:
    folder, private = tmp_path / "photos", tmp_path / "private"
    for one in (folder / "more", private):
        one.mkdir(parents=True)
    (folder / "cat.jpg").write_bytes(pictures.jpeg())
    (private / "id_rsa").write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    (private / "photo.jpg").write_bytes(pictures.jpeg((70, 70)))
    links = {
        "key.jpg": private / "id_rsa",
        "photo.jpg": Path("../private/photo.jpg"),
        "more/photo.jpg": private / "photo.jpg",
        "all": private,
        "gone.jpg": private / "gone.jpg",
        "loop.jpg": Path("loop.jpg"),
        "inside.jpg": Path("cat.jpg"),
        "here": Path("more"),
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    (tmp_path / "door").symlink_to(folder)

    for named in (folder, tmp_path / "door"):
        found = list(Workbench(stack.target).prepare([named], Album("a1", "ann", "Trip", 0), check=check))
        refused = {str(one.path.relative_to(named)): one for one in found if isinstance(one, Refused)}
        assert set(refused) == {"key.jpg", "photo.jpg", "more/photo.jpg", "all", "gone.jpg"}
        assert {one.kind for one in refused.values()} == {Refusal.LINK}
        assert all("leads out of the folder" in one.cause for one in refused.values())
        assert {one.path.name for one in found if isinstance(one, Upload)} == {"cat.jpg", "inside.jpg"}


def test_a_link_that_is_named_itself_is_followed(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes(pictures.jpeg())
    (tmp_path / "link.jpg").symlink_to("cat.jpg")
    found = list(Workbench(stack.target).prepare([tmp_path / "link.jpg"], Album("a1", "ann", "Trip", 0)))
    assert [type(one) for one in found] == [Upload]
