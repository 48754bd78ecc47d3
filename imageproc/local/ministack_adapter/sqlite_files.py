"""SQLite files of the local AWS's state: what was committed outlasts a kill, and what was deleted is gone."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def connected(path: Path, schema: str) -> sqlite3.Connection:
    """Open a file, which is made when it is needed, for any thread; who uses it sees to one at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = sqlite3.connect(path, check_same_thread=False)
    # A killed process loses nothing that was committed; a power failure may take the last saves.
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = NORMAL")
    file.execute("PRAGMA secure_delete = ON")  # what was deleted is overwritten
    file.executescript(schema)
    return file


def leave_nothing_deleted(file: sqlite3.Connection) -> None:
    """Empty the log of writes, which has what was deleted, too."""
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
