"""How good labels are, measured by what is known to be true.

A label counts for a photo as a whole: it is there or not, however often. What is judged are the labels that
the truth uses at all; of others, `Animal` beside `Dog` say, it says nothing. A more special label, a Poodle,
counts as the Dog that it is. Precision is the share of what was said that is true, recall the share of what
is true that was said, F1 their harmonic mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from imageproc.core.label import BoundingBox, Label
from imageproc.datasets.images import Annotation

THRESHOLDS = (0.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0)
"""Confidences, percent."""

OVERLAP = 0.5
"""Boxes that share so much of their union are of the same thing, as in Pascal VOC."""


@dataclass(frozen=True)
class JudgedPhoto:
    """A photo, what was said of it, and what is true."""

    photo_id: str
    said: tuple[Label, ...]
    true: tuple[Annotation, ...]
    """With labels as the machine calls them."""


@dataclass(frozen=True)
class Score:
    """How often a label, or all of them, was said rightly, wrongly, and not said."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float | None:
        """The share of what was said that is true; None if nothing was said."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """The share of what is true that was said; None if nothing is."""
        return self.right / (self.right + self.missed) if self.right + self.missed else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None if there is nothing at all."""
        count = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / count if count else None

    def __add__(self, other: Score) -> Score:
        """Return both together."""
        return Score(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)


@dataclass(frozen=True)
class Mistake:
    """A photo of which something wrong was said, or something was not."""

    photo_id: str
    wrong: tuple[str, ...]
    missed: tuple[str, ...]
    weight: float
    """The confidences of what is wrong, and 100 for each that was missed."""


@dataclass(frozen=True)
class Measured:
    """Photos judged."""

    photos: tuple[JudgedPhoto, ...]
    vocabulary: frozenset[str]
    """The labels that are judged."""

    @cached_property
    def _said(self) -> list[tuple[JudgedPhoto, dict[str, float], set[str]]]:
        return [
            (photo, _confidences(photo.said, self.vocabulary), {one.label for one in photo.true})
            for photo in self.photos
        ]

    def by_label(self, threshold: float = 0.0) -> dict[str, Score]:
        """Return each label's score of what was said with at least this confidence."""
        scores = dict.fromkeys(sorted(self.vocabulary), Score())
        for _, confidences, true in self._said:
            said = {name for name, confidence in confidences.items() if confidence >= threshold}
            for name in said | true:
                scores[name] += Score(name in said & true, name in said - true, name in true - said)
        return scores

    def overall(self, threshold: float = 0.0) -> Score:
        """Return the score of all labels together: each label of each photo counts once."""
        return sum(self.by_label(threshold).values(), Score())

    def confusion(self, threshold: float = 0.0) -> dict[tuple[str, str], int]:
        """Return how often a true label's box was given another label, by both, the most frequent first."""
        counts: Counter[tuple[str, str]] = Counter()
        for photo, _, true in self._said:
            said = [
                (one.name, box)
                for one in photo.said
                for box in one.boxes
                if one.name in self.vocabulary - true and one.confidence >= threshold
            ]
            for fact in photo.true:
                found = [name for name, box in said if fact.box and overlap(fact.box, box) >= OVERLAP]
                counts.update((fact.label, name) for name in dict.fromkeys(found))
        return dict(counts.most_common())

    def mistakes(self, threshold: float = 0.0) -> list[Mistake]:
        """Return the photos with mistakes, the worst first."""
        found = []
        for photo, confidences, true in self._said:
            said = {name for name, confidence in confidences.items() if confidence >= threshold}
            wrong, missed = sorted(said - true), sorted(true - said)
            if wrong or missed:
                weight = sum(confidences[name] for name in wrong) + 100.0 * len(missed)
                found.append(Mistake(photo.photo_id, tuple(wrong), tuple(missed), weight))
        return sorted(found, key=lambda one: (-one.weight, one.photo_id))


def measure(photos: Iterable[JudgedPhoto], vocabulary: Iterable[str] = ()) -> Measured:
    """Judge photos by the labels that their truths use, and these."""
    found: Sequence[JudgedPhoto] = tuple(photos)
    used = {one.label for photo in found for one in photo.true}
    return Measured(tuple(found), frozenset(used | set(vocabulary)))


def overlap(one: BoundingBox, other: BoundingBox) -> float:
    """Return what two boxes share, as a part of what they cover together."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(0.0, width) * max(0.0, height)
    whole = one.width * one.height + other.width * other.height - shared
    return shared / whole if whole > 0 else 0.0


def renamed(true: Iterable[Annotation], names: Mapping[str, str]) -> tuple[Annotation, ...]:
    """Return truths under the machine's names, by those of the data set in lower case."""
    return tuple(
        Annotation(names.get(one.label.casefold(), one.label), one.box, one.confidence, one.parent)
        for one in true
    )


def _confidences(said: Iterable[Label], vocabulary: frozenset[str]) -> dict[str, float]:
    """Return the judged labels and parents of labels, each with its greatest confidence."""
    found: dict[str, float] = {}
    for label in said:
        for name in (label.name, *label.parents):
            if name in vocabulary:
                found[name] = max(found.get(name, 0.0), label.confidence)
    return found
