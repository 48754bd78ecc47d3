"""How rare the labels of a selection's photos are among these photos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imageproc.catalog.conditions import one_of

if TYPE_CHECKING:
    from imageproc.catalog.database import Database
    from imageproc.catalog.selection import Selection

_RARITIES = """
WITH said AS (
  SELECT DISTINCT id, label FROM (
    SELECT id, unnest(labels) AS label FROM records WHERE {condition}
  ) WHERE {shown}
),
counts AS (SELECT label, count(*) AS photos FROM said GROUP BY label),
whole AS (SELECT count(DISTINCT id) AS photos FROM said)
SELECT id, coalesce(avg(ln(whole.photos / counts.photos)) / nullif(ln(max(whole.photos)), 0), 0) AS rarity,
  list(label ORDER BY counts.photos, label) AS labels,
  list(counts.photos ORDER BY counts.photos, label) AS photos
FROM said JOIN counts USING (label), whole
GROUP BY id ORDER BY rarity DESC, id
"""


@dataclass(frozen=True)
class RatedPhoto:
    """How rare the labels of a photo are."""

    id: str
    rarity: float
    """From 0, where all photos with labels have all of its labels, to 1, where no other has one of them."""
    labels: dict[str, int]
    """How many of the photos have each of its labels, the rarest first."""


def rarities(database: Database, selection: Selection, hidden: Iterable[str] = ()) -> list[RatedPhoto]:
    """Return the photos that have labels, those with the rarest first. Hidden labels do not count."""
    names = sorted(hidden)
    sql = _RARITIES.format(
        condition=selection.as_condition().sql(database.names),
        shown=f"NOT {one_of('label', names)}" if names else "TRUE",
    )
    return [
        RatedPhoto(photo_id, float(rarity), dict(zip(labels, map(int, photos), strict=True)))
        for photo_id, rarity, labels, photos in database.rows(sql)
    ]
