"""What a gallery is laid out by: of each photo of a selection a few numbers, without its record."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imageproc.catalog.database import Database
    from imageproc.catalog.selection import Selection

_COLUMNS = """id,
CASE WHEN width > 0 AND height > 0
  THEN CASE WHEN coalesce(orientation, 1) >= 5 THEN height / width ELSE width / height END END,
CAST({time} AS DATE), latitude, longitude"""
"""The aspect ratio is the upright picture's: orientations from 5 are turned by 90° (EXIF, tag 0x0112)."""


@dataclass(frozen=True)
class Outline:
    """Photos in order."""

    ids: list[str]
    aspects: array[float]
    """Width by height of each upright picture; 0 if it is not known."""
    days: list[date | None]
    """When each was taken; if they are sorted by that, when it was uploaded."""
    places: dict[int, tuple[float, float]]
    """Latitude and longitude of those that have them, by number from 0."""


def outline(database: Database, selection: Selection) -> Outline:
    """Return a selection's outline. Raises QueryError."""
    by_upload = any(one.field == "uploaded" for one in selection.order[:1])
    columns = _COLUMNS.format(time="uploaded" if by_upload else "taken")
    rows = database.rows(selection.sql(columns, database.names))
    return Outline(
        ids=[row[0] for row in rows],
        aspects=array("f", [row[1] or 0.0 for row in rows]),
        days=[row[2] for row in rows],
        places={
            number: (row[3], row[4])
            for number, row in enumerate(rows)
            if row[3] is not None and row[4] is not None
        },
    )
