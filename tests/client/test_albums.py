"""Albums: created once, found by themselves, their IDs and their names."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from imageproc.aws.items import to_item
from imageproc.client.albums import Album, Albums
from imageproc.errors import AlbumNotFoundError, AwsError, InvalidArgumentError, UploadError
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
    assert list(albums.of()) == [album]


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
    name = "Cats" if user else "Dogs"
    with pytest.raises(AlbumNotFoundError, match=f"no album '{name}'. `imageproc albums` lists them"):
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


@pytest.mark.parametrize("user", ["änn", "a\nb"])
def test_a_user_that_s3_cannot_carry_gets_no_album(albums: Albums, user: str) -> None:
    with pytest.raises(UploadError, match="printable ASCII"):
        albums.get_or_create("Cats", user)
    assert list(albums) == []


def test_a_refusal_of_aws_is_told(backend: Backend, albums: Albums) -> None:
    backend.refuse("dynamodb", "PutItem")
    with pytest.raises(AwsError, match="Creating the album Cats failed"):
        albums.get_or_create("Cats")
