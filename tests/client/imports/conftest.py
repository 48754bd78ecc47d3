"""Sources of photos, and what became of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from imageproc import Album, ImportEntry
from imageproc.client.imports import run
from tests import pictures
from tests.client.conftest import REGION, Backend

BUCKET = "archive"


def photo(number: int) -> bytes:
    """Return a photo like no other."""
    return pictures.jpeg((40 + number, 30))


@pytest.fixture(autouse=True)
def _a_stack_with_the_usual_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudFormation, which moto does not have, is what a plan's costs ask."""
    monkeypatch.setattr("imageproc.client.costs.describe", lambda *_: None)


@pytest.fixture
def s3(backend: Backend) -> Any:
    """S3, with an empty bucket to import from."""
    s3 = backend.stack.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


@pytest.fixture
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few files are enough, then, to see the rest not begun."""
    monkeypatch.setattr(run, "PARALLEL", 4)
    monkeypatch.setattr(run, "_AHEAD", 8)


def fill(s3: Any, objects: Mapping[str, bytes]) -> None:
    for key, data in objects.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=data)


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def imported(backend: Backend, source: str | Path, **options: Any) -> dict[str, ImportEntry]:
    """Import a source, and return what became of each file, by its path."""
    imports = backend.workbench.imports
    entries = list(imports.run(imports.plan(source, **options)))
    assert len({one.path for one in entries}) == len(entries)
    return {one.path: one for one in entries}


def outcomes(entries: Iterable[ImportEntry]) -> dict[str, int]:
    return dict(Counter(str(one.outcome) for one in entries))


def versions(backend: Backend, album: Album | None = None) -> Counter[str]:
    """Return how often each photo was put into the bucket, by its ID."""
    prefix = f"Incoming/{album.id}/" if album else "Incoming/"
    pages = backend.stack.client("s3").get_paginator("list_object_versions")
    found = pages.paginate(Bucket=backend.stack.bucket, Prefix=prefix)
    return Counter(one["Key"].removeprefix("Incoming/") for page in found for one in page.get("Versions", ()))
