"""Photos followed until they are finished: what their records say, asked with few calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from imageproc.client.executions import Executions
from imageproc.client.photos.photo import Photo
from imageproc.client.uploads.events import ObjectVersion
from imageproc.core.record import Status, StepError
from imageproc.errors import FollowTimeoutError

_LATE = "They continue, after others perhaps: look again later, or wait longer (timeout_s)."

BATCH_S, EACH_S = 120.0, 10.0
"""What a batch may take at worst: so many seconds, and so many for each photo."""

QUIET_S = 10.0
"""Seconds without news after which an execution is asked whether it still runs."""

NOT_STARTED_S = 60.0
"""Seconds without news of any photo after which those without a record count as not started."""

ReadMany = Callable[[Iterable[str]], Iterator[Photo]]
ReadStatuses = Callable[[Iterable[str]], Mapping[str, Status | None]]


def ignore(_text: str) -> None:
    """Do nothing with a message."""


def not_started(count: int) -> str:
    """Return the message for so many uploads that nothing has begun to process, with the fix."""
    return (
        f"Nothing has begun to process {count} uploaded photos: S3's events may be late or lost. They are in "
        "the bucket, and `imageproc reconcile` starts them."
    )


class Follower:
    """Says of photos whether they have changed since the last look."""

    def __init__(
        self,
        read_many: ReadMany,
        read_statuses: ReadStatuses,
        executions: Executions,
        is_recovering: Callable[[], bool] = lambda: False,
    ) -> None:
        """Read records by `read_many`, and which have changed by `read_statuses`, which is less to read.

        While `is_recovering`, executions that ended are started again.
        """
        self._read_many, self._read_statuses, self._executions = read_many, read_statuses, executions
        self._is_recovering = is_recovering

    def follow(
        self,
        versions: Mapping[str, ObjectVersion | None],
        *,
        timeout_s: float | None,
        interval_s: float,
        sleep: Callable[[float], object],
        clock: Callable[[], float],
        notify: Callable[[str], object],
    ) -> Iterator[Photo]:
        """Yield each photo whenever its status has changed, until all are finished. See `Photos.follow`."""
        waiting: dict[str, Status | None] = dict.fromkeys(versions)
        timeout_s = BATCH_S + EACH_S * len(waiting) if timeout_s is None else timeout_s
        deadline, news = clock() + timeout_s, clock()
        while waiting:
            check = clock() - news > QUIET_S
            looked_at = waiting if check else self._changed(waiting)
            current = self.current({one: versions[one] for one in looked_at}, check=check)
            for photo in current:
                if photo.status == waiting[photo.id]:
                    continue
                news = clock()
                yield photo
                waiting[photo.id] = photo.status
                if photo.status.finished:
                    del waiting[photo.id]
            idle = sum(status is None for status in waiting.values())
            if idle and clock() - news > NOT_STARTED_S:
                notify(not_started(idle))
                notify = ignore
            if waiting and clock() > deadline:
                late = f"Not finished after {timeout_s:.0f} s: {len(waiting)} of the photos."
                raise FollowTimeoutError(late, not_started(idle) if idle else _LATE)
            if waiting:
                sleep(interval_s)

    def _changed(self, known: Mapping[str, Status | None]) -> list[str]:
        """Return those whose record has another status than is known, or none."""
        found = self._read_statuses(known)
        return [one for one, status in found.items() if status is None or status != known[one]]

    def current(self, versions: Mapping[str, ObjectVersion | None], *, check: bool = False) -> list[Photo]:
        """Return those that have a record by now; not those whose record is about an earlier upload.

        With `check`, executions that ended without finishing the record make it FAILED, with the reason.
        """
        found = self._read_many(versions)
        current = [photo for photo in found if not _is_earlier(photo, versions[photo.id])]
        return [self._checked(photo) for photo in current] if check else current

    def _checked(self, photo: Photo) -> Photo:
        """Return the photo as FAILED if nothing is going to finish it any more."""
        if photo.status.finished or not photo.execution_arn:
            return photo
        status = self._executions.status(photo)
        # Asked after the status, whose answer may be that of a local AWS which was down until now, and before
        # the record: without a recovery this is of the time before the crash or of that after the recovery.
        if status == "RUNNING" or self._is_recovering():
            return photo
        for latest in self._read_many([photo.id]):
            if latest.status.finished or latest.execution_arn != photo.execution_arn:
                return latest
        cause = "The execution ended, but not the photo: imageproc reconcile finishes it."
        return replace(photo, status=Status.FAILED, error=StepError("execution", status, cause))


def _is_earlier(photo: Photo, expected: ObjectVersion | None) -> bool:
    """Whether the record is not yet about the upload that is waited for, nor about a later one."""
    if expected is None or photo.version_id == expected.id:
        return False
    return photo.uploaded is None or photo.uploaded.timestamp() <= expected.uploaded
