"""A selection: which photos, in which order, from which to which. It is built first and asked later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from imageproc.catalog.conditions import (
    AllOf,
    AnyOf,
    Expression,
    HasTag,
    HasWord,
    Not,
    PhotoCondition,
    TagLookup,
    all_of,
    text,
)
from imageproc.catalog.fields import FIELDS, expression


@dataclass(frozen=True)
class Order:
    """A field to sort by. Photos that lack it come last either way."""

    field: str
    descending: bool = False

    def sql(self) -> str:
        """Return it as SQL. Raises QueryError for an unknown field."""
        return f"{expression(self.field)} {'DESC' if self.descending else 'ASC'} NULLS LAST"


@dataclass(frozen=True)
class Listed:
    """The order of a list of IDs. Photos that are not in it come last."""

    ids: tuple[str, ...]
    field: ClassVar[str] = "id"

    def sql(self) -> str:
        """Return it as SQL."""
        return f"array_position(ARRAY[{', '.join(map(text, self.ids))}], id) NULLS LAST" if self.ids else "id"


NEWEST = (Order("uploaded", descending=True),)
"""The newest upload first."""


@dataclass(frozen=True)
class Selection:
    """Photos that meet a condition, sorted, and of these a part."""

    condition: PhotoCondition = field(default_factory=AllOf)
    order: tuple[Order | Listed, ...] = NEWEST
    offset: int = 0
    limit: int | None = None

    def where(self, condition: PhotoCondition) -> Selection:
        """Return those of these photos that meet another condition, too."""
        return Selection(all_of(self.as_condition(), condition), self.order)

    def sorted_by(self, order: tuple[Order | Listed, ...]) -> Selection:
        """Return the same photos in another order; what is equal in it keeps its order by ID."""
        if self.is_whole:
            return replace(self, order=order)
        return Selection(self.as_condition(), order)

    def part(self, offset: int, limit: int | None) -> Selection:
        """Return those after the first `offset`, at most `limit`."""
        if self.limit is not None:
            left = max(0, self.limit - offset)
            limit = left if limit is None else min(limit, left)
        return replace(self, offset=self.offset + offset, limit=limit)

    def sample(self, size: int, seed: int) -> Selection:
        """Return so many of them, chosen by their IDs and the seed: the same ones wherever it is asked."""
        key = Expression(f"md5({text(f'{seed} ')} || id)")
        return Selection(_Among(self.as_condition(), key.text, 0, size), self.order)

    @property
    def labels(self) -> list[str]:
        """The labels, or beginnings of their words, that it asks for, as they were written."""
        return list(dict.fromkeys(_labels(self.condition)))

    @property
    def is_whole(self) -> bool:
        """Whether it is all that meets the condition."""
        return self.offset == 0 and self.limit is None

    def as_condition(self) -> PhotoCondition:
        """Return that a photo is one of these."""
        if self.is_whole:
            return self.condition
        return _Among(self.condition, self._order(), self.offset, self.limit)

    def inverted(self) -> Selection:
        """Return all other photos."""
        return Selection(Not(self.as_condition()), self.order)

    def sql(self, columns: str, names: TagLookup) -> str:
        """Return the query for columns of these photos, in order. Raises QueryError."""
        return (
            f"SELECT {columns} FROM records WHERE {self.condition.sql(names)} "
            f"ORDER BY {self._order()}{_part(self.offset, self.limit)}"
        )

    def counting(self, names: TagLookup) -> str:
        """Return the query for their number."""
        match self.condition:
            case AllOf((HasTag() as tag,)) if self.is_whole and len(names.spelled(tag.tag)) == 1:
                return f"SELECT count(*) FROM tags WHERE {tag.of_tags(names)}"
        return f"SELECT count(*) FROM records WHERE {self.as_condition().sql(names)}"

    def facets(self, field: str, names: TagLookup) -> str:
        """Return the query for a field's values, each with its number of photos, the most frequent first."""
        found = self.as_condition().sql(names)
        return (
            f"SELECT {expression(field)} AS value, count(*) AS photos FROM records WHERE {found} "
            "GROUP BY 1 ORDER BY 2 DESC, 1 NULLS LAST"
        )

    def tags(self, names: TagLookup) -> str:
        """Return the query for the tags, each with its number of photos, the most frequent first."""
        among = "" if self == Selection() else f"WHERE photo IN ({self._photos(names)}) "
        return f"SELECT tag, count(*) AS photos FROM tags {among}GROUP BY tag ORDER BY 2 DESC, 1"

    def _photos(self, names: TagLookup) -> str:
        return f"SELECT photo FROM records WHERE {self.as_condition().sql(names)}"

    def _order(self) -> str:
        return ", ".join([*(one.sql() for one in self.order), "id"])


@dataclass(frozen=True)
class _Among:
    """The photos of a part of a selection."""

    condition: PhotoCondition
    order: str
    offset: int
    limit: int | None

    def sql(self, names: TagLookup) -> str:
        end = f"ORDER BY {self.order}{_part(self.offset, self.limit)}"
        return f"photo IN (SELECT photo FROM records WHERE {self.condition.sql(names)} {end})"


def _labels(condition: PhotoCondition) -> Iterator[str]:
    match condition:
        case AllOf(several) | AnyOf(several):
            for one in several:
                yield from _labels(one)
        case HasTag(tag):
            yield tag
        case HasWord(word):
            yield word


def _part(offset: int, limit: int | None) -> str:
    """Return the clauses in the order that Athena wants and DuckDB takes."""
    return (f" OFFSET {offset}" if offset else "") + (f" LIMIT {limit}" if limit is not None else "")


def flat_columns() -> str:
    """Return the fields as columns of a query."""
    return ", ".join(f'{sql} AS "{name}"' for name, sql in FIELDS.items())
