"""The catalog: a million photos asked for, and kept in step with a table on the local AWS."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from botocore.config import Config

from benchmarks import million, photos
from benchmarks.figures import Figure, ratios
from benchmarks.generated_records import COMMON, records
from benchmarks.local import local_aws
from imageproc.aws.items import to_item
from imageproc.client.workbench import Workbench
from imageproc.core.changes import stamp

TITLE = "Catalog: a million generated records, and 100,000 of them in a table on the local AWS"
FILLED = 100_000
CHANGED = 1_000
ROUNDS = 3
_BATCH = 25
"""Items of one BatchWriteItem."""
_WRITERS, _AHEAD = 4, 40
"""Threads that write, and batches that wait for them at most."""


def figures() -> Iterator[Figure]:
    """Measure the questions, then the table."""
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        catalog = Path(folder) / "catalog"
        million.make(catalog)
        size = sum(path.stat().st_size for path in catalog.iterdir())
        yield Figure("files, a record", [size / million.COUNT], "bytes", 400)
        yield from _questions(_process("catalog", catalog), _process("pandas", catalog))
    with local_aws(recognition="off") as workbench:
        yield from _table(workbench)


def _process(what: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.catalog_process", what, str(folder)]
    found: dict[str, Any] = json.loads(subprocess.check_output(command, text=True))
    return found


def _questions(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[Figure]:
    if ours["records"] != million.COUNT:
        raise AssertionError(ours["records"])
    yield Figure("open, and count all", ours["open"], "ms")
    yield Figure("three conditions and the first 50 photos", ours["page"], "ms", 100)
    yield Figure("three conditions, counted", ours["count of three"], "ms", 100)
    yield Figure('facets("camera")', ours["facets camera"], "ms", 150)
    yield Figure('facets("year")', ours["facets year"], "ms", 150)
    yield Figure(f"a tag with {ours['matches']:,} photos, counted", ours["count"], "ms", 50)
    yield Figure("memory of the process, at most", [ours["memory"]], "MB", 500)
    yield Figure("pandas: until the frame is there", theirs["loaded"], "s")
    yield Figure("pandas: three conditions and the first 50", theirs["page"], "ms")
    yield Figure("pandas: value_counts of the cameras", theirs["facets camera"], "ms")
    yield Figure("pandas: a tag counted", theirs["count"], "ms")
    yield Figure("pandas: memory of the process, at most", [theirs["memory"]], "MB")
    yield Figure(
        "pandas / ours: the first 50", ratios(theirs["page"], ours["page"][: len(theirs["page"])]), "×"
    )


def _table(workbench: Workbench) -> Iterator[Figure]:
    _put(workbench, records(FILLED))
    view = workbench.photos.where()
    seconds = _seconds(lambda: len(view))
    yield Figure(f"first fill of {FILLED:,} records", [seconds], "s")
    yield Figure("first fill of 1,000,000 records, projected", [seconds * 1_000_000 / FILLED], "s")
    yield Figure("catching up with 1,000 changes", [_caught_up(workbench, n) for n in range(ROUNDS)], "s", 2)
    yield Figure("from finished until found", [_found(workbench, n) for n in range(ROUNDS)], "s", 1)
    filtered = _seconds(lambda: _scan(workbench))
    yield Figure(f"DynamoDB scan with a filter, {FILLED:,} records", [filtered], "s")
    ours = [_seconds(lambda: len(view.where(tag=COMMON, camera="canon*"))) for _ in range(ROUNDS)]
    yield Figure(f"the same question to the catalog, {FILLED:,} records", ours, "s")


def _put(workbench: Workbench, made: Iterable[dict[str, Any]]) -> None:
    """Write records as they are, past the functions. The SDK checks none: that is half of its time."""
    target, table = workbench.target, workbench.stack.image_table
    unchecked = Config(parameter_validation=False, max_pool_connections=_WRITERS)
    dynamodb: Any = target.session.client("dynamodb", endpoint_url=target.endpoint_url, config=unchecked)

    def put(some: list[dict[str, Any]]) -> None:
        requests = [{"PutRequest": {"Item": to_item(one)}} for one in some]
        while requests:
            answer = dynamodb.batch_write_item(RequestItems={table: requests})
            requests = answer.get("UnprocessedItems", {}).get(table, [])

    left = iter(made)
    with ThreadPoolExecutor(_WRITERS) as pool:
        while batches := [some for _ in range(_AHEAD) if (some := list(islice(left, _BATCH)))]:
            list(pool.map(put, batches))


SAVED_S = 15.0
"""After so many seconds the local AWS has written down what it was told; until then it is busy."""


def _caught_up(workbench: Workbench, number: int) -> float:
    """Return how long it takes until changes are found that are already in the table."""
    changed = (one | {"exifModel": f"Changed {number}"} for one in records(CHANGED))
    _put(workbench, (one | stamp(one["imageID"], time.time()) for one in changed))
    view = workbench.photos.where(model=f"Changed {number}")
    time.sleep(SAVED_S)
    seconds = _seconds(workbench.catalog.sync)
    if len(view) != CHANGED:
        raise AssertionError(len(view))
    return seconds


def _found(workbench: Workbench, number: int) -> float:
    """Upload a photo; return how long after its record was finished a view has it."""
    photo_id = f"found/{number}.jpg"
    view = workbench.photos.where(id=photo_id, status=("SUCCEEDED", "INCOMPLETE"))
    workbench.stack.client("s3").put_object(
        Bucket=workbench.stack.bucket,
        Key=f"Incoming/{photo_id}",
        Body=photos.generated(),
        Metadata={"userid": "ann", "albumid": "found"},
    )
    while not view:
        time.sleep(0.05)
    now = time.time()
    return now - (view.first().change_time or 0) / 1e3


def _scan(workbench: Workbench) -> int:
    """Do what a user would without a catalog: read the whole table with a filter."""
    pages = (
        workbench.stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=workbench.stack.image_table,
            FilterExpression="contains(tags, :tag) AND begins_with(exifMake, :make)",
            ExpressionAttributeValues=to_item({":tag": COMMON, ":make": "Canon"}),
        )
    )
    return sum(len(page["Items"]) for page in pages)


def _seconds(do: Any) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin
