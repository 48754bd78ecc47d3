"""Any chain of conditions gives what a plain Python loop over the records gives."""

from __future__ import annotations

import fnmatch
import math
import random
import re
import string
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageproc.catalog import answers
from imageproc.catalog.arguments import condition_of
from imageproc.catalog.catalog import Catalog
from imageproc.catalog.conditions import EARTH_KM, AnyOf, all_of
from imageproc.catalog.database import Database
from imageproc.catalog.feed import Feed
from imageproc.catalog.selection import Order, Selection
from imageproc.core.record import PhotoRecord, Status
from imageproc.core.record_codec import decode
from tests import soak
from tests.catalog.conftest import ORIGIN
from tests.catalog.fake_dynamodb import FakeDynamoDB

Test = Callable[[PhotoRecord], bool]

CAMERAS = (
    ("Canon", "Canon EOS 5D"),
    ("NIKON CORPORATION", "NIKON D90"),
    ("Éclair", "100%_\\x"),
    (None, None),
)
FOLDERS, STEMS = ("a1", "a2", "x/y"), ("IMG", "Hund", "beach")
PARENTS = {"Dog": ["Animal", "Pet"], "Cat": ["Animal", "Pet"], "Beach": ["Nature"], "Street Dog": ["Animal"]}
PLACES = ((52.5, 13.4), (52.4, 13.1), (-33.9, 151.2), (0, 179.9), (0, -179.9), (89.9, 0), (-90, 180))
ALBUMS = {"a1": "Summer by the sea", "a2": "Été", "a3": "Dogs"}


def stored(number: int, chance: random.Random) -> dict[str, Any]:
    """Return some record: each fact may be missing."""
    make, model = chance.choice(CAMERAS)
    found: dict[str, Any] = {
        "imageID": f"{chance.choice(FOLDERS)}/{number:012x}-{chance.choice(STEMS)}_{number}.jpg",
        "status": str(chance.choice(list(Status))),
        "userID": chance.choice(("ann", "bob")),
        "albumID": chance.choice((*ALBUMS, "unknown")),
        "uploadTime": 1_400_000_000 + chance.randrange(40) * 86_400 * 30,
        "imageFormat": chance.choice(("JPEG", "PNG", None)),
        "exifMake": make,
        "exifModel": model,
        "exifFNumber": chance.choice((1.8, 2.8, 4, None)),
        "exifImageDescription": chance.choice(("A dog's life", "plage d'ÉTÉ", "100 %", None, None)),
        "fileSize": chance.choice((1000, 2_000_000, None)),
    }
    if chance.random() < 0.7:
        time = datetime(2013, 12, 30, 23, 59, 58) + timedelta(seconds=chance.randrange(70_000_000))
        offset = chance.choice(("", "+02:00", "-07:00", "+00:00"))
        found["creationTime"] = time.isoformat() + offset
    if chance.random() < 0.6:
        latitude, longitude = chance.choice(PLACES)
        found["geo"] = {"latitude": latitude, "longitude": longitude}
    if chance.random() < 0.7:
        size = chance.choice(((4000, 3000), (640, 480), (6000, 4000)))
        found["dimensions"] = dict(zip(("width", "height"), size, strict=True))
    if chance.random() < 0.8:
        names = chance.sample(sorted(PARENTS), chance.randrange(4))
        found["labels"] = [
            {"name": one, "confidence": chance.choice((55.5, 80, 79.999, 98.123)), "parents": PARENTS[one]}
            for one in names
        ]
        found["tags"] = names if chance.random() < 0.9 else [*names, "Dog"]
    if chance.random() < 0.2:
        found["missing"] = {chance.choice(("tags", "thumbnail")): {"step": "S", "name": "E", "cause": "c"}}
    return {name: value for name, value in found.items() if value is not None}


class World:
    """Records, and a catalog of them: most in its base, some as changes since."""

    def __init__(self, records: dict[str, PhotoRecord], database: Database) -> None:
        self.records, self.database = records, database

    def selected(self, test: Test) -> set[str]:
        return {key for key, record in self.records.items() if test(record)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    chance = random.Random(7)
    dynamodb = FakeDynamoDB()
    dynamodb.page = 1000
    for album, name in ALBUMS.items():
        dynamodb.album_items[album] = {"albumID": album, "name": name, "userID": "ann"}
    items = [stored(number, chance) for number in range(260)]
    catalog = Catalog(tmp_path_factory.mktemp("catalog") / "c", Feed(dynamodb, "images", "albums"), ORIGIN)
    for item in items[:200]:
        dynamodb.put(item["imageID"], 1_700_000_000, **item | {"status": "UPLOADED"})
    catalog.database(0)
    for item in items:
        dynamodb.put(item["imageID"], **item)
    database = catalog.database(0)
    yield World({key: decode(item) for key, item in dynamodb.items.items()}, database)
    database.close()


def tag_test(tag: str, least: float | None) -> Test:
    def test(record: PhotoRecord) -> bool:
        found: list[float | None] = [
            label.confidence
            for label in record.labels
            if tag.lower() in [one.lower() for one in (label.name, *label.parents)]
        ]
        found += [None for one in record.tags if one.lower() == tag.lower()]
        return any(least is None or (one is not None and one >= least) for one in found)

    return test


def glob_test(pattern: str, of: Callable[[PhotoRecord], str | None]) -> Test:
    shell = pattern.lower().replace("[", "[[]")
    return lambda record: (text := of(record)) is not None and fnmatch.fnmatchcase(text.lower(), shell)


def word_test(word: str) -> Test:
    def test(record: PhotoRecord) -> bool:
        if any(word.lower() in one.lower() for one in (record.name, record.camera.name) if one):
            return True
        written = (record.description, ALBUMS.get(record.album_id or ""))
        part = word.lower().strip(string.punctuation)
        begun = rf"(?<![^\W_]){re.escape(part)}" if part[:1].isalpha() else re.escape(part or word)
        if any(re.search(begun, one.lower()) for one in written if one):
            return True
        tags = {*record.tags, *(one for label in record.labels for one in (label.name, *label.parents))}
        return any(re.search(rf"(?<![^\W_]){re.escape(word.lower())}", tag.lower()) for tag in tags)

    return test


def distance(record: PhotoRecord, latitude: float, longitude: float) -> float:
    """Return the distance by another formula, that of the angle between two vectors."""
    assert record.place
    one, other = (math.radians(record.place.latitude), math.radians(latitude))
    between = math.radians(record.place.longitude - longitude)
    x = math.cos(other) * math.sin(between)
    y = math.cos(one) * math.sin(other) - math.sin(one) * math.cos(other) * math.cos(between)
    cosine = math.sin(one) * math.sin(other) + math.cos(one) * math.cos(other) * math.cos(between)
    return EARTH_KM * math.atan2(math.hypot(x, y), cosine)


def range_test(low: float | None, high: float | None, of: Callable[[PhotoRecord], float | None]) -> Test:
    def test(record: PhotoRecord) -> bool:
        value = of(record)
        return value is not None and (low is None or value >= low) and (high is None or value <= high)

    return test


def wall(record: PhotoRecord) -> datetime | None:
    return record.taken.replace(tzinfo=None) if record.taken else None


def taken_test(begin: str | None, end: str | None) -> Test:
    """Compare by the texts' own length: '2014-05' is before '2014-05-31' ends."""

    def test(record: PhotoRecord) -> bool:
        if (time := wall(record)) is None:
            return False
        text = time.isoformat(" ")
        return (begin is None or text[: len(begin)] >= begin) and (end is None or text[: len(end)] <= end)

    return test


def within_test(south: float, west: float, north: float, east: float) -> Test:
    def test(record: PhotoRecord) -> bool:
        if (place := record.place) is None or not south <= place.latitude <= north:
            return False
        if west <= east:
            return west <= place.longitude <= east
        return place.longitude >= west or place.longitude <= east

    return test


LATITUDES, LONGITUDES = (
    st.sampled_from((-90.0, -34, 0, 52, 52.5, 90)),
    st.sampled_from((-180.0, -179, 0, 13.4, 151, 179, 180)),
)
TIMES = st.sampled_from(("2013", "2014", "2014-05", "2014-12-31", "2014-06-01 10:00", "2015", "2016-02-29"))
LIMITS = st.sampled_from((None, 0, 1.8, 2.8, 12, 24, 1000, math.inf))


def is_in_order(limits: tuple[float | None, float | None]) -> bool:
    low, high = limits
    return low is None or high is None or low <= high


RANGES = st.tuples(LIMITS, LIMITS).filter(is_in_order)

ASKED: st.SearchStrategy[tuple[dict[str, Any], Test]] = st.one_of(
    st.tuples(
        st.sampled_from(("dog", "Animal", "PET", "Street dog")), st.sampled_from((None, 80, 79.999, 98.123))
    ).map(lambda t: ({"tag": t[0], **({} if t[1] is None else {"min_confidence": t[1]})}, tag_test(*t))),
    st.sampled_from(("canon*", "*D90", "?ikon*", "é*", "100%_\\x", "100?_*", "*", "*[a-z]*")).map(
        lambda p: ({"camera": p}, glob_test(p, lambda r: r.camera.name))
    ),
    st.sampled_from(("img*", "Hund_1?.jpg", "*é")).map(
        lambda p: ({"name": p}, glob_test(p, lambda r: r.name))
    ),
    st.tuples(TIMES, TIMES)
    .filter(lambda t: t[0] <= t[1] or t[0].startswith(t[1]))
    .map(lambda t: ({"taken": t}, taken_test(*t))),
    TIMES.map(lambda t: ({"taken": t}, taken_test(t, t))),
    st.tuples(TIMES, st.none()).map(lambda t: ({"taken": t}, taken_test(*t))),
    st.tuples(LATITUDES, LONGITUDES, st.sampled_from((0.0, 25, 60, 12_000, 30_000))).map(
        lambda n: (
            {"near": (n[0], n[1], f"{n[2]:g} km")},
            lambda r: r.place is not None and distance(r, n[0], n[1]) <= n[2] + 1e-6,
        )
    ),
    st.tuples(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
    .filter(lambda box: box[0] <= box[2])
    .map(lambda box: ({"within": box}, within_test(*box))),
    st.sampled_from(list(Status)).map(lambda s: ({"status": s.lower()}, lambda r: r.status == s)),
    st.just(
        ({"status": ["failed", Status.REJECTED]}, lambda r: r.status in (Status.FAILED, Status.REJECTED))
    ),
    st.sampled_from(("ann", "nobody")).map(lambda u: ({"user": u}, lambda r: r.user == u)),
    st.just(({"album_id": "a2"}, lambda r: r.album_id == "a2")),
    st.just(({"album": "Dogs"}, lambda r: r.album_id == "a3")),
    st.sampled_from(("jpeg", "PNG")).map(lambda f: ({"format": f}, lambda r: r.format == f.upper())),
    st.booleans().map(lambda b: ({"has_place": b}, lambda r: (r.place is not None) is b)),
    st.booleans().map(lambda b: ({"has_date": b}, lambda r: (r.taken is not None) is b)),
    RANGES.map(
        lambda t: (
            {"megapixels": t},
            range_test(t[0], t[1], lambda r: r.dimensions.megapixels if r.dimensions else None),
        )
    ),
    RANGES.map(lambda t: ({"f_number": t}, range_test(t[0], t[1], lambda r: r.exposure.f_number))),
    st.sampled_from(("dog", "do", "og", "été", "beach", "100", "IMG_1", "'", "%", "sea", "an")).map(
        lambda w: ({"text": w}, word_test(w))
    ),
    st.just(({"text": "dog canon"}, lambda r: word_test("dog")(r) and word_test("canon")(r))),
    st.just(({"missing": "tags"}, lambda r: "tags" in r.missing)),
)

Pair = tuple[Selection, Test]


def whole(asked: tuple[dict[str, Any], Test]) -> Pair:
    return Selection(condition_of(asked[0])), asked[1]


def both(pairs: tuple[Pair, Pair]) -> Pair:
    (one, first), (other, second) = pairs
    return Selection(all_of(one.as_condition(), other.as_condition())), lambda r: first(r) and second(r)


def either(pairs: tuple[Pair, Pair]) -> Pair:
    (one, first), (other, second) = pairs
    return Selection(AnyOf((one.as_condition(), other.as_condition()))), lambda r: first(r) or second(r)


CHAINS: st.SearchStrategy[Pair] = st.recursive(
    ASKED.map(whole),
    lambda inner: (
        st.tuples(inner, inner).map(both)
        | st.tuples(inner, inner).map(either)
        | inner.map(lambda pair: (pair[0].inverted(), lambda r: not pair[1](r)))
    ),
    max_leaves=5,
)


@given(ASKED)
@settings(max_examples=soak.of(60, 1000))
def test_each_condition_gives_what_a_loop_gives(world: World, asked: tuple[dict[str, Any], Test]) -> None:
    selection, test = whole(asked)
    assert set(answers.ids(world.database, selection)) == world.selected(test)


@given(CHAINS)
@settings(max_examples=soak.of(50, 1000))
def test_any_chain_gives_what_a_loop_gives(world: World, chain: Pair) -> None:
    selection, test = chain
    expected = world.selected(test)
    assert set(answers.ids(world.database, selection)) == expected
    assert answers.count(world.database, selection) == len(expected)


KEYS: dict[str, Callable[[PhotoRecord], Any]] = {
    "taken": wall,
    "uploaded": lambda r: r.uploaded,
    "camera": lambda r: r.camera.name,
    "f_number": lambda r: r.exposure.f_number,
    "file_size": lambda r: r.file_size,
    "id": lambda r: r.id,
}


def in_order(records: list[PhotoRecord], field: str, descending: bool) -> list[str]:
    """Return the IDs in order: those without the field last, equal ones by ID."""
    key = KEYS[field]
    by_id = sorted(records, key=lambda r: r.id)
    there = sorted((r for r in by_id if key(r) is not None), key=lambda r: key(r), reverse=False)
    if descending:
        groups: dict[Any, list[PhotoRecord]] = {}
        for one in there:
            groups.setdefault(key(one), []).append(one)
        there = [one for value in reversed(groups) for one in groups[value]]
    return [r.id for r in [*there, *(r for r in by_id if key(r) is None)]]


PARTS = st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers(0, 60)), max_size=3)


@given(ASKED, st.sampled_from(sorted(KEYS)), st.booleans(), PARTS, ASKED)
@settings(max_examples=soak.of(30, 500))
def test_order_and_parts_are_those_of_a_list(
    world: World,
    asked: tuple[dict[str, Any], Test],
    field: str,
    descending: bool,
    parts: list[tuple[int, int | None]],
    then: tuple[dict[str, Any], Test],
) -> None:
    selection, test = whole(asked)
    selection = selection.sorted_by((Order(field, descending),))
    expected = in_order([r for r in world.records.values() if test(r)], field, descending)
    for start, length in parts:
        selection = selection.part(start, length)
        expected = expected[start:] if length is None else expected[start : start + length]
    assert answers.ids(world.database, selection) == expected
    assert answers.count(world.database, selection) == len(expected)
    assert [row["id"] for row in answers.rows(world.database, selection)] == expected
    filtered = selection.where(condition_of(then[0]))
    assert answers.ids(world.database, filtered) == [one for one in expected if then[1](world.records[one])]


@given(CHAINS)
@settings(max_examples=soak.of(20, 200))
def test_facets_and_tags_are_counted_as_a_loop_counts(world: World, chain: Pair) -> None:
    selection, test = chain
    records = [r for r in world.records.values() if test(r)]
    expected: dict[Any, int] = {}
    tags: dict[str, int] = {}
    for record in records:
        expected[record.camera.name] = expected.get(record.camera.name, 0) + 1
        for tag in {*record.tags, *(one for label in record.labels for one in (label.name, *label.parents))}:
            tags[tag] = tags.get(tag, 0) + 1
    assert answers.facets(world.database, selection, "camera") == expected
    assert answers.tags(world.database, selection) == tags


@given(st.integers(0, 80), st.integers())
@settings(max_examples=15)
def test_a_sample_is_the_same_for_the_same_seed(world: World, size: int, seed: int) -> None:
    whole = Selection().where(condition_of({"status": "FAILED"}))
    chosen = answers.ids(world.database, whole.sample(size, seed))
    there = answers.ids(world.database, whole)
    assert len(chosen) == min(size, len(there))
    assert [one for one in there if one in chosen] == chosen, "in the view's own order"
    assert answers.ids(world.database, whole.sample(size, seed)) == chosen
