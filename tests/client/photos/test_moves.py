"""Photos moved to another album, and copied into one."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from imageproc import Album, Copied, Moved, NotCopied, NotMoved
from imageproc.core.ownership import write_as
from imageproc.core.record import Status
from imageproc.errors import AlbumNotFoundError
from tests.client.conftest import PHOTO, Backend

HASH = "sha256:" + "0123456789ab" * 5 + "cdef"


@pytest.fixture
def trip(backend: Backend) -> Album:
    return backend.workbench.albums.get_or_create("Trip", "ann")


@pytest.fixture
def best(backend: Backend) -> Album:
    return backend.workbench.albums.get_or_create("Best", "bob")


def names(backend: Backend, album: Album) -> list[str]:
    backend.workbench.catalog.sync()
    return sorted(backend.workbench.photos.where(album=album).ids())


def keys(backend: Backend) -> list[str]:
    page = backend.stack.client("s3").list_objects_v2(Bucket=backend.stack.bucket)
    return [one["Key"] for one in page["Contents"]]


def test_photos_are_moved_with_all_that_is_known_of_them(backend: Backend, trip: Album, best: Album) -> None:
    view = backend.workbench.photos.where(album=trip)
    for number in range(3):
        backend.photo(f"{number}.jpg", albumID=trip.id, rating=number)
    assert view.count() == 3
    before_it = backend.workbench.photos.get("1.jpg")
    assert backend.workbench.photos.where(id=["1.jpg", "2.jpg"]).move_to("Best") == [
        Moved("1.jpg"),
        Moved("2.jpg"),
    ]
    assert (names(backend, trip), names(backend, best)) == (["0.jpg"], ["1.jpg", "2.jpg"])
    moved = backend.workbench.photos.get("1.jpg")
    stored, changed = dict(before_it.attributes), dict(moved.attributes)
    for one in (stored, changed):
        one.pop("changeTime")
    assert changed == stored | {"albumID": best.id}
    assert len(keys(backend)) == 3, "no file was touched"
    assert view.move_to("Trip") == [Moved("0.jpg", already_there=True)]


def test_a_photo_that_has_no_album_gets_one(backend: Backend, trip: Album) -> None:
    backend.write("1.jpg", albumID=None)
    assert backend.workbench.photos.where(id="1.jpg").move_to(trip) == [Moved("1.jpg")]
    assert names(backend, trip) == ["1.jpg"]


def test_a_photo_that_somebody_else_moves_at_the_same_moment_or_has_forgotten_is_told(
    backend: Backend, trip: Album, best: Album
) -> None:
    other = backend.workbench.albums.get_or_create("Other")
    for name in ("moved.jpg", "gone.jpg"):
        backend.write(name, albumID=trip.id)
    seen = [backend.workbench.photos.get(name) for name in ("moved.jpg", "gone.jpg")]
    list(backend.workbench.privacy.erase(backend.workbench.privacy.of_photos(["gone.jpg"])))
    overtaking = [lambda: backend.write("moved.jpg", albumID=other.id)]

    def overtake(**_: object) -> None:
        if overtaking:
            overtaking.pop()()

    events = backend.stack.client("dynamodb").meta.events
    events.register("before-call.dynamodb.UpdateItem", overtake)
    came = list(backend.workbench.photos.move(seen, best))
    causes = [one.cause for one in came if isinstance(one, NotMoved)]
    assert ["just now" in causes[0], "forgotten" in causes[1]] == [True, True]
    found = [(one.id, one.album_id) for one in backend.workbench.photos.scan()]
    assert found == [("moved.jpg", other.id)], "no bare record was made of what is gone"


def test_a_photo_can_be_moved_on_at_once(backend: Backend, trip: Album, best: Album) -> None:
    """The catalog may not have seen the first move yet."""
    backend.write("1.jpg", albumID=trip.id)
    view = backend.workbench.photos.where(id="1.jpg")
    for album in (best, trip, best):
        assert view.move_to(album) == [Moved("1.jpg")]
    assert backend.workbench.photos.get("1.jpg").album_id == best.id


def test_what_fails_does_not_stop_the_others(backend: Backend, trip: Album, best: Album) -> None:
    for number in range(3):
        backend.write(f"{number}.jpg", albumID=trip.id)
    backend.refuse("dynamodb", "UpdateItem")
    came = backend.workbench.photos.where(album=trip).move_to(best)
    assert sorted(type(one).__name__ for one in came) == ["Moved", "Moved", "NotMoved"]


@pytest.mark.parametrize("how", ["move_to", "copy_to"])
def test_an_album_that_was_deleted_takes_no_photos(
    backend: Backend, trip: Album, best: Album, how: str
) -> None:
    backend.photo("1.jpg", albumID=trip.id)
    backend.workbench.albums.delete(best)
    with pytest.raises(AlbumNotFoundError, match="Best was deleted"):
        getattr(backend.workbench.photos.where(album=trip), how)(best)
    assert names(backend, trip) == ["1.jpg"]


@pytest.mark.parametrize("only", [(), ("tags",)])
def test_a_moved_photo_that_is_processed_again_stays_where_it_is(
    backend: Backend, trip: Album, best: Album, only: tuple[str, ...]
) -> None:
    photo = backend.photo("1.jpg", albumID=trip.id)
    backend.workbench.photos.where(id=photo.id).move_to(best)
    backend.workbench.photos.reprocess("1.jpg", only)
    again = photo.refresh()
    assert (again.album_id, again.status) == (best.id, Status.UPLOADED)


def test_a_newer_upload_of_the_key_names_its_own_album(backend: Backend, trip: Album, best: Album) -> None:
    photo = backend.photo("1.jpg", albumID=trip.id)
    backend.workbench.photos.where(id=photo.id).move_to(best)
    backend.put("1.jpg", album=trip.id)
    backend.workbench.photos.reprocess("1.jpg")
    assert photo.refresh().album_id == trip.id


def test_a_copy_is_an_upload_of_its_own_in_the_other_album(
    backend: Backend, trip: Album, best: Album
) -> None:
    photo = backend.photo("t/0123456789ab-cat.jpg", albumID=trip.id, contentHash=HASH, imageFormat="JPEG")
    copy_id = f"{best.id}/0123456789ab-cat.jpg"
    assert backend.workbench.photos.where(album=trip).copy_to(best) == [Copied(photo.id, copy_id)]
    answer = backend.stack.client("s3").get_object(Bucket="photos", Key=f"Incoming/{copy_id}")
    assert answer["Body"].read() == PHOTO
    assert answer["Metadata"] == {"userid": "bob", "albumid": best.id}
    assert answer["ContentType"] == "image/jpeg"
    assert photo.refresh() == photo, "the photo itself stays as it is"


def test_the_version_that_the_record_is_about_is_copied_and_named_by_its_content(
    backend: Backend, trip: Album, best: Album
) -> None:
    """Without a recorded hash the content is read: the same file uploaded there is the same photo."""
    photo = backend.photo("cat.jpg", albumID=trip.id)
    backend.put("cat.jpg", b"a newer one")
    (copied,) = backend.workbench.photos.copy([photo], best)
    assert isinstance(copied, Copied)
    assert copied.copy_id == f"{best.id}/{hashlib.sha256(PHOTO).hexdigest()[:12]}-cat.jpg"
    answer = backend.stack.client("s3").get_object(Bucket="photos", Key=f"Incoming/{copied.copy_id}")
    assert answer["Body"].read() == PHOTO


def test_what_the_album_has_already_is_not_copied_again(backend: Backend, trip: Album, best: Album) -> None:
    backend.photo("cat.jpg", albumID=trip.id, contentHash=HASH)
    there = f"{best.id}/0123456789ab-cat.jpg"
    backend.write(there, albumID=best.id)
    photos = backend.workbench.photos
    assert photos.where(album=trip).copy_to(best) == [Copied("cat.jpg", there, already_there=True)]
    assert photos.where(album=trip).copy_to(trip) == [Copied("cat.jpg", "cat.jpg", already_there=True)]
    assert keys(backend) == ["Incoming/cat.jpg"]


def test_a_copy_takes_along_what_people_said_of_the_labels(
    backend: Backend, trip: Album, best: Album
) -> None:
    labels: dict[str, Any] = {"tags": ["Dog", "Grass"], "labels": [{"name": "Dog", "confidence": 90}]}
    photo = backend.photo("cat.jpg", albumID=trip.id, contentHash=HASH, **labels)
    photos = backend.workbench.photos
    photo = photo.rename_label("Dog", "Horse").add_label("Pier")
    copy_id = f"{best.id}/0123456789ab-cat.jpg"
    assert list(photos.copy([photo], best)) == [Copied("cat.jpg", copy_id)]
    waiting = photos.get(copy_id)
    assert names(backend, best) == [copy_id]
    assert (waiting.status, waiting.tags, waiting.key) == (
        Status.UPLOADED,
        ("Horse", "Pier"),
        f"Incoming/{copy_id}",
    )
    assert list(photos.copy([photo], best)) == [Copied("cat.jpg", copy_id, already_there=True)]
    photos.reprocess(copy_id)
    change = write_as(None, {"tags": ["Dog", "Grass"], "labels": labels["labels"]})
    photos._records.write(copy_id, change)
    copy = photos.get(copy_id)
    assert (copy.tags, copy.machine_tags) == (("Horse", "Pier", "Grass"), ("Dog", "Grass"))
    assert copy.corrections == photo.corrections
    copy.undo_correction()
    assert photo.refresh().tags == ("Horse", "Pier", "Grass"), "from then on each has its own"


def test_a_copy_that_was_cut_off_gets_its_labels_when_it_is_made_again(
    backend: Backend, trip: Album, best: Album
) -> None:
    photo = backend.photo("cat.jpg", albumID=trip.id, contentHash=HASH).add_label("Pier")
    photos = backend.workbench.photos
    backend.refuse("dynamodb", "UpdateItem")
    (cut_off,) = photos.copy([photo], best)
    assert isinstance(cut_off, NotCopied)
    copy_id = f"{best.id}/0123456789ab-cat.jpg"
    backend.write(copy_id, albumID=best.id)  # its upload was processed
    assert list(photos.copy([photo], best)) == [Copied("cat.jpg", copy_id, already_there=True)]
    assert photos.get(copy_id).tags == ("Pier",)
    photos.get(copy_id).undo_correction()
    assert list(photos.copy([photo], best)) == [Copied("cat.jpg", copy_id, already_there=True)]
    assert photos.get(copy_id).tags == (), "what a person undid there stays undone"


def test_a_copy_back_to_where_a_photo_came_from_leaves_the_photo_alone(
    backend: Backend, trip: Album, best: Album
) -> None:
    """Its ID is the one that an upload there would have: the copy takes the hash's next digits."""
    first = f"{trip.id}/0123456789ab-cat.jpg"
    photo = backend.photo(first, albumID=trip.id, contentHash="sha256:" + "0123456789ab" + "c" * 52)
    backend.workbench.photos.where(id=first).move_to(best)
    (copied,) = backend.workbench.photos.where(id=first).copy_to(trip)
    assert copied == Copied(first, f"{trip.id}/cccccccccccc-cat.jpg")
    assert photo.refresh().album_id == best.id
    versions = backend.stack.client("s3").list_object_versions(Bucket="photos", Prefix=f"Incoming/{first}")
    assert len(versions["Versions"]) == 1


def test_a_file_that_is_gone_is_told_and_does_not_stop_the_others(
    backend: Backend, trip: Album, best: Album
) -> None:
    backend.write("gone.jpg", albumID=trip.id, contentHash=HASH)
    backend.photo("there.jpg", albumID=trip.id)
    came = backend.workbench.photos.where(album=trip).copy_to(best)
    assert sorted(type(one).__name__ for one in came) == ["Copied", "NotCopied"]
    (refused,) = (one for one in came if isinstance(one, NotCopied))
    assert refused.photo_id == "gone.jpg"
    assert "Copying gone.jpg" in refused.cause
