"""What MiniStack keeps in memory, or does twice or for each record: as light as a thousand photos need it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import ContextVar
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any

_ASKED = 3
"""How often a form is asked for."""
_COMPARISON = re.compile(r"\s*(#?\w+)\s*(=|<=|<|>=|>)\s*(:\w+)\s*")
_AND = re.compile(r"\bAND\b")
"""Of key conditions without functions: what all those of this project are."""

_Bound = tuple[str, Decimal]
"""The attribute and number from which on a query asks for records."""


def keep_versions_on_disk() -> None:
    """Let a version's bytes go from memory once they are on disk, from where they are read like others.

    MiniStack does so with an object's newest bytes, but keeps another reference to them in the list of its
    versions: the server grew by as much as was uploaded.
    """
    from ministack.services import s3

    persist = s3._persist_object  # noqa: SLF001 - this package's purpose

    def _persist_object(bucket: str, key: str, obj: Any) -> None:
        persist(bucket, key, obj)
        if isinstance(obj, dict) and obj.get("body") is None:
            for version in s3._object_versions.get((bucket, key)) or ():  # noqa: SLF001
                if version["version_id"] == obj.get("version_id"):
                    version["data"] = None

    s3._persist_object = _persist_object  # noqa: SLF001


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


def skip_what_is_too_old() -> None:
    """Keep an index's keys sorted, so that a query with a lower bound meets no records below it.

    MiniStack reads and sorts all records of a partition for each query, then compares them: a catalog that
    asked the change index of a hundred thousand records what is new waited two seconds.
    """
    from ministack.services import dynamodb

    query, index_members = dynamodb._query, dynamodb._index_members  # noqa: SLF001
    asked: ContextVar[_Bound | None] = ContextVar("asked", default=None)

    def _query(data: dict[str, Any]) -> Any:
        token = asked.set(_lower_bound(data))
        try:
            return query(data)
        finally:
            asked.reset(token)

    def _index_members(table: dict[str, Any]) -> dict[str, Any]:
        members, bound = index_members(table), asked.get()
        if bound is None:
            return members  # type: ignore[no-any-return]
        return {name: _Partitions(found, table["items"], bound) for name, found in members.items()}

    dynamodb._query, dynamodb._index_members = _query, _index_members  # noqa: SLF001


def _lower_bound(data: dict[str, Any]) -> _Bound | None:
    """Return the attribute and number from which on a query asks for records, None if it does not."""
    names, values = data.get("ExpressionAttributeNames") or {}, data.get("ExpressionAttributeValues") or {}
    for name, operator, value in _comparisons(data.get("KeyConditionExpression") or ""):
        if operator in (">", ">=") and "N" in values.get(value, {}):
            with suppress(ArithmeticError):
                return names.get(name, name), Decimal(values[value]["N"])
    return None


class _Partitions:
    """An index's partitions: of each, the keys of those records that a bound does not leave out."""

    def __init__(self, partitions: dict[Any, Any], records: dict[Any, Any], bound: _Bound) -> None:
        self._partitions, self._records, self._bound = partitions, records, bound

    def get(self, partition: Any, default: Any) -> Any:
        found = self._partitions.get(partition)
        if found is None:
            return default
        if not isinstance(found, _SortedKeys):
            found = self._partitions[partition] = _SortedKeys(found)
        name, least = self._bound
        return found.since(least, lambda key: Decimal(self._records[key[0]][key[1]][name]["N"]))


class _SortedKeys(dict[Any, None]):
    """A partition's keys, in which MiniStack sets each whose record is written, also sorted by a number."""

    def __init__(self, keys: Iterable[Any]) -> None:
        super().__init__(dict.fromkeys(keys))
        self._written = list(self)
        self._sorted: list[tuple[Decimal, Any]] = []

    def __setitem__(self, key: Any, value: None) -> None:
        super().__setitem__(key, value)
        self._written.append(key)

    def since(self, least: Decimal, number_of: Callable[[Any], Decimal]) -> list[Any]:
        """Return the keys with at least this number, in order."""
        if self._written:
            taken, self._written = self._written, []
            written = set(taken)
            kept = [one for one in self._sorted if one[1] in self and one[1] not in written]
            new = [(number_of(key), key) for key in written if key in self]
            self._sorted = sorted(kept + new, key=itemgetter(0))
        begin = bisect_left(self._sorted, least, key=itemgetter(0))
        return [key for _, key in self._sorted[begin:] if key in self]


def parse_forms_once() -> None:
    """Parse a browser's upload once: for the gateway, and in MiniStack for the key and for the object.

    Each time a photo's megabytes are copied twice: 29 ms for 7.7 MB (measured), while other requests wait.
    """
    from ministack.services import s3

    parse = s3._parse_multipart_form  # noqa: SLF001
    parsed: ContextVar[tuple[bytes, list[Any], int] | None] = ContextVar("parsed", default=None)

    def _parse_multipart_form(content_type: str, body: bytes) -> list[Any]:
        known = parsed.get()
        if known is None or known[0] is not body:
            known = (body, parse(content_type, body), 0)
        asked = known[2] + 1
        parsed.set((*known[:2], asked) if asked < _ASKED else None)
        return known[1]

    s3._parse_multipart_form = _parse_multipart_form  # noqa: SLF001
