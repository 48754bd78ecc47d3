"""A base and the journal's changes as one database (DuckDB, in memory over the base's file)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from imageproc.catalog.names import TagNames
from imageproc.catalog.schema import OF_PHOTOS, TABLES, columns_of, json_structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imageproc.catalog.journal import JournalEntry

MEMORY = "256MB"
"""What DuckDB may take. What does not fit (sorting a million rows, say) goes to the catalog's folder."""

T = TypeVar("T")

_TAGS = '{"photo":"INTEGER","tags":"MAP(VARCHAR,DOUBLE)"}'
_STORAGE = "STORAGE_VERSION 'v1.4.0'"


class Database:
    """What one process sees of a catalog. Queries may come from several threads at once."""

    def __init__(self, base: Path, *, locked: bool = True) -> None:
        """Attach a base; if `locked`, no query can reach other files. Raises duckdb.Error if it is broken."""
        self.base = base
        self.seq = 0
        """The number of the last change that is in it."""
        self.albums: Mapping[str, tuple[str, str]] = {}
        """Names and users, by ID."""
        self._lock = Lock()
        self._kept: dict[str, tuple[int, Any]] = {}
        self._connection = _connect(base.parent)
        self._connection.execute(f"ATTACH {_quoted(str(base))} AS base (READ_ONLY)")
        for table in TABLES | OF_PHOTOS:
            self._connection.execute(f"CREATE TABLE new_{table} ({columns_of(table)})")
        self._connection.execute("CREATE TABLE replaced (photo INTEGER)")
        self._define_views(replaced=False)
        self.names = TagNames(self._texts)
        """The tags that occur; perhaps also some that have just gone."""
        self.names.add(row[0] for row in self.rows("SELECT tag FROM base.names"))
        if locked:
            self._connection.execute("SET enable_external_access = false")
            self._connection.execute("SET lock_configuration = true")

    def apply(self, changes: Sequence[JournalEntry], seq: int) -> None:
        """Bring it up to the change with the number `seq`."""
        with self._lock, self.transaction() as run:
            if changes:
                ids = [change.id for change in changes]
                marked = run("SELECT count(*) FROM replaced").fetchone()
                run(
                    "INSERT INTO replaced SELECT photo FROM base.records WHERE id IN (SELECT unnest(?))",
                    [ids],
                )
                old = "SELECT photo FROM new_records WHERE id IN (SELECT unnest(?))"
                for table in ("tags", "vectors"):
                    run(f"DELETE FROM new_{table} WHERE photo IN ({old})", [ids])
                run("DELETE FROM new_records WHERE id IN (SELECT unnest(?))", [ids])
                insert(run, "new_", changes)
                if marked == (0,):
                    self._define_views(replaced=True)
            self.seq = seq
        self.names.add(row[0] for row in self.rows("SELECT DISTINCT tag FROM new_tags"))

    def set_albums(self, albums: Mapping[str, tuple[str, str]]) -> None:
        """Replace the albums' names."""
        self.albums = albums
        rows = [[album, *known] for album, known in albums.items()]
        with self._lock, self.transaction() as run:
            run("DELETE FROM new_albums")
            if rows:
                run("INSERT INTO new_albums SELECT r[1], r[2], r[3] FROM (SELECT unnest(?) r)", [rows])

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query. Raises duckdb.Error."""
        with self.cursor() as cursor:
            return cursor.execute(sql, parameters).fetchall()

    def _texts(self, column: str) -> list[str]:
        found = self.rows(f"SELECT DISTINCT {column} FROM records WHERE {column} IS NOT NULL")
        return [row[0] for row in found]

    def kept(self, name: str, read: Callable[[Database], T]) -> T:
        """Return what `read` gave under a name, read again when something has changed since."""
        with self._lock:
            seq, value = self._kept.get(name, (-1, None))
            if seq != self.seq:
                seq, value = self.seq, read(self)
                self._kept[name] = (seq, value)
        found: T = value
        return found

    @staticmethod
    def mappings(found: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
        """Return all rows of a query that was executed, by column."""
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a cursor of the caller's own."""
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Yield what executes statements, in one transaction."""
        with self.cursor() as cursor:
            cursor.begin()
            try:
                yield cursor.execute
                cursor.commit()
            except BaseException:
                cursor.rollback()
                raise

    def write_base(self) -> tuple[Path, int]:
        """Write what it holds as another base; return its file and the greatest number in it."""
        made = new_base(self.base.parent)
        with self._lock, self.cursor() as cursor:
            attach(cursor, made, "made")
            try:
                fill_base(cursor, "made", "")
            finally:
                cursor.execute("DETACH made")
            last = cursor.execute("SELECT count(*) FROM records").fetchone()
        return made, (last and last[0]) or 0

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _define_views(self, *, replaced: bool) -> None:
        left = "ANTI JOIN replaced USING (photo)" if replaced else ""
        for table in OF_PHOTOS:
            self._connection.execute(
                f"CREATE OR REPLACE VIEW {table} AS SELECT * FROM base.{table} {left} "
                f"UNION ALL SELECT * FROM new_{table}"
            )
        self._connection.execute("CREATE OR REPLACE VIEW albums AS SELECT * FROM new_albums")


def insert(run: Any, prefix: str, changes: Iterable[JournalEntry]) -> None:
    """Insert what changes hold into the tables whose names begin with `prefix`."""
    there = [change for change in changes if change.record is not None]
    # A JSON text for each row: one for all of them takes DuckDB six times as long.
    records = [f'{{"photo":{one.seq},{(one.record or "")[1:]}' for one in there]
    rows = f"SELECT unnest(from_json(j, {_quoted(json_structure('records'))}))"
    run(f"INSERT INTO {prefix}records {rows} FROM (SELECT unnest(?::VARCHAR[]) AS j)", [records])
    tags = [f'{{"photo":{one.seq},"tags":{one.tags}}}' for one in there if one.tags]
    rows = f"SELECT from_json(j, {_quoted(_TAGS)}) AS r FROM (SELECT unnest(?::VARCHAR[]) AS j)"
    entries = f"SELECT r.photo, unnest(map_entries(r.tags)) AS e FROM ({rows})"
    run(f"INSERT INTO {prefix}tags SELECT e.key, photo, e.value FROM ({entries})", [tags])
    vectors = [(one.seq, one.embedding) for one in there if one.embedding]
    if vectors:
        rows = "SELECT unnest(?::INTEGER[]), unnest(?::BLOB[])"
        run(f"INSERT INTO {prefix}vectors {rows}", [list(column) for column in zip(*vectors, strict=True)])


def fill_base(cursor: duckdb.DuckDBPyConnection, database: str, source: str) -> None:
    """Write the tables of a base into an attached database, from tables whose names begin with `source`.

    Photos are numbered by their upload: those of a page of the newest then lie side by side, and are read in
    a sixth of the time.
    """
    cursor.execute(
        "CREATE TEMP TABLE places AS SELECT photo AS old, "
        "CAST(row_number() OVER (ORDER BY uploaded NULLS FIRST, photo) AS INTEGER) AS photo "
        f"FROM {source}records"
    )
    for table, order in (("records", "photo"), ("tags", "tag, photo"), ("vectors", "photo")):
        columns = ", ".join("p.photo" if name == "photo" else f't."{name}"' for name in OF_PHOTOS[table])
        cursor.execute(
            f"CREATE TABLE {database}.{table} AS SELECT {columns} FROM {source}{table} t "
            f"JOIN places p ON t.photo = p.old ORDER BY {order}"
        )
    cursor.execute(f"CREATE TABLE {database}.names AS SELECT DISTINCT tag FROM {source}tags")
    cursor.execute("DROP TABLE places")


def new_base(folder: Path) -> Path:
    """Return the name of a base that does not exist yet."""
    return folder / f"base-{secrets.token_hex(6)}.duckdb"


def filling(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the file that a first fill is collected in. Raises duckdb.IOException if another process does."""
    connection = _connect(path.parent)
    attach(connection, path, "filling")
    connection.execute("USE filling")
    return connection


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Attach a file to be written, which only its owner may read."""
    connection.execute(f"ATTACH {_quoted(str(path))} AS {name} ({_STORAGE})")
    path.chmod(0o600)


def _connect(folder: Path) -> duckdb.DuckDBPyConnection:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(folder / "tmp"),
        "autoinstall_known_extensions": False,
    }
    return duckdb.connect(":memory:", config=settings)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
