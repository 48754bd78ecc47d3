"""YOLO's detection format: a text file for each image, a line for each box.

A line is the class's number and the box's centre, width and height as fractions. `data.yaml` and
`classes.txt` name the classes. https://docs.ultralytics.com/datasets/detect/
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from imageproc.datasets.images import AnnotatedImage, Annotation, Dataset, box_of, dataset, in_picture
from imageproc.errors import ResourcesMissingError

FILE, CLASSES = "data.yaml", "classes.txt"
LABELS, IMAGES = "labels", "images"


def write(images: Iterable[AnnotatedImage], folder: Path) -> None:
    """Write the annotations into a folder; photos lie in `images/`. Labels without a box have no place."""
    found = list(images)
    names = sorted({one.label for image in found for one in image.annotations if one.box})
    numbers = {name: number for number, name in enumerate(names)}
    lines = [f"  {number}: {json.dumps(name)}\n" for name, number in numbers.items()]
    head = f"path: .\ntrain: {IMAGES}\nval: {IMAGES}\nnames:{'' if names else ' {}'}\n"
    (folder / FILE).write_text(head + "".join(lines), encoding="utf-8")
    (folder / CLASSES).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    (folder / LABELS).mkdir(exist_ok=True)
    for image in found:
        text = "".join(_line(numbers[one.label], one) for one in image.annotations if one.box)
        (folder / LABELS / f"{image.stem}.txt").write_text(text, encoding="utf-8")


def read(folder: Path) -> Dataset:
    """Read a folder. Raises ValueError, KeyError or OSError for anything but YOLO's format.

    Raises ResourcesMissingError if classes are named in `data.yaml` alone and PyYAML is not installed.
    """
    names = _names(folder)
    files = {path.stem: path.name for path in (folder / IMAGES).rglob("*.*")}
    images = [
        AnnotatedImage(
            files.get(path.stem, path.stem),
            annotations=tuple(
                _read(line, names) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
            ),
        )
        for path in sorted((folder / LABELS).rglob("*.txt"))
    ]
    return dataset(images, names.values())


def _line(number: int, one: Annotation) -> str:
    assert one.box  # noqa: S101 - asked by the caller
    left, top, right, bottom = in_picture(one.box)
    sides = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
    return " ".join([str(number), *(f"{side:.6f}" for side in sides)]) + "\n"


def _read(line: str, names: dict[int, str]) -> Annotation:
    number, *rest = line.split()
    x, y, width, height, *more = map(float, rest)
    sides = (max(0.0, x - width / 2), max(0.0, y - height / 2), x + width / 2, y + height / 2)
    confidence = 100 * more[0] if more else None
    return Annotation(names[int(number)], box_of(*sides), confidence)


def _names(folder: Path) -> dict[int, str]:
    if (folder / CLASSES).exists():
        lines = (folder / CLASSES).read_text(encoding="utf-8").splitlines()
        return {number: name for number, name in enumerate(lines) if name}
    try:
        import yaml
    except ImportError as error:
        raise ResourcesMissingError(
            f"{folder / FILE} can be read only with PyYAML, which is not installed.",
            f"Install pyyaml, or put a {CLASSES} beside it: a class a line.",
        ) from error
    found: Any = yaml.safe_load((folder / FILE).read_text(encoding="utf-8"))["names"]
    return dict(enumerate(found)) if isinstance(found, list) else {int(key): found[key] for key in found}
