"""The two models' answers become one list of labels.

The classifier knows a thousand fine kinds and spreads its confidence over those that look alike: five kinds
of cat at 15 % each are a Cat at 75 %. So the probabilities of all classes of a label, and of the labels below
it, add up. The detector knows eighty things, and where each of them is.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imageproc.local.recognition.scene import OUTDOORS, outdoors
from imageproc.local.recognition.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from imageproc.local.recognition.detector import Box, Detection

# Of two different things in nearly the same place (intersection over union) only the surer one is there.
_SAME_PLACE = 0.8
# The classifier contradicts a detection that it gives this little, if it is this sure of one of the rivals.
_LITTLE = 0.1
_SURE = 0.5
_RIVALS = {"Animal": ("Animal",), "Food": ("Animal", "Flower")}
# The detector takes tree trunks and rocks for these: they need some support, where the classifier knows them.
_NEEDS_SUPPORT = "Wildlife"
_SUPPORT = 0.05


@dataclass(frozen=True)
class Instance:
    """One of the things that a label stands for: its confidence, 0 to 1, and where it is."""

    confidence: float
    box: Box


@dataclass
class FoundLabel:
    """What was recognised: confidence 0 to 1, and the instances that were located, if any."""

    name: str
    confidence: float
    parents: tuple[str, ...]
    category: str
    instances: list[Instance] = field(default_factory=list)


def merge(probabilities: Sequence[float], detections: Iterable[Detection]) -> list[FoundLabel]:
    """Return all labels that the models' answers amount to, the surest first.

    `probabilities` are the classifier's, 0 to 1, in the order of its classes. There is no threshold here:
    a label that no class speaks for is absent, and all others are there.
    """
    table = vocabulary()
    sums = _sums(probabilities, table)
    confidences = dict(sums)
    if (sure := outdoors(probabilities)) > confidences.get(OUTDOORS, 0.0):
        confidences[OUTDOORS] = sure
    instances: defaultdict[str, list[Instance]] = defaultdict(list)
    for name, detection in _believed(detections, sums, table):
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


def _believed(
    detections: Iterable[Detection], sums: Mapping[str, float], table: Vocabulary
) -> Iterator[tuple[str, Detection]]:
    """Yield the detections that nothing contradicts, the surest first, each with its label."""
    kept: list[tuple[str, Detection]] = []
    for detection in sorted(detections, key=lambda one: -one.score):
        known = table.coco.get(detection.class_id)
        if known is None or known.label is None or _is_contradicted(known.label, sums, table):
            continue
        name = known.label
        if not any(other != name and overlap(one.box, detection.box) > _SAME_PLACE for other, one in kept):
            kept.append((name, detection))
            yield name, detection


def _is_contradicted(name: str, sums: Mapping[str, float], table: Vocabulary) -> bool:
    """Say whether the classifier sees something else than the detected thing."""
    kinds, own = table.ancestors(name), sums.get(name, 0.0)
    if _NEEDS_SUPPORT in kinds and own < _SUPPORT and name in table.classified:
        return True
    rivals = [rival for kind, rivals in _RIVALS.items() if kind in kinds for rival in rivals]
    return own < _LITTLE and any(sums.get(rival, 0.0) >= _SURE for rival in rivals)


def overlap(one: Box, other: Box) -> float:
    """Return the intersection over the union of two boxes, 0 to 1."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    both = max(width, 0.0) * max(height, 0.0)
    union = one.width * one.height + other.width * other.height - both
    return both / union if union > 0 else 0.0


def _label(name: str, confidence: float, instances: list[Instance], table: Vocabulary) -> FoundLabel:
    return FoundLabel(name, confidence, table.ancestors(name), table.labels[name].category, instances)
