"""Whatever is killed, at whatever moment of a batch: in the end every photo is there, and right."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client import KernelManager  # type: ignore[attr-defined]

from imageproc.client.photos.photo import Photo
from imageproc.client.uploads.events import PreparedFile
from imageproc.client.uploads.files import prepare_file
from imageproc.client.workbench import Workbench
from imageproc.core.record import Dimensions, Status
from imageproc.errors import RetryError
from imageproc.local import LocalAws
from imageproc.local.processes import function_processes
from imageproc.local.recognition import SWITCH
from imageproc.local.recognition.models import missing_packages
from imageproc.local.state import StateDir
from tests import pictures, soak
from tests.flow.conftest import DONE, Backend, deploy, target_of
from tests.local.recognition.test_lifecycle import recognition_of

COUNT = soak.of(60, 200)
KILLS = soak.of(8, 20)
SEED = 20
SAVED_S = 3.0
"""After so many seconds the local AWS has saved what it was told: the stack was there before the photos."""
ROUNDS = 15
PATIENCE_S = 150

CELL = """
import time
from pathlib import Path
from imageproc import Target, Uploaded, Workbench
from imageproc.client.albums import Album
from imageproc.client.uploads.files import prepare_file

album = Album("a1", "ann", "Cats", 0)
files = [prepare_file(path, album.id) for path in sorted(Path({folder!r}).iterdir())]
while True:
    try:
        workbench = Workbench(Target.local(Path({state!r})), "crashed")
        events = list(workbench.uploads.send(files, album))
        sent = {{event.file.photo_id for event in events if isinstance(event, Uploaded)}}
        files = [one for one in files if one.photo_id not in sent]
        if not files:
            Path({done!r}).touch()
        started = list(workbench.photos.reconcile())
        if not files and not started and all(photo.status.finished for photo in workbench.photos):
            break
    except Exception as error:
        print(error)
    time.sleep(0.2)
"""
LOOK = """
from collections import Counter
from collections.abc import Callable
print(sorted(Counter(str(photo.status) for photo in workbench.photos).items()))
"""


@dataclass
class Notebook:
    """A kernel that uploads and reconciles; a new one starts from the beginning, as a user would."""

    code: str
    manager: Any = None
    client: Any = None

    def run(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.client = self.manager.blocking_client()
        self.client.start_channels(hb=False)
        self.client.execute(self.code)

    def kill(self) -> None:
        os.kill(self.manager.provisioner.pid, signal.SIGKILL)
        self.manager.provisioner.process.wait()
        self.stop()
        self.run()

    def says(self, code: str) -> str:
        """Return what the present kernel prints."""
        printed: list[str] = []
        self.client.execute_interactive(
            code, timeout=60, output_hook=lambda m: printed.append(m["content"].get("text", ""))
        )
        return "".join(printed)

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@dataclass
class Batch:
    """The photos, and all that works on them."""

    local: LocalAws
    notebook: Notebook
    chosen: random.Random
    killed: Counter[str] = field(default_factory=Counter)

    def kill(self, victim: str) -> None:
        """Kill one of what there is of a kind, and bring up what does not come by itself."""
        {
            "server": self._server,
            "worker": self._worker,
            "recognition": self._recognition,
            "kernel": self.notebook.kill,
        }[victim]()
        self.killed[victim] += 1

    def _server(self) -> None:
        status = self.local.status()
        assert status.pid is not None
        os.kill(status.pid, signal.SIGKILL)
        self.local.start()

    def _worker(self) -> None:
        self._one_of(lambda: function_processes(StateDir(self.local.state_dir)))

    def _recognition(self) -> None:
        self._one_of(lambda: recognition_of(self.local.status()))

    def _one_of(self, found: Any) -> None:
        """Kill one; they come and go while they are looked for. If there is none, the server has to go."""
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            with contextlib.suppress(psutil.Error, IndexError):
                self.chosen.choice(found()).kill()
                return
            time.sleep(0.05)
        self._server()

    @property
    def workbench(self) -> Workbench:
        return Workbench(target_of(self.local.status()), "crashed")


@pytest.mark.timeout(420)
def test_kills_at_any_moment_lose_no_photo(
    own_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SWITCH)
    deploy(target_of(own_aws.start()), "crashed")
    time.sleep(SAVED_S)
    files = written(tmp_path / "photos")
    done = tmp_path / "sent"
    code = CELL.format(folder=str(tmp_path / "photos"), state=str(own_aws.state_dir), done=str(done))
    chosen = random.Random(SEED)
    batch = Batch(own_aws, Notebook(code), chosen)
    kinds = ["server", "worker", "kernel"] + (["recognition"] if not missing_packages() else [])
    victims = [kinds[number % len(kinds)] for number in range(KILLS)]  # as many of each
    chosen.shuffle(victims)

    batch.notebook.run()
    try:
        waited_for(lambda: any(batch.workbench.photos))
        for victim in victims:
            time.sleep(chosen.uniform(0.1, 0.6))
            batch.kill(victim)
        waited_for(done.exists)
        finish(batch, files)
        told = batch.notebook.says(LOOK)
    finally:
        batch.notebook.stop()

    assert batch.killed.total() == KILLS
    assert told.strip().endswith(str([(str(DONE), COUNT)])), "a new kernel shows the truth"
    check(Backend(batch.workbench), files)


def waited_for(condition: Callable[[], bool]) -> None:
    """Wait for what may take its time on a busy machine."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it does not become so"
        time.sleep(0.1)


def written(folder: Path) -> dict[str, PreparedFile]:
    """Write the photos, no two alike, and return them by ID."""
    folder.mkdir()
    for number in range(COUNT):
        (folder / f"{number:03}.jpg").write_bytes(pictures.jpeg((80 + number, 90), make=f"Maker {number}"))
    found = [prepare_file(path, "a1") for path in sorted(folder.iterdir())]
    return {one.photo_id: one for one in found if isinstance(one, PreparedFile)}


def finish(batch: Batch, files: dict[str, PreparedFile]) -> None:
    """Do as the documentation says after a crash: reconcile, and retry what says that it failed."""
    waited_for(lambda: batch.local.status().recognition or bool(missing_packages()))
    backend = Backend(batch.workbench)
    for _ in range(ROUNDS):
        list(backend.photos.reconcile())
        photos: dict[str, Photo] = {}
        with contextlib.suppress(TimeoutError):
            photos = backend.followed(files)
        for photo in photos.values():
            if photo.status in (Status.FAILED, Status.INCOMPLETE) and photo.status is not DONE:
                retry(backend, photo)
        if len(photos) == COUNT and {photo.status for photo in photos.values()} == {DONE}:
            return
        time.sleep(1)  # an execution ends a moment after its photo
    raise AssertionError("some photos cannot be finished")


def retry(backend: Backend, photo: Photo) -> None:
    """Retry a photo, unless the notebook is doing so just now."""
    recorded = photo.refresh()
    if recorded.status.finished and recorded.status is not DONE:
        with contextlib.suppress(RetryError):
            recorded.retry()


def check(backend: Backend, files: dict[str, PreparedFile]) -> None:
    """Every photo is right: original, record, thumbnail, tags."""
    photos = {photo.id: photo for photo in backend.photos}
    assert set(photos) == set(files)
    for number, (photo_id, file) in enumerate(files.items()):
        photo = photos[photo_id]
        assert photo.read() == file.path.read_bytes()
        assert photo.dimensions == Dimensions(80 + number, 90)
        assert photo.camera.make == f"Maker {number}"
        assert ("labels" in photo.attributes) == (not missing_packages())
        small = pictures.opened(backend.thumbnail(photo_id)["Body"].read())
        scale = min(1, 250 / (80 + number))
        assert small.size == (round((80 + number) * scale), round(90 * scale))
