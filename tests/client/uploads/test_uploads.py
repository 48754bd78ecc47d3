"""Uploads from files to events: sent, there already, sent again, failed, cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import pytest

from imageproc.client.albums import Album
from imageproc.client.cancellation import Cancellation
from imageproc.client.uploads import Uploads
from imageproc.client.uploads.events import (
    ObjectVersion,
    PreparedFile,
    RefusedFile,
    Uploaded,
    UploadEvent,
    UploadFailed,
    UploadProgress,
)
from imageproc.client.uploads.sender import Sender
from imageproc.errors import AlbumNotFoundError, AwsError, Cancelled, UploadError
from tests import pictures
from tests.client.conftest import Backend, written

ALBUM = Album("a1", "ann", "Cats", 0)


@pytest.fixture
def uploads(backend: Backend) -> Uploads:
    return backend.workbench.uploads


@pytest.fixture
def files(tmp_path: Path) -> list[PreparedFile]:
    return [written(tmp_path / f"{number}.jpg", (50 + number, 40)) for number in range(3)]


def ended(events: Iterable[UploadEvent | RefusedFile]) -> dict[str, Uploaded | UploadFailed]:
    """Return how each file ended, by its name; each must end once."""
    last = [event for event in events if isinstance(event, Uploaded | UploadFailed)]
    found = {event.file.path.name: event for event in last}
    assert len(found) == len(last)
    return found


def objects(backend: Backend) -> list[str]:
    listed = backend.stack.client("s3").list_objects_v2(Bucket=backend.stack.bucket)
    return [one["Key"] for one in listed.get("Contents", ())]


def test_a_file_is_in_the_bucket_as_it_is_with_its_user_and_album(
    backend: Backend, uploads: Uploads, files: list[PreparedFile]
) -> None:
    (event,) = ended(uploads.send(files[:1], ALBUM)).values()
    assert isinstance(event, Uploaded)
    assert not event.already_there
    found = backend.stack.client("s3").get_object(Bucket="photos", Key=files[0].key)
    assert found["Body"].read() == files[0].path.read_bytes()
    assert found["VersionId"] == event.version.id
    assert found["ContentType"] == "image/jpeg"
    assert found["Metadata"] == {"userid": "ann", "albumid": "a1"}


def test_a_file_that_is_there_is_not_sent_unless_it_is_asked_for(
    uploads: Uploads, files: list[PreparedFile]
) -> None:
    first = ended(uploads.send(files, ALBUM))
    second = ended(uploads.send(files, ALBUM))
    third = ended(uploads.send(files, ALBUM, again=True))
    for name, event in first.items():
        there, again = second[name], third[name]
        assert isinstance(event, Uploaded)
        assert isinstance(there, Uploaded)
        assert isinstance(again, Uploaded)
        assert (there.already_there, there.version.id) == (True, event.version.id)
        assert not again.already_there
        assert again.version.id != event.version.id


def test_the_same_file_of_another_user_is_sent(uploads: Uploads, files: list[PreparedFile]) -> None:
    list(uploads.send(files, ALBUM))
    (event,) = ended(uploads.send(files[:1], Album("a1", "bob", "Cats", 0))).values()
    assert isinstance(event, Uploaded)
    assert not event.already_there


def test_one_file_that_fails_is_told_with_the_cause_and_the_others_are_sent(
    backend: Backend, uploads: Uploads, files: list[PreparedFile]
) -> None:
    files[1].path.unlink()
    backend.refuse("s3", "PutObject")
    events = ended(uploads.send(files, ALBUM))
    failed = {name: event for name, event in events.items() if isinstance(event, UploadFailed)}
    assert "1.jpg" in failed
    assert "No such file" in failed.pop("1.jpg").cause
    (refused,) = failed.values()
    assert refused.cause.startswith(f"Uploading {refused.file.path.name} failed: ")
    assert "the test says so" in refused.cause
    assert len(objects(backend)) == 1
    assert all(isinstance(event, Uploaded) for event in ended(uploads.send([refused.file], ALBUM)).values())


def test_a_bucket_that_may_not_be_listed_is_an_error_before_anything_is_sent(
    backend: Backend, uploads: Uploads, files: list[PreparedFile]
) -> None:
    backend.refuse("s3", "ListObjectsV2")
    with pytest.raises(AwsError, match="Listing Incoming/a1/ failed"):
        list(uploads.send(files, ALBUM))
    assert objects(backend) == []


def only(count: int, monkeypatch: pytest.MonkeyPatch) -> list[PreparedFile]:
    """Let so many files be sent; the others last until they are broken off. Return those that begin."""
    begun: list[PreparedFile] = []
    real, lock = Sender.put, Lock()

    def put(
        sender: Sender, body: BinaryIO, file: PreparedFile, progress: Callable[[int], None]
    ) -> ObjectVersion:
        with lock:
            begun.append(file)
            first = len(begun) <= count
        deadline = time.monotonic() + 20
        while not first and time.monotonic() < deadline:
            progress(0)
            time.sleep(0.01)
        return real(sender, body, file, progress)

    monkeypatch.setattr(Sender, "put", put)
    return begun


def test_sending_is_cancelled_and_what_was_told_of_is_there(
    backend: Backend, uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [written(tmp_path / f"{number}.jpg", (50 + number, 40)) for number in range(40)]
    cancellation = Cancellation()
    with monkeypatch.context() as patch:
        only(10, patch)
        events = uploads.send(many, ALBUM, cancellation=cancellation)
        sent = next(event for event in events if isinstance(event, Uploaded))
        cancellation.cancel()
        with pytest.raises(Cancelled):
            list(events)
    there = objects(backend)
    assert sent.file.key in there
    assert len(there) <= 10
    assert len(ended(uploads.send(many, ALBUM))) == len(many), "the rest is sent by sending again"


def test_closing_the_iterator_stops_what_has_not_begun(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [written(tmp_path / f"{number}.jpg", (50 + number, 40)) for number in range(40)]
    begun = only(0, monkeypatch)
    events = uploads.send(many, ALBUM)
    next(events)
    events.close()  # type: ignore[attr-defined]
    time.sleep(0.2)
    assert 0 < len(begun) < len(many)


def test_closing_the_iterator_breaks_off_what_is_being_sent(
    uploads: Uploads, files: list[PreparedFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_off: list[Exception] = []

    def put(_sender: Sender, _body: object, _file: object, progress: Callable[[int], None]) -> ObjectVersion:
        """Send bytes for as long as somebody lets it."""
        deadline = time.monotonic() + 20
        try:
            while time.monotonic() < deadline:
                progress(1)
                time.sleep(0.01)
        except Cancelled as error:
            broken_off.append(error)
            raise
        return ObjectVersion(None, 0)

    monkeypatch.setattr(Sender, "put", put)
    events = uploads.send(files[:1], ALBUM)
    assert isinstance(next(events), UploadProgress)
    events.close()  # type: ignore[attr-defined]
    assert len(broken_off) == 1


def test_files_and_folders_are_uploaded_in_one_call(
    backend: Backend, uploads: Uploads, files: list[PreparedFile], tmp_path: Path
) -> None:
    backend.workbench.albums.get_or_create("Cats")
    (tmp_path / "animation.gif").write_bytes(pictures.gif())
    events = list(uploads.upload([tmp_path], "Cats"))
    assert set(ended(events)) == {"0.jpg", "1.jpg", "2.jpg"}
    (refused,) = [event for event in events if isinstance(event, RefusedFile)]
    assert refused.path.name == "animation.gif"
    sizes = {file.path.name: file.size for file in files}
    for name, size in sizes.items():
        sent = [e.sent for e in events if isinstance(e, UploadProgress) and e.file.path.name == name]
        assert sum(sent) == size


def test_uploading_into_an_album_that_does_not_exist_sends_nothing(
    backend: Backend, uploads: Uploads, files: list[PreparedFile], tmp_path: Path
) -> None:
    with pytest.raises(AlbumNotFoundError, match="no album 'Cats'"):
        list(uploads.upload([tmp_path], "Cats"))
    with pytest.raises(AlbumNotFoundError, match="no album 'Cats'"):
        list(uploads.send(files, "Cats"))
    assert objects(backend) == []


def test_an_album_of_a_user_that_s3_cannot_carry_is_told(uploads: Uploads, files: list[PreparedFile]) -> None:
    with pytest.raises(UploadError, match="printable ASCII"):
        list(uploads.send(files, Album("a1", "änn", "Cats", 0)))
