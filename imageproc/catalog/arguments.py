"""What `where` is given, checked and made conditions. Wrong values are told with the cause and the fix."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from imageproc.catalog import conditions
from imageproc.catalog.conditions import (
    ALBUM,
    NAME,
    AllOf,
    AnyOf,
    Expression,
    HasTag,
    HasWord,
    Not,
    OfFewTexts,
    PhotoCondition,
    all_of,
)
from imageproc.catalog.fields import FIELDS, nearest_field
from imageproc.core.close_names import nearest
from imageproc.core.parts import Part
from imageproc.core.record import Status
from imageproc.errors import InvalidArgumentError, QueryError

_KM = {"km": 1.0, "m": 0.001, "mi": 1.609344}
"""Kilometres of a unit."""

_DISTANCE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(km|m|mi)?\s*")
_TIME = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?)?)?")

_TIMES = "Give 2014, 2014-05, 2014-05-31 or 2014-05-31 10:20; from one to another 2014-05..2014-09."
_TYPES = "Give a text such as '2014-05', a date or a datetime, or a span of two: (from, to)."
_SWAP = "Give the two the other way round."


def condition_of(given: Mapping[str, Any]) -> PhotoCondition:
    """Return what all of these arguments of `where` say together.

    Raises QueryError for an unknown argument, with the nearest names, InvalidArgumentError for a value
    that it cannot have.
    """
    given = dict(given)
    for name, value in given.items():
        if name not in _ARGUMENTS:
            near = nearest_field(name, _ARGUMENTS.keys() - _INTERNAL)
            raise QueryError(f"Photos cannot be selected by {name!r}.", near)
        if value is None:
            raise InvalidArgumentError(f"{name} is None.", "Give a value, or leave it out to mean all.")
    confidence = given.pop("min_confidence", None)
    if confidence is not None and "tag" not in given:
        raise InvalidArgumentError("min_confidence says nothing without a tag.", "Give both.")
    found = [_ARGUMENTS[name](name, value) for name, value in given.items() if name != "tag"]
    if "tag" in given:
        found.append(_tag(given["tag"], confidence))
    return all_of(*found)


def _tag(value: Any, confidence: Any) -> PhotoCondition:
    least = None if confidence is None else _number("min_confidence", confidence)
    if least is not None and not 0 <= least <= 100:
        raise InvalidArgumentError(f"min_confidence cannot be {confidence!r}.", "Give percent, 0 to 100.")
    return _any_of("tag", value, lambda tag: HasTag(tag, least))


def _texts(name: str, value: Any) -> list[str]:
    """Return one text or several."""
    found = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else [value]
    for one in found:
        if not isinstance(one, str) or not one or "\0" in one:
            raise InvalidArgumentError(f"{name} cannot be {one!r}.", "Give a text, or several.")
    return found


def _any_of(name: str, value: Any, condition: Callable[[str], PhotoCondition]) -> PhotoCondition:
    found = [condition(one) for one in _texts(name, value)]
    return found[0] if len(found) == 1 else AnyOf(tuple(found))


def _glob(column: str) -> Callable[[str, Any], PhotoCondition]:
    return lambda name, value: _any_of(name, value, lambda one: conditions.glob(column, one))


def _of_few(column: str) -> Callable[[str, Any], PhotoCondition]:
    return lambda name, value: _any_of(name, value, lambda one: OfFewTexts(column, one))


def _equal(column: str) -> Callable[[str, Any], PhotoCondition]:
    return lambda name, value: conditions.equals(column, _texts(name, value))


def _member(column: str, known: Iterable[str]) -> Callable[[str, Any], PhotoCondition]:
    """Return what takes one of a few known texts, or several, upper and lower case alike."""
    names = {one.casefold(): str(one) for one in known}

    def of(name: str, value: Any) -> PhotoCondition:
        found = _texts(name, value)
        for one in found:
            if one.casefold() not in names:
                raise QueryError(f"There is no {name} {one!r}.", nearest(one, names.values()))
        return conditions.equals(column, [names[one.casefold()] for one in found])

    return of


def _missing(_: str, value: Any) -> PhotoCondition:
    part = Part.__members__.get(value.upper()) if isinstance(value, str) else None
    if part is None:
        raise QueryError(f"There is no part {value!r}.", nearest(value, Part))
    return Expression(f"strpos(missing, '{part}') > 0")


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidArgumentError(f"{name} cannot be {value!r}.", "Give a number.")
    return float(value)


def _range(expression: str) -> Callable[[str, Any], PhotoCondition]:
    def of(name: str, value: Any) -> PhotoCondition:
        low, high = _pair(name, value) if isinstance(value, tuple | list) else (value, value)
        least, most = (None if one is None else _limit(name, one) for one in (low, high))
        if least is not None and most is not None and least > most:
            raise InvalidArgumentError(f"{name} begins with {least:g}, after its end, {most:g}.", _SWAP)
        return conditions.between(expression, least, most)

    return of


def _limit(name: str, value: Any) -> float:
    """Return a number, which may be infinite."""
    return value if isinstance(value, float) and math.isinf(value) else _number(name, value)


def _pair(name: str, value: Any) -> tuple[Any, Any]:
    if len(value) != 2:
        raise InvalidArgumentError(
            f"{name} cannot be {value!r}.", "Give (from, to); None for one of them is no limit."
        )
    return value[0], value[1]


def _has(column: str) -> Callable[[str, Any], PhotoCondition]:
    def of(name: str, value: Any) -> PhotoCondition:
        if not isinstance(value, bool):
            raise InvalidArgumentError(f"{name} cannot be {value!r}.", "Give True or False.")
        found = Expression(f"{column} IS NOT NULL")
        return found if value else Not(found)

    return of


def _time(column: str, *, utc: bool) -> Callable[[str, Any], PhotoCondition]:
    def of(name: str, value: Any) -> PhotoCondition:
        if isinstance(value, str) and ".." in value:
            value = tuple(one.strip() or None for one in value.split("..", 1))
        begin, end = _pair(name, value) if isinstance(value, tuple | list) else (value, value)
        first, last = _span(name, begin, utc)[0], _span(name, end, utc)[1]
        if first and last and first >= last:
            raise InvalidArgumentError(f"{name} begins with {begin}, after its end, {end}.", _SWAP)
        return conditions.during(column, first, last)

    return of


def _span(name: str, value: Any, utc: bool) -> tuple[datetime | None, datetime | None]:
    """Return when something begins and has ended: a year, a month, a day, a minute, a second, a moment."""
    if value is None:
        return None, None
    if isinstance(value, datetime):
        return _moment(name, value, utc)
    try:
        if isinstance(value, date):
            return _length(value.year, value.month, value.day)
        if isinstance(value, str | int) and (match := _TIME.fullmatch(str(value).strip())):
            return _length(*(None if one is None else int(one) for one in match.groups()))
    except (ValueError, OverflowError):
        pass  # no such day
    raise InvalidArgumentError(f"{name} cannot be {value!r}.", _TIMES if isinstance(value, str) else _TYPES)


def _length(
    year: int | None,
    month: int | None = None,
    day: int | None = None,
    hour: int | None = None,
    minute: int | None = None,
    second: int | None = None,
) -> tuple[datetime, datetime | None]:
    begin = datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, second or 0)
    if hour is not None:
        return begin, begin + timedelta(seconds=60 if second is None else 1)
    if day is not None:
        return begin, begin + timedelta(days=1) if begin.date() < date.max else None
    years, months = divmod(begin.month, 12) if month is not None else (1, 0)
    end = begin.year + years
    return begin, begin.replace(year=end, month=months + 1) if end <= date.max.year else None


def _moment(name: str, value: datetime, utc: bool) -> tuple[datetime, datetime]:
    if utc and value.tzinfo:
        value = value.astimezone(UTC)
    elif value.tzinfo:
        raise InvalidArgumentError(
            f"{name} is the time on the clock where the photo was taken, which has no offset.",
            "Give the time without its offset: time.replace(tzinfo=None).",
        )
    begin = value.replace(tzinfo=None)
    return begin, begin + timedelta(microseconds=1)


def _near(name: str, value: Any) -> PhotoCondition:
    if not isinstance(value, tuple | list) or len(value) != 3:
        raise InvalidArgumentError(f"{name} cannot be {value!r}.", "Give (latitude, longitude, '50 km').")
    latitude, longitude = _latitude(name, value[0]), _longitude(name, value[1])
    return conditions.near(latitude, longitude, _kilometres(name, value[2]))


def _kilometres(name: str, value: Any) -> float:
    if isinstance(value, str) and (match := _DISTANCE.fullmatch(value)):
        return float(match[1]) * _KM[match[2] or "km"]
    if isinstance(value, str) or _number(name, value) < 0:
        raise InvalidArgumentError(
            f"{value!r} is not a distance.",
            "Give '50 km', '800 m', '30 mi'; without a unit it is kilometres.",
        )
    return float(value)


def _within(name: str, value: Any) -> PhotoCondition:
    if not isinstance(value, tuple | list) or len(value) != 4:
        raise InvalidArgumentError(
            f"{name} cannot be {value!r}.", "Give (south, west, north, east) in degrees."
        )
    south, north = _latitude(name, value[0]), _latitude(name, value[2])
    west, east = _longitude(name, value[1]), _longitude(name, value[3])
    if south > north:
        raise InvalidArgumentError(f"{name} begins north of its end.", "Give (south, west, north, east).")
    return conditions.within(south, west, north, east)


def _latitude(name: str, value: Any) -> float:
    return _degrees(name, value, 90)


def _longitude(name: str, value: Any) -> float:
    return _degrees(name, value, 180)


def _degrees(name: str, value: Any, most: int) -> float:
    found = _number(name, value)
    if abs(found) > most:
        raise InvalidArgumentError(f"{name} has {value!r} degrees.", f"Give degrees from -{most} to {most}.")
    return found


def _words(name: str, value: Any) -> PhotoCondition:
    words = " ".join(_texts(name, value)).split()
    return AllOf(tuple(map(HasWord, words)))


_ARGUMENTS: Mapping[str, Callable[[str, Any], PhotoCondition]] = {
    "tag": lambda _, value: _tag(value, None),
    "min_confidence": lambda _, __: AllOf(),
    "id": _equal("id"),
    "id_or_name": lambda _, value: conditions.called(value),
    "name": _glob(NAME),
    "album": _equal(ALBUM),
    "album_id": _equal("album_id"),
    "user": _equal('"user"'),
    "status": _member("status", Status),
    "format": _member("format", ("JPEG", "PNG")),
    "missing": _missing,
    "error": _glob("error_name"),
    "text": _words,
    **{name: _of_few(name) for name in ("camera", "make", "model", "lens")},
    **{name: _glob(name) for name in ("software", "description", "artist")},
    "taken": _time("taken", utc=False),
    "uploaded": _time("uploaded", utc=True),
    "near": _near,
    "within": _within,
    "has_place": _has("latitude"),
    "has_date": _has("taken"),
    **{
        name: _range(FIELDS[name])
        for name in (
            *("file_size", "width", "height", "megapixels", "orientation", "altitude", "exposure_time"),
            *("f_number", "sensitivity", "focal_length", "focal_length_in_35mm"),
        )
    },
}

_INTERNAL = {"id_or_name"}
"""What is not offered: the workbench's own way to find a photo that somebody names."""
ARGUMENTS = tuple(_ARGUMENTS)
"""The names of what photos can be selected by."""
