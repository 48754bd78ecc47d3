"""The two models' answers become one list of labels.

The classifier knows a thousand fine kinds and spreads its confidence over those that look alike: five kinds
of cat at 15 % each are a Cat at 75 %. So the probabilities of all classes of a label, and of the labels below
it, add up. The detector knows eighty things, and where each of them is.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imageproc.local.recognition.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imageproc.local.recognition.detector import Box, Detection

# A detected animal is believed although the classifier sees another one if the classifier gives it this much.
_ENOUGH = 0.1
# The classifier contradicts a detected animal if it is this sure of some other animal.
_SURE = 0.5
_ANIMAL = "Animal"


@dataclass(frozen=True)
class Instance:
    """One of the things that a label stands for: its confidence, 0 to 1, and where it is."""

    confidence: float
    box: Box


@dataclass
class Label:
    """What was recognised: confidence 0 to 1, and the instances that were located, if any."""

    name: str
    confidence: float
    parents: tuple[str, ...]
    category: str
    instances: list[Instance] = field(default_factory=list)


def merge(probabilities: Sequence[float], detections: Iterable[Detection]) -> list[Label]:
    """Return all labels that the models' answers amount to, the surest first.

    `probabilities` are the classifier's, 0 to 1, in the order of its classes. There is no threshold here:
    a label that no class speaks for is absent, and all others are there.
    """
    table = vocabulary()
    sums = _sums(probabilities, table)
    confidences = dict(sums)
    instances: defaultdict[str, list[Instance]] = defaultdict(list)
    for detection in detections:
        name = _label_of(detection, table)
        if name is None or _is_contradicted(name, sums, table):
            continue
        instances[name].append(Instance(detection.score, detection.box))
        for above in (name, *table.ancestors(name)):
            confidences[above] = max(confidences.get(above, 0.0), detection.score)
    found = [_label(name, confidences[name], instances[name], table) for name in confidences]
    # Equally sure ones: what is more general first, as its name says less.
    return sorted(found, key=lambda label: (-label.confidence, len(label.parents), label.name))


def _sums(probabilities: Sequence[float], table: Vocabulary) -> dict[str, float]:
    sums: defaultdict[str, float] = defaultdict(float)
    for number, probability in enumerate(probabilities):
        name = table.imagenet[number].label
        if name is not None and probability > 0:
            for above in (name, *table.ancestors(name)):
                sums[above] += float(probability)
    return {name: min(total, 1.0) for name, total in sums.items()}


def _label_of(detection: Detection, table: Vocabulary) -> str | None:
    known = table.coco.get(detection.class_id)
    return known.label if known else None


def _is_contradicted(name: str, sums: dict[str, float], table: Vocabulary) -> bool:
    """Say whether the classifier is sure of another animal than the detected one."""
    if _ANIMAL not in table.ancestors(name):
        return False
    return sums.get(name, 0.0) < _ENOUGH and sums.get(_ANIMAL, 0.0) >= _SURE


def _label(name: str, confidence: float, instances: list[Instance], table: Vocabulary) -> Label:
    return Label(name, confidence, table.ancestors(name), table.labels[name].category, instances)
