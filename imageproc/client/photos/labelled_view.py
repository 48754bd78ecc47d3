"""What a view does with labels: corrected, exported, measured."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imageproc.catalog.new_files import given_path
from imageproc.client.photos.datasets import DatasetExport, DatasetOptions, read_dataset
from imageproc.client.photos.evaluation import Evaluation, evaluate
from imageproc.datasets.evaluation import THRESHOLDS

if TYPE_CHECKING:
    from imageproc.client.cancellation import Cancellation
    from imageproc.client.photos import Photos
    from imageproc.client.photos.corrections import Corrected, NotCorrected
    from imageproc.client.photos.photo import Photo
    from imageproc.datasets.images import Dataset


class LabelledView(ABC):
    """Photos of a stack whose labels count."""

    photos: Photos

    @abstractmethod
    def __iter__(self) -> Iterator[Photo]:
        """Yield the photos."""

    def add_label(
        self,
        label: str,
        *,
        user: str | None = None,
        notify: Callable[[Corrected | NotCorrected], object] | None = None,
        cancellation: Cancellation | None = None,
    ) -> list[Corrected | NotCorrected]:
        """Say that the photos have a label; return what came of each, of which `notify` is told at once.

        See `Photos.add_label`.
        """
        said = self.photos.add_label(self, label, user=user, cancellation=cancellation)
        return _told(said, notify)

    def remove_label(
        self,
        label: str,
        *,
        user: str | None = None,
        notify: Callable[[Corrected | NotCorrected], object] | None = None,
        cancellation: Cancellation | None = None,
    ) -> list[Corrected | NotCorrected]:
        """Say that the photos do not have a label; as `add_label`. See `Photos.remove_label`."""
        said = self.photos.remove_label(self, label, user=user, cancellation=cancellation)
        return _told(said, notify)

    def rename_label(
        self,
        label: str,
        to: str,
        *,
        user: str | None = None,
        notify: Callable[[Corrected | NotCorrected], object] | None = None,
        cancellation: Cancellation | None = None,
    ) -> list[Corrected | NotCorrected]:
        """Say that what the photos have under a label is another thing; as `add_label`."""
        said = self.photos.rename_label(self, label, to, user=user, cancellation=cancellation)
        return _told(said, notify)

    def undo_corrections(
        self,
        label: str | None = None,
        *,
        notify: Callable[[Corrected | NotCorrected], object] | None = None,
        cancellation: Cancellation | None = None,
    ) -> list[Corrected | NotCorrected]:
        """Undo the last correction of each photo, or that of a label; as `add_label`."""
        return _told(self.photos.undo_corrections(self, label, cancellation=cancellation), notify)

    def export(
        self,
        format: str,  # noqa: A002 - what it is called everywhere
        folder: Path | str,
        *,
        photos: bool = True,
        min_confidence: float = 0.0,
        keep_location: bool = False,
        notify: Callable[[str], object] | None = None,
    ) -> DatasetExport:
        """Write a data set of the photos and their labels as coco, yolo, voc, csv or parquet.

        The folder is new or empty. Labels are those that count, of at least this confidence. Photos lose
        their location as `Photos.download` says, unless `keep_location`; those that EXIF turns are written
        upright, encoded again. `notify` is told each photo's ID; what it raises stops the writing. Raises
        InvalidArgumentError for another format, DownloadError, AwsError.
        """
        options = DatasetOptions(format, photos, min_confidence)
        into = given_path(folder)
        return self.photos.export(self, into, options, keep_location=keep_location, notify=notify)

    def evaluate(
        self,
        truth: Path | str | Dataset | None = None,
        *,
        names: Mapping[str, str] | None = None,
        machine: bool = False,
        thresholds: Sequence[float] = THRESHOLDS,
    ) -> Evaluation:
        """Measure the labels by a data set, a folder or file; without one by what people corrected.

        Photos are known by their files' names. COCO's names are ours by themselves; `names` adds others.
        With `machine` what was recognised is judged, not what people made of it. Raises DatasetError for
        what is no data set or has none of the photos.
        """
        return evaluate(self, truth, names=names, machine=machine, thresholds=thresholds)

    def import_labels(
        self,
        truth: Path | str | Dataset,
        *,
        names: Mapping[str, str] | None = None,
        user: str | None = None,
        notify: Callable[[Corrected | NotCorrected], object] | None = None,
        cancellation: Cancellation | None = None,
    ) -> list[Corrected | NotCorrected]:
        """Correct the photos so that they have just those labels of a data set's classes that it says.

        Labels that are no class of it stay. Boxes are not taken over. As `evaluate` and `add_label`.
        """
        known = read_dataset(truth, names)
        said = self.photos.import_labels(self, known, user=user, cancellation=cancellation)
        return _told(said, notify)


def _told(
    outcomes: Iterable[Corrected | NotCorrected],
    notify: Callable[[Corrected | NotCorrected], object] | None,
) -> list[Corrected | NotCorrected]:
    found = []
    for outcome in outcomes:
        if notify:
            notify(outcome)
        found.append(outcome)
    return found
