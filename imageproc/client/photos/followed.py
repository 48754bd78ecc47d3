"""Many uploads followed at once, for a user interface: polled, with the times of their executions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from imageproc.client.executions import Execution, Executions
from imageproc.client.photos.following import NOT_STARTED_S, QUIET_S, Follower
from imageproc.client.photos.photo import Photo
from imageproc.client.uploads.events import ObjectVersion, Uploaded
from imageproc.core.keys import incoming_key
from imageproc.core.record import Status


@dataclass
class FollowedPhoto:
    """A photo on its way."""

    photo_id: str
    name: str
    version: ObjectVersion | None = None
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
        if self.version:
            return self.version.uploaded
        known = self.photo.uploaded if self.photo else None
        return int(known.timestamp()) if known else 0

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
    def ended(self) -> float:
        """Epoch seconds of the execution's end, else of the upload; 0 if neither is known."""
        stopped = self.execution.stopped if self.execution else None
        return stopped.timestamp() if stopped else float(self.uploaded)

    @property
    def seconds(self) -> float | None:
        """How long the execution took."""
        return self.execution.seconds if self.execution else None


class FollowedPhotos:
    """Photos that are followed. Any thread may add some while another polls."""

    def __init__(
        self, follower: Follower, executions: Executions, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Follow photos by `follower`."""
        self._follower, self._executions = follower, executions
        self._clock = clock
        self._news = clock()
        self._lock = Lock()
        self._followed: dict[str, FollowedPhoto] = {}

    def add(self, photo: Photo | Uploaded | str) -> None:
        """Follow an upload, a photo whose record was read just now, or a photo by its ID.

        An upload of a photo that is followed takes the place of the earlier one.
        """
        if isinstance(photo, Photo):
            self._put(FollowedPhoto(photo.id, photo.name, photo=photo))
        elif isinstance(photo, str):
            self._put(FollowedPhoto(photo, photo.rpartition("/")[2]))
        else:
            self._put(FollowedPhoto(photo.photo_id, photo.file.path.name, photo.version))

    def discard(self, photo_id: str) -> None:
        """Follow a photo no longer, if it is followed."""
        with self._lock:
            self._followed.pop(photo_id, None)

    def get(self, photo_id: str) -> FollowedPhoto | None:
        """Return a photo that is followed, None if it is not."""
        return self._followed.get(photo_id)

    def all(self) -> list[FollowedPhoto]:
        """Return all, those under way first, the newest first among them and among the others."""
        with self._lock:
            newest = list(reversed(self._followed.values()))
        return sorted(newest, key=lambda one: one.finished)

    @property
    def waiting(self) -> int:
        """How many are not finished."""
        return sum(not one.finished for one in self.all())

    @property
    def not_started(self) -> int:
        """How many have no record, when nothing has happened for so long that something should have."""
        quiet = self._clock() - self._news > NOT_STARTED_S
        return sum(quiet and one.photo is None and not one.lost for one in self.all())

    def poll(self) -> list[Photo]:
        """Ask once for what is not finished: a call for a hundred photos. Return those finished now.

        Raises AwsError; nothing is lost by it.
        """
        waiting = {one.photo_id: one for one in self.all() if not one.finished}
        quiet = self._clock() - self._news > QUIET_S
        versions = {photo_id: one.version for photo_id, one in waiting.items()}
        found = {photo.id: photo for photo in self._follower.current(versions, check=quiet)}
        finished: list[Photo] = []
        for photo_id, one in waiting.items():
            photo = found.get(photo_id)
            one.lost = photo is None and one.version is None
            if photo is None or one.photo == photo:
                continue
            self._news = self._clock()
            one.photo, one.name = photo, photo.name
            if photo.status.finished:
                finished.append(photo)
        self._time()
        return finished

    def _time(self) -> None:
        """Learn when the executions of finished photos began and ended: one call for a thousand of them."""
        wanted = {
            one.arn: one
            for one in self.all()
            if one.finished and one.arn and not (one.execution and one.execution.stopped)
        }
        for arn, one in list(wanted.items()):
            if one.photo and (told := self._executions.of_photo(one.photo)):
                wanted.pop(arn).execution = told
        if not wanted:
            return
        first = datetime.fromtimestamp(min(one.uploaded for one in wanted.values()), UTC)
        for execution in self._executions.since(first - timedelta(minutes=1)):
            if execution.arn in wanted:
                wanted.pop(execution.arn).execution = execution
            if not wanted:
                return

    def _put(self, followed: FollowedPhoto) -> None:
        with self._lock:
            self._followed.pop(followed.photo_id, None)
            self._followed[followed.photo_id] = followed
        self._news = self._clock()
