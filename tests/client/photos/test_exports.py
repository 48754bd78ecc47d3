"""Photos in one file to give away: a zip with metadata, and a contact sheet."""

from __future__ import annotations

import base64
import csv
import io
import json
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from imageproc import Written
from imageproc.client.photos import exports, links
from imageproc.client.photos.presigned import EXPIRY_S
from imageproc.core.file_names import file_name
from imageproc.core.metadata import read_metadata
from imageproc.errors import DownloadError
from tests import pictures
from tests.client.conftest import Backend
from tests.core.pictures import jpeg_with_exif

LONDON: Any = {1: b"N", 2: ((51, 1), (28, 1), (0, 1)), 3: b"W", 4: ((0, 1), (7, 1), (0, 1))}
PHOTO = jpeg_with_exif(image={0x010F: b"Leica"}, gps=LONDON)
SMALL = pictures.jpeg((50, 40))
PLACES = ("51.4", "0.11", "latitude", "longitude", "geo")
HOSTILE = "=<script>alert('x')</script>\"&\u202e"


@pytest.fixture
def photos(backend: Backend) -> Any:
    album = backend.workbench.albums.get_or_create("Trip <1>")
    more: dict[str, Any] = {
        "albumID": album.id,
        "geo": {"latitude": 51.466667, "longitude": -0.116667},
        "latitude": {"D": 51, "M": 28, "S": 0, "Direction": "N"},
        "creationTime": "2014-05-31T10:20:30+02:00",
        "exifImageDescription": HOSTILE,
        "tags": ["Cat", "Sofa"],
        "labels": [{"name": "Cat", "confidence": 99.5, "parents": ["Animal"], "boxes": []}],
        "executionArn": "arn:aws:states:eu-west-1:123456789012:execution:photos:x",
    }
    for name in ("a/cat.jpg", "b/cat.jpg", f"c/{HOSTILE}.jpg"):
        thumbnail = {"s3Bucket": "photos", "s3Key": f"Thumbnails/{name}"}
        backend.put_thumbnail(name, SMALL)
        backend.write(name, versionId=backend.put(name, PHOTO), thumbnail=thumbnail, **more)
    return backend.workbench.photos


class Pipe(io.RawIOBase):
    """A stream that cannot be sought, such as standard output."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += bytes(data)
        return len(data)

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError("a pipe has no place")


def contents(data: bytes) -> tuple[dict[str, bytes], list[dict[str, str]], list[dict[str, Any]]]:
    """Return a zip's photos, and the rows of its CSV and JSON."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
        assert len(found) == len(archive.namelist()), "each name once"
    rows = list(csv.DictReader(io.StringIO(found.pop("metadata.csv").decode(), newline="")))
    return found, rows, json.loads(found.pop("metadata.json"))


def test_a_zip_has_the_originals_and_the_metadata_without_places(photos: Any, tmp_path: Path) -> None:
    written = photos.where().to_zip(tmp_path / "new" / "trip.zip")
    data = (tmp_path / "new" / "trip.zip").read_bytes()
    files, rows, objects = contents(data)
    assert written == Written(3, sum(map(len, files.values())))
    assert {"cat.jpg", "script_&_.jpg"} < set(files)
    (other,) = set(files) - {"cat.jpg", "script_&_.jpg"}
    assert other in {file_name(photo.id) for photo in photos.where()}, "a second cat.jpg"
    for file in files.values():
        attributes = read_metadata(io.BytesIO(file), len(file)).attributes()
        assert (attributes["exifMake"], "geo" in attributes) == ("Leica", False)
    assert [row["file"] for row in rows] == [one["file"] for one in objects] == list(files)
    text = json.dumps(objects) + str(rows)
    assert [one for one in (*PLACES, "arn:aws", "s3key") if one in text] == []
    assert (rows[0]["taken"], rows[0]["tags"]) == ("2014-05-31T10:20:30+02:00", "Cat; Sofa")
    assert rows[0]["description"] == f"'{HOSTILE}", "no spreadsheet takes it for a formula"
    assert (objects[0]["description"], objects[0]["album"]) == (HOSTILE, "Trip <1>")
    assert objects[0]["labels"][0]["parents"] == ["Animal"]
    assert [one.name for one in (tmp_path / "new").iterdir()] == ["trip.zip"], "nothing else is left"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.infolist()[0].date_time == (2014, 5, 31, 10, 20, 30)
        assert archive.getinfo("metadata.csv").date_time[0] > 2000, "not what a zip begins to count from"


def test_a_zip_has_places_if_they_are_asked_for_and_can_go_to_a_pipe(photos: Any) -> None:
    pipe: Any = Pipe()
    photos.where().to_zip(pipe, keep_location=True)
    files, rows, objects = contents(pipe.data)
    assert set(files.values()) == {PHOTO}
    assert (float(rows[0]["latitude"]), objects[0]["longitude"]) == (51.466667, -0.116667)


def test_a_zip_of_thumbnails_leaves_out_what_cannot_be_read_and_says_so(
    photos: Any, backend: Backend, tmp_path: Path
) -> None:
    backend.write("none.jpg")
    backend.workbench.catalog.sync()
    written = photos.where().to_zip(tmp_path / "small.zip", thumbnails=True)
    files, rows, objects = contents((tmp_path / "small.zip").read_bytes())
    assert set(files.values()) == {SMALL}
    assert (written.photos, len(rows), len(objects)) == (3, 3, 3)
    assert [(one.photo_id, "no thumbnail" in one.cause) for one in written.left_out] == [("none.jpg", True)]


def test_a_zip_of_no_photos_can_be_read(photos: Any, tmp_path: Path) -> None:
    photos.where(name="dog.jpg").to_zip(tmp_path / "none.zip")
    assert contents((tmp_path / "none.zip").read_bytes()) == ({}, [], [])


def test_only_a_few_photos_are_in_memory_at_a_time(
    photos: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    large = 1_000_000
    many = [replace(one, id=f"{number}/{one.id}") for one in photos.where() for number in range(20)]
    monkeypatch.setattr(type(photos), "read", lambda *_: bytes(large))
    tracemalloc.start()
    try:
        photos.write_zip([*many, many[0]], tmp_path / "many.zip", keep_location=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 60 * large < (tmp_path / "many.zip").stat().st_size < 61 * large, "each photo once"
    assert peak < (exports._AHEAD + 6) * large


def test_a_file_that_cannot_be_written_is_told_and_an_earlier_one_stays(photos: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for write in (photos.where().to_zip, photos.where().to_contact_sheet):
        with pytest.raises(DownloadError, match="cannot be written"):
            write(tmp_path / "file" / "photos")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_contact_sheet_needs_nothing_else_and_runs_nothing(photos: Any, tmp_path: Path) -> None:
    path = tmp_path / "trip.html"
    view = photos.where()
    written = view.to_contact_sheet(str(path), title=f"Trip {HOSTILE}", note="Two weeks\n<b>in May</b>")
    page = path.read_text()
    assert (written.photos, written.size) == (3, path.stat().st_size)
    assert page.count(f"data:image/jpeg;base64,{base64.b64encode(SMALL).decode()}") == 3
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;b&gt;in May&lt;/b&gt;" in page
    assert "3 photos · 31 May 2014" in page
    assert "Cat, Sofa" in page
    assert "default-src 'none'" in page
    assert [one for one in ("http://", "https://", "url(", "@import", "51.4", "arn:") if one in page] == []


def test_a_contact_sheet_has_places_if_they_are_asked_for_and_says_where_there_is_no_thumbnail(
    photos: Any, backend: Backend, tmp_path: Path
) -> None:
    backend.write("none.jpg")
    backend.workbench.catalog.sync()
    path = tmp_path / "trip.html"
    assert photos.where().to_contact_sheet(path, keep_location=True).photos == 4
    page = path.read_text()
    assert page.count("51.46667° N, 0.11667° W") == 3
    assert page.count("no thumbnail") == 1


def stored(backend: Backend) -> list[Any]:
    listed = backend.stack.client("s3").list_object_versions(Bucket="photos", Prefix="Downloads/")
    return list(listed.get("Versions", ()))


def test_a_browser_gets_an_address_from_which_it_saves_a_zip(photos: Any, backend: Backend) -> None:
    link = photos.link("Trip: <1> – Bodø.zip", lambda file: photos.write_zip(photos.where(), file))
    assert (link.name, link.written.photos) == ("Trip_ _1_ – Bodø.zip", 3)
    (version,) = stored(backend)
    answer = backend.stack.client("s3").get_object(Bucket="photos", Key=version["Key"])
    assert answer["ContentType"] == "application/zip"
    files, _, _ = contents(answer["Body"].read())
    assert len(files) == 3
    asked = parse_qs(urlsplit(link.url).query)
    assert asked["response-content-disposition"] == [
        "attachment; filename*=UTF-8''Trip_%20_1_%20%E2%80%93%20Bod%C3%B8.zip"
    ]
    assert int(asked["X-Amz-Expires"][0]) == EXPIRY_S
    assert version["Key"] in urlsplit(link.url).path


def test_what_browsers_have_saved_is_removed_with_the_next_one_and_by_forgetting(
    photos: Any, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sheet(file: Any) -> Written:
        return Written(0, file.write(b"sheet"))

    photos.link("1.html", sheet)
    photos.link("2.html", sheet)
    assert len(stored(backend)) == 2
    monkeypatch.setattr(links, "EXPIRY_S", -1)
    photos.link("3.html", sheet)
    assert len(stored(backend)) == 1
    list(backend.workbench.privacy.erase(backend.workbench.privacy.of_photos(["a/cat.jpg"])))
    assert stored(backend) == []


def test_a_link_whose_file_cannot_be_made_is_not_made(photos: Any, backend: Backend) -> None:
    def full(_: Any) -> Written:
        raise OSError(28, "No space left on device")

    with pytest.raises(DownloadError, match="No space left on device"):
        photos.link("x.zip", full)
    assert stored(backend) == []
