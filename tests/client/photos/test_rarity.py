"""Odd ones out: photos by how rare their labels are among others."""

from __future__ import annotations

from typing import Any

import pytest

from imageproc import PhotoView
from imageproc.errors import PhotoNotFoundError
from tests.client.conftest import Backend

PHOTOS = {
    "dog.jpg": ["Dog"],
    "dogs.jpg": ["Dog", "Grass"],
    "lawn.jpg": ["Dog", "Grass"],
    "rocket.jpg": ["Rocket", "Dog"],
    "nothing.jpg": [],
}


@pytest.fixture
def photos(backend: Backend) -> PhotoView:
    for name, tags in PHOTOS.items():
        labels: Any = [{"name": tag, "confidence": 90, "parents": [], "boxes": []} for tag in tags]
        backend.write(f"a/{name}", labels=labels, tags=tags)
    return backend.workbench.photos.where()


def test_photos_with_the_rarest_labels_come_first(photos: PhotoView) -> None:
    found = photos.label_rarity()
    assert [one.photo.name for one in found] == ["rocket.jpg", "dogs.jpg", "lawn.jpg", "dog.jpg"]
    # Of 4 photos with labels, 1 has Rocket (1), 2 have Grass (1/2) and all have Dog (0).
    assert [one.rarity for one in found] == pytest.approx([0.5, 0.25, 0.25, 0])
    assert found[0].labels == {"Rocket": 1, "Dog": 4}
    assert (len(found), found.without_labels) == (4, 1)
    assert repr(found) == "<LabelRarity of 4 photos, 1 photo without labels>"
    assert "Rocket (1), Dog (4)" in found._repr_html_()


def test_the_rarest_are_a_view_in_order(photos: PhotoView) -> None:
    rarest = photos.sort_by("name").label_rarity().rarest(3)
    assert [photo.name for photo in rarest] == ["rocket.jpg", "dogs.jpg", "lawn.jpg"]
    assert [photo.name for photo in rarest[1:]] == ["dogs.jpg", "lawn.jpg"]
    assert rarest.sort_by("name", descending=True).first().name == "rocket.jpg"
    assert rarest.outline(2).ids == [photo.id for photo in rarest[:2]]
    assert rarest.where(tag="Grass").ids() == ["a/dogs.jpg", "a/lawn.jpg"]


def test_only_the_photos_of_the_view_and_labels_that_are_not_hidden_count(
    backend: Backend, photos: PhotoView
) -> None:
    found = photos.where(name=["rocket*", "lawn*"]).label_rarity()
    assert [one.rarity for one in found] == pytest.approx([0.5, 0.5])
    album = backend.workbench.albums.get_or_create("Space", "ann")
    backend.workbench.albums.hide_label(album, "Rocket")
    (moved,) = photos.where(name="rocket*").move_to(album)
    photos.photos.catalog.sync()
    (only,) = photos.where(album="Space", user="ann").label_rarity()
    assert (only.photo.id, only.labels, only.rarity) == (moved.photo_id, {"Dog": 1}, 0)


def test_what_people_said_counts(photos: PhotoView) -> None:
    photos.photos.get("a/dog.jpg").rename_label("Dog", "Fox")
    photos.photos.catalog.sync()
    found = photos.label_rarity()
    assert (found[0].photo.name, found[0].rarity, found[0].labels) == ("dog.jpg", 1, {"Fox": 1})


def test_where_there_are_no_labels_nothing_is_rare(photos: PhotoView) -> None:
    found = photos.where(name="nothing*").label_rarity()
    assert (list(found), found.without_labels, found.rarest().ids()) == ([], 1, [])
    assert "No photo has a label" in found._repr_html_()


def test_a_photo_that_was_forgotten_since_is_left_out(photos: PhotoView) -> None:
    found = photos.label_rarity()
    photos.photos._records.erase("a/rocket.jpg")
    photos.photos.catalog.sync()
    assert [one.photo.name for one in found[:2]] == ["dogs.jpg"]
    with pytest.raises(PhotoNotFoundError, match="was forgotten"):
        found[0]
