"""A record in words."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.core.record_codec import decode
from imageproc.presentation.facts import facts, first_tags, problem, tag_confidences
from imageproc.presentation.text import MAX_TEXT

RECORD: dict[str, Any] = {
    "imageID": "trip/cat.jpg",
    "status": "SUCCEEDED",
    "creationTime": "2024-05-18T16:20:05+01:00",
    "creationTimeSource": "DateTimeOriginal",
    "exifMake": "Canon",
    "exifModel": "Canon EOS R6",
    "exifExposureTime": 0.004,
    "exifFNumber": 2.8,
    "exifPhotographicSensitivity": 400,
    "exifFocalLength": 50,
    "exifFlash": 16,
    "dimensions": {"width": 4000, "height": 3000},
    "fileSize": 1_354_000,
    "geo": {"latitude": 51.5074, "longitude": -0.1278, "altitude": 11},
}

ATTRIBUTES = [*RECORD, "error", "missing", "tags", "labels", "truncated", "exifLensModel", "uploadTime"]


def words(record: dict[str, Any]) -> dict[str, str]:
    return {fact.name: fact.value for fact in facts(decode(record))}


def test_a_record_is_put_into_the_words_of_photographers() -> None:
    assert words(RECORD) == {
        "Status": "Succeeded",
        "Taken": "2024-05-18 16:20:05 UTC+01:00",
        "Place": "51.50740° N, 0.12780° W, altitude 11 m",
        "Camera": "Canon EOS R6",
        "Exposure time": "1/250 s",
        "Aperture": "f/2.8",
        "Sensitivity": "ISO 400",
        "Focal length": "50 mm",
        "Flash": "did not fire",
        "Dimensions": "4,000 × 3,000 pixels as stored, 12.0 megapixels",
        "File size": "1.4 MB (1,354,000 bytes)",
        "ID": "trip/cat.jpg",
    }


def test_the_place_has_a_link_and_nothing_else_has() -> None:
    links = {fact.name: fact.href for fact in facts(decode(RECORD)) if fact.href}
    assert list(links) == ["Place"]
    assert links["Place"].startswith("https://www.openstreetmap.org/?mlat=51.507400&mlon=-0.127800#")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.004, "1/250 s"), (1, "1 s"), (0.5, "0.5 s"), (30, "30 s"), (Decimal("0.01"), "1/100 s")],
)
def test_exposure_times(seconds: Any, shown: str) -> None:
    assert words({"exifExposureTime": seconds})["Exposure time"] == shown


def test_without_an_offset_the_time_says_so() -> None:
    assert "offset unknown" in words({"creationTime": "2001-11-27T18:33:44"})["Taken"]


@pytest.mark.parametrize("place", [{"latitude": 91, "longitude": 0}, {"latitude": "x"}, {}, 7])
def test_a_value_of_another_form_is_shown_as_it_is_stored(place: Any) -> None:
    shown = words({"geo": place})
    assert "Place" not in shown
    assert shown["geo"] == json.dumps(place)


def test_a_failure_names_its_cause() -> None:
    assert (
        problem(decode({"error": {"step": "Rekognition", "name": "Throttled", "cause": "too many"}}))
        == "too many"
    )
    missing = {"thumbnail": {"step": "GenerateThumbnail", "name": "X", "cause": "no memory"}}
    assert problem(decode({"missing": missing})) == "no thumbnail: no memory"
    missing |= {
        "tags": {"step": "Rekognition", "name": "Y", "cause": "no time."},
        "embedding": {"step": "Embed", "name": "X", "cause": "no memory"},
    }
    assert (
        problem(decode({"missing": missing})) == "no thumbnail and no embedding: no memory; no tags: no time."
    )
    assert problem(decode({})) == ""


def test_tags_have_the_confidence_of_their_labels() -> None:
    record = {"tags": ["Cat", "Pet"], "labels": [{"name": "Cat", "confidence": 97.5}]}
    assert tag_confidences(decode(record)) == [("Cat", 97.5), ("Pet", None)]


def test_tags_that_were_asked_for_come_first_and_parents_last() -> None:
    labels = [
        {"name": "Animal", "confidence": 99},
        {"name": "Cat", "confidence": 98, "parents": ["Animal"]},
        {"name": "Police Dog", "confidence": 90, "parents": ["Animal"]},
    ]
    record = decode({"tags": ["Animal", "Cat", "Police Dog"], "labels": labels})
    assert first_tags(record, 2) == ["Cat", "Police Dog"]
    assert first_tags(record, 3, ["animal"]) == ["Animal", "Cat", "Police Dog"]
    assert first_tags(record, 1, ["dog"]) == ["Police Dog"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(ATTRIBUTES), VALUES))
def test_whatever_a_record_holds_is_shown_on_one_short_line(stored: dict[str, Any]) -> None:
    record = decode(stored)
    for fact in facts(record):
        assert fact.value.isprintable()
        assert len(fact.value) <= MAX_TEXT
    assert problem(record).isprintable()
    tag_confidences(record)
