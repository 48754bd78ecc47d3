"""What SQLite and DuckDB raise of files that are not what was written."""

from __future__ import annotations

import sqlite3

import duckdb

_OF_DUCKDB = (
    *(duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException),
    *(duckdb.CatalogException, duckdb.BinderException),
)


def says_damaged(error: Exception) -> bool:
    """Return whether an error says that a file is damaged, rather than busy, or that a question is wrong."""
    if isinstance(error, sqlite3.DatabaseError):
        return not isinstance(error, sqlite3.OperationalError)
    # Of a wrong checksum DuckDB raises its plain Error.
    return isinstance(error, _OF_DUCKDB) or type(error) is duckdb.Error
