"""The files for Athena hold the catalog, and its SQL gives over them what the catalog gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import sqlglot

from imageproc.catalog import answers
from imageproc.catalog.arguments import condition_of
from imageproc.catalog.catalog import Catalog
from imageproc.catalog.export import athena_sql, statements, write_tables
from imageproc.catalog.feed import Feed
from imageproc.catalog.schema import TABLES
from imageproc.catalog.selection import Listed, Order, Selection
from tests.catalog.conftest import ORIGIN, Clock
from tests.catalog.fake_dynamodb import FakeDynamoDB
from tests.catalog.test_rows import OWN

HASHES = ("dct144:" + "0" * 36, "dct144:" + "f" * 36, "dct144:00ff" + "08" * 16)
CONTENTS = ("sha256:" + "0" * 64, "sha256:" + "9f" * 32)
ASKED: list[dict[str, Any]] = [
    {},
    {"tag": "animal", "min_confidence": 90},
    {"camera": "canon*", "taken": ("2014-05", "2014-09")},
    {"near": (52.5, 13.4, "50 km")},
    {"within": (52, 170, 53, 14)},
    {"text": "it's Summer"},
    {"name": "p*1?.jpg", "user": "ann", "status": ["failed", "succeeded"]},
    {"missing": "tags", "has_place": False, "has_date": True},
    {"megapixels": (1, None), "album": "Summer", "id_or_name": "photo4.jpg"},
]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """A catalog that all tests here ask, and none changes."""
    dynamodb = FakeDynamoDB(clock=(clock := Clock()))
    dynamodb.album_items["a1"] = {"albumID": "a1", "name": "Summer", "userID": "ann"}
    for number in range(40):
        more: dict[str, Any] = (
            {} if number % 3 else {"geo": None, "exifModel": None, "labels": [], "tags": []}
        )
        stored = OWN | more | {"status": "FAILED" if number % 2 else "SUCCEEDED"}
        stored["exifImageDescription"] = "It's me" if number % 4 else "Nobody"
        if number % 5:
            stored["perceptualHash"] = HASHES[number % len(HASHES)]
            stored["contentHash"] = CONTENTS[number % len(CONTENTS)]
        stored = {name: value for name, value in stored.items() if value is not None and name != "imageID"}
        dynamodb.put(f"a1/photo{number}.jpg", **stored)
    feed = Feed(dynamodb, "images", "albums")
    opened = Catalog(tmp_path_factory.mktemp("catalog"), feed, ORIGIN, clock=clock)
    yield opened
    opened.remove()


@pytest.fixture(scope="module")
def athena(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """DuckDB, over the files, with tables of the names that Athena's have."""
    catalog.database(0)
    with catalog.unlocked() as (database, _):
        files = write_tables(database, tmp_path_factory.mktemp("files") / "export")
    connection = duckdb.connect()
    connection.execute("CREATE MACRO to_big_endian_64(x) AS unhex(lpad(hex(x), 16, '0'))")  # Athena has it
    for path in files:
        connection.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet('{path}')")
    return connection


def run(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    """Run Athena's SQL: sqlglot reads it as Trino's, and writes it as DuckDB's."""
    (translated,) = sqlglot.transpile(sql, read="trino", write="duckdb")
    return connection.execute(translated).fetchall()


@pytest.mark.parametrize("given", ASKED, ids=str)
def test_athenas_sql_gives_what_the_catalog_gives(
    catalog: Catalog, athena: duckdb.DuckDBPyConnection, given: dict[str, Any]
) -> None:
    database = catalog.database()
    whole = Selection().where(condition_of(given))
    for selection in (
        whole,
        whole.inverted(),
        whole.sorted_by((Order("camera"), Order("taken", descending=True))).part(2, 5),
        whole.sorted_by((Listed(tuple(answers.ids(database, whole))[::-2]),)),
        whole.sample(7, 3).where(condition_of({"status": "FAILED"})),
    ):
        found = run(athena, athena_sql(database, selection))
        assert [row[0] for row in found] == answers.ids(database, selection)


def test_the_columns_are_those_of_the_frame(catalog: Catalog, athena: duckdb.DuckDBPyConnection) -> None:
    database = catalog.database()
    (translated,) = sqlglot.transpile(athena_sql(database, Selection()), read="trino", write="duckdb")
    found = athena.execute(translated).df()
    frame = answers.frame(database, Selection())
    assert [*found.columns] == [name for name in frame.columns if name not in ("taken_utc", "tags")]
    assert set(HASHES) < set(found["perceptual_hash"])
    assert list(found["perceptual_hash"].fillna("")) == list(frame["perceptual_hash"].fillna(""))
    assert set(CONTENTS) < set(found["content_hash"])
    assert list(found["content_hash"].fillna("")) == list(frame["content_hash"].fillna(""))
    assert list(found["camera"].fillna("")) == list(frame["camera"].astype("str").fillna(""))


def test_the_tables_are_those_of_the_files(athena: duckdb.DuckDBPyConnection) -> None:
    made = statements("s3://bucket/folder")
    assert len(made) == len(TABLES)
    for statement in made:
        parsed = sqlglot.parse_one(statement, read="athena")
        table = parsed.this.this.name
        columns = [column.name for column in parsed.this.expressions]
        described = athena.execute(f"DESCRIBE {table}").fetchall()
        assert columns == [row[0] for row in described]
        assert f"LOCATION 's3://bucket/folder/{table}/'" in statement
