"""An import that runs: many files at once, so many ahead of what was told, and an end that loses nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock

from imageproc.aws.translation import from_botocore
from imageproc.client.cancellation import Cancellation
from imageproc.client.imports.album_intake import AlbumIntake
from imageproc.client.imports.entries import ImportEntry, ImportOutcome
from imageproc.client.imports.placement import Placement
from imageproc.client.imports.source import Source, SourceFile
from imageproc.client.imports.workers import Workers
from imageproc.client.stack import Stack
from imageproc.errors import (
    AccessDeniedError,
    Cancelled,
    CredentialsExpiredError,
    CredentialsInvalidError,
    CredentialsMissingError,
    EndpointUnreachableError,
    ImageprocError,
    ImageRejectedError,
    UploadError,
)

PARALLEL = 16
_AHEAD = 4 * PARALLEL
"""Files that are begun before the oldest of them is told of."""

_POLL_S = 0.1
"""Seconds between two looks at whether the import was cancelled."""

_GRACE_S = 2.0
"""Seconds that calls under way have to end when the import is broken off."""

_DENIED = 20
"""If so many files are refused before one is imported, all will be."""

_LOCKS = 256

_NO_USE_TO_GO_ON = (
    *(Cancelled, CredentialsExpiredError, CredentialsInvalidError, CredentialsMissingError),
    EndpointUnreachableError,
)
"""What the next files would end with, too."""

_Waiting = deque[ImportEntry | Future[ImportEntry]]


class ImportRun:
    """One run over all files of a source."""

    def __init__(
        self,
        stack: Stack,
        source: Source,
        placement: Placement,
        ended: Callable[[SourceFile, ImportEntry], object] = lambda *_: None,
    ) -> None:
        """Import into these albums; `ended` is told of each photo that is there then, by many threads."""
        self._stack, self._source, self._placement, self._told = stack, source, placement, ended
        self._intakes: dict[str, AlbumIntake] = {}
        self._locks = [Lock() for _ in range(_LOCKS)]
        self._lock = Lock()
        self._stop = Cancellation()
        self._denied, self._succeeded = 0, False

    def entries(
        self, note: Callable[[ImportEntry], object], cancellation: Cancellation | None
    ) -> Iterator[ImportEntry]:
        """Yield what became of each file, about in the source's order; `note` is told of each before.

        When the iterator is closed, or something is raised, it is also told of those that end within two
        seconds. A call that AWS does not answer is left to itself; the next run looks what came of it.
        """
        waiting: _Waiting = deque()
        workers = Workers(PARALLEL, self._ended)
        try:
            for file in self._source.files():
                _check(cancellation)
                waiting.append(file if isinstance(file, ImportEntry) else workers.submit(file))
                if len(waiting) > _AHEAD:
                    yield _next(waiting, note, cancellation)
            while waiting:
                yield _next(waiting, note, cancellation)
        finally:
            self._stop.cancel()
            workers.end([one for one in waiting if isinstance(one, Future)], _GRACE_S)
            _note_the_rest(waiting, note)

    def _ended(self, file: SourceFile) -> ImportEntry:
        """Import a file, and return how that ended. Raises what all other files would end with, too."""
        try:
            entry = self._intake(file).put(file, self._stop)
        except (ImageRejectedError, UploadError) as error:
            return file.entry(ImportOutcome.SKIPPED, str(error))
        except Exception as error:  # noqa: BLE001 - boto3's transfers raise more than botocore's errors
            return self._failed(file, error)
        self._succeeded = True
        self._told(file, entry)
        return entry

    def _failed(self, file: SourceFile, error: Exception) -> ImportEntry:
        if not isinstance(error, ImageprocError):
            error = from_botocore(error, f"Importing {file.path}")
        if isinstance(error, _NO_USE_TO_GO_ON):
            raise error
        if isinstance(error, AccessDeniedError) and not self._succeeded:
            self._denied += 1
            if self._denied >= _DENIED:
                raise self._source.explained(error)
        return file.entry(ImportOutcome.FAILED, str(error))

    def _intake(self, file: SourceFile) -> AlbumIntake:
        name = self._placement.album_name(file)
        with self._lock:
            if name not in self._intakes:
                self._intakes[name] = AlbumIntake(self._stack, self._placement, name, self._locks)
            return self._intakes[name]


def _next(
    waiting: _Waiting, note: Callable[[ImportEntry], object], cancellation: Cancellation | None
) -> ImportEntry:
    """Return the oldest file's end as soon as it is there. Raises Cancelled."""
    entry = waiting[0]
    while not isinstance(entry, ImportEntry):
        _check(cancellation)
        with suppress(TimeoutError):
            entry = entry.result(_POLL_S)
    waiting.popleft()
    note(entry)
    return entry


def _note_the_rest(waiting: _Waiting, note: Callable[[ImportEntry], object]) -> None:
    for one in waiting:
        if isinstance(one, ImportEntry) or one.done():
            with suppress(Exception):
                note(one if isinstance(one, ImportEntry) else one.result())


def _check(cancellation: Cancellation | None) -> None:
    if cancellation:
        cancellation.check()
