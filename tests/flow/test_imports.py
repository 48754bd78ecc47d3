"""A bucket is imported, and the import is killed on the way: no photo is missing, and none is there twice.

Its photos are copied, or processed where they lie.
"""

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
from urllib.request import urlopen

import pytest

from imageproc.client.photos.photo import Photo
from imageproc.client.workbench import Workbench
from imageproc.core.keys import is_express
from imageproc.local import LocalStatus
from tests import pictures, soak
from tests.flow.conftest import DONE, Backend, deploy, target_of

COUNT = soak.of(100, 10_000)
BUCKET = "imported-archive"
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
    if BUCKET in {one["Name"] for one in s3.list_buckets()["Buckets"]}:
        return
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


def source(backend: Backend) -> dict[str, str]:
    """Return the objects of the bucket that is imported, each with its ETag."""
    pages = backend.stack.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {one["Key"]: one["ETag"] for page in pages for one in page["Contents"]}


def albums(backend: Backend, user: str) -> list[str]:
    return [album.id for album in backend.workbench.albums.of(user)]


def finished(backend: Backend, user: str) -> list[Photo]:
    """Wait until as many photos as were imported are finished; return all there are."""
    deadline = time.monotonic() + 150 + COUNT / 3
    while True:
        photos = [photo for album in albums(backend, user) for photo in backend.photos.in_album(album)]
        if len(photos) >= COUNT and all(photo.status.finished for photo in photos):
            return photos
        assert time.monotonic() < deadline, Counter(str(photo.status) for photo in photos)
        time.sleep(COUNT / 1000)


@pytest.fixture(scope="module")
def backend(local_aws: LocalStatus, request: pytest.FixtureRequest) -> Backend:
    """A stack whose photos need not wait long for their turns, and that may read the bucket, filled."""
    target, stack = target_of(local_aws), f"imports-{request.param.lower()}"
    deploy(
        target,
        stack,
        DetectLabelsPerSecond="1000",
        SourceBucket=f"{BUCKET}/old",
        TestClientAccess="Disabled",
        WorkflowType=request.param,
    )
    made = Backend(Workbench(target, stack))
    fill(made)
    return made


@pytest.mark.timeout(soak.of(300, 7200))
@pytest.mark.parametrize(
    ("backend", "in_place"),
    [
        pytest.param("STANDARD", False, id="copied"),
        pytest.param("STANDARD", True, id="in place"),
        *soak.also(pytest.param("EXPRESS", True, id="in place, Express")),
    ],
    indirect=["backend"],
)
def test_a_killed_import_goes_on_and_no_photo_is_missing_or_twice(
    backend: Backend, local_aws: LocalStatus, tmp_path: Path, in_place: bool
) -> None:
    before, user = source(backend), "in-place" if in_place else "copier"
    command = [*IMPORT, *(["--in-place"] if in_place else [])]
    environment = os.environ | {
        "IMAGEPROC_STATE_DIR": str(local_aws.state_dir),
        "IMAGEPROC_STACK": backend.stack.name,
        "IMAGEPROC_USER": user,
    }
    first = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    while len(versions(backend, *albums(backend, user))) < COUNT / 4:
        assert first.poll() is None, "it ended before it was killed"
        time.sleep(COUNT / 10_000)
    first.send_signal(signal.SIGKILL)
    assert first.wait(10) == -signal.SIGKILL

    if in_place:
        assert not list(backend.workbench.bulk.runs())
        command.append("--follow")
    again = subprocess.run(
        [*command, "--manifest", "again.csv"],
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
    assert versions(backend, *albums(backend, user)) == dict.fromkeys(imported, 1)
    photos = finished(backend, user)
    assert {photo.id for photo in photos} == imported
    assert len(photos) == COUNT
    assert {photo.status for photo in photos} == {DONE}
    assert all(photo.thumbnail_key for photo in photos)
    assert len({photo.dimensions for photo in photos}) == COUNT, "each is another picture"
    assert len({photo.execution_arn for photo in photos}) == COUNT
    assert source(backend) == before
    assert all((photo.original is not None) == in_place for photo in photos)
    if in_place:
        processed_by_one_bulk_run(backend, again.stderr, photos)
        seen_and_forgotten(backend, photos)
        assert source(backend) == before


def processed_by_one_bulk_run(backend: Backend, said: str, photos: list[Photo]) -> None:
    """A bulk run processed all of them, each once, and no event started one."""
    (run,) = backend.workbench.bulk.runs()
    assert f"A bulk run processes them: {run.arn}" in said
    assert f"{COUNT:,} of {COUNT:,} photos processed, 0 failed." in said
    progress = backend.workbench.bulk.progress(run.arn)
    assert (progress.status, progress.total, progress.done) == ("SUCCEEDED", COUNT, COUNT)
    arns = {str(photo.execution_arn) for photo in photos}
    if all(map(is_express, arns)):
        assert all("/Photos:" in arn for arn in arns)
    else:
        made_of = {one.arn: one for one in backend.workbench.executions.all()}
        assert sum(one.started >= run.started for one in made_of.values()) == COUNT
        assert arns <= made_of.keys()


def seen_and_forgotten(backend: Backend, photos: list[Photo]) -> None:
    """Look at a photo as a page does, and forget the user: the stack's own goes, and nothing else."""
    seen = photos[0]
    assert seen.thumbnail_if_any()
    with urlopen(backend.photos.urls().original(seen) or "", timeout=10) as answer:
        assert answer.read() == seen.read() == original_of(backend, seen)
    privacy = backend.workbench.privacy
    found = privacy.of_user(str(seen.user))
    assert len(found.in_place) == COUNT
    assert len(list(privacy.erase(found))) == COUNT
    assert not list(backend.photos.many([photo.id for photo in photos]))


def original_of(backend: Backend, photo: Photo) -> bytes:
    assert photo.original
    named = {"Bucket": BUCKET, "Key": photo.original.key}
    return bytes(backend.stack.client("s3").get_object(**named)["Body"].read())
