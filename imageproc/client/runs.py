"""Many uploads followed at once: what the records say of each, asked with few calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from imageproc.client.executions import Execution, Executions
from imageproc.client.photos import NOT_STARTED_S, Photo, Photos, Version
from imageproc.client.stack import Stack
from imageproc.client.uploads import Sent
from imageproc.core.keys import incoming_key
from imageproc.core.record import Status

_QUIET_S = 10.0
"""Seconds without news after which executions are asked whether they still run."""


@dataclass
class Run:
    """A photo on its way."""

    photo_id: str
    name: str
    version: Version | None = None
    """The upload that is followed; None: whichever the record is about."""
    photo: Photo | None = None
    execution: Execution | None = None
    """When it was started and ended; known after its end."""
    lost: bool = False
    """Whether there is no such photo."""

    @property
    def key(self) -> str:
        """The original's key."""
        return (self.photo.key if self.photo else "") or incoming_key(self.photo_id)

    @property
    def uploaded(self) -> int:
        """Epoch seconds; 0 if unknown."""
        return self.version.upload_time if self.version else self.photo.upload_time if self.photo else 0

    @property
    def arn(self) -> str | None:
        """The execution's ARN, as soon as it is known."""
        return self.photo.execution_arn if self.photo else None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.lost or bool(self.photo and self.photo.status.finished)

    @property
    def failed(self) -> bool:
        """Whether it ended with anything less than all."""
        if self.lost or self.photo is None:
            return self.lost
        return self.finished and self.photo.status is not Status.SUCCEEDED

    @property
    def seconds(self) -> float | None:
        """How long the execution took."""
        return self.execution.seconds if self.execution else None


class Runs:
    """Photos that are followed. Any thread may add some while another polls."""

    def __init__(self, stack: Stack, clock: Callable[[], float] = time.monotonic) -> None:
        """Follow photos of this stack."""
        self._photos, self._executions = Photos(stack), Executions(stack)
        self._clock = clock
        self._news = clock()
        self._lock = Lock()
        self._runs: dict[str, Run] = {}

    def add(self, sent: Sent) -> None:
        """Follow an upload; an earlier one of the same photo no more."""
        upload = sent.upload
        self._put(Run(upload.object_id, upload.path.name, sent.version))

    def add_id(self, photo_id: str) -> None:
        """Follow a photo that is there already."""
        self._put(Run(photo_id, photo_id.rpartition("/")[2]))

    def add_photo(self, photo: Photo) -> None:
        """Follow a photo whose record was read just now."""
        self._put(Run(photo.id, photo.file_name, photo=photo))

    def get(self, photo_id: str) -> Run | None:
        """Return a photo's run, None if it is not followed."""
        return self._runs.get(photo_id)

    def all(self) -> list[Run]:
        """Return the runs, those under way first, the newest first among them and among the others."""
        with self._lock:
            newest = list(reversed(self._runs.values()))
        return sorted(newest, key=lambda run: run.finished)

    @property
    def waiting(self) -> int:
        """How many are not finished."""
        return sum(not run.finished for run in self.all())

    @property
    def not_started(self) -> int:
        """How many have no record, when nothing has happened for so long that something should have."""
        quiet = self._clock() - self._news > NOT_STARTED_S
        return sum(quiet and run.photo is None and not run.lost for run in self.all())

    def poll(self) -> list[Photo]:
        """Ask once for what is not finished: a call for a hundred photos. Return those that are finished now.

        Raises AwsError; nothing is lost by it.
        """
        waiting = {run.photo_id: run for run in self.all() if not run.finished}
        versions = {name: run.version for name, run in waiting.items() if run.version}
        quiet = self._clock() - self._news > _QUIET_S
        finished: list[Photo] = []
        found = {photo.id: photo for photo in self._photos.current(waiting, versions, check=quiet)}
        for name, run in waiting.items():
            photo = found.get(name)
            run.lost = photo is None and run.version is None
            if photo is None or (run.photo and run.photo.record == photo.record):
                continue
            self._news = self._clock()
            run.photo, run.name = photo, photo.file_name
            if photo.status.finished:
                finished.append(photo)
        self.time()
        return finished

    def time(self) -> None:
        """Learn when the executions of finished photos began and ended: one call for a thousand of them."""
        wanted = {
            run.arn: run
            for run in self.all()
            if run.finished and run.arn and not (run.execution and run.execution.stopped)
        }
        if not wanted:
            return
        first = min(run.uploaded for run in wanted.values())
        for one in self._executions.since(datetime.fromtimestamp(first, UTC) - timedelta(minutes=1)):
            if one.arn in wanted:
                wanted.pop(one.arn).execution = one
            if not wanted:
                return

    def _put(self, run: Run) -> None:
        with self._lock:
            self._runs.pop(run.photo_id, None)
            self._runs[run.photo_id] = run
        self._news = self._clock()
