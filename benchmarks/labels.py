"""Labels: what local recognition says of photos that people labelled, by size and by label.

python -m benchmarks labels                  the corpus's labelled photos, if they are there
python -m benchmarks.labels FOLDER           any data set with photos, COCO's or another format's
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil

from benchmarks import photos
from benchmarks.figures import Figure
from imageproc.client.photos.datasets import read_dataset
from imageproc.core.label import BoundingBox, Label
from imageproc.datasets.evaluation import JudgedPhoto, Measured, measure
from imageproc.datasets.images import AnnotatedImage, Annotation, Dataset
from imageproc.errors import PhotoError
from imageproc.local.recognition.recognizer import Recognizer
from imageproc.local.recognition.request import DEFAULT_MIN_CONFIDENCE
from imageproc.local.recognition.vocabulary import vocabulary

TITLE = "Labels: local recognition on photos that people labelled"
LABELLED = photos.CORPUS.parent / "labelled"
SIZES = ((0.1, "10 % of the picture or more"), (0.02, "2 to 10 %"), (0.0, "less than 2 %"))
LARGE = 0.02
"""The part of the picture from which a thing is large."""
_SIDES = ("left", "top", "width", "height")


@dataclass(frozen=True)
class Judged:
    """Photos that were judged, the time that each took, and how many got no label at all."""

    measured: Measured
    milliseconds: list[float]
    without: int


def corpus_truth() -> Dataset:
    """Return what people said of the corpus's labelled photos: things with boxes, under COCO's names."""
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


def judge(
    recognizer: Recognizer, truth: Dataset, folder: Path, part: slice = slice(None), least: float = 0.0
) -> Judged:
    """Have the models label the data set's photos, or a part of them, and judge what they say.

    `least` is in percent; what is less sure is not said. Photos that are not in the folder are left out.
    """
    known, paths = read_dataset(truth, None), {path.name: path for path in folder.rglob("*.*")}
    found, milliseconds = list[JudgedPhoto](), list[float]()
    for image in known.images[part]:
        if image.file in paths:
            data, began = paths[image.file].read_bytes(), time.perf_counter()
            said = labels(recognizer, data, least)
            milliseconds.append(1e3 * (time.perf_counter() - began))
            found.append(JudgedPhoto(image.file, said, image.annotations))
    return Judged(measure(found, known.classes), milliseconds, sum(not photo.said for photo in found))


def labels(recognizer: Recognizer, data: bytes, least: float) -> tuple[Label, ...]:
    """Return what the models say of a photo, from a confidence (percent) on."""
    return tuple(
        Label(
            one.name,
            100 * one.confidence,
            one.parents,
            tuple(
                BoundingBox(box.left, box.top, box.width, box.height)
                for box in (instance.box for instance in one.instances)
            ),
        )
        for one in recognizer.labels(data)
        if 100 * one.confidence >= least
    )


def recall_by_size(measured: Measured) -> dict[str, tuple[int, int]]:
    """Return by size how many of the true things were said, and how many there are.

    A thing's size is the part of the picture that its largest box takes.
    """
    said, there = Counter[str](), Counter[str]()
    for photo in measured.photos:
        names = {name for label in photo.said for name in (label.name, *label.parents)}
        for name, size in _sizes(photo).items():
            kind = next(text for least, text in SIZES if size >= least)
            there[kind] += 1
            said[kind] += name in names
    return {text: (said[text], there[text]) for _, text in SIZES}


def _sizes(photo: JudgedPhoto) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for fact in photo.true:
        if fact.box:
            sizes[fact.label] = max(sizes.get(fact.label, 0.0), fact.box.width * fact.box.height)
    return sizes


def large_recall(measured: Measured) -> float:
    """Return the share of the large things that were said."""
    counts = recall_by_size(measured)
    large = [counts[text] for least, text in SIZES if least >= LARGE]
    return sum(said for said, _ in large) / max(1, sum(there for _, there in large))


def figures() -> Iterator[Figure]:
    """Measure the corpus's labelled photos, and count its camera photos that get no label."""
    if not LABELLED.is_dir():
        print("The corpus's labelled photos are not there.")
        return
    recognizer = Recognizer()
    found = judge(recognizer, corpus_truth(), LABELLED, least=DEFAULT_MIN_CONFIDENCE)
    score = found.measured.overall()
    yield Figure("precision", [100 * (score.precision or 0)], "%", 92, at_least=True)
    yield Figure("recall, all things", [100 * (score.recall or 0)], "%", 64, at_least=True)
    yield Figure(
        "recall, things of 2 % and more", [100 * large_recall(found.measured)], "%", 83, at_least=True
    )
    yield Figure("a photo, decoding included", found.milliseconds, "ms", 250)
    bare = [not _has_labels(recognizer, data) for data in photos.corpus()]
    yield Figure("camera photos without a label", [100 * statistics.mean(bare)], "%")
    yield Figure("memory", [psutil.Process().memory_info().rss / 1e6], "MB", 600)


def _has_labels(recognizer: Recognizer, data: bytes) -> bool:
    try:
        return bool(labels(recognizer, data, DEFAULT_MIN_CONFIDENCE))
    except PhotoError:
        return False


def main(folder: Path | None) -> None:
    """Judge a data set, the corpus's unless another is named, and print it by size and by label."""
    truth = read_dataset(folder, None) if folder else corpus_truth()
    found = judge(Recognizer(), truth, folder or LABELLED, least=DEFAULT_MIN_CONFIDENCE)
    score = found.measured.overall()
    print(f"{len(found.measured.photos)} photos, {found.without} without a label; {score}")
    print(f"precision {score.precision or 0:.0%}, recall {score.recall or 0:.0%}")
    for text, (said, there) in recall_by_size(found.measured).items():
        print(f"  things of {text:<32}{said:>4} of {there:>4}")
    by_label = {name: one for name, one in found.measured.by_label().items() if one != type(one)()}
    for name, one in sorted(by_label.items(), key=lambda pair: -(pair[1].right + pair[1].missed)):
        print(f"  {name:<24}right {one.right:>3}  wrong {one.wrong:>3}  missed {one.missed:>3}")


if __name__ == "__main__":
    main(next((Path(name) for name in islice(sys.argv, 1, 2)), None))
