"""What there is of a photo or a user, and erasing just that."""

from __future__ import annotations

import pytest

from imageproc.client.privacy import Erased, Privacy
from imageproc.core.record import Status
from imageproc.errors import ForgetError, InvalidArgumentError
from tests.client.conftest import PHOTO, Backend


@pytest.fixture
def privacy(backend: Backend) -> Privacy:
    return backend.workbench.privacy


def keys(backend: Backend) -> list[str]:
    """Return the keys of all versions and delete markers in the bucket."""
    page = backend.stack.client("s3").list_object_versions(Bucket=backend.stack.bucket)
    return sorted(one["Key"] for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())))


def delete(backend: Backend, key: str) -> None:
    backend.stack.client("s3").delete_object(Bucket=backend.stack.bucket, Key=key)


def test_all_versions_markers_thumbnails_and_the_record_of_a_photo_go_and_no_others(
    backend: Backend, privacy: Privacy
) -> None:
    backend.put("cat.jpg")
    backend.photo("cat.jpg")
    backend.put_thumbnail("cat.jpg")
    delete(backend, "Incoming/cat.jpg")
    for name in ("cat.jpg.jpg", "my cat.jpg"):
        backend.photo(name)
        backend.put_thumbnail(name)

    erasure = privacy.of_photos(["cat.jpg"])
    (photo,) = erasure.photos
    assert (erasure.versions, erasure.size) == (4, 2 * len(PHOTO) + len(b"small"))
    assert [one.key for one in photo.versions if one.is_marker] == ["Incoming/cat.jpg"]
    assert list(privacy.erase(erasure)) == [Erased("cat.jpg", 4)]

    others = ("cat.jpg.jpg", "my cat.jpg")
    assert keys(backend) == sorted(
        f"{folder}/{name}" for folder in ("Incoming", "Thumbnails") for name in others
    )
    assert sorted(photo.id for photo in backend.workbench.photos) == sorted(others)
    assert privacy.of_photos(others).versions == 4


def test_photos_are_named_as_anywhere_and_those_of_which_nothing_is_left_are_told(
    backend: Backend, privacy: Privacy
) -> None:
    photo = backend.photo("trip/cat.jpg")
    erasure = privacy.of_photos(["cat.jpg", photo, "trip/cat.jpg", "dog.jpg"])
    assert [one.photo_id for one in erasure.photos] == ["trip/cat.jpg"]
    (missing,) = erasure.not_found
    assert "dog.jpg" in str(missing)
    assert not erasure.empty
    assert privacy.of_photos(["dog.jpg"]).empty
    with pytest.raises(InvalidArgumentError):
        privacy.of_photos([5])  # type: ignore[list-item]


def test_a_photo_that_has_lost_its_record_is_known_by_its_whole_id(
    backend: Backend, privacy: Privacy
) -> None:
    backend.put("trip/cat.jpg")
    assert privacy.of_photos(["cat.jpg"]).empty
    erasure = privacy.of_photos(["trip/cat.jpg"])
    assert erasure.photos[0].record is None
    list(privacy.erase(erasure))
    assert keys(backend) == []


def test_a_record_without_a_file_is_erased_too(backend: Backend, privacy: Privacy) -> None:
    backend.write("cat.jpg")
    assert list(privacy.erase(privacy.of_photos(["cat.jpg"]))) == [Erased("cat.jpg", 0)]
    assert list(backend.workbench.photos) == []


def test_all_of_a_user_goes_and_all_of_others_stays(backend: Backend, privacy: Privacy) -> None:
    albums = {user: backend.workbench.albums.get_or_create("Trip", user) for user in ("ann", "bob")}
    for name, user in (("anns.jpg", "ann"), ("bobs.jpg", "bob")):
        backend.write(name, userID=user, versionId=backend.put(name, user=user))
        backend.put_thumbnail(name)
    backend.put("lost.jpg", user="ann")  # it has no record

    erasure = privacy.of_user("ann")
    assert {one.photo_id for one in erasure.photos} == {"anns.jpg", "lost.jpg"}
    assert erasure.albums == (albums["ann"],)
    list(privacy.erase(erasure))

    assert keys(backend) == ["Incoming/bobs.jpg", "Thumbnails/bobs.jpg"]
    assert [photo.id for photo in backend.workbench.photos] == ["bobs.jpg"]
    assert [album.user for album in backend.workbench.albums] == ["bob"]
    assert privacy.of_user("ann").empty


def test_of_a_key_that_others_uploaded_to_only_the_users_versions_go(
    backend: Backend, privacy: Privacy
) -> None:
    """The record and the newest thumbnail are the other's; whose the older thumbnails are nobody knows."""
    backend.put("shared.jpg", b"anns", user="ann")
    backend.put_thumbnail("shared.jpg", b"old")
    backend.put_thumbnail("shared.jpg", b"bobs small")
    bobs = backend.put("shared.jpg", b"bobs", user="bob")
    backend.write("shared.jpg", userID="bob", versionId=bobs)

    erasure = privacy.of_user("ann")
    assert erasure.photos[0].record is None
    list(privacy.erase(erasure))

    assert keys(backend) == ["Incoming/shared.jpg", "Thumbnails/shared.jpg"]
    photo = backend.workbench.photos.get("shared.jpg")
    assert photo.read() == b"bobs"
    thumbnail = backend.stack.client("s3").get_object(Bucket="photos", Key="Thumbnails/shared.jpg")
    assert thumbnail["Body"].read() == b"bobs small"


def test_of_a_key_that_the_user_uploaded_to_last_the_others_versions_stay(
    backend: Backend, privacy: Privacy
) -> None:
    backend.put("shared.jpg", b"bobs", user="bob")
    anns = backend.put("shared.jpg", b"anns", user="ann")
    backend.write("shared.jpg", userID="ann", versionId=anns)
    list(privacy.erase(privacy.of_user("ann")))
    assert keys(backend) == ["Incoming/shared.jpg"]
    assert list(backend.workbench.photos) == [], "the record was the user's"
    answer = backend.stack.client("s3").get_object(Bucket="photos", Key="Incoming/shared.jpg")
    assert answer["Body"].read() == b"bobs"


def test_while_one_photo_is_being_processed_none_is_erased(backend: Backend, privacy: Privacy) -> None:
    arn = backend.start()
    backend.photo("1.jpg")
    backend.photo("2.jpg", Status.SUCCEEDED, executionArn=arn)
    erasure = privacy.of_photos(["1.jpg", "2.jpg"])
    with pytest.raises(ForgetError, match=r"1 photo is being processed \(2\.jpg\): .*Nothing was erased"):
        list(privacy.erase(erasure))
    assert privacy.of_photos(["1.jpg", "2.jpg"]) == erasure
    backend.end(arn)
    assert len(list(privacy.erase(erasure))) == 2


def test_what_s3_does_not_erase_is_told_and_the_record_stays(
    backend: Backend, privacy: Privacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.photo("cat.jpg")
    refused = {"Errors": [{"Key": "Incoming/cat.jpg", "Code": "AccessDenied", "Message": "Access Denied"}]}
    with monkeypatch.context() as patch:
        patch.setattr(backend.stack.client("s3"), "delete_objects", lambda **_: refused)
        with pytest.raises(ForgetError, match=r"did not erase Incoming/cat\.jpg: Access Denied\. Run"):
            list(privacy.erase(privacy.of_photos(["cat.jpg"])))
    assert [photo.id for photo in backend.workbench.photos] == ["cat.jpg"]
    list(privacy.erase(privacy.of_photos(["cat.jpg"])))
    assert keys(backend) == []


def test_an_erasure_that_was_broken_off_is_finished_by_asking_again(
    backend: Backend, privacy: Privacy
) -> None:
    names = [f"{number}.jpg" for number in range(3)]
    for name in names:
        backend.photo(name)
    next(privacy.erase(privacy.of_user("ann")))
    left = privacy.of_user("ann")
    assert len(left.photos) == 2
    list(privacy.erase(left))
    assert keys(backend) == []


def test_more_versions_than_one_request_takes_all_go(
    backend: Backend, privacy: Privacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageproc.client.privacy._BATCH", 2)
    for _ in range(5):
        backend.put("cat.jpg")
    backend.write("cat.jpg")
    assert list(privacy.erase(privacy.of_photos(["cat.jpg"]))) == [Erased("cat.jpg", 5)]
    assert keys(backend) == []
