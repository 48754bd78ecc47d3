"""The first fill: the whole table, read once, side by side, and continued where it was interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from imageproc.catalog.database import attach, fill_base, filling, insert, new_base
from imageproc.catalog.journal import JournalEntry
from imageproc.catalog.rows import Origin, tags_of, to_row
from imageproc.catalog.schema import FORMAT, OF_PHOTOS, columns_of
from imageproc.core.attributes import EMBEDDING
from imageproc.core.changes import TOMBSTONE_DAYS
from imageproc.core.record_codec import decode

if TYPE_CHECKING:
    import duckdb

    from imageproc.catalog.feed import Feed, Page

SEGMENTS = 8
"""Of the scan: enough for the network to be busy, few enough for one client's connections."""

BATCH = 500
"""Records that are written at once, or a page's if it has more. One takes DuckDB as long as hundreds do."""

_FILE = "filling.duckdb"
_LONGEST_S = (TOMBSTONE_DAYS - 1) * 24 * 60 * 60
"""An interrupted fill that began earlier is not continued: it may hold what was erased without a trace."""


@dataclass(frozen=True)
class FillProgress:
    """How far a first fill is."""

    records: int
    """Read so far."""
    expected: int
    """By DynamoDB's count, which is up to six hours old."""
    read_units: float
    """What reading the whole table takes of DynamoDB: half a unit for 4 KB."""
    done: bool = False
    """Whether all are read."""

    def __str__(self) -> str:
        """Return it in words."""
        expected = max(self.expected, self.records)
        return f"Reading all records for the catalog, once: {self.records:,} of about {expected:,}"


@dataclass(frozen=True)
class Filled:
    """A base that was made."""

    base: Path
    last: int
    """The greatest row number in it."""
    began: float
    """When reading began, epoch seconds."""
    albums: tuple[str, ...]
    """The IDs of its albums."""


@contextmanager
def collecting(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield the file in which a fill collects the records, alone; it is removed unless the fill fails.

    Raises duckdb.IOException while another process has it.
    """
    path = folder / _FILE
    connection = filling(path)
    try:
        yield connection
        path.unlink()
    finally:
        connection.close()


def fill(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    feed: Feed,
    origin: Origin,
    notify: Callable[[FillProgress], object],
) -> Filled:
    """Read the whole table, or what an earlier fill has not, into another base."""
    began = _begun(connection, feed)
    last = _read(connection, feed, origin, notify)
    base = write_base(connection, folder)
    found = connection.execute("SELECT DISTINCT album_id FROM records WHERE album_id IS NOT NULL").fetchall()
    return Filled(base, last, began, tuple(row[0] for row in found))


def _read(
    connection: duckdb.DuckDBPyConnection,
    feed: Feed,
    origin: Origin,
    notify: Callable[[FillProgress], object],
) -> int:
    """Read what an earlier fill has not; return how many records there are."""
    table, done = feed.table(), _count(connection)
    notify(FillProgress(done, table.records, table.read_units))
    waiting: list[Page] = []
    try:
        for page in feed.scan(_starts(connection), SEGMENTS):
            waiting.append(page)
            done += len(page.records)
            notify(FillProgress(done, table.records, table.read_units))
            if sum(len(each.records) for each in waiting) >= BATCH:
                _add(connection, waiting, origin)
                waiting = []
    finally:  # also if it is interrupted: what was read is not read again
        _add(connection, waiting, origin)
    notify(FillProgress(done, done, table.read_units, done=True))
    return done


def write_base(connection: duckdb.DuckDBPyConnection, folder: Path) -> Path:
    """Write what was collected as a base into the folder."""
    base = new_base(folder)
    attach(connection, base, "made")
    fill_base(connection.cursor(), "made", "filling.")
    connection.execute("DETACH made")
    return base


def change_of(stored: Mapping[str, Any], origin: Origin) -> tuple[str, str, str, bytes | None]:
    """Return a record's ID, row, tags and embedding, as the journal holds them."""
    record = decode(stored)
    if record.embedding is not None:
        stored = {name: value for name, value in stored.items() if name != EMBEDDING}
    return record.id, _json(to_row(record, stored, origin)), _json(tags_of(record)), record.embedding


def _begun(connection: duckdb.DuckDBPyConnection, feed: Feed) -> float:
    """Make the tables unless an earlier fill has; return when it began, by AWS's clock."""
    now = feed.now()
    connection.begin()  # one transaction: each is written to the disk
    try:
        began = _begun_before(connection)
        if began is None or now - began >= _LONGEST_S:
            began = now
            for table in (*OF_PHOTOS, "segments", "begun"):
                connection.execute(f"DELETE FROM {table}")
            connection.execute("INSERT INTO segments SELECT unnest(range(?)), NULL, false", [SEGMENTS])
            connection.execute("INSERT INTO begun VALUES (?, ?)", [FORMAT, now])
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return began


def _begun_before(connection: duckdb.DuckDBPyConnection) -> float | None:
    for table in OF_PHOTOS:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns_of(table)})")
    connection.execute("CREATE TABLE IF NOT EXISTS segments (segment INTEGER, start VARCHAR, done BOOLEAN)")
    connection.execute("CREATE TABLE IF NOT EXISTS begun (format INTEGER, time DOUBLE)")
    known = connection.execute("SELECT time FROM begun WHERE format = ?", [FORMAT]).fetchone()
    return float(known[0]) if known else None


def _starts(connection: duckdb.DuckDBPyConnection) -> dict[int, dict[str, Any] | None]:
    left = connection.execute("SELECT segment, start FROM segments WHERE NOT done").fetchall()
    return {segment: json.loads(start) if start else None for segment, start in left}


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    found = connection.execute("SELECT coalesce(max(photo), 0) FROM records").fetchone()
    return int(found[0]) if found else 0


def _add(connection: duckdb.DuckDBPyConnection, pages: list[Page], origin: Origin) -> None:
    """Keep pages and where their segments go on: all or nothing."""
    records = (change_of(one, origin) for page in pages for one in page.records)
    changes = [JournalEntry(number, *one) for number, one in enumerate(records, _count(connection) + 1)]
    connection.begin()
    try:
        if changes:
            insert(connection.execute, "", changes)
        ends = {page.segment: json.dumps(page.next_key) if page.next_key else None for page in pages}
        rows = [[start, start is None, segment] for segment, start in ends.items()]
        if rows:
            connection.executemany("UPDATE segments SET start = ?, done = ? WHERE segment = ?", rows)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()
