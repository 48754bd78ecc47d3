"""COCO's object detection format: one JSON file. https://cocodataset.org/#format-data

Boxes are left, top, width and height in pixels. Labels without a box, which COCO has no place for, are listed
with the image under `labels`, which other readers ignore.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from imageproc.datasets.images import AnnotatedImage, Annotation, Dataset, box_of, dataset, in_picture

FILE = "annotations.json"


def write(images: Iterable[AnnotatedImage], folder: Path) -> None:
    """Write the annotations into a folder; photos lie in `images/`."""
    found = list(images)
    parents = {one.label: one.parent for image in found for one in image.annotations if one.box}
    numbers = {label: number for number, label in enumerate(sorted(parents), 1)}
    annotations: list[dict[str, Any]] = []
    for image_id, image in enumerate(found, 1):
        for one in image.annotations:
            if one.box:
                number = len(annotations) + 1
                annotations.append(_annotation(number, image_id, numbers[one.label], image, one))
    made = {
        "info": {"description": "Exported by imageproc"},
        "licenses": [],
        "images": [_image(number, image) for number, image in enumerate(found, 1)],
        "annotations": annotations,
        "categories": [
            {"id": number, "name": label, "supercategory": parents[label]}
            for label, number in numbers.items()
        ],
    }
    (folder / FILE).write_text(json.dumps(made, ensure_ascii=False, indent=1), encoding="utf-8")


def looks_like_coco(file: Path) -> bool:
    """Whether a JSON file names what COCO's have. It is not parsed: there are large ones."""
    try:
        text = file.read_bytes()
    except OSError:
        return False
    return all(f'"{name}"'.encode() in text for name in ("images", "annotations", "categories"))


def read(file: Path) -> Dataset:
    """Read a JSON file. Raises ValueError, KeyError or TypeError for anything but COCO's format."""
    stored = json.loads(file.read_text(encoding="utf-8"))
    categories = {one["id"]: one for one in stored["categories"]}
    annotations: dict[Any, list[Mapping[str, Any]]] = {}
    for one in stored["annotations"]:
        annotations.setdefault(one["image_id"], []).append(one)
    images = [_read(one, annotations.get(one["id"], ()), categories) for one in stored["images"]]
    return dataset(images, (one["name"] for one in categories.values()))


def _image(number: int, image: AnnotatedImage) -> dict[str, Any]:
    bare = [
        {"name": one.label, **({} if one.confidence is None else {"score": one.confidence / 100})}
        for one in image.annotations
        if one.box is None
    ]
    size = {"width": image.width, "height": image.height}
    more = {"photo_id": image.photo_id} if image.photo_id else {}
    return {"id": number, "file_name": image.file, **size, "labels": bare, **more}


def _annotation(
    number: int, image_id: int, category: int, image: AnnotatedImage, one: Annotation
) -> dict[str, Any]:
    assert one.box  # noqa: S101 - asked by the caller
    left, top, right, bottom = in_picture(one.box)
    wide, high = image.width or 0, image.height or 0
    box = [left * wide, top * high, (right - left) * wide, (bottom - top) * high]
    return {
        "id": number,
        "image_id": image_id,
        "category_id": category,
        "bbox": [round(side, 2) for side in box],
        "area": round(box[2] * box[3], 2),
        "iscrowd": 0,
        "segmentation": [],
        **({} if one.confidence is None else {"score": round(one.confidence / 100, 4)}),
    }


def _read(
    image: Mapping[str, Any], annotations: Iterable[Mapping[str, Any]], categories: Mapping[Any, Any]
) -> AnnotatedImage:
    wide, high = int(image["width"]), int(image["height"])
    if wide <= 0 or high <= 0:
        raise ValueError(f"{image['file_name']} has no size")
    found = [
        Annotation(
            categories[one["category_id"]]["name"],
            _box(one["bbox"], wide, high),
            None if one.get("score") is None else 100 * float(one["score"]),
            categories[one["category_id"]].get("supercategory") or "",
        )
        for one in annotations
    ]
    for one in image.get("labels", ()):
        score = one.get("score")
        found.append(Annotation(one["name"], None, None if score is None else 100 * float(score)))
    name = str(image["file_name"]).replace("\\", "/").rpartition("/")[2]
    return AnnotatedImage(name, wide, high, tuple(found), image.get("photo_id"))


def _box(sides: Iterable[float], wide: int, high: int) -> Any:
    left, top, width, height = map(float, sides)
    right, bottom = min(1.0, (left + width) / wide), min(1.0, (top + height) / high)
    return box_of(max(0.0, left / wide), max(0.0, top / high), right, bottom)
