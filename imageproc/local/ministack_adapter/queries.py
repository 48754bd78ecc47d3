"""Queries that look at the records about a page, not at all records of a partition for each page."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import ContextVar
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

_COMPARISON = re.compile(r"\s*(#?\w+)\s*(=|<=|<|>=|>)\s*(:\w+)\s*")
_AND = re.compile(r"\bAND\b")
"""Of key conditions without functions: what all those of this project are."""

_AT_FIRST = 500
"""Records that are looked at for a page without a limit: as a rule more than its megabyte holds."""
_MORE = 4
"""How many times as many are looked at when these did not fill the page."""

_Order = tuple[Any, ...]
"""Where a record stands in an index: its sort keys, then its keys in the table."""


def compare_keys_directly() -> None:
    """Compare the keys of a query without parsing the condition again for each record.

    With ten thousand records in an album, that was most of a page's time; with a hundred thousand in the
    change index, seconds each time that a catalog asked what is new.
    """
    from ministack.services import dynamodb

    evaluate, compare = dynamodb._evaluate_condition, dynamodb._compare_ddb  # noqa: SLF001

    def _evaluate_condition(
        expr: str,
        item: dict[str, Any],
        attr_values: dict[str, Any],
        attr_names: dict[str, str],
        slot: str = "ConditionExpression",
    ) -> bool:
        comparisons = _comparisons(expr or "") if slot == "KeyConditionExpression" else ()
        if not comparisons or not all(value in attr_values for _, _, value in comparisons):
            return bool(evaluate(expr, item, attr_values, attr_names, slot))
        return all(
            compare(item.get((attr_names or {}).get(name, name)), operator, attr_values[value])
            for name, operator, value in comparisons
        )

    dynamodb._evaluate_condition = _evaluate_condition  # noqa: SLF001


@lru_cache(64)
def _comparisons(expression: str) -> tuple[tuple[str, str, str], ...]:
    """Return a key condition's comparisons as names, operators and values; none if there is more in it."""
    found = [_COMPARISON.fullmatch(part) for part in _AND.split(expression)]
    return tuple((one[1], one[2], one[3]) for one in found if one) if all(found) else ()


def query_page_by_page() -> None:
    """Show MiniStack's query of an index only the records from which its page is made.

    MiniStack reads and sorts all records of a partition for each query, then compares them: a catalog that
    asked the change index of a hundred thousand records what is new waited two seconds. Here an index's keys
    are kept sorted, and records that are out of the question are not read.
    """
    from ministack.services import dynamodb

    query, index_members = dynamodb._query, dynamodb._index_members  # noqa: SLF001 - this package's purpose
    asked: ContextVar[_Page | None] = ContextVar("asked", default=None)

    def _query(data: dict[str, Any]) -> Any:
        if not data.get("IndexName"):
            return query(data)
        page = _Page(data)
        while True:
            token = asked.set(page)
            try:
                answer = query(data)
            finally:
                asked.reset(token)
            if page.is_last or answer[0] != 200 or "LastEvaluatedKey" in orjson.loads(answer[2]):
                return answer
            page.grow()

    def _index_members(table: dict[str, Any]) -> dict[str, Any]:
        members, page = index_members(table), asked.get()
        if page is None:
            return members  # type: ignore[no-any-return]
        ranges = {name: ranges for name, _, ranges in dynamodb._index_key_schemas(table)}  # noqa: SLF001
        return {name: _Partitions(found, table, ranges[name], page) for name, found in members.items()}

    dynamodb._query, dynamodb._index_members = _query, _index_members  # noqa: SLF001


class _Page:
    """Which part of a partition's keys a query is shown."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._least, self._most = _bounds(data)
        self._start = data.get("ExclusiveStartKey")
        self._forward = data.get("ScanIndexForward", True)
        limit = data.get("Limit")
        self._size = limit + 1 if isinstance(limit, int) and limit > 0 else _AT_FIRST
        self.is_last = True
        """Whether there are no more keys than it was shown."""

    def grow(self) -> None:
        """Show more the next time."""
        self._size *= _MORE

    def of(self, keys: list[tuple[_Order, Any]], order_of: Callable[[Any], _Order]) -> list[Any]:
        """Return the keys that are shown, of a partition's in order."""
        number = lambda one: one[0][0]  # noqa: E731
        begin = 0 if self._least is None else bisect_left(keys, self._least, key=number)
        end = len(keys) if self._most is None else bisect_right(keys, self._most, key=number)
        if self._start and self._forward:
            begin = max(begin, bisect_right(keys, order_of(self._start), key=itemgetter(0)))
        elif self._start:
            end = min(end, bisect_left(keys, order_of(self._start), key=itemgetter(0)))
        self.is_last = end - begin <= self._size
        if not self.is_last:
            begin, end = (begin, begin + self._size) if self._forward else (end - self._size, end)
        return [key for _, key in keys[begin:end]]


def _bounds(data: dict[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """Return the least and the largest number that a query asks for, as far as its condition is plain."""
    values = data.get("ExpressionAttributeValues") or {}
    least, most = None, None
    for _, operator, name in _comparisons(data.get("KeyConditionExpression") or ""):
        value = values.get(name)
        if not isinstance(value, dict) or "N" not in value or operator == "=":
            continue  # a partition may be a number, too
        with suppress(ArithmeticError, TypeError, ValueError):
            if operator.startswith(">"):
                least = Decimal(value["N"])
            else:
                most = Decimal(value["N"])
    return least, most


class _Partitions:
    """An index's partitions: of each, the keys that a page shows."""

    def __init__(self, partitions: dict[Any, Any], table: dict[str, Any], ranges: Any, page: _Page) -> None:
        self._partitions, self._table, self._ranges, self._page = partitions, table, ranges, page

    def get(self, partition: Any, default: Any) -> Any:
        from ministack.services import dynamodb

        found = self._partitions.get(partition)
        if found is None:
            return default
        if not isinstance(found, _SortedKeys):
            found = self._partitions[partition] = _SortedKeys(found)
        names = dynamodb._index_order_keys(self._table, self._ranges)  # noqa: SLF001

        def order_of(item: Any) -> _Order:
            return tuple(dynamodb._index_order_value(item, *name) for name in names)  # noqa: SLF001

        def order_of_key(key: Any) -> _Order:
            return order_of(self._table["items"][key[0]][key[1]])

        return self._page.of(found.in_order(order_of_key), order_of)


class _SortedKeys(dict[Any, None]):
    """A partition's keys, in which MiniStack sets each whose record is written, also in the index's order."""

    def __init__(self, keys: Iterable[Any]) -> None:
        super().__init__(dict.fromkeys(keys))
        self._changed = list(self)
        self._sorted: list[tuple[_Order, Any]] = []

    def __setitem__(self, key: Any, value: None) -> None:
        super().__setitem__(key, value)
        self._changed.append(key)

    def pop(self, key: Any, *default: Any) -> Any:
        self._changed.append(key)
        return super().pop(key, *default)

    def in_order(self, order_of: Callable[[Any], _Order]) -> list[tuple[_Order, Any]]:
        """Return the keys, and where each stands."""
        if self._changed:
            taken, self._changed = self._changed, []
            changed = set(taken)
            kept = [one for one in self._sorted if one[1] not in changed]
            new = [(order_of(key), key) for key in changed if key in self]
            self._sorted = sorted(kept + new, key=itemgetter(0))
        return self._sorted
