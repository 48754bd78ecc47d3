"""Two recognitions of the same photos, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imageproc.catalog.answers import pandas_module
from imageproc.client.photos.evaluation import percent
from imageproc.core.label import Label
from imageproc.costs.words import usd
from imageproc.datasets.evaluation import Score
from imageproc.presentation import html
from imageproc.presentation.text import photos_text

if TYPE_CHECKING:
    import pandas as pd

Labels = Mapping[str, tuple[Label, ...]]
"""Labels by the photos' IDs."""

_COLUMNS = ("Recognised by", "Labels", "Photos with one", "Precision", "Recall", "F1", "Cost")


@dataclass(frozen=True)
class ComparedRecognition:
    """What one recognition says of the photos."""

    name: str
    labels: Labels
    score: Score | None
    """How right it is; None without a truth."""
    usd: float
    """What its answers cost on AWS, by list price; nothing on the local AWS."""

    @property
    def count(self) -> int:
        """How many labels the photos have together."""
        return sum(map(len, self.labels.values()))

    @property
    def labelled(self) -> int:
        """How many photos have one."""
        return sum(map(bool, self.labels.values()))


@dataclass(frozen=True)
class RecognitionComparison:
    """The recognition whose labels are recorded, and another one, asked about the same photos."""

    recorded: ComparedRecognition
    other: ComparedRecognition
    judged: int
    """Photos by which precision and recall are measured."""
    left_out: Mapping[str, str]
    """Photos that the other has not answered for, by ID, and why. They count for neither."""

    @property
    def photos(self) -> int:
        """How many photos are compared."""
        return len(self.other.labels)

    def rows(self) -> list[dict[str, Any]]:
        """Return a mapping for each recognition, as plain data: see `to_frame`."""
        return [
            {
                "recognition": one.name,
                "labels": one.count,
                "labelled": one.labelled,
                "precision": one.score.precision if one.score else None,
                "recall": one.score.recall if one.score else None,
                "f1": one.score.f1 if one.score else None,
                "usd": one.usd,
            }
            for one in (self.recorded, self.other)
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each recognition; shares are from 0 to 1.

        Raises ResourcesMissingError without pandas.
        """
        found: pd.DataFrame = pandas_module().DataFrame(self.rows())
        return found

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return columns, and a row of texts for each recognition."""
        return _COLUMNS, [
            (one.name, f"{one.count:,}", f"{one.labelled:,}", *_shares(one.score or Score()), usd(one.usd))
            for one in (self.recorded, self.other)
        ]

    def notes(self) -> list[str]:
        """Return what is to be known beside the table."""
        said = [f"{photos_text(self.photos).capitalize()}, {self.judged:,} of them judged."]
        if not self.judged:
            said.append("Without a truth and without corrections, precision and recall cannot be told.")
        return said + [f"Left out: {photo_id}: {cause}" for photo_id, cause in self.left_out.items()]

    def __repr__(self) -> str:
        """Return one line for people."""
        names = f"{self.recorded.name} and {self.other.name}"
        return f"<RecognitionComparison of {names} for {photos_text(self.photos)}>"

    def _repr_html_(self) -> str:
        """Return the table and the notes, for Jupyter."""
        return html.listing(*self.table()) + html.notes(self.notes())


def _shares(score: Score) -> tuple[str, ...]:
    return percent(score.precision), percent(score.recall), percent(score.f1)
