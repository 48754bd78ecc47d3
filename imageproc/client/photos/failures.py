"""What failed, why, in which step, and how often: read from the photos' records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from imageproc.client.photos.photo import Photo
from imageproc.core.parts import is_final
from imageproc.core.record import Status, StepError
from imageproc.presentation import html
from imageproc.presentation.text import number_text

FAILED_STATUSES = (Status.FAILED, Status.INCOMPLETE, Status.REJECTED)
"""The statuses of photos that lack something."""

_CAUSES = 3
"""How many causes of a group are told where there are several."""

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

    @property
    def retriable(self) -> bool:
        """Whether another try may help."""
        return self.status is not Status.REJECTED and not (self.part and is_final(self.name))


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
        return self.status is not Status.REJECTED and not (self.part and is_final(self.name))


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
                _in_words(group.causes),
            )
            for group in self
        )
        columns = ("Photos", "Status", "Missing", "Step", "Error", "Cause")
        return html.listing(columns, rows, empty="Nothing failed, and nothing is missing.")


def _in_words(causes: Sequence[tuple[str, int]]) -> str:
    """Return the first causes, with how often each was there if they are several."""
    if len(causes) == 1:
        return causes[0][0]
    told = "; ".join(f"{cause} ({count:,})" for cause, count in causes[:_CAUSES])
    others = f"; {number_text(len(causes) - _CAUSES, 'other cause')}" if len(causes) > _CAUSES else ""
    return told + others


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
    found = {}
    for failure in failures_of(photos):
        wanted = not only or failure.part in only
        if wanted and failure.retriable and step in (None, failure.step):
            found[failure.photo.id] = failure.photo
    return list(found.values())


def _group(key: tuple[Status, str | None, str, str], members: list[Failure]) -> FailureGroup:
    status, part, step, name = key
    causes = Counter(one.cause for one in members).most_common()
    photos = sorted((one.photo for one in members), key=_newest_first)
    return FailureGroup(status, part, step, name, tuple(causes), tuple(photos))


def _newest_first(photo: Photo) -> float:
    return -photo.uploaded.timestamp() if photo.uploaded else 0.0
