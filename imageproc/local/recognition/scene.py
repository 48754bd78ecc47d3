"""Whether a photo was taken outdoors, by all that the classifier takes it for.

It knows few scenes, but what it takes a scene for, a lighthouse, a wolf or a cliff, is nearly always
something that is seen outdoors. No other word for a scene is as sure: docs/explanation/recognition.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from imageproc.local.recognition.vocabulary import vocabulary

OUTDOORS = "Outdoors"
LEAST = 0.15
"""The sum of probabilities from which a photo is taken outdoors,"""
TIMES = 2
"""if it is so many times what speaks for indoors."""
CONFIDENCE = 0.55
"""The confidence at that sum."""

_OUTDOORS = {"Nature and Outdoors", "Buildings and Architecture", OUTDOORS, "Wildlife"}
_INDOORS = {"Home and Indoors", "Furniture and Furnishings", "Kitchen and Dining"}
_INDOORS |= {"Offices and Workspaces", "Technology and Computing"}
_NEITHER = {"Shop", "Wall"}


def outdoors(probabilities: Sequence[float]) -> float:
    """Return the confidence (0 to 1) that a photo was taken outdoors; 0 if little speaks for it."""
    out, inside = (sum(probabilities[number] for number in numbers) for numbers in _classes())
    if out < LEAST or out < TIMES * inside:
        return 0.0
    return min(CONFIDENCE + (out - LEAST) / (1 - LEAST) * (1 - CONFIDENCE), 1.0)


@cache
def _classes() -> tuple[list[int], list[int]]:
    """Return the classes that are mostly seen outdoors, and indoors."""
    table = vocabulary()
    out, inside = list[int](), list[int]()
    for number, known in table.imagenet.items():
        if known.label is not None:
            kinds = {known.label, *table.ancestors(known.label), table.labels[known.label].category}
            if kinds & _OUTDOORS and not kinds & _NEITHER:
                out.append(number)
            elif kinds & _INDOORS:
                inside.append(number)
    return out, inside
