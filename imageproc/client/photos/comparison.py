"""What other settings of the recognition would give for photos, as far as their stored labels tell it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from imageproc.catalog.answers import pandas_module
from imageproc.client.costs import of_reprocessing, parameters_of
from imageproc.client.photos.evaluation import evaluate, shown
from imageproc.core.label import Label
from imageproc.costs import Bill
from imageproc.costs.words import usd
from imageproc.datasets.evaluation import Measured, Score, measure
from imageproc.errors import InvalidArgumentError, TargetError
from imageproc.presentation import html
from imageproc.presentation.text import photos_text

if TYPE_CHECKING:
    import pandas as pd

    from imageproc.client.photos.labelled_view import LabelledView
    from imageproc.client.photos.photo import Photo
    from imageproc.client.stack import Stack
    from imageproc.datasets.images import Dataset

MIN_CONFIDENCE, MAX_LABELS = "MinConfidence", "MaxLabels"
_GREATEST = 100.0

Setting = Mapping[str, float]
"""Values of the template's parameters MinConfidence, in percent, and MaxLabels."""


@dataclass(frozen=True)
class ComparedSetting:
    """What one setting would give."""

    parameters: Setting
    is_present: bool
    """Whether it is how the stack is deployed."""
    labels: int | None
    """How many labels the photos would have together; None if what is stored does not tell."""
    labelled: int | None
    """How many photos would have one."""
    score: Score | None
    """How right they would be; None without a truth, and if it cannot be told."""
    again: Bill
    """What it costs on AWS, at most, to process the photos again so; nothing for the present one."""

    @property
    def is_known(self) -> bool:
        """Whether the labels that are stored tell it."""
        return self.labels is not None


@dataclass(frozen=True)
class Comparison(Sequence[ComparedSetting]):
    """Settings side by side, in the order in which they were given.

    Labels are the recognition's, without what people corrected. Rekognition leaves out what is less confident
    than MinConfidence, and all but the most confident MaxLabels: of a stricter setting than the stack's, the
    labels that are stored tell what it would give. What a looser one would add, only recognising again tells.
    """

    settings: tuple[ComparedSetting, ...]
    present: Setting
    """How the stack is deployed. Photos that were processed before may have been under another setting."""
    photos: int
    judged: int
    """Photos by which precision and recall are measured."""

    def __len__(self) -> int:
        """Return how many settings there are."""
        return len(self.settings)

    @overload
    def __getitem__(self, index: int) -> ComparedSetting: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[ComparedSetting, ...]: ...
    def __getitem__(self, index: int | slice) -> ComparedSetting | tuple[ComparedSetting, ...]:
        """Return a setting, or several."""
        return self.settings[index]

    def rows(self) -> list[dict[str, Any]]:
        """Return a mapping for each setting, as plain data: see `to_frame`."""
        return [
            {
                **one.parameters,
                "present": one.is_present,
                "labels": one.labels,
                "labelled": one.labelled,
                "precision": one.score.precision if one.score else None,
                "recall": one.score.recall if one.score else None,
                "f1": one.score.f1 if one.score else None,
                "usd": one.again.total,
            }
            for one in self
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each setting; shares are from 0 to 1, `usd` is what recognising again costs.

        Raises ResourcesMissingError without pandas.
        """
        found: pd.DataFrame = pandas_module().DataFrame(self.rows())
        return found

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return columns, and a row of texts for each setting."""
        names = tuple(self.present)
        columns = (*names, "Labels", "Photos with one", *_SHARES, "To have it")
        return columns, [
            (*(f"{one.parameters[name]:g}" for name in names), *_counts(one), *_shares(one), _cost(one))
            for one in self
        ]

    def notes(self) -> list[str]:
        """Return what is to be known beside the table."""
        said = [f"{photos_text(self.photos).capitalize()}, {self.judged:,} of them judged."]
        if not self.judged:
            said = ["Without a truth and without corrections, precision and recall cannot be told."]
        unknown = next((one for one in self if not one.is_known), None)
        if unknown:
            given = " ".join(f"-p {name}={value:g}" for name, value in unknown.parameters.items())
            said.append(
                "What a looser setting than the stack's would add was not stored. To see it: "
                f"imageproc deploy {given}, then imageproc reprocess --only tags for the same photos "
                "(--all: every one)."
            )
        return said

    def __repr__(self) -> str:
        """Return one line for people."""
        known = sum(one.is_known for one in self)
        return f"<Comparison of {len(self)} settings for {photos_text(self.photos)}: {known} can be told>"

    def _repr_html_(self) -> str:
        """Return the table and the notes, for Jupyter."""
        columns, rows = self.table()
        return html.listing(columns, rows) + html.notes(self.notes())


_SHARES = ("Precision", "Recall", "F1")
_UNKNOWN = "not known"


def compare(
    stack: Stack,
    view: LabelledView,
    settings: Mapping[str, Iterable[float]],
    *,
    truth: Path | str | Dataset | None,
    names: Mapping[str, str] | None,
) -> Comparison:
    """Compare settings for the photos of a view. See `Workbench.compare`."""
    every = _combinations(settings)
    photos, parameters = list(view), parameters_of(stack)
    here = _present(stack.name, parameters, settings)
    measured, bill = measured_by(view, photos, truth, names), of_reprocessing(photos, parameters)
    found = (_compared(one, here, photos, measured, bill) for one in every)
    return Comparison(tuple(found), here, len(photos), len(measured.photos) if measured else 0)


def _present(stack: str, parameters: Mapping[str, str], names: Iterable[str]) -> Setting:
    missing = [name for name in names if name not in parameters]
    if missing:
        raise TargetError(f"The stack {stack} has no parameter {missing[0]}.", "Deploy it: imageproc deploy")
    return {name: float(parameters[name]) for name in names}


def measured_by(
    view: LabelledView, photos: Sequence[Photo], truth: Path | str | Dataset | None, names: Any
) -> Measured | None:
    """Judge what is recorded by a data set, or by what people corrected; None if there is neither."""
    if truth is None and not any(photo.corrections for photo in photos):
        return None
    return evaluate(view, truth, names=names, machine=True, thresholds=()).measured


def _compared(
    setting: Setting,
    present: Setting,
    photos: Sequence[Photo],
    measured: Measured | None,
    bill: Bill,
) -> ComparedSetting:
    same = setting == present
    again = Bill(()) if same else bill
    if not _is_stricter(setting, present):
        return ComparedSetting(setting, same, None, None, None, again)
    kept = [_kept(photo.machine_labels, setting) for photo in photos]
    score = None
    if measured:
        judged = [replace(one, said=_kept(one.said, setting)) for one in measured.photos]
        score = measure(judged, measured.vocabulary).overall()
    return ComparedSetting(setting, same, sum(map(len, kept)), sum(map(bool, kept)), score, again)


def _is_stricter(setting: Setting, present: Setting) -> bool:
    """Return whether a setting gives no label that the present one leaves out."""
    return setting.get(MIN_CONFIDENCE, 0) >= present.get(MIN_CONFIDENCE, 0) and setting.get(
        MAX_LABELS, 0
    ) <= present.get(MAX_LABELS, 0)


def _kept(labels: Sequence[Label], setting: Setting) -> tuple[Label, ...]:
    sure = [one for one in labels if one.confidence >= setting.get(MIN_CONFIDENCE, 0)]
    sure.sort(key=lambda one: -one.confidence)
    return tuple(sure[: int(setting.get(MAX_LABELS, len(sure)))])


def _combinations(settings: Mapping[str, Iterable[float]]) -> list[Setting]:
    least = {MIN_CONFIDENCE: 0, MAX_LABELS: 1}
    for name in settings:
        if name not in least:
            raise InvalidArgumentError(
                f"Settings of {name!r} cannot be compared.",
                f"Compare {MIN_CONFIDENCE} and {MAX_LABELS}: what others do, stored labels do not tell.",
            )
    given = {name: [_value(name, value, least[name]) for value in some] for name, some in settings.items()}
    if not given or not all(given.values()):
        raise InvalidArgumentError(
            "There are no settings to compare.", f"Give some: {{'{MIN_CONFIDENCE}': [55, 70]}}."
        )
    return [dict(zip(given, values, strict=True)) for values in product(*given.values())]


def _value(name: str, value: Any, least: float) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    whole = name != MAX_LABELS or (is_number and value == int(value))
    if not is_number or not whole or not least <= value <= _GREATEST:
        kind = "a whole number" if name == MAX_LABELS else "percent"
        raise InvalidArgumentError(
            f"{name} cannot be {value!r}.", f"Give {kind} from {least:g} to {_GREATEST:g}."
        )
    return float(value)


def _counts(one: ComparedSetting) -> tuple[str, str]:
    if one.labels is None or one.labelled is None:
        return _UNKNOWN, _UNKNOWN
    return f"{one.labels:,}", f"{one.labelled:,}"


def _shares(one: ComparedSetting) -> tuple[str, ...]:
    if one.score:
        return shown(one.score)[-len(_SHARES) :]
    return ("–" if one.is_known else _UNKNOWN,) * len(_SHARES)


def _cost(one: ComparedSetting) -> str:
    return "as deployed" if one.is_present else f"at most {usd(one.again.total)}"
