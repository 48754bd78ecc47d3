"""The local AWS is killed in the middle of an upload: no original is lost, and every photo is finished."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from imageproc.client.albums import Album
from imageproc.client.photos.following import QUIET_S
from imageproc.client.photos.photo import Photo
from imageproc.client.uploads.events import PreparedFile, Uploaded, UploadFailed
from imageproc.client.uploads.files import prepare_file
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.local import LocalAws
from tests import pictures, soak
from tests.flow.conftest import Backend, deploy, target_of

COUNT = 30
ALBUM = Album("a1", "ann", "Cats", 0)
SAVED_S = 3.0
"""After so many seconds the local AWS has saved what it was told: the stack was there before the photos."""


def test_a_killed_local_aws_loses_no_photo(own_aws: LocalAws, tmp_path: Path) -> None:
    status = own_aws.start()
    deploy(target_of(status), "killed")
    time.sleep(SAVED_S)
    files = [_written(tmp_path / f"{number}.jpg", number) for number in range(COUNT)]
    workbench = Workbench(target_of(status), "killed")

    sent = []
    for event in workbench.uploads.send(files, ALBUM):
        if isinstance(event, Uploaded):
            sent.append(event.file.photo_id)
            if len(sent) == COUNT // 2:
                assert status.pid is not None
                made = workbench.albums.get_or_create("At the last moment", "ann")
                os.kill(status.pid, signal.SIGKILL)

    backend = Backend(Workbench(target_of(own_aws.start()), "killed"))
    assert list(backend.workbench.albums.of("ann")) == [made]
    outcomes = list(backend.workbench.uploads.send(files, ALBUM))
    assert not [event for event in outcomes if isinstance(event, UploadFailed)]
    again = [event.file.photo_id for event in outcomes if isinstance(event, Uploaded) and event.already_there]
    assert set(sent) <= set(again), "what was uploaded before is there"

    list(backend.photos.reconcile())

    photos = backend.followed([file.photo_id for file in files])
    assert {photo.status for photo in photos.values()} == {Status.INCOMPLETE}
    widths = [photos[file.photo_id].attributes["dimensions"]["width"] for file in files]
    assert widths == [100 + number for number in range(COUNT)]
    assert all(photo.thumbnail for photo in photos.values())


UPLOAD = [sys.executable, "-c", "from imageproc.cli import main; main()", "upload", "--follow"]
HEALED_S = 240
"""It takes half a minute on a quiet machine."""


@pytest.mark.parametrize("seconds", soak.each(1, 2))
def test_after_a_kill_the_same_upload_goes_on_by_itself(
    own_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """Forty photos: a run with 150 takes a minute, and most of it goes by after the kill."""
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(own_aws.state_dir))
    status = own_aws.start()
    workbench = Workbench(target_of(status))
    deploy(workbench.target, workbench.stack.name)
    time.sleep(SAVED_S)
    folder = tmp_path / "photos"
    folder.mkdir()
    files = {_written(folder / f"{number}.jpg", number).path for number in range(40)}
    first = subprocess.Popen(
        [*UPLOAD, str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A shell's job in the background, as the tests may be, ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    _wait_for_the_first_photo(workbench)
    time.sleep(seconds)
    assert status.pid is not None
    os.kill(status.pid, signal.SIGKILL)
    first.send_signal(signal.SIGINT)  # or it would wait
    assert first.wait(180) != 0

    again = subprocess.run([*UPLOAD, str(folder)], capture_output=True, text=True, timeout=HEALED_S)

    assert again.returncode == 0, again.stdout + again.stderr
    assert "The local AWS was interrupted: " in again.stderr
    assert "there already" in again.stdout
    assert not own_aws.is_unclean()
    photos = list(Workbench(target_of(own_aws.status())).photos)
    assert len(photos) == len(files)
    assert {photo.status for photo in photos} == {Status.INCOMPLETE}, "no labels are possible here"
    assert all(photo.thumbnail for photo in photos)


def _wait_for_the_first_photo(workbench: Workbench) -> None:
    deadline = time.monotonic() + 60
    s3, bucket = workbench.stack.client("s3"), workbench.stack.bucket
    while not s3.list_objects_v2(Bucket=bucket, Prefix="Incoming/").get("Contents"):
        assert time.monotonic() < deadline, "nothing is uploaded"
        time.sleep(0.05)


@pytest.mark.parametrize("end", soak.each("killed", "stopped"))
def test_what_was_cut_off_is_finished_for_whoever_follows(
    own_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """A stop in the middle of the work cuts off executions as a kill does."""
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(own_aws.state_dir))
    status = own_aws.start()
    workbench = Workbench(target_of(status))
    deploy(workbench.target, workbench.stack.name)
    time.sleep(SAVED_S)
    files = [_written(tmp_path / f"{number}.jpg", number) for number in range(12)]
    list(workbench.uploads.send(files, ALBUM))
    if end == "killed":
        assert status.pid is not None
        os.kill(status.pid, signal.SIGKILL)
    else:
        own_aws.stop()
    assert own_aws.was_cut_off()
    own_aws.start()
    assert own_aws.is_unclean()
    followed: list[Photo] = []
    ids = [file.photo_id for file in files]
    # As a notebook would that was there before, and polls again as soon as there is an answer.
    follower = threading.Thread(target=lambda: followed.extend(workbench.photos.follow(ids, timeout_s=90)))
    follower.start()
    time.sleep(QUIET_S + 2)
    said: list[str] = []

    Workbench.open("local", notify=said.append)

    follower.join(100)
    finished = [photo.status for photo in followed if photo.status.finished]
    assert finished == [Status.INCOMPLETE] * len(files)
    assert [line for line in said if "was interrupted" in line]
    assert not own_aws.is_unclean()


def _written(path: Path, number: int) -> PreparedFile:
    path.write_bytes(pictures.jpeg((100 + number, 80)))
    file = prepare_file(path, ALBUM.id)
    assert isinstance(file, PreparedFile)
    return file


def test_a_stack_that_was_being_made_when_the_local_aws_was_killed_is_made_anew(own_aws: LocalAws) -> None:
    deploy(target_of(own_aws.start()), "cut")
    own_aws.stop()
    # What a kill during the deployment leaves: too short a moment to be hit on purpose.
    saved = own_aws.state_dir / "services" / "cloudformation.json"
    text = saved.read_text()
    assert '"StackStatus": "CREATE_COMPLETE"' in text
    saved.write_text(text.replace('"StackStatus": "CREATE_COMPLETE"', '"StackStatus": "CREATE_IN_PROGRESS"'))

    target = target_of(own_aws.start())

    assert deploy(target, "cut").changed
    backend = Backend(Workbench(target, "cut"))
    backend.put("x.jpg", pictures.jpeg())
    assert backend.ended("x.jpg")["x.jpg"].thumbnail
