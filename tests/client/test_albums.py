"""Albums: created once, found by themselves, their IDs and their names."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from imageproc.aws.items import to_item
from imageproc.client.albums import Album, Albums
from imageproc.errors import (
    AlbumNotFoundError,
    AwsError,
    InvalidArgumentError,
    QueryError,
    UploadError,
    WorkbenchError,
)
from tests.client.conftest import Backend, without_aws


@pytest.fixture
def albums(backend: Backend) -> Albums:
    return backend.workbench.albums


def stored(backend: Backend, album_id: str, user: str, name: str | None, created: int = 0) -> None:
    """Write an album's record as some client may have written it."""
    item = {"albumID": album_id, "userID": user, "creationTime": created, "name": name}
    item = {key: value for key, value in item.items() if value is not None}
    backend.stack.client("dynamodb").put_item(TableName=backend.stack.album_table, Item=to_item(item))


def test_an_album_is_created_once_for_each_user_and_name(albums: Albums) -> None:
    first = albums.get_or_create("Cats", "ann")
    assert (first.user, first.name) == ("ann", "Cats")
    assert albums.get_or_create("Cats", "ann") == first
    assert albums.get_or_create(first.id, "ann") == first
    assert albums.get_or_create(first, "bob") == first
    other = albums.get_or_create("Cats", "bob")
    assert other.id != first.id
    assert sorted(albums, key=lambda album: album.user) == [first, other]


def test_who_wants_to_know_is_told_of_albums_that_are_made_and_changed(albums: Albums) -> None:
    told: list[str] = []
    end = albums.on_change(lambda album: told.append(album.name))
    album = albums.get_or_create("Cats", "ann")
    albums.get_or_create("Cats", "ann")
    albums.rename(album, "Dogs")
    assert told == ["Cats", "Dogs"]
    end()
    end()
    albums.rename(album, "Birds")
    assert told == ["Cats", "Dogs"]


def test_two_who_create_an_album_at_once_create_the_same_one(
    backend: Backend, albums: Albums, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(time=itertools.count(1).__next__)
    monkeypatch.setattr("imageproc.client.albums.time", clock)
    events = backend.stack.client("dynamodb").meta.events
    overtaken: list[Album] = []

    def overtake(**_: Any) -> None:
        if not overtaken:
            overtaken.append(Album("-", "-", "-", 0))
            overtaken.append(albums.get_or_create("Cats", "ann"))

    events.register("before-call.dynamodb.PutItem", overtake)
    album = albums.get_or_create("Cats", "ann")
    assert album.id == overtaken[1].id
    assert list(albums) == [overtaken[1]], "who came later changes nothing of it"


def test_without_a_user_the_default_user_is_meant(albums: Albums, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEPROC_USER", "carol")
    album = albums.get_or_create("Cats")
    assert album.user == "carol"
    albums.get_or_create("Dogs", "bob")
    assert albums.of() == [album]


def test_a_users_albums_come_newest_first(backend: Backend, albums: Albums) -> None:
    for time in (100, 300, 200):
        stored(backend, f"a{time}", "ann", f"Album {time}", time)
    stored(backend, "b", "bob", "Bob's", 400)
    assert [album.created for album in albums.of("ann")] == [300, 200, 100]


def test_an_album_of_another_client_without_a_name_is_called_by_its_id(
    backend: Backend, albums: Albums
) -> None:
    stored(backend, "a1", "ann", None, 7)
    assert albums.get("a1") == Album("a1", "ann", "a1", 7)


def test_an_album_is_got_by_itself_its_id_and_its_name(albums: Albums) -> None:
    album = albums.get_or_create("Cats", "bob")
    for given in (album, album.id, "Cats"):
        assert albums.get(given) == album
    assert albums.get("Cats", "bob") == album


def test_an_id_is_an_id_although_an_album_has_that_name(backend: Backend, albums: Albums) -> None:
    stored(backend, "a1", "ann", "Cats")
    stored(backend, "a2", "ann", "a1")
    assert albums.get("a1").name == "Cats"


def test_a_name_of_several_users_is_the_default_users_or_the_given_ones(albums: Albums) -> None:
    mine, theirs = albums.get_or_create("Cats", "ann"), albums.get_or_create("Cats", "bob")
    assert albums.get("Cats") == mine
    assert albums.get("Cats", "bob") == theirs


def test_a_name_of_several_other_users_is_told_with_the_users_and_the_fix(albums: Albums) -> None:
    for user in ("carol", "bob"):
        albums.get_or_create("Cats", user)
    with pytest.raises(AlbumNotFoundError, match=r"2 albums are named 'Cats' \(bob, carol\)\. Name the user"):
        albums.get("Cats")


@pytest.mark.parametrize("user", [None, "ann"])
def test_an_album_that_does_not_exist_is_told_with_where_to_look(albums: Albums, user: str | None) -> None:
    albums.get_or_create("Cats", "bob")
    name, fix = ("Cats", "`imageproc albums` lists them") if user else ("Dogs", "There are: Cats")
    with pytest.raises(AlbumNotFoundError, match=f"no album '{name}'. {fix}"):
        albums.get(name, user)


@pytest.mark.parametrize("given", [None, 5, "", b"Cats", ["Cats"]], ids=repr)
def test_what_cannot_be_an_album_is_told_with_what_can(backend: Backend, given: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="An album cannot be") as told:
        without_aws(backend.workbench.target).albums.get(given)
    assert repr(given) in told.value.cause
    assert told.value.fix.startswith("Give an Album, its ID or its name")


def test_an_album_needs_a_name(albums: Albums) -> None:
    with pytest.raises(InvalidArgumentError, match="An album needs a name"):
        albums.get_or_create("", "ann")
    assert list(albums) == []


def test_an_albums_name_is_short_enough_to_be_shown(albums: Albums) -> None:
    with pytest.raises(InvalidArgumentError, match=r"may have 200 characters, this one has 1,201\..*shorter"):
        albums.get_or_create("n" * 1201, "ann")
    found = albums.get_or_create("n" * 200, "ann")
    with pytest.raises(InvalidArgumentError, match="may have 200 characters"):
        albums.rename(found, "m" * 201)
    assert albums.get(found.id).name == "n" * 200


@pytest.mark.parametrize("user", ["änn", "a\nb"])
def test_a_user_that_s3_cannot_carry_gets_no_album(albums: Albums, user: str) -> None:
    with pytest.raises(UploadError, match="printable ASCII"):
        albums.get_or_create("Cats", user)
    assert list(albums) == []


def test_a_refusal_of_aws_is_told(backend: Backend, albums: Albums) -> None:
    backend.refuse("dynamodb", "PutItem")
    with pytest.raises(AwsError, match="Creating the album Cats failed"):
        albums.get_or_create("Cats")


def test_a_renamed_album_keeps_its_id_and_its_first_name_is_free(backend: Backend, albums: Albums) -> None:
    album = albums.get_or_create("Cats", "ann")
    renamed = albums.rename("Cats", " Felines ")
    assert (renamed.id, renamed.name, renamed.created) == (album.id, "Felines", album.created)
    assert albums.get("Felines") == albums.get_or_create("Felines", "ann") == renamed
    another = albums.get_or_create("Cats", "ann")
    assert (another.name, another.id != album.id) == ("Cats", True)
    assert albums.get_or_create("Cats", "ann") == another
    assert len(list(albums)) == 2


def test_an_album_cannot_have_no_name_or_another_ones(albums: Albums) -> None:
    albums.get_or_create("Cats", "bob")
    for name in ("Cats", "Dogs"):
        albums.get_or_create(name, "ann")
    with pytest.raises(InvalidArgumentError, match="ann has another album 'Dogs'"):
        albums.rename("Cats", "Dogs")
    with pytest.raises(InvalidArgumentError, match="needs a name"):
        albums.rename("Cats", "  ")
    assert albums.rename("Cats", "Cats") == albums.get("Cats", "ann")


def test_what_other_clients_keep_of_an_album_stays(backend: Backend, albums: Albums) -> None:
    """The original web client knows ID, user, name and time; whoever else may know more."""
    dynamodb: Any = backend.stack.client("dynamodb")
    item = {"albumID": "a1", "userID": "ann", "name": "Trip", "creationTime": 7, "colour": "red"}
    dynamodb.put_item(TableName=backend.stack.album_table, Item=to_item(item))
    albums.describe("Trip", "Two weeks in May\n")
    albums.sort_by("Trip", "taken", descending=True)
    albums.set_cover("Trip", backend.photo("cat.jpg"))
    described = albums.rename("Trip", "Holiday")
    answer = dynamodb.get_item(TableName=backend.stack.album_table, Key=to_item({"albumID": "a1"}))
    more = {"description": "Two weeks in May", "sortOrder": "-taken", "coverPhotoID": "cat.jpg"}
    assert answer["Item"] == to_item(item | {"name": "Holiday"} | more)
    assert albums.get("Holiday") == described
    assert (described.description, described.sort_order) == ("Two weeks in May", "-taken")
    albums.describe("a1", "")
    assert albums.sort_by("a1", None) == albums.get("a1")
    assert albums.get("a1").description == ""


def test_an_album_that_was_deleted_is_not_made_anew_by_a_change(backend: Backend, albums: Albums) -> None:
    album = albums.get_or_create("Cats")
    albums.delete(album)
    with pytest.raises(AlbumNotFoundError, match="Cats was deleted"):
        albums.describe(album, "Gone")
    assert list(albums) == []


def test_the_photos_of_an_album_come_in_its_order(backend: Backend, albums: Albums) -> None:
    stored(backend, "a1", "ann", "Trip")
    for name, year in (("1.jpg", 2014), ("2.jpg", 2016), ("3.jpg", 2015)):
        backend.write(name, creationTime=f"{year}-01-01T00:00:00")
    assert albums.sort_by("Trip", "taken").photos.ids() == ["1.jpg", "3.jpg", "2.jpg"]
    assert albums.sort_by("Trip", "taken", descending=True).photos.ids() == ["2.jpg", "3.jpg", "1.jpg"]
    with pytest.raises(QueryError, match="taken"):
        albums.sort_by("Trip", "takn")
    dynamodb: Any = backend.stack.client("dynamodb")
    item = to_item({"albumID": "a1", "userID": "ann", "sortOrder": "by mood"})
    dynamodb.put_item(TableName=backend.stack.album_table, Item=item)
    assert len(albums.get("a1").photos.ids()) == 3, "another client's order is none of ours"


def test_a_cover_is_of_the_album_as_long_as_the_photo_is(backend: Backend, albums: Albums) -> None:
    album, other = albums.get_or_create("Trip"), albums.get_or_create("Best")
    thumbnail = {"s3Bucket": "photos", "s3Key": "Thumbnails/x"}
    assert albums.cover(album) is None
    for time, name in enumerate(("1.jpg", "2.jpg")):
        backend.write(name, albumID=album.id, thumbnail=thumbnail, uploadTime=time)
    backend.write("other.jpg", albumID=other.id)
    with pytest.raises(InvalidArgumentError, match=r"other.jpg is not in the album Trip"):
        albums.set_cover("Trip", "other.jpg")
    backend.workbench.catalog.sync()
    newest = albums.cover("Trip")
    assert newest
    assert newest.id == "2.jpg"
    chosen = albums.cover(albums.set_cover("Trip", "1.jpg"))
    assert chosen
    assert chosen.id == "1.jpg"
    backend.workbench.photos.where(id="1.jpg").move_to("Best")
    backend.workbench.catalog.sync()
    left = albums.cover("Trip")
    assert left
    assert left.id == "2.jpg"


def test_a_truncated_photo_is_a_cover_only_where_no_other_is_there(backend: Backend, albums: Albums) -> None:
    album = albums.get_or_create("Trip")
    thumbnail = {"s3Bucket": "photos", "s3Key": "Thumbnails/x"}
    for name, truncated in (("cut.jpg", True), ("whole.jpg", False)):
        backend.write(name, albumID=album.id, thumbnail=thumbnail, truncated=truncated, uploadTime=5)
        backend.workbench.catalog.sync()
        cover = albums.cover(album)
        assert cover
        assert cover.id == name
    backend.write("later.jpg", albumID=album.id, thumbnail=thumbnail, truncated=True, uploadTime=9)
    backend.workbench.catalog.sync()
    cover = albums.cover(album)
    assert cover
    assert cover.id == "whole.jpg"


def test_a_new_name_is_found_at_once(backend: Backend, albums: Albums) -> None:
    album = albums.get_or_create("Trip")
    backend.write("1.jpg", albumID=album.id)
    assert backend.workbench.photos.where().facets("album") == {"Trip": 1}
    albums.rename(album, "Holiday")
    assert backend.workbench.photos.where().facets("album") == {"Holiday": 1}


@pytest.mark.parametrize(
    "ask",
    [
        lambda albums: albums.get_or_create(5),
        lambda albums: albums.get_or_create(["Trip"]),
        lambda albums: albums.get_or_create("  "),
        lambda albums: albums.rename("Trip", 5),
        lambda albums: albums.rename("Trip", " "),
        lambda albums: albums.describe("Trip", 5),
        lambda albums: albums.of(5),
        lambda albums: albums.sort_by("Trip", 5),
        lambda albums: albums.get("Trip").photos.facets(5),
        lambda albums: albums.get("Trip").photos.to_zip(5),
        lambda albums: albums.get("Trip").photos.to_csv(5),
        lambda albums: albums.get("Trip").photos.export("coco", 5),
        lambda albums: albums.get("Trip").photos & 5,
    ],
)
def test_arguments_of_a_wrong_type_are_told_with_the_way_on(
    backend: Backend, ask: Callable[[Albums], object]
) -> None:
    backend.workbench.albums.get_or_create("Trip")
    with pytest.raises(WorkbenchError) as raised:
        ask(backend.workbench.albums)
    assert raised.value.fix


def test_a_status_that_no_execution_has_is_refused(backend: Backend) -> None:
    with pytest.raises(InvalidArgumentError, match=r"'BAD'.*There are: ABORTED"):
        list(backend.workbench.executions.all("BAD"))
    with pytest.raises(InvalidArgumentError, match="Did you mean 'FAILED'"):
        list(backend.workbench.executions.all("Failed"))
