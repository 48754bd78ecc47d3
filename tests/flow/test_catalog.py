"""Photos that are asked for, on the local AWS: what the pipeline writes is found, and what goes is gone."""

from __future__ import annotations

import subprocess
import sys
import time

from imageproc.client.workbench import Workbench
from imageproc.core.changes import shards, tombstone_id
from imageproc.core.record import Status
from imageproc.core.thumbnail import make_thumbnail
from tests import pictures
from tests.core.pictures import jpeg_with_exif
from tests.flow.conftest import DONE, Backend

CANON = jpeg_with_exif(image={0x010F: b"Canon", 0x0110: b"Canon EOS 5D"})
COUNT = """
import sys
from imageproc.client.target import LOCAL, Target
from imageproc.client.workbench import Workbench
workbench = Workbench(Target.local(), sys.argv[1])
print(len(workbench.photos.where(user=sys.argv[2])), file=sys.stdout)
"""


def test_a_photo_is_found_within_a_second_after_it_has_finished(backend: Backend, fresh: str) -> None:
    view = backend.photos.where(user=fresh)
    other = Workbench(backend.stack.target, backend.stack.name).photos.where(user=fresh)
    assert len(view) == len(other) == 0
    backend.put(f"{fresh}/canon.jpg", CANON, user=fresh)
    backend.ended(f"{fresh}/canon.jpg")
    finished = time.monotonic()
    while not other.where(status=DONE):
        assert time.monotonic() - finished < 1
    (photo,) = view.where(camera="canon*")
    assert photo == photo.refresh()
    assert photo.attributes == photo.refresh().attributes
    assert photo.read() == CANON
    assert photo.perceptual_hash == make_thumbnail(CANON).perceptual_hash


def test_who_has_seen_a_photo_finish_finds_it_at_once(backend: Backend, fresh: str) -> None:
    view = backend.photos.where(user=fresh, status=DONE)
    backend.put(f"{fresh}/cat.jpg", CANON, user=fresh)
    found = [len(view) for _ in backend.photos.follow([f"{fresh}/cat.jpg"], interval_s=0)]
    assert found[-1] == 1


def test_what_the_pipeline_writes_is_stamped_for_the_index(backend: Backend, fresh: str) -> None:
    """The function's roles need no right for it."""
    backend.put(f"{fresh}/cat.jpg", pictures.jpeg(), user=fresh)
    backend.put(f"{fresh}/none.jpg", b"no photo", user=fresh)
    done = backend.ended(f"{fresh}/cat.jpg", f"{fresh}/none.jpg")
    assert {photo.change_shard in shards() for photo in done.values()} == {True}
    found = {photo.id: photo.status for photo in backend.photos.where(user=fresh)}
    assert found == {f"{fresh}/cat.jpg": DONE, f"{fresh}/none.jpg": Status.REJECTED}


def test_an_erased_photo_leaves_a_tombstone_that_nothing_lists(backend: Backend, fresh: str) -> None:
    name = f"{fresh}/cat.jpg"
    backend.put(name, CANON, user=fresh)
    backend.execution(backend.ended(name)[name])
    catalog = backend.workbench.catalog
    assert len(backend.photos.where(user=fresh)) == 1
    privacy = backend.workbench.privacy
    list(privacy.erase(privacy.of_photos([name])))
    assert len(backend.photos.where(user=fresh)) == 0
    kept = b"".join(path.read_bytes() for path in catalog.folder.iterdir() if path.is_file())
    assert fresh.encode() not in kept
    item = backend.stack.client("dynamodb").get_item(
        TableName=backend.stack.image_table, Key={"imageID": {"S": tombstone_id(name)}}
    )["Item"]
    assert set(item) == {"imageID", "changeShard", "changeTime", "expiryTime"}
    assert tombstone_id(name) not in {photo.id for photo in backend.photos.scan()}


def test_several_processes_ask_at_once_and_the_same_files_are_duplicates(
    backend: Backend, fresh: str
) -> None:
    for number in range(4):
        backend.put(f"{fresh}/{number}.jpg", CANON, user=fresh)
    backend.ended(*(f"{fresh}/{number}.jpg" for number in range(4)))
    command = [sys.executable, "-c", COUNT, backend.stack.name, fresh]
    environment = {"IMAGEPROC_STATE_DIR": str(backend.stack.target.state_dir), "PATH": ""}
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(3)
    ]
    assert [process.communicate(timeout=60)[0] for process in running] == ["4\n"] * 3
    backend.workbench.catalog.sync()
    for kind in ("exact", "near"):
        (group,) = backend.photos.where(user=fresh).duplicates(kind)
        assert len(group.photos) == 4
    assert [one.distance for one in backend.photos.where(user=fresh).similar_to(group.kept)] == [0, 0, 0]
