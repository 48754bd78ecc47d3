"""A catalog as Parquet files, and its questions in the SQL of Athena (Trino), which reads them in S3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imageproc.catalog.schema import TABLES
from imageproc.catalog.selection import Selection, flat_columns

if TYPE_CHECKING:
    from imageproc.catalog.database import Database

_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "bigint",
    "INTEGER": "int",
    "SMALLINT": "smallint",
    "BOOLEAN": "boolean",
    "DOUBLE": "double",
    "FLOAT": "float",
    "TIMESTAMP": "timestamp",
}
"""DuckDB's types as Athena's CREATE TABLE names them:
https://docs.aws.amazon.com/athena/latest/ug/data-types.html"""

_DIGITS = re.compile(r"lpad\(hex\((\w+)\), (\d+), '0'\)")
_SAMPLE = re.compile(r"md5\(('-?\d+ ' \|\| id)\)")


@dataclass(frozen=True)
class Exported:
    """A catalog in S3."""

    location: str
    """The S3 address that all its files begin with."""
    size: int
    """Bytes."""
    statements: tuple[str, ...]
    """What makes the tables in Athena: to be run once, in a database of your choice."""


def write_tables(database: Database, folder: Path) -> list[Path]:
    """Write each table as `<table>/<table>.parquet` into a folder, and return the files."""
    files = []
    orders = {"records": "photo", "tags": "tag, photo", "albums": "id"}
    for table in TABLES:
        path = folder / table / f"{table}.parquet"
        path.parent.mkdir(parents=True)
        target = str(path).replace("'", "''")
        rows = f"SELECT * FROM {table} ORDER BY {orders[table]}"
        database.rows(f"COPY ({rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        files.append(path)
    return files


def statements(location: str) -> tuple[str, ...]:
    """Return the CREATE TABLE statements of files below an S3 address."""
    return tuple(
        f"CREATE EXTERNAL TABLE {table} (\n  {_athena_columns(table)}\n)\n"
        f"STORED AS PARQUET LOCATION '{location}/{table}/'"
        for table in TABLES
    )


def athena_sql(database: Database, selection: Selection) -> str:
    """Return the query for a selection, as Athena takes it. Raises QueryError."""
    found = selection.sql(flat_columns(), database.names)
    found = _SAMPLE.sub(r"lower(to_hex(md5(to_utf8(\1))))", found)
    return _DIGITS.sub(r"substr(to_hex(to_big_endian_64(\1)), -\2)", found)


def _athena_columns(table: str) -> str:
    """Return columns and types; Hive's names stand in backquotes."""
    return ",\n  ".join(f"`{name}` {_athena_type(kind)}" for name, kind in TABLES[table].items())


def _athena_type(kind: str) -> str:
    return f"array<{_TYPES[kind[:-2]]}>" if kind.endswith("[]") else _TYPES[kind]
