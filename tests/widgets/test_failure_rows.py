"""What failed, as an operator reads it: a row for each reason."""

from __future__ import annotations

from typing import Any

from imageproc import Status
from imageproc.client.photos.failures import failures_of, grouped
from imageproc.client.photos.photo import Photo
from imageproc.core.record import StepError
from imageproc.core.record_codec import decode, error_attribute
from imageproc.widgets.panels.failure_rows import COLUMNS, failure_rows

BROKEN = "the JPEG cannot be decoded: broken data stream when reading image file"
STEPS = {"tags": "RekognitionOfRendition", "thumbnail": "GenerateThumbnail", "embedding": "EmbedImage"}


def broken(name: str, cause: str = BROKEN) -> Photo:
    """Return a photo of which nothing could be made but its metadata."""
    errors = {
        part: error_attribute(StepError(step, "ImageIdentifyError", cause)) for part, step in STEPS.items()
    }
    return photo(name, Status.INCOMPLETE, missing=errors, error=errors["tags"])


def photo(name: str, status: Status, **stored: Any) -> Photo:
    return decode({"imageID": name, "status": status, **stored}, Photo)


def test_what_one_broken_file_lacks_is_one_row() -> None:
    refused = error_attribute(StepError("Rekognition", "RecognitionRefusedError", "too large"))
    photos = [
        broken("a.jpg"),
        broken("b.jpg", "the PNG cannot be decoded"),
        photo("c.jpg", Status.INCOMPLETE, missing={"tags": refused}, error=refused),
        photo("d.jpg", Status.REJECTED, error=refused),
    ]
    first, *others = [
        dict(zip(COLUMNS, map(str, row.cells), strict=True))
        for row in failure_rows(grouped(failures_of(photos)))
    ]
    assert first == {
        "Photos": "2: a.jpg, b.jpg",
        "Status": "Incomplete",
        "Missing": "tags, thumbnail, embedding",
        "Error": "ImageIdentifyError\nRekognitionOfRendition, GenerateThumbnail, EmbedImage",
        "Cause": f"{BROKEN} (and 1 other cause)",
        "Retry": "cannot help: upload another file",
    }
    assert sorted((one["Photos"], one["Missing"]) for one in others) == [
        ("1: c.jpg", "tags"),
        ("1: d.jpg", "everything"),
    ]


def test_a_long_name_is_cut_in_the_middle() -> None:
    [row] = failure_rows(grouped(failures_of([broken(f"jpg-{'4085c929e00c446d3fee' * 2}.jpg")])))
    assert row.cells[0] == "1: jpg-4085c929e…0c446d3fee.jpg"
