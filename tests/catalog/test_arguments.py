"""Wrong conditions are told with the cause, the fix and the nearest names."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from imageproc.catalog.arguments import condition_of
from imageproc.catalog.fields import expression
from imageproc.catalog.names import TagNames
from imageproc.catalog.selection import Selection
from imageproc.errors import InvalidArgumentError, QueryError

NAMES = TagNames()
NAMES.add(["Dog", "Door", "Hot Dog"])


def sql(**given: Any) -> str:
    return condition_of(given).sql(NAMES)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tags": "Dog"}, "'tag'"),
        ({"camra": "x"}, "'camera'"),
        ({"status": "SUCEEDED"}, "'SUCCEEDED'"),
        ({"format": "JPG"}, "'JPEG'"),
        ({"missing": "thumb"}, "'thumbnail'"),
        ({"tag": "Dgo"}, "'Dog'"),
        ({"colour": "red"}, "There are:"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(given: dict[str, Any], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        sql(**given)


def test_an_unknown_field_is_told_with_the_nearest() -> None:
    with pytest.raises(QueryError, match="'camera'"):
        expression("cammera")
    with pytest.raises(QueryError, match="'taken'"):
        Selection().facets("take", NAMES)


@pytest.mark.parametrize(
    "given",
    [
        {"tag": 5},
        {"tag": ""},
        {"tag": "a\0b"},
        {"tag": "Dog", "min_confidence": "80"},
        {"min_confidence": 80},
        {"tag": "Dog", "min_confidence": 800},
        {"tag": None},
        {"camera": b"x"},
        {"taken": "14-05"},
        {"taken": "2014-13"},
        {"taken": "2014-02-30"},
        {"taken": 5.5},
        {"taken": ("2014", "2015", "2016")},
        {"taken": datetime(2014, 1, 1, tzinfo=UTC)},
        {"near": (52.5, 13.4)},
        {"near": (91, 13.4, "1 km")},
        {"near": (52.5, 181, "1 km")},
        {"near": (52.5, 13.4, "50 parsecs")},
        {"near": (52.5, 13.4, "-1")},
        {"near": (52.5, 13.4, -1)},
        {"near": (math.nan, 13.4, 1)},
        {"within": (1, 2, 3)},
        {"within": (2, 0, 1, 0)},
        {"has_place": "no"},
        {"megapixels": "12"},
        {"megapixels": (1, True)},
        {"megapixels": (3, 1)},
        {"taken": ("2014", "2012")},
        {"taken": "2014..2012"},
    ],
)
def test_a_value_that_cannot_be_is_told(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError) as told:
        sql(**given)
    assert told.value.fix.startswith("Give")


def test_a_time_that_is_written_is_not_answered_in_the_terms_of_python() -> None:
    with pytest.raises(InvalidArgumentError) as told:
        sql(taken="xx")
    assert not any(word in str(told.value) for word in ("Python", "datetime", "(from, to)"))


def test_where_no_photo_has_a_tag_yet_no_tag_is_wrong() -> None:
    assert "tag IN (NULL)" in condition_of({"tag": "Dog"}).sql(TagNames())


@pytest.mark.parametrize(
    ("taken", "begin", "end"),
    [
        (2014, "2014-01-01 00:00:00", "2015-01-01 00:00:00"),
        ("2014-12", "2014-12-01 00:00:00", "2015-01-01 00:00:00"),
        ("2014-02-28", "2014-02-28 00:00:00", "2014-03-01 00:00:00"),
        ("2014-05-01 10:20", "2014-05-01 10:20:00", "2014-05-01 10:21:00"),
        ("2014-05-01T10:20:30", "2014-05-01 10:20:30", "2014-05-01 10:20:31"),
        (date(2014, 5, 1), "2014-05-01 00:00:00", "2014-05-02 00:00:00"),
        (datetime(2014, 5, 1, 10), "2014-05-01 10:00:00", "2014-05-01 10:00:00.000001"),
        ("2014-05..2014-09", "2014-05-01 00:00:00", "2014-10-01 00:00:00"),
        (("2014-05", "2014-09"), "2014-05-01 00:00:00", "2014-10-01 00:00:00"),
    ],
)
def test_a_time_is_as_long_as_it_is_written(taken: Any, begin: str, end: str) -> None:
    assert f"taken >= TIMESTAMP '{begin}' AND taken < TIMESTAMP '{end}'" in sql(taken=taken)


def test_the_last_year_of_the_calendar_has_no_end() -> None:
    assert "<" not in sql(taken="9999")
    assert "<" not in sql(taken="9999-12-31")


def test_uploads_are_compared_in_utc() -> None:
    noon = datetime(2014, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert "uploaded >= TIMESTAMP '2014-05-01 10:00:00'" in sql(uploaded=(noon, None))


@pytest.mark.parametrize(
    ("said", "km"), [("50 km", 50), ("800m", 0.8), ("10 mi", 16.09344), (2, 2), ("50", 50), (" .5 ", 0.5)]
)
def test_distances_are_kilometres_unless_they_have_another_unit(said: Any, km: float) -> None:
    assert sql(near=(0, 0, said)) == sql(near=(0, 0, km))


def test_quotes_end_no_literal() -> None:
    assert "'it''s; DROP TABLE records'" in sql(id="it's; DROP TABLE records")


def test_tags_match_by_words_beginnings() -> None:
    assert NAMES.beginning("do") == ["Dog", "Door", "Hot Dog"]
    assert NAMES.beginning("og") == []
    assert NAMES.spelled("DOG") == ["Dog"]
