"""A catalog over tables in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imageproc.catalog import answers
from imageproc.catalog.catalog import Catalog
from imageproc.catalog.feed import Feed
from imageproc.catalog.rows import Origin
from imageproc.catalog.selection import Selection
from tests.catalog.fake_dynamodb import FakeDynamoDB

ORIGIN = Origin("photos", "arn:aws:states:eu-west-1:123456789012:stateMachine:photos")


class Clock:
    """Time that passes only when a test says so; it begins long after the records' own times."""

    def __init__(self) -> None:
        self.now = 1_900_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dynamodb(clock: Clock) -> FakeDynamoDB:
    return FakeDynamoDB(clock=clock)


@pytest.fixture
def open_catalog(dynamodb: FakeDynamoDB, clock: Clock, tmp_path: Path) -> Callable[..., Catalog]:
    """Open a catalog in the test's folder: another one of a test is another process's."""

    def opened(**more: Any) -> Catalog:
        feed = Feed(dynamodb, "images", "albums")
        return Catalog(tmp_path / "catalog", feed, ORIGIN, **{"clock": clock, **more})

    return opened


@pytest.fixture
def catalog(open_catalog: Callable[..., Catalog]) -> Catalog:
    return open_catalog()


def ids(catalog: Catalog, max_age_s: float = 0) -> list[str]:
    """Return the IDs of all photos that the catalog has."""
    return sorted(answers.ids(catalog.database(max_age_s), Selection()))
