"""The local recognition, measured by photos that people labelled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imageproc.client.photos.datasets import read_dataset
from imageproc.core.label import BoundingBox, Label
from imageproc.datasets.evaluation import JudgedPhoto, Measured, measure
from imageproc.datasets.images import AnnotatedImage, Annotation, Dataset
from imageproc.local.recognition.models import missing_packages
from imageproc.local.recognition.vocabulary import vocabulary
from tests.core.test_corpus import CORPUS

LABELLED = CORPUS / "labelled"
MIN_CONFIDENCE = 55.0
"""The template's default, percent."""
PHOTOS = 16

if not LABELLED.exists() or missing_packages():
    pytest.skip("there are no labelled photos here, or no models", allow_module_level=True)

from imageproc.local.recognition.recognizer import Recognizer  # noqa: E402 - without the models it fails

_SIDES = ("left", "top", "width", "height")


def truth() -> Dataset:
    """Return what people said: things with boxes, under COCO's names."""
    stored = json.loads((LABELLED / "labels.json").read_text())
    images = [
        AnnotatedImage(
            file,
            annotations=tuple(
                Annotation(one["name"], BoundingBox(*(one[side] for side in _SIDES)))
                for one in known["boxes"]
            ),
        )
        for file, known in sorted(stored.items())
    ]
    return Dataset(tuple(images), frozenset(one.name for one in vocabulary().coco.values()))


def measured(count: int) -> Measured:
    """Have the models label the first so many photos, and judge what they say."""
    known, recognizer, photos = read_dataset(truth(), None), Recognizer(), []
    for image in known.images[:count]:
        path: Path = LABELLED / "photos" / image.file
        said = tuple(
            Label(
                one.name,
                100 * one.confidence,
                one.parents,
                tuple(
                    BoundingBox(box.left, box.top, box.width, box.height)
                    for box in (instance.box for instance in one.instances)
                ),
            )
            for one in recognizer.labels(path.read_bytes())
            if 100 * one.confidence >= MIN_CONFIDENCE
        )
        photos.append(JudgedPhoto(image.file, said, image.annotations))
    return measure(photos, known.classes)


def test_what_is_said_is_nearly_always_true_and_half_of_what_is_true_is_said() -> None:
    found = measured(PHOTOS)
    score = found.overall()
    assert score.precision is not None
    assert score.recall is not None
    assert (score.precision > 0.9, 0.4 < score.recall < 0.9) == (True, True), score
    assert found.overall(90).precision >= score.precision  # type: ignore[operator]
