from __future__ import annotations

from typing import Any

from imageproc.client.failures import failures, grouped
from imageproc.client.photos import Photo
from imageproc.core.record import Status, error

TOO_LARGE = error("Rekognition", "RecognitionRefusedError", "16 MB are too many")
SLOW = error("GenerateThumbnail", "TransientServiceError", "slow down")


def photo(name: str, status: Status, time: int = 0, **record: Any) -> Photo:
    return Photo({"imageID": name, "status": status, "uploadTime": time, **record})


def test_a_photo_that_lacks_two_parts_has_two_failures_and_one_that_is_well_none() -> None:
    lacking = photo("a", Status.INCOMPLETE, missing={"tags": TOO_LARGE, "thumbnail": SLOW}, error=TOO_LARGE)
    found = list(failures([lacking, photo("b", Status.SUCCEEDED), photo("c", Status.PROCESSING)]))
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
    first, second = grouped(failures([rejected, *failed]))
    assert (first.step, first.name, first.count, first.retriable) == (
        "StoreImageMetadata",
        "ServiceRefusedError",
        3,
        True,
    )
    assert first.causes == (("denied", 2), ("gone", 1))
    assert [one.id for one in first.photos] == ["2", "1", "0"]
    assert (second.status, second.count, second.retriable) == (Status.REJECTED, 1, False)


def test_a_failed_photo_whose_record_does_not_say_why_is_counted_all_the_same() -> None:
    (found,) = failures([photo("a", Status.FAILED)])
    assert (found.step, found.name, found.cause) == ("unknown", "unknown", "unknown")
