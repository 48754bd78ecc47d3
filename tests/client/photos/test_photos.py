"""Photos read and found: by what is given for them, and what is said when there is none, or several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imageproc.client.photos import Photos
from imageproc.client.photos.photo import Photo
from imageproc.client.target import Target
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.core.record_codec import decode
from imageproc.errors import AlbumNotFoundError, AwsError, InvalidArgumentError, PhotoNotFoundError
from tests.client.conftest import PHOTO, Backend, without_aws


@pytest.fixture
def photos(backend: Backend) -> Photos:
    return backend.workbench.photos


def test_a_photo_is_read_by_its_id_as_it_is_now(backend: Backend, photos: Photos) -> None:
    before = backend.photo("trip/cat.jpg", Status.PROCESSING)
    backend.write("trip/cat.jpg", Status.SUCCEEDED, tags=["Cat"])
    for known in (photos.get("trip/cat.jpg"), photos.get(before), before.refresh()):
        assert (known.status, known.tags) == (Status.SUCCEEDED, ("Cat",))
    assert before.status is Status.PROCESSING


def test_an_id_without_a_photo_is_told_with_where_to_look(backend: Backend, photos: Photos) -> None:
    backend.photo("trip/cat.jpg")
    with pytest.raises(PhotoNotFoundError, match=r"no photo 'a/cat.jpg'. `imageproc photos` lists them"):
        photos.get("a/cat.jpg")
    with pytest.raises(PhotoNotFoundError, match=r"photos\.find\('cat\.jpg'\) finds one by its file's name"):
        photos.get("cat.jpg")


@pytest.mark.parametrize("text", ["trip/0123456789ab-cat.jpg", "0123456789ab-cat.jpg", "cat.jpg"])
def test_the_end_of_an_id_finds_the_only_photo_that_has_it(
    backend: Backend, photos: Photos, text: str
) -> None:
    photo = backend.photo("trip/0123456789ab-cat.jpg")
    backend.photo("trip/dog.jpg")
    assert photos.find(text) == photo
    assert photo.name == "cat.jpg"


def test_a_whole_id_is_found_although_others_end_with_it(backend: Backend, photos: Photos) -> None:
    backend.photo("trip/cat.jpg")
    assert photos.find("cat.jpg").id == "trip/cat.jpg"
    backend.photo("cat.jpg")
    assert photos.find("cat.jpg").id == "cat.jpg"


def test_what_several_photos_end_with_finds_none_of_them_and_names_them(
    backend: Backend, photos: Photos
) -> None:
    for number in range(7):
        backend.photo(f"{number}/cat.jpg")
    with pytest.raises(PhotoNotFoundError, match=r"7 photos are called 'cat\.jpg'") as told:
        photos.find("cat.jpg")
    assert told.value.fix == "Give the ID of one."
    assert "0/cat.jpg, 1/cat.jpg, 2/cat.jpg, 3/cat.jpg, 4/cat.jpg …" in told.value.cause


def test_what_no_photo_ends_with_is_told(photos: Photos) -> None:
    with pytest.raises(PhotoNotFoundError, match=r"There is no photo 'cat\.jpg'"):
        photos.find("cat.jpg")


def test_a_name_is_not_the_end_of_another_one(backend: Backend, photos: Photos) -> None:
    for name in ("a1/0123456789ab-cat.jpg", "a1/0123456789ab-black cat.jpg", "a1/0123456789ab-bob-cat.jpg"):
        backend.photo(name)
    assert photos.find("cat.jpg").id == "a1/0123456789ab-cat.jpg"
    assert photos.find("0123456789ab-black cat.jpg").name == "black cat.jpg"
    for end in ("black-cat.jpg", "at.jpg", "-cat.jpg", "jpg"):
        with pytest.raises(PhotoNotFoundError, match=f"There is no photo '{end}'"):
            photos.find(end)
    with pytest.raises(PhotoNotFoundError) as told:
        photos.find("b-cat.jpg")
    assert told.value.fix == "Did you mean 'bob-cat.jpg' or 'cat.jpg'?"


@pytest.mark.parametrize("wrong", ["cat", "Cat", "cta.jpg"])
def test_the_name_that_may_be_meant_is_told(backend: Backend, photos: Photos, wrong: str) -> None:
    for name in ("cat.jpg", "category.jpg", "bat.jpg"):
        backend.photo(name)
    with pytest.raises(PhotoNotFoundError) as told:
        photos.find(wrong)
    assert told.value.fix == "Did you mean 'cat.jpg'?"


def test_a_photo_is_found_as_it_is_without_asking(photos: Photos) -> None:
    known = decode({"imageID": "not stored"}, Photo)
    assert photos.find(known) is known


TAKES_A_PHOTO: dict[str, Callable[[Photos, Any], object]] = {
    "get": lambda photos, photo: photos.get(photo),
    "find": lambda photos, photo: photos.find(photo),
    "many": lambda photos, photo: list(photos.many([photo])),
    "read": lambda photos, photo: photos.read(photo),
    "read_thumbnail": lambda photos, photo: photos.read_thumbnail(photo),
    "follow": lambda photos, photo: list(photos.follow([photo])),
    "retry": lambda photos, photo: photos.retry(photo),
    "reprocess": lambda photos, photo: photos.reprocess(photo),
    "download": lambda photos, photo: list(photos.download([photo], "never made")),
}


@pytest.mark.parametrize("given", [None, 5, "", b"cat.jpg", Path("cat.jpg"), ["cat.jpg"]], ids=repr)
@pytest.mark.parametrize("method", TAKES_A_PHOTO)
def test_what_cannot_be_a_photo_is_told_with_what_can(target: Target, method: str, given: Any) -> None:
    """And before anything is asked of AWS: there is none here."""
    with pytest.raises(InvalidArgumentError, match="A photo cannot be") as told:
        TAKES_A_PHOTO[method](without_aws(target).photos, given)
    assert repr(given) in told.value.cause
    assert told.value.fix == "Give a Photo, its ID, or its file's name."


def test_of_many_photos_those_that_exist_come_each_once(backend: Backend, photos: Photos) -> None:
    first, second = backend.photo("1.jpg"), backend.photo("2.jpg")
    found = photos.many([first, "2.jpg", "3.jpg", "1.jpg"])
    assert sorted(found, key=lambda photo: photo.id) == [first, second]


def test_more_photos_than_one_request_takes_are_all_read(backend: Backend, photos: Photos) -> None:
    ids = [f"{number}.jpg" for number in range(101)]
    for photo_id in ids:
        backend.write(photo_id)
    assert sorted(photo.id for photo in photos.many(ids)) == sorted(ids)
    assert sorted(photo.id for photo in photos) == sorted(ids)


def test_an_albums_photos_come_newest_first_whatever_names_the_album(
    backend: Backend, workbench: Workbench
) -> None:
    album, other = (workbench.albums.get_or_create(name) for name in ("Cats", "Dogs"))
    for time in (100, 300, 200):
        backend.write(f"{time}.jpg", albumID=album.id, uploadTime=time)
    backend.write("dog.jpg", albumID=other.id)
    for given in (album, album.id, "Cats"):
        found = workbench.photos.in_album(given)
        assert [photo.id for photo in found] == ["300.jpg", "200.jpg", "100.jpg"]


def test_an_albums_name_means_the_given_users(backend: Backend, workbench: Workbench) -> None:
    for user in ("ann", "bob"):
        album = workbench.albums.get_or_create("Cats", user)
        backend.write(f"{user}.jpg", albumID=album.id)
    assert [photo.id for photo in workbench.photos.in_album("Cats", "bob")] == ["bob.jpg"]
    assert [photo.id for photo in workbench.photos.in_album("Cats")] == ["ann.jpg"], "the default user's"


def test_an_album_that_does_not_exist_has_no_photos_to_list(workbench: Workbench) -> None:
    with pytest.raises(AlbumNotFoundError, match=r"no album 'Cats'. `imageproc albums` lists them"):
        workbench.photos.in_album("Cats")


def test_no_request_for_an_album_reads_more_photos_than_the_page_has(
    backend: Backend, workbench: Workbench
) -> None:
    album = workbench.albums.get_or_create("Cats")
    for number in range(5):
        backend.write(f"{number}.jpg", albumID=album.id, uploadTime=number)
    asked: list[str] = []
    events = backend.stack.client("dynamodb").meta.events
    events.register("before-call.dynamodb.Query", lambda model, **_: asked.append(model.name))
    pages = workbench.photos.in_album(album, page_size=2)
    assert [next(pages).id, next(pages).id] == ["4.jpg", "3.jpg"]
    assert len(asked) == 1
    assert len(list(pages)) == 3
    assert len(asked) == 3


def test_a_file_is_read_in_the_version_that_the_record_is_about(backend: Backend, photos: Photos) -> None:
    photo = backend.photo("cat.jpg")
    backend.put("cat.jpg", b"another upload")
    assert photo.read() == photos.read("cat.jpg") == PHOTO
    backend.write("cat.jpg")
    assert photos.read("cat.jpg") == b"another upload", "without a version it is the newest"


def test_a_file_that_is_gone_is_an_error_of_aws(backend: Backend, photos: Photos) -> None:
    backend.write("cat.jpg")
    with pytest.raises(AwsError, match=r"Reading Incoming/cat.jpg failed") as told:
        photos.read("cat.jpg")
    assert told.value.code == "NoSuchKey"


def test_a_thumbnail_is_read_where_the_record_says_and_a_missing_one_has_a_fix(
    backend: Backend, photos: Photos
) -> None:
    backend.put_thumbnail("cat.jpg", b"small cat")
    photo = backend.photo("cat.jpg", thumbnail={"s3Bucket": "photos", "s3Key": "Thumbnails/cat.jpg"})
    assert photo.read_thumbnail() == photos.read_thumbnail("cat.jpg") == b"small cat"
    backend.photo("dog.jpg")
    with pytest.raises(PhotoNotFoundError, match=r"dog\.jpg has no thumbnail. `imageproc retry` may make it"):
        photos.read_thumbnail("dog.jpg")
    broken = {"step": "GenerateThumbnail", "name": "ImageIdentifyError", "cause": "It breaks off."}
    backend.photo("cut.jpg", Status.INCOMPLETE, missing={"thumbnail": broken})
    with pytest.raises(PhotoNotFoundError, match=r"cut\.jpg has no thumbnail. No other try can make it"):
        photos.read_thumbnail("cut.jpg")


def test_a_photos_attributes_are_what_is_stored_of_it(backend: Backend, photos: Photos) -> None:
    stored: dict[str, Any] = {
        "exifMake": "Leica",
        "rating": 5,
        "dimensions": {"width": 6, "height": 4, "unit": "px"},
    }
    attributes = backend.photo("cat.jpg", **stored).attributes
    assert stored.items() <= attributes.items()
    assert attributes["imageID"] == "cat.jpg"
    assert "_photos" not in attributes


@pytest.mark.parametrize("method", ["read", "read_thumbnail", "refresh", "retry", "reprocess"])
def test_a_photo_that_was_not_read_from_a_stack_says_how_to_read_it(method: str) -> None:
    photo = decode({"imageID": "cat.jpg"}, Photo)
    with pytest.raises(InvalidArgumentError, match=r"cat\.jpg was not read from a stack") as told:
        getattr(photo, method)()
    assert told.value.fix == "Read it with workbench.photos.get."
