"""A row holds exactly what is stored of a photo."""

from __future__ import annotations

import doctest
import json
from datetime import datetime
from typing import Any

import pytest
from boto3.dynamodb.types import Binary
from hypothesis import given
from hypothesis import strategies as st

from imageproc.catalog import rows
from imageproc.catalog.rows import tags_of, to_attributes, to_record, to_row
from imageproc.core.changes import shard_of
from imageproc.core.keys import incoming_key
from imageproc.core.record import PhotoRecord
from imageproc.core.record_codec import KNOWN_ATTRIBUTES, decode
from tests.catalog.conftest import ORIGIN
from tests.core.test_record_codec import PLAIN, WHOLE

PHOTO = "a1/0123456789ab-cat.jpg"
OWN: dict[str, Any] = {name: value for name, value in WHOLE.items() if name != "embedding"} | {
    "executionArn": ORIGIN.execution_of(PHOTO, "v1"),
    "changeTime": 1_700_000_000_123,
    "changeShard": shard_of(PHOTO),
    "longitude": {"D": 13, "M": 24, "S": 1.5, "Direction": "E"},
}
"""As the pipeline writes it, of this stack, and as somebody corrected it; embeddings have another table."""
IN_MORE = ("rating", "missing", "labelCorrections")


def through(stored: dict[str, Any]) -> dict[str, Any]:
    """Return what is left after a row was written as JSON and read."""
    row = json.loads(json.dumps(to_row(decode(stored), stored, ORIGIN)))
    return to_attributes(row, ORIGIN)


def record_through(stored: dict[str, Any]) -> PhotoRecord:
    """Return the record of a row that was written as JSON and read."""
    row = json.loads(json.dumps(to_row(decode(stored), stored, ORIGIN)))
    return to_record(row, ORIGIN, PhotoRecord)


def test_a_row_without_more_gives_the_same_record() -> None:
    plain = {name: value for name, value in OWN.items() if name not in IN_MORE}
    assert "more" not in to_row(decode(plain), plain, ORIGIN)
    assert record_through(plain) == decode(plain)


def test_the_docstring_is_right() -> None:
    assert doctest.testmod(rows).failed == 0


def test_what_the_pipeline_writes_needs_only_its_columns() -> None:
    row = to_row(decode(OWN), OWN, ORIGIN)
    left = json.loads(row["more"])
    assert set(left) == {*IN_MORE, "tags", "labels"}, "the columns have the labels that count"
    assert through(OWN) == OWN
    alone = {name: value for name, value in OWN.items() if name != "labelCorrections"}
    assert set(json.loads(to_row(decode(alone), alone, ORIGIN)["more"])) == {"rating", "missing"}
    assert through(alone) == alone


def test_what_follows_from_the_id_is_not_stored() -> None:
    row = to_row(decode(OWN), OWN, ORIGIN)
    assert incoming_key(PHOTO) not in json.dumps(row)
    assert "Thumbnails/" not in json.dumps(row)
    assert "execution:" not in json.dumps(row)


@given(st.dictionaries(st.sampled_from(sorted(KNOWN_ATTRIBUTES)) | st.text(min_size=1, max_size=9), PLAIN))
def test_any_attributes_come_back(changed: dict[str, Any]) -> None:
    stored = {**OWN, **changed, "imageID": PHOTO}
    assert through(stored) == stored
    assert record_through(stored) == decode(stored)
    for name in changed:
        stored.pop(name, None)
    stored["imageID"] = PHOTO
    assert through(stored) == stored
    assert record_through(stored) == decode(stored)


@given(st.datetimes(), st.none() | st.timezones())
def test_capture_times_come_back(time: datetime, zone: Any) -> None:
    stored = OWN | {"creationTime": time.replace(tzinfo=zone).isoformat()}
    assert through(stored) == stored


@given(st.lists(st.floats(0, 100), min_size=1, max_size=4))
def test_confidences_of_any_precision_come_back(confidences: list[float]) -> None:
    labels = [{"name": "Cat", "confidence": one, "parents": [], "boxes": []} for one in confidences]
    stored = OWN | {"labels": labels, "tags": ["Cat"] * len(labels)}
    assert through(stored) == stored


@pytest.mark.parametrize("value", [{"a", "b"}, Binary(b"\x00\xff"), {"deep": [{1, 2}]}, 2**70, "a\0b"])
def test_values_that_json_has_no_form_for_come_back(value: Any) -> None:
    assert through(OWN | {"foreign": value}) == OWN | {"foreign": value}


def test_a_photo_is_found_by_labels_parents_and_bare_tags() -> None:
    stored = {
        "imageID": "cat.jpg",
        "tags": ["Cat", "Old"],
        "labels": [
            {"name": "Cat", "confidence": 90, "parents": ["Animal"]},
            {"name": "Dog", "confidence": 95.5, "parents": ["Animal", "Pet"]},
        ],
    }
    assert tags_of(decode(stored)) == {"Cat": 90, "Dog": 95.5, "Animal": 95.5, "Pet": 95.5, "Old": None}
