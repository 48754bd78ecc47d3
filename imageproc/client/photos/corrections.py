"""Labels of photos as people correct them: added, removed, renamed, and corrections undone.

A correction is written under the condition that nobody has corrected the same label since it was read; if
somebody has, it is read again and kept behind the new one. So of two people nobody's word is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imageproc.client.photos.moves import each
from imageproc.client.photos.photo import Photo
from imageproc.core.corrections import (
    MAX_CORRECTIONS,
    checked_label,
    checked_person,
    next_correction,
    now_ms,
    undone,
)
from imageproc.core.label import Correction, CorrectionAction
from imageproc.core.ownership import begin_corrections, correct
from imageproc.errors import AwsError, CorrectionError, ImageprocError, PhotoNotFoundError, SupersededError

if TYPE_CHECKING:
    from imageproc.aws.record_store import RecordStore

_TRIES = 10
"""Each one that fails is somebody else's correction of the same label that was written meanwhile."""

_GONE = "{} is gone: it was forgotten."

Change = tuple[str, Correction | None, Correction | None]
Edit = Callable[[Photo], Change | None]
"""Of a photo as it is now: a label, what was said of it and what is to be; None if nothing is to be done."""


@dataclass(frozen=True)
class Corrected:
    """A photo whose labels are as somebody wanted them."""

    photo_id: str
    unchanged: bool = False
    """Whether they were before: nothing was written."""


@dataclass(frozen=True)
class NotCorrected:
    """A photo whose labels stay as they are, and why; the others continue."""

    photo_id: str
    error: ImageprocError

    @property
    def cause(self) -> str:
        """Why, in words."""
        return str(self.error)


class Corrections:
    """Corrects the labels of photos in one person's name."""

    def __init__(self, records: RecordStore[Photo], by: str, clock: Callable[[], float] = time.time) -> None:
        """Correct in this person's name. Raises CorrectionError for one that cannot be kept."""
        self._records, self._by, self._clock = records, checked_person(by), clock

    def add(self, label: str) -> Edit:
        """Return that photos have a label, also if the machine found it: a person's word counts 100 %."""
        name = checked_label(label)
        return lambda photo: self._said(photo, _spelling(photo, name) or name, CorrectionAction.ADDED)

    def remove(self, label: str) -> Edit:
        """Return that photos do not have a label; one that they do not have is left alone."""
        name = checked_label(label)

        def removed(photo: Photo) -> Change | None:
            there = _spelling(photo, name)
            return self._said(photo, there, CorrectionAction.REMOVED) if there else None

        return removed

    def rename(self, label: str, to: str) -> Edit:
        """Return that what photos have under one label is another thing."""
        name, other = checked_label(label), checked_label(to)
        if name == other:
            raise CorrectionError(f"{name!r} is the label's name already.", "Give another name.")

        def renamed(photo: Photo) -> Change | None:
            there = _spelling(photo, name)
            return self._said(photo, there, CorrectionAction.RENAMED, to=other) if there else None

        return renamed

    def undo(self, label: str | None) -> Edit:
        """Return that the last correction of a label, or of a photo, does not count: the one before does."""

        wanted, meant = checked_label(label).casefold() if label else None, dict[str, Correction]()

        def edited(photo: Photo) -> Change | None:
            found = meant.get(photo.id) or next(
                (one for one in reversed(photo.corrections) if wanted in (None, *_names(one))), None
            )
            if found is None:
                return None
            meant[photo.id], then, now = found, undone(found), _correction(photo, found.label)
            if now == found:
                return found.label, found, then
            if now == then:
                return None
            raise CorrectionError(
                f"{found.label} of {photo.name} was corrected by somebody else just now.", "Look again."
            )

        return edited

    def apply(self, photo: Photo, edit: Edit, now: Photo | None = None) -> Corrected:
        """Correct one photo; `now` is the photo as it was just read.

        Raises PhotoNotFoundError, CorrectionError for too many corrections, AwsError.
        """
        for tried in range(_TRIES):
            now = now or self._records.get(photo.id)
            if now is None:
                raise PhotoNotFoundError(_GONE.format(photo.name))
            if (change := edit(now)) is None:
                return Corrected(photo.id, unchanged=not tried)  # else an answer was lost: it was written
            if self._write(now, *change):
                return Corrected(photo.id)
            now = None
        raise CorrectionError(
            f"The labels of {photo.name} are being corrected by somebody else.", "Try again."
        )

    def apply_all(self, photos: Iterable[Photo], edit: Edit) -> Iterator[Corrected | NotCorrected]:
        """Correct photos, several at a time, and yield what comes of each."""

        return self.each(photos, lambda photo, now: self.attempt(photo, edit, now))

    def attempt(self, photo: Photo, edit: Edit, now: Photo | None = None) -> Corrected | NotCorrected:
        """Correct one photo, and return also what prevents it."""
        try:
            return self.apply(photo, edit, now)
        except (AwsError, CorrectionError, PhotoNotFoundError) as error:
            return NotCorrected(photo.id, error)

    def each(
        self, photos: Iterable[Photo], done: Callable[[Photo, Photo | None], Corrected | NotCorrected]
    ) -> Iterator[Corrected | NotCorrected]:
        """Yield what comes of each photo as it was found and as it is now, several at a time."""
        return each(photos, self._records, done)

    def _said(
        self, photo: Photo, label: str, action: CorrectionAction, to: str | None = None
    ) -> Change | None:
        earlier = _correction(photo, label)
        new = Correction(label, action, self._by, now_ms(self._clock()), to, photo.content_hash)
        same = earlier and replace(earlier, at=new.at, before=()) == new
        return None if same else (label, earlier, next_correction(earlier, new))

    def _write(self, photo: Photo, label: str, found: Correction | None, then: Correction | None) -> bool:
        """Write a correction; False if somebody has corrected the label since the photo was read."""
        try:
            if not photo.corrections:
                self._records.write(photo.id, begin_corrections())
            if found is None and len(photo.corrections) >= MAX_CORRECTIONS:
                raise CorrectionError(
                    f"{MAX_CORRECTIONS} labels of {photo.name} are corrected, which is as many as are kept.",
                    "Undo some: `imageproc label undo`.",
                )
            self._records.write(photo.id, correct(label, found, then))
        except SupersededError:
            return False
        except AwsError as error:
            if error.code == "ValidationException" and "size" in error.cause.lower():
                raise CorrectionError(
                    f"The record of {photo.name} has no room for another correction (400 KB at most).",
                    "Undo some: `imageproc label undo`.",
                ) from error
            raise
        return True


def _correction(photo: Photo, label: str) -> Correction | None:
    return next((one for one in photo.corrections if one.label == label), None)


def _names(correction: Correction) -> tuple[str, ...]:
    return tuple(name.casefold() for name in (correction.label, correction.to) if name)


def _spelling(photo: Photo, label: str) -> str | None:
    """Return the label's name as the photo has it, upper and lower case alike; None if it has it not."""
    names = [*(one.name for one in photo.labels), *photo.tags]
    return next((name for name in names if name.casefold() == label.casefold()), None)
