"""Labels of a view measured by a data set, or by what people corrected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imageproc.catalog.answers import pandas_module
from imageproc.client.photos.datasets import annotated, matched, read_dataset
from imageproc.client.photos.photo import Photo
from imageproc.datasets.evaluation import (
    THRESHOLDS,
    JudgedPhoto,
    Measured,
    Mistake,
    Score,
    measure,
)
from imageproc.datasets.images import Annotation, Dataset
from imageproc.errors import DatasetError
from imageproc.presentation import html
from imageproc.presentation.text import photos_text

if TYPE_CHECKING:
    import pandas as pd

    from imageproc.client.photos.labelled_view import LabelledView
    from imageproc.client.photos.view import PhotoView

_WORST = 24
_NONE = "–"


@dataclass(frozen=True)
class Evaluation:
    """How right the labels of photos are, by label and confidence; see `imageproc.datasets.evaluation`."""

    view: LabelledView
    measured: Measured
    unmatched: tuple[str, ...]
    """Files of the data set that are none of the photos."""
    thresholds: tuple[float, ...] = THRESHOLDS
    """The confidences that tables have, percent."""

    @property
    def photos(self) -> int:
        """How many photos were judged."""
        return len(self.measured.photos)

    def overall(self, threshold: float = 0.0) -> Score:
        """Return the score of all labels of at least this confidence, in percent, together."""
        return self.measured.overall(threshold)

    def by_label(self, threshold: float = 0.0) -> dict[str, Score]:
        """Return each label's score."""
        return self.measured.by_label(threshold)

    def confusion(self, threshold: float = 0.0) -> dict[tuple[str, str], int]:
        """Return how often a thing of the first label got the second instead: by boxes that overlap."""
        return self.measured.confusion(threshold)

    def mistakes(self, threshold: float = 0.0) -> list[Mistake]:
        """Return the photos with wrong or missed labels, the worst first."""
        return self.measured.mistakes(threshold)

    def worst(self, count: int = _WORST, threshold: float = 0.0) -> PhotoView:
        """Return a view of the worst photos, in order, to be looked through in a gallery."""
        ids = [one.photo_id for one in self.mistakes(threshold)[:count]]
        return self.view.photos.where().in_order(ids)

    def rows(self) -> list[dict[str, Any]]:
        """Return the same as plain data; see `to_frame`."""
        rows = []
        for threshold in self.thresholds:
            rows.append(_row(None, threshold, self.overall(threshold)))
            rows += [_row(label, threshold, score) for label, score in self.by_label(threshold).items()]
        return rows

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each label and threshold, and with no label for all: shares from 0 to 1.

        Raises ResourcesMissingError without pandas.
        """
        found: pd.DataFrame = pandas_module().DataFrame(self.rows())
        return found

    def __repr__(self) -> str:
        """Return one line for people."""
        score = self.overall()
        shares = (
            f"precision {percent(score.precision)}, recall {percent(score.recall)}, F1 {percent(score.f1)}"
        )
        return f"<Evaluation of {photos_text(self.photos)}: {shares}>"

    def _repr_html_(self) -> str:
        """Return tables by confidence and by label, for Jupyter."""
        tables = [
            (
                "By confidence",
                _COLUMNS,
                [(f"{one:g} %", *shown(self.overall(one))) for one in self.thresholds],
            ),
            ("By label", _COLUMNS, [(name, *shown(score)) for name, score in ranked(self.by_label())]),
        ]
        return html.tables(tables)


_COLUMNS = ("", "Right", "Wrong", "Missed", "Precision", "Recall", "F1")


def evaluate(
    view: LabelledView,
    truth: Path | str | Dataset | None,
    *,
    names: Mapping[str, str] | None,
    machine: bool,
    thresholds: Sequence[float],
) -> Evaluation:
    """Judge the photos of a view. See `PhotoView.evaluate`."""
    if truth is None:
        corrected = [photo for photo in view if photo.corrections]
        if not corrected:
            raise DatasetError(
                "Nobody has corrected one of these photos.", "Correct some, or give a data set as the truth."
            )
        # Of a label that was removed from all of them the truth would say nothing.
        about = {one.label for photo in corrected for one in photo.corrections}
        return Evaluation(view, measure(map(_by_people, corrected), about), (), tuple(thresholds))
    known = read_dataset(truth, names)
    found = matched(view, known)
    judged = [
        JudgedPhoto(photo.id, photo.machine_labels if machine else photo.labels, image.annotations)
        for photo, image in found.values()
    ]
    used = {image.file for _, image in found.values()}
    unmatched = tuple(image.file for image in known.images if image.file not in used)
    return Evaluation(view, measure(judged, known.classes), unmatched, tuple(thresholds))


def ranked(scores: Mapping[str, Score]) -> list[tuple[str, Score]]:
    """Return the labels with something to tell, those with the most mistakes first."""
    some = [(name, one) for name, one in scores.items() if one.f1 is not None]
    return sorted(some, key=lambda pair: (-(pair[1].wrong + pair[1].missed), pair[0]))


def shown(score: Score) -> tuple[str, ...]:
    """Return a score as a table's cells."""
    counts = (f"{one:,}" for one in (score.right, score.wrong, score.missed))
    return (*counts, percent(score.precision), percent(score.recall), percent(score.f1))


def percent(share: float | None) -> str:
    """Return a share for people."""
    return _NONE if share is None else f"{share:.1%}"


def _by_people(photo: Photo) -> JudgedPhoto:
    """Return what was recognised, and as the truth what people made of it."""
    true: Iterable[Annotation] = annotated(photo).annotations
    return JudgedPhoto(photo.id, photo.machine_labels, tuple(true))


def _row(label: str | None, threshold: float, score: Score) -> dict[str, Any]:
    counts = {"right": score.right, "wrong": score.wrong, "missed": score.missed}
    shares = {"precision": score.precision, "recall": score.recall, "f1": score.f1}
    return {"label": label, "threshold": threshold, **counts, **shares}
