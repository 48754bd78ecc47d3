"""Photos and thumbnails written into a folder."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imageproc.client.photos import Photos
from imageproc.client.photos.downloads import Downloaded, NotDownloaded
from imageproc.core.file_names import file_name
from imageproc.core.metadata import read_metadata
from imageproc.errors import DownloadError
from tests import pictures
from tests.client.conftest import Backend
from tests.core.pictures import jpeg_with_exif

LONDON: Any = {1: b"N", 2: ((51, 1), (28, 1), (0, 1)), 3: b"W", 4: ((0, 1), (7, 1), (0, 1))}
PHOTO = jpeg_with_exif(image={0x010F: b"Leica"}, gps=LONDON)


@pytest.fixture
def photos(backend: Backend) -> Photos:
    backend.put("trip/cat.jpg", PHOTO)
    backend.write("trip/cat.jpg", thumbnail={"s3Bucket": "photos", "s3Key": "Thumbnails/trip/cat.jpg"})
    backend.put_thumbnail("trip/cat.jpg", b"small")
    return backend.workbench.photos


def attributes(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return read_metadata(io.BytesIO(data), len(data)).attributes()


def test_a_photo_comes_without_its_place_under_its_name(photos: Photos, tmp_path: Path) -> None:
    (done,) = photos.download(["cat.jpg"], tmp_path / "new" / "folder")
    path = tmp_path / "new" / "folder" / "cat.jpg"
    assert done == Downloaded("trip/cat.jpg", path, path.stat().st_size)
    assert attributes(path)["exifMake"] == "Leica"
    assert "geo" in read_metadata(io.BytesIO(PHOTO), len(PHOTO)).attributes()
    assert "geo" not in attributes(path)
    assert [one.name for one in path.parent.iterdir()] == [path.name], "nothing else is left there"


def test_a_photo_comes_with_its_place_as_it_was_uploaded_if_that_is_asked_for(
    photos: Photos, tmp_path: Path
) -> None:
    (done,) = photos.download([photos.get("trip/cat.jpg")], str(tmp_path), keep_location=True)
    assert isinstance(done, Downloaded)
    assert done.path.read_bytes() == PHOTO
    assert done.size == len(PHOTO)


@pytest.mark.parametrize(
    "write",
    [
        lambda photos: list(photos.download(["cat.jpg"], "~/x")),
        lambda photos: photos.write_zip(["cat.jpg"], "~/x"),
        lambda photos: photos.write_contact_sheet(["cat.jpg"], "~/x", title="Trip"),
        lambda photos: photos.where().to_zip("~/x"),
        lambda photos: photos.where().to_contact_sheet("~/x"),
        lambda photos: photos.where().to_csv("~/x"),
        lambda photos: photos.where().to_parquet("~/x"),
        lambda photos: photos.where().export("coco", "~/x"),
    ],
    ids=lambda write: write.__code__.co_names[-1],
)
def test_a_tilde_is_the_home_folder_whatever_is_written(
    write: Callable[[Photos], object], photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    write(photos)
    assert [one.name for one in home.iterdir()] == ["x"]
    assert not list(here.iterdir())


def test_thumbnails_come_as_they_are(photos: Photos, tmp_path: Path) -> None:
    (done,) = photos.download(["cat.jpg"], tmp_path, thumbnails=True)
    assert isinstance(done, Downloaded)
    assert done.path.read_bytes() == b"small"


def test_one_photo_that_cannot_be_downloaded_does_not_stop_the_others(
    backend: Backend, photos: Photos, tmp_path: Path
) -> None:
    backend.write("gone.jpg")
    backend.put("notes.txt", b"no photo")
    backend.write("notes.txt")
    gone, notes, cat = photos.download(["gone.jpg", "notes.txt", "cat.jpg"], tmp_path)
    assert isinstance(gone, NotDownloaded)
    assert "Reading Incoming/gone.jpg failed" in gone.cause
    assert isinstance(notes, NotDownloaded)
    assert "its location cannot be removed; with its location it can be had as it is" in notes.cause
    assert isinstance(cat, Downloaded)
    (small,) = photos.download(["notes.txt"], tmp_path, thumbnails=True)
    assert isinstance(small, NotDownloaded)
    assert "has no thumbnail" in small.cause


def test_only_names_that_clash_get_a_digest_and_no_file_is_lost(
    backend: Backend, photos: Photos, tmp_path: Path
) -> None:
    other = pictures.jpeg((60, 20))
    backend.put("home/Cat.jpg", other)
    backend.write("home/Cat.jpg")
    ids = ["trip/cat.jpg", "home/Cat.jpg"]
    for _ in range(2):  # the second time each finds its own
        done = [one.path.name for one in photos.download(ids, tmp_path) if isinstance(one, Downloaded)]
        assert done == ["cat.jpg", file_name("home/Cat.jpg")]
    assert len(list(tmp_path.iterdir())) == 2
    (apart,) = photos.download(["home/Cat.jpg"], tmp_path / "apart")
    (mine,) = photos.download(["trip/cat.jpg"], tmp_path / "apart", keep_location=True)
    assert isinstance(apart, Downloaded)
    assert isinstance(mine, Downloaded)
    assert apart.path.name == "Cat.jpg"
    assert mine.path.read_bytes() == PHOTO
    (again,) = photos.download(["trip/cat.jpg"], tmp_path, thumbnails=True)
    assert isinstance(again, Downloaded)
    assert again.path.name == file_name("trip/cat.jpg"), "what is there is kept"


def test_a_file_of_an_earlier_download_is_replaced_and_a_link_is_not_followed(
    photos: Photos, tmp_path: Path
) -> None:
    place, victim = tmp_path / "photos" / file_name("trip/cat.jpg"), tmp_path / "victim"
    link = tmp_path / "photos" / "cat.jpg"
    place.parent.mkdir()
    victim.write_bytes(b"mine")
    place.symlink_to(victim)
    link.symlink_to(victim)
    for _ in range(2):
        (done,) = photos.download(["cat.jpg"], place.parent, keep_location=True)
        assert isinstance(done, Downloaded)
    assert place.read_bytes() == PHOTO
    assert not place.is_symlink()
    assert victim.read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_is_told_with_the_fix(photos: Photos, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(DownloadError, match=r"cannot be written: .*Choose another folder, or make room"):
        list(photos.download(["cat.jpg"], tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_a_disk_that_is_full_leaves_the_earlier_file_and_no_other(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (done,) = photos.download(["cat.jpg"], tmp_path)
    assert isinstance(done, Downloaded)
    before = done.path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DownloadError, match="No space left on device"):
        list(photos.download(["cat.jpg"], tmp_path, keep_location=True))
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [before]
