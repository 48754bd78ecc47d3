"""Stamps put records into the index's shards; tombstones name no photo."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from imageproc.core.changes import FORGOTTEN, SHARDS, is_tombstone, shard_of, shards, stamp, tombstone
from imageproc.core.keys import is_original


def test_records_are_spread_over_all_shards() -> None:
    counted = Counter(shard_of(f"a1/{number:012x}-cat.jpg") for number in range(4000))
    assert sorted([*counted, FORGOTTEN]) == shards()
    assert min(counted.values()) > 4000 / SHARDS * 0.85


@given(st.text(min_size=1))
def test_a_photo_keeps_its_shard(photo_id: str) -> None:
    first, second = stamp(photo_id, 1.0), stamp(photo_id, 2.5)
    assert first["changeShard"] == second["changeShard"] in shards()[:-1]
    assert (first["changeTime"], second["changeTime"]) == (1000, 2500)


@given(st.text(min_size=1))
def test_a_tombstone_is_no_photo_and_tells_nothing_of_one(photo_id: str) -> None:
    left = tombstone(photo_id, 1.0)
    assert is_tombstone(left)
    assert not is_original(f"Incoming/{left['imageID']}")
    assert len(photo_id) < 4 or photo_id not in left["imageID"]
    assert set(left) == {"imageID", "changeShard", "changeTime", "expiryTime"}


def test_records_are_no_tombstones() -> None:
    assert not is_tombstone({"imageID": "trip/cat.jpg"})
    assert not is_tombstone({})
