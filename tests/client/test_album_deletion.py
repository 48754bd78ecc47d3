"""An album deleted: its photos first, and nothing of them silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from imageproc import Album
from imageproc.client import album_deletion
from imageproc.errors import AlbumNotEmptyError, AlbumNotFoundError, ForgetError, InvalidArgumentError
from tests.client.conftest import Backend


@pytest.fixture
def trip(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Album:
    monkeypatch.setattr(album_deletion, "_WAIT_S", 0)
    album = backend.workbench.albums.get_or_create("Trip")
    for number in range(3):
        backend.photo(f"{album.id}/{number}.jpg", albumID=album.id)
    backend.photo("other.jpg")
    return album


@pytest.fixture
def best(backend: Backend) -> Album:
    return backend.workbench.albums.get_or_create("Best")


def albums(backend: Backend) -> list[str]:
    return sorted(album.name for album in backend.workbench.albums)


def ids(backend: Backend, album: Album) -> list[str]:
    return sorted(photo.id.rpartition("/")[2] for photo in backend.workbench.photos.in_album(album))


def during(backend: Backend, event: str, happens: Callable[[], object]) -> None:
    """Let something happen once before a request."""
    waiting = [happens]

    def handler(**_: Any) -> None:
        if waiting:
            waiting.pop()()

    backend.stack.client("dynamodb").meta.events.register(f"before-call.dynamodb.{event}", handler)


def test_nothing_happens_before_it_is_said_what_becomes_of_the_photos(backend: Backend, trip: Album) -> None:
    with pytest.raises(AlbumNotEmptyError, match=r"Trip has 3 photos\. Say what becomes of them"):
        backend.workbench.albums.delete("Trip")
    assert (albums(backend), ids(backend, trip)) == (["Trip"], ["0.jpg", "1.jpg", "2.jpg"])


def test_its_photos_are_moved_and_then_it_goes(backend: Backend, trip: Album, best: Album) -> None:
    told: list[str] = []
    assert backend.workbench.albums.delete("Trip", move_to="Best", notify=told.append) == 3
    assert sorted(told) == [f"{trip.id}/{number}.jpg" for number in range(3)]
    assert (albums(backend), ids(backend, best)) == (["Best"], ["0.jpg", "1.jpg", "2.jpg"])
    with pytest.raises(AlbumNotFoundError):
        backend.workbench.albums.delete(trip)


def test_its_photos_are_forgotten_and_no_others(backend: Backend, trip: Album) -> None:
    assert backend.workbench.albums.delete("Trip", forget=True) == 3
    assert albums(backend) == []
    assert [one.id for one in backend.workbench.photos.scan()] == ["other.jpg"]


def test_an_empty_album_just_goes(backend: Backend, best: Album) -> None:
    assert backend.workbench.albums.delete(best) == 0
    assert albums(backend) == []


def test_photos_cannot_go_both_ways_nor_into_the_album_itself(
    backend: Backend, trip: Album, best: Album
) -> None:
    known = backend.workbench.albums
    with pytest.raises(InvalidArgumentError, match="both moved and forgotten"):
        known.delete(trip, move_to=best, forget=True)
    with pytest.raises(InvalidArgumentError, match="Trip is the album to delete"):
        known.delete(trip, move_to=trip)
    assert albums(backend) == ["Best", "Trip"]


def test_a_photo_that_cannot_be_moved_keeps_the_album(backend: Backend, trip: Album, best: Album) -> None:
    backend.refuse("dynamodb", "UpdateItem")
    with pytest.raises(AlbumNotEmptyError, match="The album Trip stays"):
        backend.workbench.albums.delete(trip, move_to=best)
    assert albums(backend) == ["Best", "Trip"]
    backend.workbench.albums.delete(trip, move_to=best)
    assert (albums(backend), ids(backend, best)) == (["Best"], ["0.jpg", "1.jpg", "2.jpg"])


def test_photos_that_are_being_processed_are_not_forgotten(backend: Backend, trip: Album) -> None:
    backend.write(f"{trip.id}/0.jpg", "PROCESSING", albumID=trip.id, executionArn=backend.start())
    with pytest.raises(ForgetError, match="being processed"):
        backend.workbench.albums.delete(trip, forget=True)
    assert (albums(backend), len(ids(backend, trip))) == (["Trip"], 3)


def test_a_photo_that_comes_while_others_are_forgotten_is_not(backend: Backend, trip: Album) -> None:
    during(backend, "TransactWriteItems", lambda: backend.photo(f"{trip.id}/new.jpg", albumID=trip.id))
    with pytest.raises(AlbumNotEmptyError, match=r"came into Trip meanwhile .*new\.jpg"):
        backend.workbench.albums.delete(trip, forget=True)
    assert (albums(backend), ids(backend, trip)) == (["Trip"], ["new.jpg"])


def test_an_upload_that_has_no_record_yet_keeps_the_album(backend: Backend, trip: Album, best: Album) -> None:
    backend.put(f"{trip.id}/new.jpg", album=trip.id)
    with pytest.raises(AlbumNotEmptyError, match=r"came into Trip meanwhile .*new\.jpg"):
        backend.workbench.albums.delete(trip, move_to=best)
    assert albums(backend) == ["Best", "Trip"]


@pytest.mark.parametrize("record", [True, False])
def test_an_album_into_which_a_photo_comes_at_the_last_moment_is_put_back_as_it_was(
    backend: Backend, trip: Album, best: Album, record: bool
) -> None:
    described = backend.workbench.albums.describe(trip, "Two weeks")
    name = f"{trip.id}/new.jpg"
    arrive = (lambda: backend.write(name, albumID=trip.id)) if record else (lambda: backend.put(name))
    during(backend, "DeleteItem", arrive)
    with pytest.raises(AlbumNotEmptyError, match="came into Trip meanwhile"):
        backend.workbench.albums.delete(trip, move_to=best)
    assert backend.workbench.albums.get("Trip") == described
