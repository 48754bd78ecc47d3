from __future__ import annotations

from typing import Any

from imageproc.client.photos.failures import failures_of, grouped, retriable
from imageproc.client.photos.photo import Photo
from imageproc.core.record import Status, StepError
from imageproc.core.record_codec import decode, error_attribute
from tests.client.conftest import Backend


def error(step: str, name: str, cause: str) -> dict[str, str]:
    return error_attribute(StepError(step, name, cause))


TOO_LARGE = error("Rekognition", "RecognitionRefusedError", "16 MB are too many")
SLOW = error("GenerateThumbnail", "TransientServiceError", "slow down")


def photo(name: str, status: Status, time: int = 0, **stored: Any) -> Photo:
    return decode({"imageID": name, "status": status, "uploadTime": time, **stored}, Photo)


def test_a_photo_that_lacks_two_parts_has_two_failures_and_one_that_is_well_none() -> None:
    lacking = photo("a", Status.INCOMPLETE, missing={"tags": TOO_LARGE, "thumbnail": SLOW}, error=TOO_LARGE)
    found = list(failures_of([lacking, photo("b", Status.SUCCEEDED), photo("c", Status.PROCESSING)]))
    assert [(one.part, one.step, one.name, one.cause) for one in found] == [
        ("tags", "Rekognition", "RecognitionRefusedError", "16 MB are too many"),
        ("thumbnail", "GenerateThumbnail", "TransientServiceError", "slow down"),
    ]


def test_groups_count_photos_by_step_and_error_the_most_frequent_first() -> None:
    rejected = photo(
        "bad", Status.REJECTED, error=error("ExtractImageMetadata", "ImageIdentifyError", "text")
    )
    failed = [
        photo(str(n), Status.FAILED, n, error=error("StoreImageMetadata", "ServiceRefusedError", cause))
        for n, cause in enumerate(["denied", "denied", "gone"])
    ]
    first, second = grouped(failures_of([rejected, *failed]))
    assert (first.step, first.name, first.count, first.retriable) == (
        "StoreImageMetadata",
        "ServiceRefusedError",
        3,
        True,
    )
    assert first.causes == (("denied", 2), ("gone", 1))
    assert [one.id for one in first.photos] == ["2", "1", "0"]
    assert (second.status, second.count, second.retriable) == (Status.REJECTED, 1, False)


def test_a_retry_helps_no_photo_that_lacks_only_what_cannot_be_made() -> None:
    unreadable = error("GenerateThumbnail", "ImageIdentifyError", "cut off")
    photos = [
        photo("refused", Status.INCOMPLETE, missing={"tags": TOO_LARGE}, error=TOO_LARGE),
        photo("unreadable", Status.INCOMPLETE, missing={"thumbnail": unreadable}, error=unreadable),
        photo("both", Status.INCOMPLETE, missing={"tags": TOO_LARGE, "thumbnail": SLOW}, error=TOO_LARGE),
        photo("slow", Status.INCOMPLETE, missing={"thumbnail": SLOW}, error=SLOW),
        photo("failed", Status.FAILED, error=SLOW),
        photo("rejected", Status.REJECTED, error=unreadable),
    ]

    def names(*only: str, step: str | None = None) -> list[str]:
        return [one.id for one in retriable(photos, only, step)]

    assert names() == ["both", "slow", "failed"]
    assert names("tags") == []
    assert names("thumbnail") == ["both", "slow"]
    assert names(step="Rekognition") == []
    assert names(step="GenerateThumbnail") == ["both", "slow", "failed"]
    groups = {(group.part, group.name): group.retriable for group in grouped(failures_of(photos))}
    assert groups == {
        ("tags", "RecognitionRefusedError"): False,
        ("thumbnail", "ImageIdentifyError"): False,
        ("thumbnail", "TransientServiceError"): True,
        (None, "TransientServiceError"): True,
        (None, "ImageIdentifyError"): False,
    }


def test_a_failed_photo_whose_record_does_not_say_why_is_counted_all_the_same() -> None:
    (found,) = failures_of([photo("a", Status.FAILED)])
    assert (found.step, found.name, found.cause) == ("unknown", "unknown", "unknown")


def test_a_stacks_failures_are_grouped_of_all_photos_or_of_some(backend: Backend) -> None:
    photos = backend.workbench.photos
    for name in ("1.jpg", "2.jpg"):
        backend.write(name, Status.REJECTED, error=TOO_LARGE)
    backend.write("3.jpg", Status.SUCCEEDED)
    (group,) = photos.failures()
    assert {photo.id for photo in group.photos} == {"1.jpg", "2.jpg"}
    (group,) = photos.failures(photos.many(["2.jpg", "3.jpg"]))
    assert [photo.id for photo in group.photos] == ["2.jpg"]
