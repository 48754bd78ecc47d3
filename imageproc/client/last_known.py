"""What the catalogs' files say without asking AWS, as of the last question: for the shells' completion.

Nothing is written, and of the client nothing is imported: this has a third of a second.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from imageproc.catalog.fields import DERIVED, FIELDS
from imageproc.catalog.schema import FORMAT
from imageproc.client.defaults import AWS
from imageproc.core.record import without_digest
from imageproc.folders import cache_folder, state_folder

_MOST = 100
_WAIT_S = 0.2


def field_names() -> list[str]:
    """Return the names of the fields that photos are sorted and counted by."""
    return sorted(FIELDS | DERIVED)


@dataclass(frozen=True)
class LastKnown:
    """The catalog of a stack that was asked last. Raises sqlite3.Error, duckdb.Error, OSError."""

    folder: Path

    @classmethod
    def of(cls, target: str, stack: str, region: str | None) -> LastKnown | None:
        """Return the catalog of a stack on a target, None if there is none."""
        kind = f"catalog/*-{region or '*'}" if target == AWS else "catalog"
        parent = cache_folder() if target == AWS else state_folder()
        journals = parent.glob(f"{kind}/{stack}-{'[0-9a-f]' * 16}/journal.sqlite")
        found = max(journals, key=lambda path: path.stat().st_mtime, default=None)
        return cls(found.parent) if found else None

    def albums(self) -> set[str]:
        """Return the names of the albums that have photos."""
        return {row[0] for row in self._changed("SELECT name FROM albums")}

    def users(self) -> set[str]:
        """Return the users who have albums."""
        return {row[0] for row in self._changed("SELECT user FROM albums WHERE user > ''")}

    def labels(self) -> set[str]:
        """Return the labels and their parents."""
        new = self._changed("SELECT DISTINCT key FROM changes, json_each(changes.tags)")
        return {row[0] for row in [*new, *self._in_base("SELECT tag FROM names")]}

    def values(self, field: str) -> set[str]:
        """Return a text field's values."""
        new = self._changed(f"SELECT DISTINCT json_extract(record, '$.{field}') FROM changes")
        old = self._in_base(f"SELECT DISTINCT {field} FROM records")
        return {row[0] for row in [*new, *old] if row[0]}

    def photos(self, start: str) -> set[str]:
        """Return names of photos that begin like this, or IDs: some of the newest."""
        like = f"%{start}%"
        changed = "SELECT id, record IS NULL FROM changes WHERE id LIKE ? ORDER BY seq DESC LIMIT 1000"
        new = dict(self._changed(changed, like))
        old = self._in_base(
            f"SELECT id FROM records WHERE id ILIKE ? ORDER BY uploaded DESC NULLS LAST LIMIT {_MOST}", like
        )
        ids = [*(one for one, gone in new.items() if not gone), *(one for (one,) in old if one not in new)]
        names = [without_digest(one.rpartition("/")[2]) for one in ids]
        return {one for one in [*names, *(ids if start else ())] if one.startswith(start)}

    def _changed(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self._journal() as journal:
            return journal.execute(sql, parameters).fetchall()

    def _in_base(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self._journal() as journal:
            base = journal.execute(
                "SELECT json_extract(value, '$') FROM state WHERE name = 'base'"
            ).fetchone()
        if base is None:
            return []
        with _duckdb().connect(self.folder / base[0], read_only=True) as connection:
            return list(connection.execute(sql, parameters).fetchall())

    @contextmanager
    def _journal(self) -> Iterator[sqlite3.Connection]:
        path = (self.folder / "journal.sqlite").absolute().as_uri()
        with closing(sqlite3.connect(f"{path}?mode=ro", uri=True, timeout=_WAIT_S)) as journal:
            if journal.execute("PRAGMA user_version").fetchone() != (FORMAT,):
                raise sqlite3.DatabaseError("the journal has another format")
            yield journal


def _duckdb() -> Any:
    """Return DuckDB without the Python around it, whose import alone takes a third of a second."""
    try:
        return import_module("_duckdb")
    except ImportError:  # an older version's extension has another name
        return import_module("duckdb")
