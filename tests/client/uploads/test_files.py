"""Files looked at before they are uploaded: which are taken, as which photos, and why others are refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from imageproc.client.albums import Album
from imageproc.client.cancellation import Cancellation
from imageproc.client.uploads import Uploads
from imageproc.client.uploads.events import PreparedFile, Refusal, RefusedFile
from imageproc.client.uploads.files import make_photo_id, prepare_file
from imageproc.core.keys import MAX_KEY_BYTES, thumbnail_key
from imageproc.core.limits import MAX_BYTES
from imageproc.errors import AlbumNotFoundError, Cancelled, InvalidArgumentError, UploadError
from tests import pictures
from tests.client.conftest import Backend

ALBUM = Album("a1", "ann", "Cats", 0)
PHOTO = pictures.jpeg((50, 40))


@pytest.fixture
def uploads(backend: Backend) -> Uploads:
    return backend.workbench.uploads


def names(found: Any) -> list[str]:
    return [one.path.name for one in found]


def test_a_file_becomes_the_photo_of_its_album_and_contents(uploads: Uploads, tmp_path: Path) -> None:
    path = tmp_path / "cat.JPEG"
    path.write_bytes(PHOTO)
    (file,) = uploads.prepare([str(path)], ALBUM)
    assert isinstance(file, PreparedFile)
    assert file.photo_id.startswith("a1/")
    assert file.photo_id.endswith("-cat.JPEG")
    assert (file.path, file.size, file.content_type) == (path, len(PHOTO), "image/jpeg")
    assert file.key == f"Incoming/{file.photo_id}"


def test_a_single_path_is_taken_as_such(uploads: Uploads, tmp_path: Path) -> None:
    path = tmp_path / "cat.jpg"
    path.write_bytes(PHOTO)
    for one in (path, str(path)):
        assert names(uploads.prepare(one, ALBUM)) == ["cat.jpg"]


def test_folders_give_all_they_hold_in_order_and_hidden_files_stay(uploads: Uploads, tmp_path: Path) -> None:
    for number, name in enumerate(["b.jpg", "a.jpg", "c/d.jpg", ".hidden.jpg", ".git/e.jpg"]):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pictures.jpeg((50 + number, 40)))
    os.mkfifo(tmp_path / "pipe.jpg")
    assert names(uploads.prepare([tmp_path], ALBUM)) == ["a.jpg", "b.jpg", "d.jpg"]


def test_the_home_folder_may_be_written_as_a_shell_does(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "cat.jpg").write_bytes(PHOTO)
    assert names(uploads.prepare(["~/cat.jpg"], ALBUM)) == ["cat.jpg"]


def test_the_same_contents_and_name_in_two_folders_are_one_photo(uploads: Uploads, tmp_path: Path) -> None:
    for folder, data in (("one", PHOTO), ("two", pictures.jpeg((60, 40))), ("three", PHOTO)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "cat.jpg").write_bytes(data)
    found = list(uploads.prepare([tmp_path / name for name in ("one", "two", "three")], ALBUM))
    assert [one.path.parent.name for one in found] == ["one", "two", "three"]
    assert len({one.photo_id for one in found if isinstance(one, PreparedFile)}) == 2


@pytest.mark.parametrize(
    ("data", "kind", "cause"),
    [
        (b"plain text", Refusal.NOT_A_PHOTO, "image"),
        (b"", Refusal.NOT_A_PHOTO, "empty"),
        (pictures.gif(), Refusal.NOT_A_PHOTO, "GIF"),
    ],
    ids=["text", "empty", "gif"],
)
def test_a_file_that_is_not_a_photo_is_refused_with_the_reason_and_the_others_come(
    uploads: Uploads, tmp_path: Path, data: bytes, kind: Refusal, cause: str
) -> None:
    (tmp_path / "1.jpg").write_bytes(data)
    (tmp_path / "2.jpg").write_bytes(PHOTO)
    refused, file = uploads.prepare([tmp_path], ALBUM)
    assert isinstance(refused, RefusedFile)
    assert refused.kind is kind
    assert cause in refused.cause
    assert isinstance(file, PreparedFile)


def test_files_that_are_not_photos_are_taken_if_nobody_checks(uploads: Uploads, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"plain text")
    (file,) = uploads.prepare([tmp_path], ALBUM, check=False)
    assert isinstance(file, PreparedFile)
    assert file.content_type == "application/octet-stream"


def test_a_file_of_more_bytes_than_the_pipeline_takes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(PHOTO)
    os.truncate(path, MAX_BYTES + 1)
    refused = prepare_file(path, "a1")
    assert isinstance(refused, RefusedFile)
    assert refused.kind is Refusal.TOO_LARGE
    assert "104,857,600" in refused.cause


def test_a_file_that_vanishes_or_may_not_be_read_is_refused_with_the_systems_words(tmp_path: Path) -> None:
    refused = prepare_file(tmp_path / "gone.jpg", "a1")
    assert refused == RefusedFile(
        tmp_path / "gone.jpg", "The file cannot be read: No such file or directory.", Refusal.UNREADABLE
    )


@pytest.mark.parametrize("paths", ["", ["there.jpg", ""]])
def test_an_empty_path_is_not_the_folder_one_is_in(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: str | list[str]
) -> None:
    (tmp_path / "there.jpg").write_bytes(PHOTO)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UploadError, match=r"A path is empty.*\. is the one you are in"):
        list(uploads.prepare(paths, ALBUM))


@pytest.mark.parametrize("paths", [5, [5], [None], [b"bytes"]])
def test_what_is_no_path_is_told(uploads: Uploads, paths: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="A path cannot be"):
        list(uploads.prepare(paths, ALBUM))


def test_a_path_that_does_not_exist_is_told(uploads: Uploads, tmp_path: Path) -> None:
    with pytest.raises(UploadError, match=r"There is no file or folder .*gone"):
        list(uploads.prepare([tmp_path / "gone"], ALBUM))


def test_folders_without_files_are_told_with_the_fix(uploads: Uploads, tmp_path: Path) -> None:
    with pytest.raises(UploadError, match=r"no files in these folders\. Name files, or folders that hold"):
        list(uploads.prepare([tmp_path], ALBUM))


def test_an_album_is_named_by_its_id_or_name_and_must_exist(
    uploads: Uploads, backend: Backend, tmp_path: Path
) -> None:
    album = backend.workbench.albums.get_or_create("Cats")
    (tmp_path / "cat.jpg").write_bytes(PHOTO)
    for given in (album, album.id, "Cats"):
        (file,) = uploads.prepare([tmp_path], given)
        assert isinstance(file, PreparedFile)
        assert file.photo_id.startswith(f"{album.id}/")
    with pytest.raises(AlbumNotFoundError):
        uploads.prepare([tmp_path], "Dogs")


def test_preparing_is_cancelled_between_two_files(uploads: Uploads, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.jpg").write_bytes(pictures.jpeg((50 + number, 40)))
    cancellation = Cancellation()
    found = uploads.prepare([tmp_path], ALBUM, cancellation=cancellation)
    next(found)
    cancellation.cancel()
    with pytest.raises(Cancelled):
        next(found)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a/b.jpg", "a_b.jpg"),
        ("a\nb\x7f.jpg", "a_b_.jpg"),
        ("${filename}.jpg", "_{filename}.jpg"),
        ("${x} ü.jpg", "${x} ü.jpg"),
    ],
)
def test_a_photos_id_keeps_the_name_but_what_keys_cannot_carry(name: str, kept: str) -> None:
    assert make_photo_id("a1", "0123456789abcdef", name) == f"a1/0123456789ab-{kept}"


@pytest.mark.parametrize("letter", ["k", "ü", "雪"])
def test_a_long_name_loses_its_beginning_and_never_half_a_letter(letter: str) -> None:
    photo_id = make_photo_id("a1", "0" * 64, letter * 1100 + ".jpg")
    length = len(thumbnail_key(photo_id).encode())
    assert MAX_KEY_BYTES - 2 <= length <= MAX_KEY_BYTES
    assert photo_id.endswith(f"{letter}.jpg")
    assert "\ufffd" not in photo_id


@pytest.mark.parametrize("check", [True, False])
def test_a_link_that_leads_out_of_a_folder_is_not_followed_and_that_is_said(
    uploads: Uploads, tmp_path: Path, check: bool
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
        found = list(uploads.prepare([named], ALBUM, check=check))
        refused = {str(one.path.relative_to(named)): one for one in found if isinstance(one, RefusedFile)}
        assert set(refused) == {"key.jpg", "photo.jpg", "more/photo.jpg", "all", "gone.jpg"}
        assert {one.kind for one in refused.values()} == {Refusal.LINK}
        assert all("leads out of the folder" in one.cause for one in refused.values())
        assert {one.path.name for one in found if isinstance(one, PreparedFile)} <= {"cat.jpg", "inside.jpg"}


def test_a_link_that_is_named_itself_is_followed(uploads: Uploads, tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes(PHOTO)
    (tmp_path / "link.jpg").symlink_to("cat.jpg")
    assert names(uploads.prepare([tmp_path / "link.jpg"], ALBUM)) == ["link.jpg"]
