"""What a selection is asked: how many, which, what they have in common; as rows, frames and files.

DuckDB is imported when something is asked: the command line need not wait for it otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imageproc.catalog.conditions import NAME, one_of, text
from imageproc.catalog.fields import FIELDS
from imageproc.catalog.new_files import new_path
from imageproc.catalog.rows import Row
from imageproc.catalog.schema import DERIVED_COLUMNS, RECORD_COLUMNS
from imageproc.catalog.selection import Selection, flat_columns
from imageproc.errors import QueryError, ResourcesMissingError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from imageproc.catalog.database import Database

_PAGE = 1000
"""Photos that are read at a time while a selection is iterated."""

_QUICK = 50_000
"""Photos among which any are counted at once, also by words, which takes longest."""

CATEGORIES = (
    *("status", "user", "album", "album_id", "format", "camera", "make", "model", "lens", "software"),
    *("error_step", "error_name"),
)
"""Fields with few values, which a frame has as categories."""

LABELS = """
SELECT id, labels[i] AS label, coalesce(confidences[i], confidences_64[i]) AS confidence,
  nullif(string_split(coalesce(parents[i], ''), chr(10)), ['']) AS parents,
  numbers[start + 5 * box + 1] AS "left", numbers[start + 5 * box + 2] AS top,
  numbers[start + 5 * box + 3] AS width, numbers[start + 5 * box + 4] AS height,
  numbers[start + 5 * box + 5] AS box_confidence,
  nullif(labelled_by[i], '') AS "by"
FROM (
  SELECT *, CAST(5 * coalesce(list_sum(box_counts[1:i - 1]), 0) AS BIGINT) AS start,
    unnest(range(greatest(coalesce(box_counts[i], 0), 1))) AS box
  FROM (
    SELECT id, labels, confidences, confidences_64, parents, box_counts, labelled_by,
      coalesce(CAST(boxes AS DOUBLE[]), boxes_64) AS numbers, unnest(range(1, len(labels) + 1)) AS i
    FROM records WHERE {condition}
  )
)
"""
"""A row for each box of a label, and one for a label without boxes."""


def count(database: Database, selection: Selection) -> int:
    """Return how many photos there are."""
    return int(database.rows(selection.counting(database.names))[0][0])


def quick_count(database: Database, selection: Selection) -> int | None:
    """Return how many photos there are; None if they are too many to be counted at once, or cannot be."""
    import duckdb

    try:
        (records,) = database.rows("SELECT count(*) FROM base.records")[0]
        return count(database, selection) if records <= _QUICK else None
    except (duckdb.Error, QueryError):
        return None


def facets(database: Database, selection: Selection, field: str) -> dict[Any, int]:
    """Return a field's values, each with its number of photos, the most frequent first."""
    return {value: int(photos) for value, photos in database.rows(selection.facets(field, database.names))}


def tags(database: Database, selection: Selection) -> dict[str, int]:
    """Return the tags, each with its number of photos, the most frequent first."""
    return {tag: int(photos) for tag, photos in database.rows(selection.tags(database.names))}


def ids(database: Database, selection: Selection) -> list[str]:
    """Return the photos' IDs, in order."""
    return [row[0] for row in database.rows(selection.sql("id", database.names))]


def close_names(database: Database, name: str) -> list[str]:
    """Return at most three names of photos that differ from this one in few letters, the nearest first.

    Names that end with it, or have only a file's ending more, such as `.jpg`, come before these.
    """
    most = max(1, len(name) // 4)
    folded = name.casefold()
    whole = f"(starts_with(lower(name), {text(folded + '.')}) OR ends_with(lower(name), {text(folded)}))"
    differing = f"damerau_levenshtein(lower(name), {text(folded)})"
    found = database.rows(
        f"SELECT name FROM (SELECT DISTINCT {NAME} AS name FROM records) "
        f"WHERE {whole} OR (abs(length(name) - {len(name)}) <= {most} AND {differing} <= {most}) "
        f"ORDER BY NOT {whole}, {differing}, name LIMIT 3"
    )
    return [row[0] for row in found]


def rows(database: Database, selection: Selection) -> Iterator[Row]:
    """Yield the photos' rows, in order, as of one moment."""
    with database.transaction() as run:
        numbers = [row[0] for row in run(selection.sql("photo", database.names)).fetchall()]
        for start in range(0, len(numbers), _PAGE):
            page = numbers[start : start + _PAGE]
            found = {row["photo"]: row for row in database.mappings(run(_of_photos(page)))}
            yield from (found[number] for number in page)


def frame(database: Database, selection: Selection, hidden: Iterable[str] = ()) -> pd.DataFrame:
    """Return a row for each photo, in order. Raises ResourcesMissingError without pandas."""
    pandas = pandas_module()
    with database.cursor() as cursor:
        found = cursor.execute(selection.sql(_with_tags(hidden), database.names)).df()
    for name in CATEGORIES:
        found[name] = found[name].astype("category")
    minutes = found["taken_offset"].astype("Int64").astype("Float64")
    found["taken_offset"] = pandas.to_timedelta(minutes, unit="min")
    utc = (found["taken"] - found["taken_offset"]).dt.tz_localize("UTC")
    found.insert(list(found.columns).index("taken_offset") + 1, "taken_utc", utc)
    found["uploaded"] = found["uploaded"].dt.tz_localize("UTC")
    return _typed(found)


def labels_frame(database: Database, selection: Selection, hidden: Iterable[str] = ()) -> pd.DataFrame:
    """Return a row for each box of each label, and one for a label without boxes."""
    pandas_module()
    condition = selection.as_condition().sql(database.names)
    with database.cursor() as cursor:
        found = cursor.execute(_labels(condition, hidden)).df()
    found["label"] = found["label"].astype("category")
    return found


def ask(database: Database, selection: Selection, sql: str, hidden: Iterable[str] = ()) -> pd.DataFrame:
    """Return what a person's own SELECT gives; `photos` and `labels` are the selection.

    Raises QueryError if it is not one SELECT, or is refused.
    """
    import duckdb

    pandas_module()
    statement = _one_select(sql)
    condition = selection.as_condition().sql(database.names)
    photos = f"SELECT {_with_tags(hidden)} FROM records WHERE {condition}"
    with database.cursor() as cursor:
        try:
            cursor.execute(f"CREATE TEMP VIEW photos AS {photos}")
            cursor.execute(f"CREATE TEMP VIEW labels AS {_labels(condition, hidden)}")
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            return cursor.execute(statement).df()
        except duckdb.Error as error:
            tables = f"The tables are photos ({', '.join(FIELDS)}, tags) and labels."
            # Of DuckDB's own tables it would name one that looks like the text, pg_settings say.
            cause = re.sub(r'\s*Did you mean "(?!photos|labels)[^"]*"\?', "", str(error))
            raise QueryError(f"The query was refused: {cause}.", tables) from error


def _one_select(sql: str) -> duckdb.Statement:
    import duckdb

    if not isinstance(sql, str):
        raise QueryError(f"A query is a text, not {sql!r}.", "SELECT * FROM photos gives all there is.")
    try:
        found = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(f"The query cannot be read: {error}.") from error
    if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
        raise QueryError("That is not one SELECT statement.", "The catalog can only be read.")
    return found[0]


def write_parquet(database: Database, selection: Selection, path: Path, hidden: Iterable[str] = ()) -> None:
    """Write a row for each photo, in order. Raises DownloadError."""
    rows = selection.sql(_with_tags(hidden), database.names)
    _copy(database, rows, path, "FORMAT parquet, COMPRESSION zstd")


def write_csv(database: Database, selection: Selection, path: Path, hidden: Iterable[str] = ()) -> None:
    """Write a row for each photo, in order; no cell begins like a formula. Raises DownloadError."""
    inner = selection.sql(
        f"{flat_columns()}, array_to_string({_shown(hidden)}, '; ') AS tags", database.names
    )
    texts = database.rows(f"SELECT column_name FROM (DESCRIBE {inner}) WHERE column_type = 'VARCHAR'")
    safe = ", ".join(f'{_safe(name)} AS "{name}"' for (name,) in texts)
    _copy(database, f"SELECT * REPLACE ({safe}) FROM ({inner})", path, "FORMAT csv, HEADER")


def _safe(name: str) -> str:
    """Return a text so that no spreadsheet takes it for a formula: with an apostrophe before it.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return (
        f"CASE WHEN regexp_matches(\"{name}\", '^[=+\\-@\\t\\r]') THEN '''' || \"{name}\" ELSE \"{name}\" END"
    )


def _copy(database: Database, sql: str, path: Path, form: str) -> None:
    """Write a query's rows beside the file, and put it there when it is whole."""
    import duckdb

    with new_path(path) as temporary, database.cursor() as cursor:
        try:
            cursor.execute(f"COPY ({sql}) TO {text(str(temporary))} ({form})")
        except duckdb.IOException as error:
            raise OSError(str(error)) from error


def _of_photos(numbers: list[int]) -> str:
    """Return the query for whole rows: by their place in the base, so that only they are decompressed."""
    some = f"photo IN ({', '.join(map(str, numbers))})"
    columns = ", ".join(f'"{name}"' for name in RECORD_COLUMNS if name not in DERIVED_COLUMNS)
    return (
        f"SELECT {columns} FROM base.records WHERE rowid IN (SELECT rowid FROM base.records WHERE {some}) "
        f"UNION ALL SELECT {columns} FROM new_records WHERE {some}"
    )


def _with_tags(hidden: Iterable[str]) -> str:
    return f"{flat_columns()}, {_shown(hidden)} AS tags"


def _shown(hidden: Iterable[str]) -> str:
    """Return the column of labels without some."""
    names = sorted(hidden)
    return f"[name FOR name IN labels IF NOT {one_of('name', names)}]" if names else "labels"


def _labels(condition: str, hidden: Iterable[str]) -> str:
    """Return the query for labels and their boxes, without some."""
    names, rows = sorted(hidden), LABELS.format(condition=condition)
    return f"SELECT * FROM ({rows}) WHERE NOT {one_of('label', names)}" if names else rows


def pandas_module() -> Any:
    """Return pandas. Raises ResourcesMissingError if it is not installed."""
    try:
        import pandas
    except ImportError as error:
        raise ResourcesMissingError(
            "Data frames need pandas, which is not installed.",
            "Install it with: pip install 'imageproc[workbench]'",
        ) from error
    return pandas


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return whole numbers and texts as such also where some or all photos lack them."""
    whole = ("file_size", "width", "height", "orientation", "sensitivity", "focal_length_in_35mm")
    coded = ("exposure_program", "metering_mode", "white_balance", "flash")
    texts = ("id", "name", "description", "artist", "copyright", "error_cause", "missing")
    hashes = ("content_hash", "perceptual_hash")
    return frame.astype(dict.fromkeys((*whole, *coded), "Int64") | dict.fromkeys((*texts, *hashes), "str"))
