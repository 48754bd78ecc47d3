"""What `Photos` does with labels: corrections of one photo or of many."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from imageproc.client.cancellation import Cancellation
from imageproc.client.photos.corrections import Corrected, Corrections, Edit, NotCorrected
from imageproc.client.photos.datasets import DatasetExport, DatasetOptions, as_corrections, export
from imageproc.client.photos.exports import Given
from imageproc.client.photos.files import PhotoFiles
from imageproc.client.photos.following import ignore
from imageproc.client.photos.photo import Photo, PhotoLike
from imageproc.client.users import default_user
from imageproc.errors import CorrectionError

if TYPE_CHECKING:
    from imageproc.aws.record_store import RecordStore
    from imageproc.datasets.images import Dataset

Outcome = Corrected | NotCorrected


class Labelling(PhotoFiles):
    """Corrects labels of a stack's photos.

    What people say is kept beside what was recognised, with their name and the time, and outlasts processing
    (docs/reference/records.md). Each method yields what comes of each photo; one that cannot be corrected
    does not stop the others. `user` is who says it (by default `default_user()`). All raise CorrectionError
    for a name that cannot be kept, and Cancelled when they are cancelled: what was written by then stays.
    """

    def add_label(
        self,
        photos: Iterable[PhotoLike],
        label: str,
        *,
        user: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Outcome]:
        """Say that photos have a label. Said of one that was recognised, it confirms it: 100 %."""
        said = self._corrections(user)
        return self._apply(photos, said, said.add(label), cancellation)

    def remove_label(
        self,
        photos: Iterable[PhotoLike],
        label: str,
        *,
        user: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Outcome]:
        """Say that photos do not have a label; those that do not are unchanged."""
        said = self._corrections(user)
        return self._apply(photos, said, said.remove(label), cancellation)

    def rename_label(
        self,
        photos: Iterable[PhotoLike],
        label: str,
        to: str,
        *,
        user: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Outcome]:
        """Say that what photos have under a label is another thing; it keeps its boxes.

        What the machine found only as a parent of the first one is no longer a label of the photo.
        """
        said = self._corrections(user)
        return self._apply(photos, said, said.rename(label, to), cancellation)

    def undo_corrections(
        self,
        photos: Iterable[PhotoLike],
        label: str | None = None,
        *,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Outcome]:
        """Undo the last correction of each photo, or that of a label, whoever made it."""
        said = self._corrections(None)
        return self._apply(photos, said, said.undo(label), cancellation)

    def import_labels(
        self,
        photos: Iterable[PhotoLike],
        truth: Dataset,
        *,
        user: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Outcome]:
        """Correct photos by a data set. See `PhotoView.import_labels`."""
        said = as_corrections(map(self.find, photos), truth, self._corrections(user))
        return _until(said, cancellation)

    def export(
        self,
        photos: Iterable[PhotoLike],
        folder: Path,
        options: DatasetOptions,
        *,
        keep_location: bool = False,
        notify: Callable[[str], object] | None = None,
    ) -> DatasetExport:
        """Write photos and their labels as a data set. See `PhotoView.export`."""
        chosen = list({photo.id: photo for photo in map(self.find, photos)}.values())
        given = Given(chosen, {}, keep_location=keep_location, notify=notify or ignore)
        return export(given, self.read, folder.expanduser(), options)

    def _apply(
        self,
        photos: Iterable[PhotoLike],
        corrections: Corrections,
        edit: Edit,
        cancellation: Cancellation | None,
    ) -> Iterator[Outcome]:
        return _until(corrections.apply_all(map(self.find, photos), edit), cancellation)

    def _corrections(self, user: str | None) -> Corrections:
        return Corrections(self._records, user or default_user())

    def __repr__(self) -> str:
        """Return one line for people."""
        return f"<Photos of {self._stack!r}>"

    @property
    @abstractmethod
    def _records(self) -> RecordStore[Photo]: ...


def _until(outcomes: Iterator[Outcome], cancellation: Cancellation | None) -> Iterator[Outcome]:
    """Yield the same, until it is cancelled."""
    for outcome in outcomes:
        yield outcome
        if cancellation:
            cancellation.check()


def corrected(
    photo: Photo, outcomes: Iterable[Outcome], label: str | None, *, may_be_so: bool = False
) -> Photo:
    """Return a photo as it is after these corrections of it, which are about a label, or about any.

    Raises CorrectionError if nothing could be done, unless it may be so already; what prevented it otherwise.
    """
    for outcome in outcomes:
        if isinstance(outcome, NotCorrected):
            raise outcome.error
        if outcome.unchanged and not may_be_so:
            raise CorrectionError(*_why_nothing(photo, label))
    return photo.refresh()


def _why_nothing(photo: Photo, label: str | None) -> tuple[str, str]:
    if label is None:
        return f"No label of {photo.name} is corrected.", "There is nothing to undo."
    has = ", ".join(photo.tags) or "none"
    return f"Of {photo.name}, {label!r} is no label that could be corrected.", f"It has: {has}."
