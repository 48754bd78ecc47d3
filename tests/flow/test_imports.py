"""A bucket is imported, and the import is killed on the way: no photo is missing, and none is there twice."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imageproc.client.photos.photo import Photo
from imageproc.client.workbench import Workbench
from imageproc.local import LocalStatus
from tests import pictures, soak
from tests.flow.conftest import Backend, deploy, target_of

COUNT = soak.of(150, 10_000)
BUCKET, USER = "imported-archive", "importer"
IMPORT = [
    sys.executable,
    "-c",
    "from imageproc.cli import main; main()",
    "import",
    f"s3://{BUCKET}/old",
    "--yes",
]


def fill(backend: Backend) -> None:
    """Make a bucket of photos that all differ, too small to be labelled, and of what is no photo."""
    s3 = backend.stack.client("s3")
    s3.create_bucket(Bucket=BUCKET)

    def put(number: int) -> None:
        body = pictures.jpeg((20 + number % 50, 20 + number // 50))
        s3.put_object(Bucket=BUCKET, Key=f"old/{number % 7}/ü {number}.jpg", Body=body)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(COUNT)))
    s3.put_object(Bucket=BUCKET, Key="old/0/film.mp4", Body=b"film")
    s3.put_object(Bucket=BUCKET, Key="old/0/film.jpg", Body=b"\0\0\0\x18ftypmp42")


def versions(backend: Backend, *albums: str) -> Counter[str]:
    """Return how often each photo of these albums was put into the bucket."""
    pages = backend.stack.client("s3").get_paginator("list_object_versions")
    return Counter(
        one["Key"].removeprefix("Incoming/")
        for album in albums
        for page in pages.paginate(Bucket=backend.stack.bucket, Prefix=f"Incoming/{album}/")
        for one in page.get("Versions", ())
    )


def albums(backend: Backend) -> list[str]:
    return [album.id for album in backend.workbench.albums.of(USER)]


def finished(backend: Backend) -> list[Photo]:
    """Wait until as many photos as were imported are finished; return all there are."""
    deadline = time.monotonic() + 60 + COUNT / 3
    while True:
        photos = [photo for album in albums(backend) for photo in backend.photos.in_album(album)]
        if len(photos) >= COUNT and all(photo.status.finished for photo in photos):
            return photos
        assert time.monotonic() < deadline, Counter(str(photo.status) for photo in photos)
        time.sleep(COUNT / 1000)


@pytest.fixture
def quick(local_aws: LocalStatus) -> Backend:
    """A stack whose photos need not wait long for their turns."""
    target = target_of(local_aws)
    deploy(target, "imports", DetectLabelsPerSecond="1000")
    return Backend(Workbench(target, "imports"))


@pytest.mark.timeout(soak.of(300, 7200))
def test_a_killed_import_goes_on_and_no_photo_is_missing_or_twice(
    quick: Backend, local_aws: LocalStatus, tmp_path: Path
) -> None:
    backend = quick
    fill(backend)
    environment = os.environ | {
        "IMAGEPROC_STATE_DIR": str(local_aws.state_dir),
        "IMAGEPROC_STACK": backend.stack.name,
        "IMAGEPROC_USER": USER,
    }
    first = subprocess.Popen(IMPORT, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    while len(versions(backend, *albums(backend))) < COUNT / 4:
        assert first.poll() is None, "it ended before it was killed"
        time.sleep(COUNT / 10_000)
    first.send_signal(signal.SIGKILL)
    assert first.wait(10) == -signal.SIGKILL

    again = subprocess.run(
        [*IMPORT, "--manifest", "again.csv"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=soak.of(120, 3600),
        check=False,
    )

    assert again.returncode == 0, again.stdout + again.stderr
    rows = list(csv.DictReader((tmp_path / "again.csv").read_text().splitlines()))
    counted = Counter(row["outcome"] for row in rows)
    assert (counted["there"] + counted["imported"], counted["skipped"]) == (COUNT, 2)
    assert counted["there"] >= COUNT / 4
    imported = {row["photo_id"] for row in rows if row["photo_id"]}
    assert len(imported) == COUNT
    assert versions(backend, *albums(backend)) == dict.fromkeys(imported, 1)
    photos = finished(backend)
    assert {photo.id for photo in photos} == imported
    assert len(photos) == COUNT
    assert len({photo.dimensions for photo in photos}) == COUNT, "each is another picture"
    assert len({photo.execution_arn for photo in photos}) == COUNT
