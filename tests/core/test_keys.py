from __future__ import annotations

import re
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.core import keys

IDENTIFIERS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(IDENTIFIERS)
def test_a_photo_id_comes_back_from_its_key_and_event(identifier: str) -> None:
    key = keys.incoming_key(identifier)
    assert keys.decode_event_key(quote_plus(key)) == key
    assert keys.photo_id_of(key) == identifier
    assert keys.thumbnail_key(identifier) != key


@pytest.mark.parametrize(
    "identifier", ["a b+c%20d.jpg", "ü/雪.jpg", "../../etc/passwd", "2024//x.jpg", "%2F"]
)
def test_odd_photo_ids_are_names_and_nothing_else(identifier: str) -> None:
    assert keys.photo_id_of(keys.incoming_key(identifier)) == identifier


@pytest.mark.parametrize("key", ["photo.jpg", "Incoming/", ""])
def test_a_key_without_a_photo_id_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="no photo ID"):
        keys.photo_id_of(key)


def test_folder_markers_are_told_from_photos() -> None:
    assert keys.is_folder_marker("Incoming/2024/")
    assert not keys.is_folder_marker("Incoming/2024/a.jpg")


@given(IDENTIFIERS, st.text(max_size=40))
def test_an_execution_name_is_one_that_step_functions_takes(identifier: str, version: str) -> None:
    name = keys.execution_name("photos", keys.incoming_key(identifier), version)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name)
    assert name == keys.execution_name("photos", keys.incoming_key(identifier), version)


def test_other_versions_folders_and_buckets_have_other_executions() -> None:
    names = {
        keys.execution_name(bucket, key, version)
        for bucket in ("a", "b")
        for key in ("Incoming/1/x.jpg", "Incoming/2/x.jpg")
        for version in ("v1", "v2")
    }
    assert len(names) == 8


def test_a_photo_of_a_batch_has_a_name_of_its_own_in_an_execution_that_step_functions_knows() -> None:
    whole = "arn:aws:states:eu-west-1:123456789012:express:bulk/Photos:child:uuid"
    third = f"{whole}#2"
    assert (keys.place_in_batch(third), keys.place_in_batch(whole)) == (2, None)
    assert (keys.execution_name_of(third), keys.execution_name_of(whole)) == ("child#2", "child")
    assert keys.whole_execution(third) == keys.whole_execution(whole) == whole
    assert keys.is_express(third)
