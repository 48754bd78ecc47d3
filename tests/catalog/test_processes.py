"""Many processes share a catalog's folder: some write to the table, all read, one is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.managers import DictProxy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from imageproc.catalog.catalog import Catalog
from imageproc.catalog.feed import Feed
from tests.catalog.conftest import ORIGIN, ids
from tests.catalog.fake_dynamodb import FakeDynamoDB

SPAWN = multiprocessing.get_context("spawn")
ROUNDS, PROCESSES = 12, 3
if TYPE_CHECKING:
    Items = DictProxy[str, dict[str, Any]]


def opened(folder: Path, items: Any) -> Catalog:
    dynamodb = FakeDynamoDB(items, {})
    dynamodb.page = 500
    return Catalog(folder, Feed(dynamodb, "images", "albums"), ORIGIN)


def write_and_read(folder: Path, items: Any, name: str) -> None:
    """Change the table and ask at once, each time: an own write must be seen, and an own erasure."""
    import imageproc.catalog.catalog as module

    module.MERGE_AFTER = 10  # bases are replaced under the others' feet
    dynamodb, catalog = FakeDynamoDB(items, {}), opened(folder, items)
    for number in range(ROUNDS):
        dynamodb.put(f"{name}/{number}.jpg", status="FAILED" if number % 2 else "SUCCEEDED")
        if number >= 5:
            dynamodb.erase(f"{name}/{number - 5}.jpg")
        mine = [one for one in ids(catalog) if one.startswith(f"{name}/")]
        expected = sorted(f"{name}/{one}.jpg" for one in range(max(0, number - 4), number + 1))
        if mine != expected:
            raise AssertionError((mine, expected))


def read_for_ever(folder: Path, items: Any) -> None:
    catalog = opened(folder, items)
    while True:
        ids(catalog)


def test_several_write_and_read_at_once(tmp_path: Path) -> None:
    with SPAWN.Manager() as manager:
        items: Items = manager.dict()
        running = [
            SPAWN.Process(target=write_and_read, args=(tmp_path / "c", items, f"p{number}"))
            for number in range(PROCESSES)
        ]
        for process in running:
            process.start()
        for process in running:
            process.join(120)
        assert [process.exitcode for process in running] == [0] * PROCESSES
        left = [key for key in items.keys() if not key.endswith("/")]  # noqa: SIM118 - a proxy
        assert len(left) == 5 * PROCESSES
        assert ids(opened(tmp_path / "c", items)) == sorted(left)


@pytest.mark.parametrize("delay_s", [0.0, 0.15, 0.4])
def test_a_process_that_is_killed_breaks_nothing(tmp_path: Path, delay_s: float) -> None:
    with SPAWN.Manager() as manager:
        items: Items = manager.dict()
        dynamodb = FakeDynamoDB(items, {})
        for number in range(300):
            dynamodb.put(f"{number}.jpg", 1_700_000_000 + number)
        process = SPAWN.Process(target=read_for_ever, args=(tmp_path / "c", items))
        process.start()
        deadline = time.monotonic() + 60
        while not (tmp_path / "c").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(delay_s)
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        dynamodb.put("new.jpg")
        catalog = opened(tmp_path / "c", items)
        assert len(ids(catalog)) == 301
