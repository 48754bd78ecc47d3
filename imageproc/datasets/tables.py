"""Labels as a table, a row for each box or label without one: CSV, or Parquet with types."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from imageproc.core.label import BoundingBox
from imageproc.datasets.images import AnnotatedImage, Annotation, Dataset, dataset

CSV_FILE, PARQUET_FILE = "labels.csv", "labels.parquet"

COLUMNS = {
    "file": "VARCHAR",
    "photo_id": "VARCHAR",
    "image_width": "INTEGER",
    "image_height": "INTEGER",
    "label": "VARCHAR",
    "confidence": "DOUBLE",
    "left": "DOUBLE",
    "top": "DOUBLE",
    "width": "DOUBLE",
    "height": "DOUBLE",
}
"""Sizes in pixels of the upright picture, boxes in fractions of it, confidences in percent. A photo without
labels has one row without a label."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TEXTS = ("file", "photo_id", "label")


def write_csv(images: Iterable[AnnotatedImage], folder: Path) -> None:
    """Write `labels.csv`; a text that a spreadsheet takes for a formula has an apostrophe before it."""
    with (folder / CSV_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(map(_safe, _rows(images)))


def read_csv(file: Path) -> Dataset:
    """Read a CSV file. Raises ValueError or KeyError for other columns."""
    with file.open(encoding="utf-8", newline="") as source:
        return _images(
            [{name: value or None for name, value in row.items()} for row in csv.DictReader(source)]
        )


def write_parquet(images: Iterable[AnnotatedImage], folder: Path) -> None:
    """Write `labels.parquet`."""
    import duckdb

    columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"CREATE TABLE labels ({columns})")
        if rows := [[row[name] for name in COLUMNS] for row in _rows(images)]:
            places = ", ".join("?" * len(COLUMNS))
            connection.executemany(f"INSERT INTO labels VALUES ({places})", rows)  # noqa: S608 - question marks
        target = str(folder / PARQUET_FILE).replace("'", "''")
        connection.execute(f"COPY labels TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def read_parquet(file: Path) -> Dataset:
    """Read a Parquet file. Raises ValueError or KeyError for other columns."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        try:
            found = connection.execute("SELECT * FROM read_parquet(?)", [str(file)])
        except duckdb.Error as error:
            raise ValueError(str(error)) from error
        names = [column[0] for column in found.description or ()]
        return _images([dict(zip(names, row, strict=True)) for row in found.fetchall()])


def _rows(images: Iterable[AnnotatedImage]) -> Iterator[dict[str, Any]]:
    for image in images:
        size = {"image_width": image.width, "image_height": image.height}
        head = {**dict.fromkeys(COLUMNS), "file": image.file, "photo_id": image.photo_id, **size}
        if not image.annotations:
            yield head
        for one in image.annotations:
            box = one.box
            sides = (
                {"left": box.left, "top": box.top, "width": box.width, "height": box.height} if box else {}
            )
            yield {**head, "label": one.label, "confidence": one.confidence, **sides}


def _safe(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: f"'{value}" if name in _TEXTS and str(value or "").startswith(_FORMULA) else value
        for name, value in row.items()
    }


def _images(rows: Iterable[Mapping[str, Any]]) -> Dataset:
    found: dict[str, list[Annotation]] = {}
    heads: dict[str, AnnotatedImage] = {}
    for row in rows:
        file = str(row["file"]).removeprefix("'")
        size = [
            int(row[name]) if row.get(name) is not None else None for name in ("image_width", "image_height")
        ]
        heads[file] = AnnotatedImage(file, size[0], size[1], photo_id=row.get("photo_id"))
        found.setdefault(file, [])
        if row["label"] is not None:
            found[file].append(_annotation(row))
    return dataset(replace(one, annotations=tuple(found[file])) for file, one in heads.items())


def _annotation(row: Mapping[str, Any]) -> Annotation:
    sides = [row.get(name) for name in ("left", "top", "width", "height")]
    box = None if any(side is None for side in sides) else BoundingBox(*map(float, sides))  # type: ignore[arg-type]
    confidence = row.get("confidence")
    label = str(row["label"]).removeprefix("'")
    return Annotation(label, box, None if confidence is None else float(confidence))
