"""What is known of photos, to give away with them: a row for each, as CSV and as JSON.

Names and units are those of data frames (`PhotoView.to_frame`). Nothing of the stack is in it, such as keys
and executions, and nothing of the place unless it is asked for.
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from typing import IO, Any

from imageproc.core.record import PhotoRecord

Row = dict[str, Any]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def described(record: PhotoRecord, file: str, album: str, *, place: bool) -> Row:
    """Return what is known of a photo, the labels with their boxes; None for what is not known."""
    exposure, size, where = record.exposure, record.dimensions, record.place
    row: Row = {
        "file": file,
        "name": record.name,
        "id": record.id,
        "album": album or None,
        "user": record.user,
        "taken": record.taken.isoformat() if record.taken else None,
        "uploaded": record.uploaded.isoformat() if record.uploaded else None,
        "camera": record.camera.name,
        "lens": record.camera.lens,
        "exposure_time": exposure.time,
        "f_number": exposure.f_number,
        "sensitivity": exposure.sensitivity,
        "focal_length": exposure.focal_length,
        "focal_length_in_35mm": exposure.focal_length_in_35mm,
        "width": size.width if size else None,
        "height": size.height if size else None,
        "orientation": record.orientation,
        "format": record.format,
        "description": record.description,
        "artist": record.artist,
        "copyright": record.copyright,
    }
    if place:
        row["latitude"] = where.latitude if where else None
        row["longitude"] = where.longitude if where else None
        row["altitude"] = where.altitude if where else None
    return row | {"tags": list(record.tags), "labels": [asdict(label) for label in record.labels]}


class MetadataFiles:
    """Writes rows as CSV (tags joined, without labels) and as a JSON array, as they come."""

    def __init__(self, csv_file: IO[str], json_file: IO[str], *, place: bool) -> None:
        """Write to these files, opened with UTF-8 and newline=""."""
        columns = [name for name in described(PhotoRecord(), "", "", place=place) if name != "labels"]
        self._csv = csv.DictWriter(csv_file, columns, extrasaction="ignore")
        self._csv.writeheader()
        self._json = json_file
        self._separator = "[\n"

    def write(self, row: Row) -> None:
        """Write a photo's row."""
        self._csv.writerow({name: cell(value) for name, value in row.items()})
        self._json.write(self._separator + json.dumps(row, ensure_ascii=False))
        self._separator = ",\n"

    def end(self) -> None:
        """Write what ends them."""
        self._json.write("[]\n" if self._separator == "[\n" else "\n]\n")


def cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe before such a text.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = "; ".join(map(str, value)) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text
