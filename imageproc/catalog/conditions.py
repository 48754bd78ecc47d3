"""Conditions as SQL that DuckDB and Athena (Trino) both take, over the tables of `imageproc.catalog.schema`.

A condition holds or does not: of what a photo does not have nothing is true, so that `Not` finds exactly the
others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

EARTH_KM = 6371.0088
"""The mean radius: distances are those on a sphere, at most half a percent wrong."""


_ROUNDING_KM = 1e-6
"""A millimetre: sines are rounded."""


class TagLookup(Protocol):
    """The tags that occur in a catalog."""

    def spelled(self, tag: str) -> list[str]:
        """Return the tags of this name, upper and lower case alike. Raises QueryError if there is none."""

    def beginning(self, word: str) -> list[str]:
        """Return the tags in which a word begins like this."""

    def check(self, column: str, pattern: str) -> None:
        """Raise QueryError if a word of a pattern is a misspelled one of a column's texts."""


class PhotoCondition(Protocol):
    """What photos may have to be."""

    def sql(self, names: TagLookup) -> str:
        """Return a boolean expression over the columns of `records`. Raises QueryError."""


@dataclass(frozen=True)
class Expression:
    """A boolean expression over the columns of `records`."""

    text: str

    def sql(self, names: TagLookup) -> str:  # noqa: ARG002 - as every condition's
        """Return it."""
        return self.text


@dataclass(frozen=True)
class HasTag:
    """A label or a parent of one, of at least a confidence (percent)."""

    tag: str
    min_confidence: float | None = None

    def sql(self, names: TagLookup) -> str:
        """Return it as SQL."""
        return f"photo IN (SELECT photo FROM tags WHERE {self.of_tags(names)})"

    def of_tags(self, names: TagLookup) -> str:
        """Return it as an expression over the columns of `tags`."""
        found = one_of("tag", names.spelled(self.tag))
        return (
            found
            if self.min_confidence is None
            else f"{found} AND confidence >= {number(self.min_confidence)}"
        )


@dataclass(frozen=True)
class HasWord:
    """A word somewhere: as the beginning of a word of tags and of what people wrote, else any part of a text.

    `cat` is not in *Communications*, but `g5` is in *PowerShotG5*. Digits, and letters of scripts without
    upper case, are any part of all texts: many of these scripts put no spaces between words.
    """

    word: str

    def sql(self, names: TagLookup) -> str:
        """Return it as SQL."""
        word = f"lower({text(self.word)})"
        in_name = f"(strpos(lower(id), {word}) > 0 AND strpos(lower({NAME}), {word}) > 0)"
        in_texts = [f"strpos(lower({column}), {word}) > 0" for column in _MADE_TEXTS]
        in_texts += [self._begins(column) for column in _WRITTEN_TEXTS]
        in_album = f"album_id IN (SELECT id FROM albums WHERE {self._begins('name')})"
        found = [in_name, *in_texts, in_album]
        if tags := names.beginning(self.word):
            found.append(f"photo IN (SELECT photo FROM tags WHERE {one_of('tag', tags)})")
        return "(" + " OR ".join(found) + ")"

    def _begins(self, column: str) -> str:
        """Return that a word of a column begins like it."""
        word = self.word.translate(_SPACED).strip()
        if word[:1].lower() == word[:1].upper():
            return f"strpos(lower({column}), lower({text(self.word)})) > 0"
        spaced = f"translate(lower({column}), {text(_SEPARATORS)}, {text(' ' * len(_SEPARATORS))})"
        return f"strpos(' ' || {spaced}, ' ' || lower({text(word)})) > 0"


@dataclass(frozen=True)
class OfFewTexts:
    """A pattern of a column that has few texts, of which those are known that may have been meant."""

    column: str
    pattern: str

    def sql(self, names: TagLookup) -> str:
        """Return it as SQL."""
        names.check(self.column, self.pattern)
        return glob(self.column, self.pattern).text


@dataclass(frozen=True)
class AllOf:
    """All of several conditions; of none everything."""

    conditions: tuple[PhotoCondition, ...] = ()

    def sql(self, names: TagLookup) -> str:
        """Return it as SQL."""
        return " AND ".join(f"({one.sql(names)})" for one in self.conditions) or "TRUE"


def all_of(*conditions: PhotoCondition) -> AllOf:
    """Return all of several conditions, those of an AllOf one by one."""
    parts = ((one.conditions if isinstance(one, AllOf) else (one,)) for one in conditions)
    return AllOf(tuple(one for part in parts for one in part))


@dataclass(frozen=True)
class AnyOf:
    """One of several conditions; of none nothing."""

    conditions: tuple[PhotoCondition, ...]

    def sql(self, names: TagLookup) -> str:
        """Return it as SQL."""
        return " OR ".join(f"({one.sql(names)})" for one in self.conditions) or "FALSE"


@dataclass(frozen=True)
class Not:
    """What another condition leaves out."""

    condition: PhotoCondition

    def sql(self, names: TagLookup) -> str:
        """Return it as SQL."""
        return f"NOT coalesce({self.condition.sql(names)}, FALSE)"


NAME = "regexp_extract(id, '(?s)^(?:.*/)?(?:[0-9a-f]{12}-)?(.+)$', 1)"
"""The file's name: the last part of the ID, without the digest (`imageproc.core.record.without_digest`)."""

ALBUM = "(SELECT max(a.name) FROM albums a WHERE a.id = album_id)"
"""The album's name."""

_WRITTEN_TEXTS = ("description", "artist", "copyright")
_MADE_TEXTS = ("camera", "lens")

_SEPARATORS = "\t\n\r!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~…–—·«»„“”‘’©"  # noqa: RUF001
"""Characters that end a word, beside the space."""

_SPACED = str.maketrans(_SEPARATORS, " " * len(_SEPARATORS))


def glob(column: str, pattern: str) -> Expression:
    """Return that a column is like a pattern with `*` and `?`, upper and lower case alike."""
    escaped = "".join(f"\\{one}" if one in "\\%_" else one for one in pattern)
    like = escaped.replace("*", "%").replace("?", "_")
    return Expression(f"lower({column}) LIKE lower({text(like)}) ESCAPE '\\'")


def called(name: str) -> Expression:
    """Return that a photo's ID or its file's name is this, or that the ID ends with it after a slash."""
    ends = f"{_ending('id', name)} AND ({NAME} = {text(name)} OR {_ending('id', f'/{name}')})"
    return Expression(f"(id = {text(name)} OR {ends})")


def _ending(column: str, end: str) -> str:
    return f"substr({column}, greatest(length({column}) - {len(end) - 1}, 1)) = {text(end)}"


def equals(column: str, values: Iterable[str]) -> Expression:
    """Return that a column is one of these texts."""
    return Expression(one_of(column, values))


def between(expression: str, low: float | None, high: float | None) -> Expression:
    """Return that a number is within limits, which belong to it; None is no limit."""
    parts = [] if low is None else [f"{expression} >= {number(low)}"]
    parts += [] if high is None else [f"{expression} <= {number(high)}"]
    return Expression(" AND ".join(parts) or f"{expression} IS NOT NULL")


def during(column: str, begin: datetime | None, end: datetime | None) -> Expression:
    """Return that a time is not before `begin` and before `end`; None is no limit."""
    parts = [] if begin is None else [f"{column} >= {timestamp(begin)}"]
    parts += [] if end is None else [f"{column} < {timestamp(end)}"]
    return Expression(" AND ".join(parts) or f"{column} IS NOT NULL")


def near(latitude: float, longitude: float, km: float) -> Expression:
    """Return that a place is at most so far from a point, along a great circle."""
    south = f"sin(radians(latitude - {number(latitude)}) / 2)"
    east = f"sin(radians(longitude - {number(longitude)}) / 2)"
    haversine = (
        f"{south} * {south} + cos(radians({number(latitude)})) * cos(radians(latitude)) * {east} * {east}"
    )
    distance = f"{number(2 * EARTH_KM)} * asin(sqrt(least(1.0e0, {haversine})))"
    return Expression(f"longitude IS NOT NULL AND {distance} <= {number(km + _ROUNDING_KM)}")


def within(south: float, west: float, north: float, east: float) -> Expression:
    """Return that a place is in a rectangle; one whose west is greater than its east crosses 180°."""
    sides = "AND" if west <= east else "OR"
    return Expression(
        f"latitude >= {number(south)} AND latitude <= {number(north)} AND "
        f"(longitude >= {number(west)} {sides} longitude <= {number(east)})"
    )


def one_of(column: str, values: Iterable[str]) -> str:
    """Return that a column is one of these texts, as SQL."""
    return f"{column} IN ({', '.join(map(text, values)) or 'NULL'})"


def text(value: str) -> str:
    """Return a text as a literal."""
    return "'" + value.replace("'", "''") + "'"


def number(value: float) -> str:
    """Return a number as a literal of double precision."""
    shown = repr(float(value)).replace("inf", "Infinity")
    return f"CAST('{shown}' AS DOUBLE)"


def timestamp(value: datetime) -> str:
    """Return a time as a literal."""
    return f"TIMESTAMP '{value.isoformat(' ')}'"
