"""Albums are offered, chosen and made, also while the list is being read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from imageproc.aws.items import to_item
from imageproc.client.albums import Album
from imageproc.client.workbench import Workbench
from imageproc.costs import Estimate, estimate
from imageproc.errors import AlbumNotEmptyError, AlbumNotFoundError, InvalidArgumentError
from imageproc.widgets import AlbumPanel, GalleryPanel
from imageproc.widgets.updates import flush
from tests.client.conftest import Backend
from tests.widgets.test_photos import settle, until


class Albums:
    """Albums that can be read only when the test says so."""

    def __init__(self) -> None:
        self.read = Event()
        self.known = [Album("id-1", "ann", "Trip", 1), Album("id-2", "ann", "Trip", 2)]

    def on_change(self, _listener: object) -> Callable[[], object]:
        return lambda: None

    def of(self, user: str) -> Iterator[Album]:
        assert self.read.wait(10)
        yield from [album for album in self.known if album.user == user]

    def current(self, album: Album) -> Album:
        if album.id == "id-deleted":
            raise AlbumNotFoundError("The album was deleted.")
        return album

    def get_or_create(self, name: str, user: str) -> Album:
        return Album(f"new-{name}", user, name, 3)


class Bench:
    target = SimpleNamespace(is_local=False)

    def __init__(self) -> None:
        self.albums = Albums()

    def cost(self, *, album: Album) -> Estimate:
        return estimate(int(album.id.removeprefix("id-")))


def panel() -> tuple[AlbumPanel, Albums, list[str]]:
    bench, chosen = Bench(), list[str]()
    made = AlbumPanel(cast("Workbench", bench), "ann")
    made.on_choose(lambda album: chosen.append(album.id))
    return made, bench.albums, chosen


def settled(made: Any) -> None:
    made.job.wait(10)


def test_albums_of_one_name_are_told_apart() -> None:
    made, albums, _ = panel()
    albums.read.set()
    settled(made)
    assert [label for label, _ in made.choice.options] == ["(choose an album)", "Trip (id-1)", "Trip (id-2)"]


def test_an_album_that_is_chosen_while_the_list_is_read_stays_chosen() -> None:
    made, albums, chosen = panel()
    made.choose(Album("id-9", "ann", "Newest", 9))
    albums.read.set()
    settled(made)
    assert made.choice.value == "id-9"
    assert (made.album and made.album.name, chosen) == ("Newest", ["id-9"])


def test_a_chosen_album_that_is_gone_is_offered_no_more() -> None:
    made, albums, _ = panel()
    told: list[str] = []
    made.on_delete(lambda album: told.append(album.name))
    made.choose(Album("id-deleted", "ann", "Old", 9))
    albums.read.set()
    settled(made)
    flush()
    assert (made.album, made.choice.value, list(made.albums)) == (None, "", ["id-1", "id-2"])
    assert made.status.text == "The album Old is gone. 2 albums of ann."
    assert told == ["Old"]


def test_creating_waits_for_the_list_and_is_not_forgotten() -> None:
    made, albums, chosen = panel()
    made.new_name.value = "Garden"
    made.create_button.click()
    albums.read.set()
    settled(made)
    flush()
    assert (chosen, made.status.text) == (["new-Garden"], "Made the album Garden.")
    made.new_name.value = "Garden"
    made.create_button.click()
    settled(made)
    flush()
    assert made.status.text == "ann has an album Garden already: this is it."


def test_an_album_without_a_name_is_not_made() -> None:
    made, albums, chosen = panel()
    albums.read.set()
    settled(made)
    made.create_button.click()
    flush()
    assert made.status.text == "Name the album first."
    assert chosen == []


def test_the_chosen_album_is_priced_when_it_is_asked_for() -> None:
    made, albums, _ = panel()
    albums.read.set()
    settled(made)
    made.cost_button.click()
    flush()
    assert made.status.text == "Choose an album first."
    made.choice.value = "id-2"
    made.cost_button.click()
    settled(made)
    flush()
    assert made.status.text.startswith("On AWS 2 photos of 4 MB each cost about")


def test_an_album_that_is_made_or_renamed_elsewhere_is_offered_at_once(backend: Backend) -> None:
    albums = backend.workbench.albums
    trip = albums.get_or_create("Trip", "ann")
    made = AlbumPanel(backend.workbench, "ann")
    settled(made)
    made.choose(trip)
    albums.get_or_create("Canons", "ann")  # as Move to album... does
    albums.get_or_create("Bob's", "bob")
    assert [label for label, _ in made.choice.options] == ["(choose an album)", "Canons", "Trip"]
    albums.rename(trip, "Holiday")
    assert [label for label, _ in made.choice.options] == ["(choose an album)", "Canons", "Holiday"]
    assert made.choice.value == trip.id
    made.close()
    albums.rename(trip, "Gone")
    assert [label for label, _ in made.choice.options] == ["(choose an album)", "Canons", "Holiday"]


def test_refresh_has_the_chosen_album_shown_again(backend: Backend) -> None:
    """What a gallery could not read while AWS did not answer is there again then."""
    trip = backend.workbench.albums.get_or_create("Trip", "ann")
    backend.write("cat.jpg", albumID=trip.id)
    made, gallery = AlbumPanel(backend.workbench, "ann"), GalleryPanel(backend.workbench, later=True)
    made.on_choose(gallery.show)
    made.choose(trip)
    settle(gallery)
    assert len(gallery.view) == 1
    backend.write("dog.jpg", albumID=trip.id)
    made.refresh_button.click()
    settled(made)
    settle(gallery)
    flush()
    assert gallery.search_bar.summary == "2 photos"
    assert made.status.text == "1 album of ann."
    made.close()
    gallery.close()


def test_the_named_album_is_opened_else_the_newest_with_photos_and_none_is_made(backend: Backend) -> None:
    workbench = backend.workbench
    made = AlbumPanel(workbench, "ann")
    assert made.choose_by_name("First album").wait(10) is None
    flush()
    assert made.status.text == "All photos are shown: ann has no album First album."
    albums = [workbench.albums.get_or_create(name, "ann") for name in ("Old", "Newer", "Empty")]
    for number, album in enumerate(albums):
        backend.stack.client("dynamodb").update_item(
            TableName=backend.stack.album_table,
            Key=to_item({"albumID": album.id}),
            UpdateExpression="SET creationTime = :time",
            ExpressionAttributeValues=to_item({":time": number}),
        )
    for album in albums[:2]:
        backend.write(f"{album.id}/a.jpg", albumID=album.id)
    workbench.catalog.sync()
    made.refresh()
    found = made.choose_by_name("First album").wait(10)
    flush()
    assert found is not None
    assert (found.name, made.choice.value) == ("Newer", albums[1].id)
    assert made.status.text == "Showing Newer, the newest album with photos: ann has no album First album."
    assert made.choose_by_name("Empty").wait(10) == made.album
    assert made.choice.value == albums[2].id
    assert sorted(one.name for one in workbench.albums) == ["Empty", "Newer", "Old"]
    made.close()


@pytest.fixture
def edited(backend: Backend) -> Iterator[AlbumPanel]:
    """A panel with the album Trip chosen, which has a photo, and its form open."""
    workbench = backend.workbench
    trip, _ = (workbench.albums.get_or_create(name, "ann") for name in ("Trip", "Best"))
    backend.write("cat.jpg", albumID=trip.id)
    made = AlbumPanel(workbench, "ann")
    settled(made)
    made.choose(trip)
    made.edit_button.click()
    settled(made)
    flush()
    yield made
    made.close()


def test_an_album_is_renamed_described_and_sorted(edited: AlbumPanel) -> None:
    told: list[Album] = []
    edited.on_choose(told.append)
    assert (edited.form.name.value, edited.form.layout.display) == ("Trip", None)
    edited.form.name.value, edited.form.description.value = "Holiday", "Two weeks"
    edited.form.order.value = "name"
    edited.save()
    settled(edited)
    flush()
    (album,) = told
    assert (album.name, album.description, album.sort_order) == ("Holiday", "Two weeks", "name")
    assert edited.workbench.albums.get("Holiday") == album == edited.album
    assert edited.status.text == "Saved: Holiday."
    edited.form.name.value = "Best"
    edited.save()
    with pytest.raises(InvalidArgumentError):
        settled(edited)
    flush()
    assert "ann has another album 'Best'" in edited.status.text


def test_the_form_of_an_album_is_never_stored_as_another_ones(edited: AlbumPanel) -> None:
    edited.choose(edited.workbench.albums.get("Best"))
    assert edited.form.layout.display == "none"
    edited.save()
    settled(edited)
    assert {album.name for album in edited.workbench.albums} == {"Trip", "Best"}


def test_an_album_is_deleted_only_when_it_is_said_what_becomes_of_its_photos(edited: AlbumPanel) -> None:
    gone: list[str] = []
    edited.on_delete(lambda album: gone.append(album.name))
    edited.delete()
    with pytest.raises(AlbumNotEmptyError):
        settled(edited)
    flush()
    assert edited.status.text == "Trip has photos. Choose what becomes of them."
    best = edited.workbench.albums.get("Best")
    edited.form.photos.value = best.id
    for answer, left in ((edited.form.question.no, 2), (edited.form.question.yes, 1)):
        edited.delete()
        until(lambda: edited.form.question.layout.display is None)
        assert edited.form.question.text.text == "Move 1 photo to Best, and delete the album Trip?"
        answer.click()
        settled(edited)
        assert len(list(edited.workbench.albums)) == left
    flush()
    assert (gone, edited.album, edited.choice.value) == (["Trip"], None, "")
    assert edited.workbench.photos.get("cat.jpg").album_id == best.id


def test_an_album_that_was_just_renamed_is_deleted_by_its_new_name(edited: AlbumPanel) -> None:
    edited.form.name.value = "Journey"
    edited.save()
    settled(edited)
    edited.form.photos.value = edited.workbench.albums.get("Best").id
    edited.delete()
    until(lambda: edited.form.question.layout.display is None)
    assert edited.form.question.text.text == "Move 1 photo to Best, and delete the album Journey?"
    edited.form.question.yes.click()
    settled(edited)
    flush()
    assert edited.status.text == "The album Journey is deleted."
