"""One process that asks a catalog of many photos, or pandas, and prints what it measured as JSON.

python -m benchmarks.catalog_process catalog|pandas|duplicates|similarity|projection FOLDER
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.generated_records import COMMON, ORIGIN
from imageproc.catalog import answers, duplicates, projection, similarity
from imageproc.catalog.arguments import condition_of
from imageproc.catalog.catalog import Catalog
from imageproc.catalog.fields import FIELDS
from imageproc.catalog.rows import to_record
from imageproc.catalog.selection import Selection
from imageproc.client.photos.duplicates import ALIKE, LIKE, NEAR
from imageproc.core.record import PhotoRecord

ROUNDS = 7
SLOW_ROUNDS = 3
"""Of questions that take seconds."""
THREE: dict[str, Any] = {"tag": COMMON, "min_confidence": 80, "camera": "canon*", "taken": ("2014", "2016")}
PAGE = 50
LAID_OUT = (1_000, 10_000)
"""Photos of a person's folder, and of a large album."""


def opened(folder: Path) -> Catalog:
    """Open a catalog that nothing has to be read for."""
    return Catalog(folder, None, ORIGIN)  # type: ignore[arg-type]


def rounds(ask: Callable[[], object], count: int = ROUNDS) -> list[float]:
    """Return how long it takes, in milliseconds, after it was asked once."""
    ask()
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        ask()
        taken.append(1e3 * (time.perf_counter() - begin))
    return taken


def of_catalog(folder: Path) -> dict[str, Any]:
    """Ask the catalog as a view does: also whether there is something new in its files."""
    catalog = opened(folder)
    whole, three = Selection(), Selection().where(condition_of(THREE))
    common = whole.where(condition_of({"tag": COMMON}))

    def page() -> list[Any]:
        database = catalog.database(math.inf)
        found = answers.rows(database, three.part(0, PAGE))
        return [to_record(row, ORIGIN, PhotoRecord) for row in found]

    def facets(field: str) -> dict[Any, int]:
        database = catalog.database(math.inf)
        return answers.facets(database, whole, field)

    begin = time.perf_counter()
    records = answers.count(catalog.database(math.inf), whole)
    return {
        "open": [1e3 * (time.perf_counter() - begin)],
        "records": records,
        "matches": answers.count(catalog.database(math.inf), common),
        "page": rounds(page),
        "count of three": rounds(lambda: answers.count(catalog.database(math.inf), three)),
        "facets camera": rounds(lambda: facets("camera")),
        "facets year": rounds(lambda: facets("year")),
        "count": rounds(lambda: answers.count(catalog.database(math.inf), common)),
        "memory": most_memory(),
    }


def of_pandas(folder: Path) -> dict[str, Any]:
    """Ask a data frame of all photos, which has to be in memory as a whole."""
    begin = time.perf_counter()
    frame = answers.frame(opened(folder).database(math.inf), Selection())
    loaded = time.perf_counter() - begin

    def page() -> Any:
        dogs = frame["tags"].map(lambda tags: COMMON in tags)
        canons = frame["camera"].astype("str").str.lower().str.startswith("canon")
        when = (frame["taken"] >= "2014") & (frame["taken"] < "2017")
        return frame[dogs & canons & when].nlargest(PAGE, "uploaded")

    return {
        "loaded": [loaded],
        "page": rounds(page, SLOW_ROUNDS),
        "facets camera": rounds(lambda: frame["camera"].value_counts()),
        "count": rounds(lambda: frame["tags"].map(lambda tags: COMMON in tags).sum(), SLOW_ROUNDS),
        "memory": most_memory(),
    }


def of_duplicates(folder: Path) -> dict[str, Any]:
    """Look for similar photos, and for all duplicates."""
    database = opened(folder).database(math.inf)
    whole = Selection()
    hashes = f"SELECT {FIELDS['perceptual_hash']} FROM records WHERE photo % 10 = 0 LIMIT 1"
    look = str(database.rows(hashes)[0][0])
    found = duplicates.similar(database, whole, look, 12, LIKE)
    if len(found) < 2:
        raise AssertionError(found)
    similar = rounds(lambda: duplicates.similar(database, whole, look, 12, LIKE))
    begin = time.perf_counter()
    duplicates.exact(database, whole)
    middle = time.perf_counter()
    near = duplicates.near(database, whole, NEAR)
    return {
        "similar": similar,
        "exact": [middle - begin],
        "near": [time.perf_counter() - middle],
        "groups": len(near.groups),
        "memory": most_memory(),
    }


def of_similarity(folder: Path) -> dict[str, Any]:
    """Look for similar photos by embedding: the first time, and then."""
    database, whole = opened(folder).database(math.inf), Selection()
    (wanted,) = database.rows("SELECT id FROM records WHERE photo = 7")[0]

    def ask() -> list[tuple[str, float]]:
        embedding = similarity.embedding_of(database, wanted)
        return similarity.alike(database, whole, embedding or b"", 13, ALIKE)

    began = time.perf_counter()
    found = ask()
    first = time.perf_counter() - began
    if found[0][0] != wanted:
        raise ValueError(f"the likest photo of {wanted} is {found[0]}")
    return {"first": [1e3 * first], "similar": rounds(ask), "memory": most_memory()}


def of_projection(folder: Path) -> dict[str, Any]:
    """Lay photos out by their embeddings: a folder of a person's, and a large album."""
    database, taken = opened(folder).database(math.inf), {}
    for count in LAID_OUT:
        _, numbers = similarity.embeddings(database, Selection(limit=count))
        began = time.perf_counter()
        projection.project(numbers, folder)
        taken[str(count)] = time.perf_counter() - began
    began = time.perf_counter()
    projection.project(numbers, folder)
    return taken | {"again": time.perf_counter() - began, "memory": most_memory()}


def most_memory() -> float:
    """Return the most memory that this process had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage has what the process had that started this one
        (line,) = [one for one in status.read_text().splitlines() if one.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    what, folder = sys.argv[1:]
    print(
        json.dumps(
            {
                "catalog": of_catalog,
                "pandas": of_pandas,
                "duplicates": of_duplicates,
                "similarity": of_similarity,
                "projection": of_projection,
            }[what](Path(folder))
        )
    )
