"""The journal: what changed since the base was written, and how far the table has been read.

A catalog's folder holds one journal (SQLite) and one base (`base-….duckdb`, never changed once it is there).
Any number of processes read both at once. Whoever reads changes from the table adds them here, one at a time;
whoever writes another base names it here and removes what it contains, in one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition
from typing import Any

from imageproc.catalog.schema import FORMAT

WAIT_S = 60.0
"""How long another process may take for its changes: it holds the journal while it reads a page of them."""

_SCHEMA = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, record TEXT, tags TEXT,
    embedding BLOB);
CREATE INDEX IF NOT EXISTS changes_id ON changes (id);
CREATE TABLE IF NOT EXISTS albums (id TEXT PRIMARY KEY, name TEXT NOT NULL, user TEXT);
"""


@dataclass(frozen=True)
class JournalEntry:
    """A record as it is now (JSON), or None if it is gone."""

    seq: int
    """Greater than that of each earlier change; the row's number in the catalog."""
    id: str
    record: str | None
    tags: str | None
    embedding: bytes | None = None


@dataclass(frozen=True)
class JournalState:
    """How far the table was read."""

    base: str = ""
    """The base's file; empty before the first fill."""
    filled: str = ""
    """The base that the last fill made."""
    positions: Mapping[str, int] = field(default_factory=dict)
    """By shard, the time of the last change that was seen, in epoch milliseconds."""
    followed: float = 0.0
    """When the changes were read last, to the hour, in epoch seconds."""
    erased: float = 0.0
    """When something was erased that is still in the base; 0 if nothing is."""


class Journal:
    """A catalog's journal."""

    def __init__(self, path: Path) -> None:
        """Use the journal in this file, which is made when it is needed."""
        self._path = path
        self._open = 0
        """How many connections this process's threads have."""
        self._changed = Condition()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Keep this process's threads from opening it, once none has it open.

        A file that is removed while it is written leaves a rollback journal, and SQLite would roll back the
        next file by it.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._open)
            yield

    @contextmanager
    def reading(self) -> Iterator[Journaled]:
        """Read as of one moment. Raises sqlite3.DatabaseError if the file is broken."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            yield Journaled(connection)

    @contextmanager
    def writing(self) -> Iterator[Journaled]:
        """Read and write, alone, all or nothing. Raises sqlite3.DatabaseError."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield Journaled(connection)
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._counted(), self._connected() as connection:
            yield connection

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._changed:
            self._open += 1
        try:
            yield
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            self._path.chmod(0o600)
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            if connection.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
                raise sqlite3.DatabaseError("the journal has another format")
            yield connection
        finally:
            connection.close()


class Journaled:
    """The journal within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Work within this connection's transaction."""
        self._connection = connection

    def state(self) -> JournalState:
        """Return how far the table was read."""
        found = dict(self._connection.execute("SELECT name, value FROM state"))
        return JournalState(**{name: json.loads(value) for name, value in found.items()})

    def set_state(self, **values: Any) -> None:
        """Change what `JournalState` has."""
        rows = [(name, json.dumps(value)) for name, value in values.items()]
        self._connection.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", rows)

    def last(self) -> int:
        """Return the number of the last change, 0 if there was none."""
        found = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
        return int(found[0]) if found else 0

    def count(self) -> int:
        """Return how many changes the base lacks."""
        return int(self._connection.execute("SELECT count(*) FROM changes").fetchone()[0])

    def changes(self, after: int = 0) -> list[JournalEntry]:
        """Return the changes with a greater number than this."""
        found = self._connection.execute("SELECT * FROM changes WHERE seq > ? ORDER BY seq", (after,))
        return [JournalEntry(*row) for row in found]

    def add(self, changes: Sequence[tuple[str, str | None, str | None, bytes | None]]) -> None:
        """Add changes: ID, record, tags and embedding. What there was of the same photos is removed."""
        self._connection.executemany("DELETE FROM changes WHERE id = ?", [(change[0],) for change in changes])
        self._connection.executemany(
            "INSERT INTO changes (id, record, tags, embedding) VALUES (?, ?, ?, ?)", changes
        )

    def albums(self) -> dict[str, tuple[str, str]]:
        """Return the known albums' names and users, by ID."""
        return {row[0]: (row[1], row[2]) for row in self._connection.execute("SELECT * FROM albums")}

    def add_albums(self, albums: Mapping[str, tuple[str, str]]) -> None:
        """Remember the names and users of albums."""
        rows = [(album, *known) for album, known in albums.items()]
        self._connection.executemany("INSERT OR REPLACE INTO albums VALUES (?, ?, ?)", rows)

    def forget_albums(self, albums: Sequence[str]) -> None:
        """Forget these albums."""
        self._connection.executemany("DELETE FROM albums WHERE id = ?", [(album,) for album in albums])

    def set_base(self, base: str, contains: int, last: int) -> None:
        """Name another base, which contains the changes up to one and has numbers up to `last`."""
        self._connection.execute("DELETE FROM changes WHERE seq <= ?", (contains,))
        if last > self.last():
            self._connection.execute("DELETE FROM sqlite_sequence WHERE name = 'changes'")
            self._connection.execute("INSERT INTO sqlite_sequence VALUES ('changes', ?)", (last,))
        self.set_state(base=base)
