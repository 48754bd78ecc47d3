"""A catalog of a million photos: some are generated one by one, and each is varied to become others."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.generated_records import ORIGIN, records
from imageproc.catalog.database import filling, insert
from imageproc.catalog.filling import change_of, write_base
from imageproc.catalog.journal import Journal, JournalEntry
from imageproc.catalog.schema import OF_PHOTOS, RECORD_COLUMNS, columns_of
from imageproc.core.changes import shards
from imageproc.core.record import EMBEDDING_BYTES

COUNT = 1_000_000
SEEDS = 20_000
"""Photos that are generated one by one."""

_BATCH = 2_000
_YEAR_S = 365 * 86_400

_BITS = "(hash('{}' || id || '{{copy}}') - 2**63)::BIGINT"

# What no two photos have in common is made anew; what they share (cameras, labels, parents) stays.
_OWN = {
    "photo": "(photo + {copy} * {seeds})::INTEGER",
    "id": "album_id || '{copy}/' || substr(sha256(id || '{copy}'), 1, 12) || '-' || split_part(id, '-', 2)",
    "album_id": "album_id || '{copy}'",
    **{f"content_{part}": _BITS.format(part) for part in range(1, 5)},
    # Every tenth photo is there again in each copy.
    "hash_high": "CASE WHEN photo % 10 = 0 THEN hash_high ELSE " + _BITS.format("h") + " END",
    "hash_middle": "CASE WHEN photo % 10 = 0 THEN hash_middle ELSE " + _BITS.format("m") + " END",
    "hash_low": "CASE WHEN photo % 10 = 0 THEN hash_low ELSE hash(id || '{copy}') % 65536 END",
    "version_id": "substr(to_base64(unhex(sha256('v' || id || '{copy}'))), 1, 32)",
    "sequencer": "'00' || upper(substr(sha256('s' || id || '{copy}'), 1, 16))",
    "uploaded": "uploaded + to_seconds((random() * {year})::BIGINT)",
    "taken": "taken - to_seconds((random() * {year})::BIGINT)",
    "file_size": "file_size + (random() * 10000)::BIGINT",
    "latitude": "round(latitude + random() / 10, 7)",
    "longitude": "round(longitude + random() / 10, 7)",
    "altitude": "round(altitude + random() * 10, 1)",
    "change_time": "change_time + (random() * {year} * 1000)::BIGINT",
    "confidences": "list_transform(confidences, lambda x: (x - random() * 5)::FLOAT)",
    "boxes": "list_transform(boxes, lambda x: (x * (0.9 + random() / 10))::FLOAT)",
    "dms": "list_transform(dms, lambda x, i: CASE WHEN i % 3 = 0 THEN round(random() * 60, 2) ELSE x END)",
}


def make(folder: Path, count: int = COUNT, *, embeddings: bool = False) -> None:
    """Write the catalog of so many photos into a folder, as a first fill does."""
    folder.mkdir(parents=True)
    path = folder / "filling.duckdb"
    connection = filling(path)
    for table in OF_PHOTOS:
        connection.execute(f"CREATE TABLE {table} ({columns_of(table)})")
    batch: list[JournalEntry] = []
    for number, stored in enumerate(records(SEEDS), 1):
        batch.append(JournalEntry(number, *change_of(stored, ORIGIN)))
        if len(batch) == _BATCH:
            insert(connection.execute, "", batch)
            batch = []
    columns = [_OWN.get(name, f'"{name}"') for name in RECORD_COLUMNS]
    connection.execute("CREATE TABLE seeds AS FROM records")
    connection.execute("CREATE TABLE seed_tags AS FROM tags")
    for copy in range(1, count // SEEDS):
        chosen = ", ".join(columns).format(copy=copy, seeds=SEEDS, year=_YEAR_S)
        connection.execute(f"INSERT INTO records SELECT {chosen} FROM seeds")
        own = f"tag, photo + {copy * SEEDS}, (confidence - random() * 5)::FLOAT"
        connection.execute(f"INSERT INTO tags SELECT {own} FROM seed_tags")
    if embeddings:
        _embed(connection, count)
    base = write_base(connection, folder)
    connection.close()
    path.unlink()
    (folder / "caught-up").touch()
    now = time.time()
    with Journal(folder / "journal.sqlite").writing() as journal:
        journal.set_base(base.name, 0, count)
        positions = dict.fromkeys(shards(), int(now * 1000))
        journal.set_state(positions=positions, followed=now, filled=base.name, erased=0)


def _embed(connection: duckdb.DuckDBPyConnection, count: int) -> None:
    """Give each photo numbers of chance, of which seven in ten are 0, as a photo's are."""
    chance = np.random.default_rng(0)
    for start in range(1, count + 1, _BATCH):
        photos = list(range(start, min(start + _BATCH, count + 1)))
        numbers = np.clip(chance.normal(-21, 40, (len(photos), EMBEDDING_BYTES)), 0, 255).astype(np.uint8)
        rows = [photos, [one.tobytes() for one in numbers]]
        connection.execute("INSERT INTO vectors SELECT unnest(?::INTEGER[]), unnest(?::BLOB[])", rows)
