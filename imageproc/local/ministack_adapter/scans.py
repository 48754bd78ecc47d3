"""Scans of a table that look at the records about a page, not at all records for each page."""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

_AT_FIRST = 1000
"""Records that are looked at for a page, for each segment: as a rule more than its megabyte holds."""
_MORE = 4
"""How many times as many are looked at when these did not fill the page."""


def scan_page_by_page() -> None:
    """Show MiniStack's scan of a table only the records that follow its starting key, some at a time.

    MiniStack sorts and hashes the whole table for each page: a scan of a hundred thousand records, with
    which a catalog begins, took minutes.
    """
    from ministack.core.responses import AccountRegionScopedDict
    from ministack.services import dynamodb

    scan, tables = dynamodb._scan, dynamodb._tables  # noqa: SLF001 - this package's purpose
    shown: ContextVar[dict[str, Any] | None] = ContextVar("shown", default=None)

    class Tables(AccountRegionScopedDict):  # type: ignore[misc]  # MiniStack has no types
        __slots__ = ()

        def get(self, key: Any, default: Any = None) -> Any:
            found, records = super().get(key, default), shown.get()
            return found if found is None or records is None else {**found, "items": records}

    def _scan(data: dict[str, Any]) -> Any:
        table = tables.get(dynamodb._normalize_table_name(data.get("TableName")))  # noqa: SLF001
        if table is None or data.get("IndexName"):
            return scan(data)
        keys, size = _following(table, data.get("ExclusiveStartKey")), _AT_FIRST * _segments(data)
        while size < len(keys):
            token = shown.set({key: table["items"][key] for key in keys[:size]})
            try:
                answer = scan(data)
            finally:
                shown.reset(token)
            if answer[0] != 200 or "LastEvaluatedKey" in json.loads(answer[2]):
                return answer
            size *= _MORE
        return scan(data)

    tables.__class__ = Tables
    dynamodb._scan = _scan  # noqa: SLF001


def _following(table: dict[str, Any], start: Any) -> list[Any]:
    """Return the partition keys from a starting key on, in order; all if it is none."""
    value = start.get(table["pk_name"]) if isinstance(start, dict) else None
    (first,) = value.values() if isinstance(value, dict) and len(value) == 1 else ("",)
    return sorted(key for key in table["items"] if not isinstance(first, str) or key >= first)


def _segments(data: dict[str, Any]) -> int:
    try:
        return max(1, int(data.get("TotalSegments") or 1))
    except (TypeError, ValueError):
        return 1  # MiniStack refuses it
