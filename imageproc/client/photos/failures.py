"""What failed, why, in which step, and how often: read from the photos' records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from imageproc.client.photos.photo import Photo
from imageproc.core.record import Status, StepError
from imageproc.errors import RecognitionRefusedError
from imageproc.presentation import html

FAILED_STATUSES = (Status.FAILED, Status.INCOMPLETE, Status.REJECTED)
"""The statuses of photos that lack something."""

_UNKNOWN = StepError("unknown", "unknown", "unknown")


@dataclass(frozen=True)
class Failure:
    """One thing that went wrong with one photo. A photo that lacks two parts has two."""

    photo: Photo
    status: Status
    """The photo's: FAILED, INCOMPLETE or REJECTED."""
    step: str
    """The state that failed."""
    name: str
    """The error's name."""
    cause: str
    """The error in words."""
    part: str | None
    """What is missing (`imageproc.core.parts.Part`); None if the photo failed as a whole."""


@dataclass(frozen=True)
class FailureGroup:
    """Failures of one kind: the same status, part, step and error."""

    status: Status
    part: str | None
    step: str
    name: str
    causes: tuple[tuple[str, int], ...]
    """Each cause in words, and how often, the most frequent first."""
    photos: tuple[Photo, ...]
    """The photos, the newest upload first."""

    @property
    def count(self) -> int:
        """How many photos."""
        return len(self.photos)

    @property
    def retriable(self) -> bool:
        """Whether another try may help."""
        return self.status is not Status.REJECTED and self.name != RecognitionRefusedError.__name__


class Failures(list[FailureGroup]):
    """Groups of failures, the most frequent first, which Jupyter shows as a table."""

    def _repr_html_(self) -> str:
        """Return how many photos failed, in which step and why, for Jupyter."""
        rows = (
            (
                group.count,
                group.status.capitalize(),
                group.part or "",
                group.step,
                group.name,
                group.causes[0][0],
            )
            for group in self
        )
        columns = ("Photos", "Status", "Missing", "Step", "Error", "Cause")
        return html.listing(columns, rows, empty="Nothing failed, and nothing is missing.")


def failures_of(photos: Iterable[Photo]) -> Iterator[Failure]:
    """Yield what went wrong with each of these photos; nothing for those that are well or under way."""
    for photo in photos:
        if photo.status not in FAILED_STATUSES:
            continue
        parts = photo.missing if photo.status is Status.INCOMPLETE else {}
        for part, error in parts.items():
            yield Failure(photo, photo.status, error.step, error.name, error.cause, part)
        if not parts:
            error = photo.error or _UNKNOWN
            yield Failure(photo, photo.status, error.step, error.name, error.cause, None)


def grouped(found: Iterable[Failure]) -> Failures:
    """Return failures by status, part, step and error's name, the most frequent first."""
    kinds: dict[tuple[Status, str | None, str, str], list[Failure]] = {}
    for one in found:
        kinds.setdefault((one.status, one.part, one.step, one.name), []).append(one)
    groups = [_group(key, members) for key, members in kinds.items()]
    return Failures(sorted(groups, key=lambda group: (-group.count, group.step, group.name)))


def retriable(photos: Iterable[Photo], only: Sequence[str], step: str | None) -> list[Photo]:
    """Return the photos that a retry may help. See `Photos.retriable`."""
    failed = [
        photo
        for photo in photos
        if (photo.status is Status.FAILED and not only)
        or (photo.status is Status.INCOMPLETE and (not only or set(only) & set(photo.missing)))
    ]
    if step is None:
        return failed
    return [one.photo for one in failures_of(failed) if one.step == step]


def _group(key: tuple[Status, str | None, str, str], members: list[Failure]) -> FailureGroup:
    status, part, step, name = key
    causes = Counter(one.cause for one in members).most_common()
    photos = sorted((one.photo for one in members), key=_newest_first)
    return FailureGroup(status, part, step, name, tuple(causes), tuple(photos))


def _newest_first(photo: Photo) -> float:
    return -photo.uploaded.timestamp() if photo.uploaded else 0.0
