"""The catalog's tables, in DuckDB and as Parquet alike.

`records` has a row for each photo, `tags` a row for each photo and each name that it is found by: its labels
and their parents. `tags` is sorted by name, so that those with one tag lie side by side. `names` has the tags
that occur, `albums` the albums' names, and `vectors` the embeddings, apart: a question that is not about them
reads none of their 1,280 bytes a photo. The columns of `records` hold all that is stored of a photo:
`imageproc.catalog.rows` makes them, and the stored attributes of them again. Its labels are those that count:
of a photo whose labels people corrected, what the machine recognised is in `more`.
"""

from __future__ import annotations

FORMAT = 5
"""Raised with every change of the tables: a catalog of another format is made anew."""

RECORD_COLUMNS: dict[str, str] = {
    "photo": "INTEGER",  # the catalog's own number of the row
    "id": "VARCHAR",
    "status": "VARCHAR",
    "user": "VARCHAR",
    "album_id": "VARCHAR",
    "uploaded": "TIMESTAMP",  # UTC
    "format": "VARCHAR",
    "file_size": "BIGINT",
    "width": "BIGINT",
    "height": "BIGINT",
    "orientation": "BIGINT",
    "taken": "TIMESTAMP",  # wall time where it was taken
    "taken_offset": "SMALLINT",  # minutes east of UTC
    "taken_source": "VARCHAR",
    "latitude": "DOUBLE",
    "longitude": "DOUBLE",
    "altitude": "DOUBLE",
    "dms": "DOUBLE[]",  # degrees, minutes and seconds of latitude and longitude, as EXIF has them
    "camera": "VARCHAR",
    "lens": "VARCHAR",
    "make": "VARCHAR",
    "model": "VARCHAR",
    "lens_make": "VARCHAR",
    "lens_model": "VARCHAR",
    "software": "VARCHAR",
    "exposure_time": "DOUBLE",
    "f_number": "DOUBLE",
    "sensitivity": "BIGINT",
    "focal_length": "DOUBLE",
    "focal_length_in_35mm": "BIGINT",
    "exposure_bias": "DOUBLE",
    "exposure_program": "BIGINT",
    "exposure_mode": "BIGINT",
    "metering_mode": "BIGINT",
    "white_balance": "BIGINT",
    "flash": "BIGINT",
    "digital_zoom": "DOUBLE",
    "description": "VARCHAR",
    "artist": "VARCHAR",
    "copyright": "VARCHAR",
    "labels": "VARCHAR[]",
    "confidences": "FLOAT[]",  # of the labels, if each is one of 32 bits, as Rekognition's are
    "confidences_64": "DOUBLE[]",  # of the labels otherwise
    "parents": "VARCHAR[]",  # of all labels, those of one joined by a newline
    "box_counts": "SMALLINT[]",  # boxes of each label
    "boxes": "FLOAT[]",  # left, top, width, height, confidence of each box, one after the other
    "boxes_64": "DOUBLE[]",
    "labelled_by": "VARCHAR[]",  # who added or renamed each label, empty for the machine's
    "label_model_version": "VARCHAR",
    "error_step": "VARCHAR",
    "error_name": "VARCHAR",
    "error_cause": "VARCHAR",
    "missing": "VARCHAR",  # parts, joined by a comma
    "thumbnail": "BOOLEAN",
    "truncated": "BOOLEAN",
    "content_1": "BIGINT",  # the SHA-256 of the file, 64 bits each
    "content_2": "BIGINT",
    "content_3": "BIGINT",
    "content_4": "BIGINT",
    "hash_high": "BIGINT",  # the perceptual hash: 64 bits, 64 bits and 16 bits
    "hash_middle": "BIGINT",
    "hash_low": "INTEGER",
    "version_id": "VARCHAR",
    "sequencer": "VARCHAR",
    "execution": "BOOLEAN",  # whether the execution is the one that the upload started
    "change_time": "BIGINT",  # epoch milliseconds
    "more": "VARCHAR",  # JSON: attributes that the columns above do not give exactly
}
DERIVED_COLUMNS = ("camera", "lens", "missing", "labelled_by")
"""Columns to ask by, which other columns or `more` give as well."""

TAG_COLUMNS: dict[str, str] = {"tag": "VARCHAR", "photo": "INTEGER", "confidence": "DOUBLE"}
ALBUM_COLUMNS: dict[str, str] = {"id": "VARCHAR", "name": "VARCHAR", "user": "VARCHAR"}

VECTOR_COLUMNS: dict[str, str] = {"photo": "INTEGER", "embedding": "BLOB"}

TABLES = {"records": RECORD_COLUMNS, "tags": TAG_COLUMNS, "albums": ALBUM_COLUMNS}
"""What people may query, and export."""

OF_PHOTOS = {"records": RECORD_COLUMNS, "tags": TAG_COLUMNS, "vectors": VECTOR_COLUMNS}
"""What is kept of photos, and goes with them."""

_ALL = TABLES | OF_PHOTOS


def columns_of(table: str) -> str:
    """Return a table's columns and types, as CREATE TABLE takes them."""
    return ", ".join(f'"{name}" {kind}' for name, kind in _ALL[table].items())


def json_structure(table: str) -> str:
    """Return the form of a table's row as JSON, as DuckDB's from_json takes it."""
    parts = []
    for name, kind in TABLES[table].items():
        shown = f'["{kind.removesuffix("[]")}"]' if kind.endswith("[]") else f'"{kind}"'
        parts.append(f'"{name}":{shown}')
    return "{" + ",".join(parts) + "}"
