"""The workbench as a whole: files processed in one call, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from imageproc.client.cancellation import Cancellation
from imageproc.client.stack import Stack
from imageproc.client.target import Target
from imageproc.client.uploads.events import Uploaded
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.costs import AVERAGE_MEGABYTES
from imageproc.errors import (
    AlbumNotFoundError,
    Cancelled,
    InvalidArgumentError,
    ParameterError,
    TargetError,
    UploadError,
)
from tests import pictures
from tests.client.conftest import Backend, written


class Pipeline(Cancellation):
    """A wait during which the photos in the bucket are processed."""

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self._backend = backend

    def sleep(self, seconds: float) -> None:
        super().sleep(0)
        stack = self._backend.stack
        listed = stack.client("s3").list_objects_v2(Bucket=stack.bucket, Prefix="Incoming/")
        for one in listed.get("Contents", ()):
            photo_id = one["Key"].removeprefix("Incoming/")
            head = stack.client("s3").head_object(Bucket=stack.bucket, Key=one["Key"])
            owner = {"userID": head["Metadata"]["userid"], "albumID": head["Metadata"]["albumid"]}
            self._backend.write(photo_id, Status.SUCCEEDED, versionId=head["VersionId"], **owner)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(2):
        written(tmp_path / f"{number}.jpg", (50 + number, 40))
    return tmp_path


def test_files_become_photos_in_an_album_that_is_created(backend: Backend, folder: Path) -> None:
    workbench = backend.workbench
    photos = list(workbench.process([folder], album="Cats", cancellation=Pipeline(backend)))
    (album,) = workbench.albums
    assert (album.name, album.user) == ("Cats", "ann")
    assert {(photo.name, photo.status, photo.user, photo.album_id) for photo in photos} == {
        (f"{number}.jpg", Status.SUCCEEDED, "ann", album.id) for number in range(2)
    }
    assert all(photo.read().startswith(b"\xff\xd8") for photo in photos)


def test_one_file_is_processed_by_its_path_alone(backend: Backend, folder: Path) -> None:
    for album, path in (("Cats", folder / "0.jpg"), ("Dogs", str(folder / "1.jpg"))):
        (photo,) = backend.workbench.process(path, album=album, cancellation=Pipeline(backend))
        assert photo.name == Path(path).name
        events = backend.workbench.uploads.upload(path, album)
        assert [one.already_there for one in events if isinstance(one, Uploaded)] == [True]


def test_what_is_no_photo_leaves_no_album(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("milk")
    with pytest.raises(UploadError, match=r"notes\.txt: "):
        list(backend.workbench.process(tmp_path / "notes.txt", album="Cats"))
    assert list(backend.workbench.albums) == []


def test_photos_are_the_given_users(backend: Backend, folder: Path) -> None:
    photos = backend.workbench.process([folder], album="Cats", user="bob", cancellation=Pipeline(backend))
    assert {photo.user for photo in photos} == {"bob"}
    assert [album.user for album in backend.workbench.albums] == ["bob"]


def test_a_file_that_is_not_a_photo_is_told_after_the_others_are_processed(
    backend: Backend, folder: Path
) -> None:
    (folder / "animation.gif").write_bytes(pictures.gif())
    (folder / "notes.txt").write_text("milk")
    photos: list[object] = []
    with pytest.raises(UploadError, match=r"(?s)animation\.gif: .*\n.*notes\.txt: "):
        photos.extend(backend.workbench.process([folder], album="Cats", cancellation=Pipeline(backend)))
    assert len(list(backend.workbench.photos)) == 2


def test_a_file_that_cannot_be_sent_is_told_after_the_others_are_processed(
    backend: Backend, folder: Path
) -> None:
    backend.refuse("s3", "PutObject")
    with pytest.raises(UploadError, match="the test says so"):
        list(backend.workbench.process([folder], album="Cats", cancellation=Pipeline(backend)))
    assert len(list(backend.workbench.photos)) == 1


def test_processing_is_cancelled_before_anything_is_sent(backend: Backend, folder: Path) -> None:
    cancellation = Pipeline(backend)
    cancellation.cancel()
    with pytest.raises(Cancelled):
        list(backend.workbench.process([folder], album="Cats", cancellation=cancellation))
    assert backend.stack.client("s3").list_objects_v2(Bucket="photos")["KeyCount"] == 0


@pytest.fixture
def deployed(backend: Backend) -> Iterator[Stubber]:
    """CloudFormation's answer about the stack, which moto does not have."""
    found = {
        "StackName": "imageproc",
        "StackId": "id",
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": 0,
        "Parameters": [{"ParameterKey": "Dashboard", "ParameterValue": "Enabled"}],
    }
    with Stubber(backend.stack.client("cloudformation")) as stubber:
        stubber.add_response("describe_stacks", {"Stacks": [found]})
        yield stubber


@pytest.mark.parametrize("given", ["album", "ID", "name"])
def test_an_albums_cost_counts_its_photos_and_their_sizes(
    backend: Backend, deployed: Stubber, given: str
) -> None:
    album = backend.workbench.albums.get_or_create("Cats")
    for megabytes in (1, 3):
        backend.write(f"{megabytes}.jpg", albumID=album.id, fileSize=megabytes * 1_000_000)
    backend.write("size unknown.jpg", albumID=album.id)
    backend.write("elsewhere.jpg", albumID="other", fileSize=9_000_000)
    chosen: Any = {"album": album, "ID": album.id, "name": "Cats"}[given]
    cost = backend.workbench.cost(album=chosen)
    assert (cost.photos, cost.megabytes) == (3, 2.0)
    assert cost.standing.total > 3, "the dashboard that the stack has"


def test_a_cost_is_of_photos_or_of_an_album(backend: Backend) -> None:
    with pytest.raises(InvalidArgumentError, match="Photos and an album are given: use one"):
        backend.workbench.cost(5, album="Cats")


def test_an_album_that_does_not_exist_costs_nothing_but_an_error(backend: Backend) -> None:
    with pytest.raises(AlbumNotFoundError, match="no album 'Cats'"):
        backend.workbench.cost(album="Cats")


def test_a_number_of_photos_costs_with_the_stacks_parameters_and_these_before_them(
    backend: Backend, deployed: Stubber
) -> None:
    cost = backend.workbench.cost(10, parameters={"Dashboard": "Disabled"})
    assert (cost.photos, cost.megabytes) == (10, AVERAGE_MEGABYTES)
    assert cost.standing.total < 3


def test_a_stack_that_is_not_deployed_yet_has_a_cost_too(backend: Backend) -> None:
    with Stubber(backend.stack.client("cloudformation")) as stubber:
        stubber.add_client_error(
            "describe_stacks", "ValidationError", "Stack with id imageproc does not exist"
        )
        assert backend.workbench.cost(10).standing.total < 3


def test_a_local_stack_costs_before_it_is_deployed_what_it_does_afterwards(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stack, "initial_parameters", {"Similarity": "Enabled"})
    planned: Any = {
        "StackName": "imageproc",
        "StackId": "arn",
        "StackStatus": "REVIEW_IN_PROGRESS",
        "CreationTime": datetime.now(UTC),
    }
    with Stubber(backend.stack.client("cloudformation")) as stubber:
        for _ in range(2):
            stubber.add_client_error(
                "describe_stacks", "ValidationError", "Stack with id imageproc does not exist"
            )
        stubber.add_response("describe_stacks", {"Stacks": [planned]})
        plain = backend.workbench.cost(10, parameters={"Similarity": "Disabled"})
        before, reviewed = backend.workbench.cost(10), backend.workbench.cost(10)
    assert reviewed.processing.total == before.processing.total > plain.processing.total
    assert "10 photos with Similarity=Enabled: " in repr(reviewed)
    assert "10 photos: " in repr(plain)


def test_a_workbench_asks_nothing_before_it_is_needed_and_makes_each_resource_once(target: Target) -> None:
    workbench = Workbench(target, "never-deployed")
    for name in (
        "albums",
        "photos",
        "uploads",
        "executions",
        "bulk",
        "logs",
        "dead_letters",
        "metrics",
        "privacy",
    ):
        assert getattr(workbench, name) is getattr(workbench, name)
    assert workbench.stack.name == "never-deployed"


def test_a_target_that_does_not_exist_cannot_be_opened() -> None:
    with pytest.raises(TargetError, match="'azure' is not a target"):
        Workbench.open("azure")


@pytest.mark.parametrize("name", ["", "two words", 5])
def test_a_stack_name_that_cannot_be_is_refused_before_anything_is_asked(name: Any, target: Target) -> None:
    with pytest.raises(ParameterError, match=f"{name!r} cannot be a stack's name"):
        Workbench(target, name)


def test_a_path_where_nothing_is_leaves_no_album(backend: Backend) -> None:
    with pytest.raises(UploadError, match="There is no file or folder /nowhere"):
        list(backend.workbench.process(["/nowhere"], album="New"))
    assert list(backend.workbench.albums) == []


@pytest.mark.parametrize("photos", ["many", -5, None])
def test_what_are_no_photos_costs_nothing_but_an_error(backend: Backend, photos: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"are no photos\. Give"):
        backend.workbench.cost(photos)


def test_wrong_types_are_our_errors(backend: Backend, tmp_path: Path) -> None:
    photos: Any = backend.workbench.photos
    wrong: tuple[Callable[[], object], ...] = (
        lambda: photos.search(None),
        lambda: photos.where()["a"],
        lambda: photos.where(album=None),
        lambda: photos.download("a.jpg", tmp_path),
        lambda: photos.download(None, tmp_path),
    )
    for call in wrong:
        with pytest.raises(InvalidArgumentError):
            call()
