"""What failed, as rows of a table: one for all parts that photos lack for one reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from imageproc import FailureGroup, Photo, Status
from imageproc.client.photos.failures import Failure, failures_of
from imageproc.presentation.text import cut_in_the_middle, in_words, number_text
from imageproc.widgets.panels.photo_views import PHOTO_TONES
from imageproc.widgets.parts.data_table import Cell

COLUMNS = ("Photos", "Status", "Missing", "Error", "Cause", "Retry")

_NAMES = 3
"""How many photos of a row are named."""
_LONGEST_NAME = 28
"""Of a photo, in characters: the cause is to have room."""


@dataclass(frozen=True)
class _Kind:
    """What the photos of a row have in common."""

    status: Status
    name: str
    parts: tuple[str, ...]
    steps: tuple[str, ...]
    retriable: bool


@dataclass(frozen=True)
class FailureRow:
    """The cells of a row of a table with COLUMNS, and the photos that it stands for."""

    cells: tuple[str | Cell, ...]
    photos: tuple[Photo, ...]
    status: Status
    """What they all have."""


@dataclass
class _Row:
    photos: list[Photo] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)


def failure_rows(groups: Iterable[FailureGroup]) -> list[FailureRow]:
    """Return the rows of a table, the most frequent kind of failure first.

    A file that cannot be decoded lacks its tags, thumbnail and embedding for one reason: that is one row.
    """
    photos = {photo.id: photo for group in groups for photo in group.photos}
    rows = dict[_Kind, _Row]()
    for photo in photos.values():
        for cause, found in _by_reason(photo):
            row = rows.setdefault(_kind(found), _Row())
            row.photos.append(photo)
            row.causes[cause] += 1
    ordered = sorted(rows.items(), key=lambda one: -len(one[1].photos))
    return [FailureRow(_cells(kind, row), tuple(row.photos), kind.status) for kind, row in ordered]


def _by_reason(photo: Photo) -> list[tuple[str, list[Failure]]]:
    """Return a photo's failures by their errors, with the cause of each."""
    reasons = dict[tuple[str, str], list[Failure]]()
    for failure in failures_of([photo]):
        reasons.setdefault((failure.name, failure.cause), []).append(failure)
    return [(cause, found) for (_, cause), found in reasons.items()]


def _kind(found: list[Failure]) -> _Kind:
    parts = tuple(one.part for one in found if one.part)
    steps = tuple(dict.fromkeys(one.step for one in found))
    return _Kind(found[0].status, found[0].name, parts, steps, found[0].retriable)


def _cells(kind: _Kind, row: _Row) -> tuple[str | Cell, ...]:
    count = len(row.photos)
    names = ", ".join(cut_in_the_middle(photo.name, _LONGEST_NAME) for photo in row.photos[:_NAMES])
    more = f" and {count - _NAMES:,} more" if count > _NAMES else ""
    cause, _ = row.causes.most_common(1)[0]
    others = f" (and {number_text(len(row.causes) - 1, 'other cause')})" if len(row.causes) > 1 else ""
    return (
        f"{count:,}: {names}{more}",
        Cell(in_words(kind.status), PHOTO_TONES[kind.status]),
        ", ".join(kind.parts) or "everything",
        Cell(kind.name, code=", ".join(kind.steps)),
        f"{cause}{others}",
        "may help" if kind.retriable else "cannot help: upload another file",
    )
