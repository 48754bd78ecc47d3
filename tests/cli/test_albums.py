"""Albums changed and deleted, photos moved and copied, and given away in one file."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from imageproc.client import album_deletion
from tests import pictures
from tests.cli.conftest import Run, objects
from tests.client.conftest import Backend


@pytest.fixture
def trip(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """Two photos in the album Trip, and an empty album Best."""
    monkeypatch.setattr(album_deletion, "_WAIT_S", 0)
    album = backend.workbench.albums.get_or_create("Trip")
    backend.workbench.albums.get_or_create("Best")
    for number, name in enumerate(("cat.jpg", "dog.jpg")):
        more: dict[str, Any] = {
            "albumID": album.id,
            "uploadTime": number,
            "geo": {"latitude": 51.5, "longitude": 7.25},
        }
        backend.photo(f"{album.id}/{name}", creationTime=f"201{5 - number}-01-01T00:00:00", **more)
    backend.photo("other/cat.jpg", albumID="other")
    return backend


def in_album(backend: Backend, name: str) -> list[str]:
    found = backend.workbench.photos.in_album(backend.workbench.albums.get(name))
    return sorted(photo.name for photo in found)


def test_an_album_is_edited_and_listed(trip: Backend, run: Run) -> None:
    changes = ("--name", "Holiday", "--description", "Two weeks", "--cover", "cat.jpg", "--sort", "-taken")
    answer = run("albums", "edit", "Trip", *changes)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.splitlines() == [
        "Trip: renamed to Holiday.",
        "Trip: described as 'Two weeks'.",
        "Trip: its cover is cat.jpg.",
        "Trip: sorted by taken in descending order.",
    ]
    (told,) = objects(run("albums", "edit", "Holiday", "--name", "Holiday", "--json"))
    assert told["name"] == "Holiday"
    (listed,) = (one for one in objects(run("albums", "--json")) if one["name"] == "Holiday")
    more = {"coverPhotoID": f"{listed['albumID']}/cat.jpg", "sortOrder": "-taken"}
    assert listed.items() >= ({"description": "Two weeks"} | more).items()
    assert "Two weeks" in run("albums", "--user", "ann").stdout
    run("albums", "edit", "Holiday", "--description", "", "--cover", "", "--sort", "")
    (listed,) = (one for one in objects(run("albums", "--json")) if one["name"] == "Holiday")
    assert set(listed) == {"albumID", "userID", "name", "creationTime", "photos"}
    assert listed["photos"] == 2
    assert "PHOTOS" in run("albums").stdout


def test_an_album_is_made_once_and_who_moves_photos_is_told_how(trip: Backend, run: Run) -> None:
    error = str(run("move", "dog.jpg", "--to", "Papers").exception)
    assert error.startswith("There is no album 'Papers'. There are: Best, Trip. `imageproc albums create")
    made = run("albums", "create", " Papers ", "--description", "Bills")
    assert made.stdout == "Made: the album Papers of ann.\n"
    again = run("albums", "create", "Papers", "--description", "Letters")
    assert again.stdout == "There already, and not changed: the album Papers of ann.\n"
    assert trip.workbench.albums.get("Papers").description == "Bills"
    assert run("move", "dog.jpg", "--to", "Papers").exit_code == 0
    (bobs,) = objects(run("albums", "create", "Papers", "--user", "bob", "--json"))
    assert (bobs["name"], bobs["userID"]) == ("Papers", "bob")
    assert "needs a name" in str(run("albums", "create", "  ").exception)


def test_what_is_wrong_is_told_with_what_was_meant(trip: Backend, run: Run) -> None:
    assert "'taken'" in str(run("albums", "edit", "Trip", "--sort", "takn").exception)
    assert "Did you mean 'Trip'?" in str(run("albums", "edit", "Trp", "--name", "x").exception)
    assert "Did you mean" in run("albums", "delte", "Trip").output
    assert "Did you mean" in run("mvoe", "cat.jpg").output
    assert "Give what to change" in run("albums", "edit", "Trip").output
    refused = run("albums", "--user", "ann", "delete", "Trip")
    assert (refused.exit_code, "go behind `delete`" in refused.output) == (2, True)


def test_photos_are_moved_and_copied(trip: Backend, run: Run) -> None:
    assert "not in the album" in str(run("albums", "edit", "Best", "--cover", "dog.jpg").exception)
    assert run("move", "dog.jpg", "--to", "Best").stdout == "Moved to Best: 1 photo.\n"
    there = "Moved to Best: 0 photos, 1 was there already.\n"
    assert run("move", "dog.jpg", "--to", "Best").stdout == there
    assert (in_album(trip, "Trip"), in_album(trip, "Best")) == (["cat.jpg"], ["dog.jpg"])
    answer = run("copy", "--album", "Best", "--to", "Trip")
    assert answer.stdout == "Copied to Trip: 1 photo.\n"
    again = run("copy", "--album", "Best", "--to", "Best")
    assert again.stdout == "Copied to Best: 0 photos, 1 was there already.\n"
    trip.refuse("dynamodb", "UpdateItem")
    refused = run("move", "dog.jpg", "--to", "Trip")
    assert (refused.exit_code, refused.stdout) == (1, "Moved to Trip: 0 photos.\n")
    assert "Not moved:" in refused.stderr
    assert run("move", "--to", "Best").exit_code == 2


def test_a_photo_that_was_moved_is_not_said_to_be_in_its_first_album(
    trip: Backend, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "new.jpg"
    file.write_bytes(pictures.jpeg())
    (sent,) = objects(run("upload", str(file), "--album", "Trip", "--json"))
    trip.write(sent["imageID"], albumID=trip.workbench.albums.get("Best").id)
    again = run("upload", str(file), "--album", "Trip").stdout
    assert again == "0 uploaded (0 B) into the album Trip, 1 uploaded before and moved to Best since.\n"


def test_where_two_users_have_an_album_of_one_name_whose_is_said(trip: Backend, run: Run) -> None:
    theirs = trip.workbench.albums.get_or_create("Best", "bea")
    answer = run("move", "dog.jpg", "--to", "Best", "--to-user", "bea")
    assert answer.stdout == "Moved to Best: 1 photo.\n", answer.exception or answer.stderr
    assert [one.name for one in trip.workbench.photos.in_album(theirs)] == ["dog.jpg"]


def test_an_album_is_deleted_after_asking_what_becomes_of_its_photos(trip: Backend, run: Run) -> None:
    assert "Trip has 2 photos: give --move-to ALBUM, or --forget." in run("albums", "delete", "Trip").output
    assert run("albums", "delete", "Trip", "--move-to", "Best", input="n\n").exit_code == 1
    assert in_album(trip, "Trip") == ["cat.jpg", "dog.jpg"]
    answer = run("albums", "delete", "Trip", "--move-to", "Best", input="y\n")
    assert answer.stdout == "Deleted: the album Trip, 2 photos moved to Best.\n"
    assert "Move 2 photos to Best and delete the album Trip?" in answer.stderr
    assert in_album(trip, "Best") == ["cat.jpg", "dog.jpg"]

    refused = run("albums", "delete", "Best", "--forget", input="yes\n")
    assert (refused.exit_code, in_album(trip, "Best")) == (1, ["cat.jpg", "dog.jpg"])
    assert "erased" in run("albums", "delete", "Best", "--forget", "--yes").stdout
    assert [one.id for one in trip.workbench.photos.scan()] == ["other/cat.jpg"]
    assert list(trip.workbench.albums) == []


def test_an_album_comes_as_a_zip_in_its_order_and_without_places(
    trip: Backend, run: Run, tmp_path: Path
) -> None:
    run("albums", "edit", "Trip", "--sort", "taken")
    path = tmp_path / "trip.zip"
    assert f"{path}  2 photos" in run("download", "Trip", "--zip", path).stdout
    with zipfile.ZipFile(path) as archive:
        found = json.loads(archive.read("metadata.json"))
    assert [one["name"] for one in found] == ["dog.jpg", "cat.jpg"]
    assert "latitude" not in found[0]
    piped = run("download", "Trip", "--zip", "-", "--keep-location")
    assert piped.exit_code == 0, piped.exception
    with zipfile.ZipFile(BytesIO(piped.stdout_bytes)) as archive:
        assert json.loads(archive.read("metadata.json"))[0]["latitude"] == 51.5


def test_an_album_comes_as_a_contact_sheet_with_its_name(trip: Backend, run: Run, tmp_path: Path) -> None:
    run("albums", "edit", "Trip", "--description", "Two weeks")
    path = tmp_path / "trip.html"
    for named in (("Trip",), ("--album", "Trip")):
        assert run("download", *named, "--contact-sheet", path, "--yes").exit_code == 0
        page = path.read_text()
        assert "<h1>Trip</h1>\n<p>Two weeks</p>" in page
        assert page.count("<figure>") == 2
    run("download", "other/cat.jpg", "--contact-sheet", path, "--yes")
    assert "<h1>Photos</h1>" in path.read_text()


def test_a_file_that_is_there_is_replaced_only_if_that_is_agreed_to(
    trip: Backend, run: Run, tmp_path: Path
) -> None:
    for option in ("--zip", "--contact-sheet"):
        path = tmp_path / f"mine{option}"
        path.write_text("mine")
        command = ("download", "Trip", option, path)
        for given, said in (("n\n", "The answer was no"), ("", "There was no answer")):
            answer = run(*command, input=given)
            assert answer.exit_code == 1
            assert f"{path} is there already. Replace it?" in answer.stderr
            assert f"{said}: nothing was written." in answer.stderr
            assert path.read_text() == "mine"
        assert "--yes does it without asking" in run(*command, input="").stderr
        assert run(*command, "--yes").exit_code == 0
        assert path.read_bytes() != b"mine"
        path.write_text("mine")
        assert run(*command, input="y\n").exit_code == 0
        assert path.read_bytes() != b"mine"


def test_a_download_goes_to_one_place(trip: Backend, run: Run, tmp_path: Path) -> None:
    for where in ((), ("--to", tmp_path, "--zip", tmp_path / "x.zip")):
        answer = run("download", "Trip", *where)
        assert (answer.exit_code, "Say where to" in answer.output) == (2, True)
    trip.write("none.jpg")
    left = run("download", "none.jpg", "--zip", tmp_path / "x.zip")
    assert (left.exit_code, "Left out: none.jpg" in left.stderr) == (1, True)
