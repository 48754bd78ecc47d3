"""Data sets are written as their formats say, which other readers check, and are read as they were."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest
import yaml

from imageproc.core.label import BoundingBox
from imageproc.datasets import formats
from imageproc.datasets.formats import FORMATS
from imageproc.datasets.images import AnnotatedImage, Annotation
from imageproc.errors import DatasetError, InvalidArgumentError

BOX = BoundingBox(0.1, 0.2, 0.3, 0.4)
OVER_THE_EDGE = BoundingBox(0.9, 0.8, 0.3, 0.4)
IMAGES = [
    AnnotatedImage(
        "dog.jpg",
        200,
        100,
        (
            Annotation("Dog", BOX, 97.5, "Animal"),
            Annotation("Dog", OVER_THE_EDGE, 60.0, "Animal"),
            Annotation("Beach", None),
            Annotation("Person: \"a\" & 'b'", BOX),
        ),
        "trip/dog.jpg",
    ),
    AnnotatedImage("=empty.png", 10, 20, (), "trip/=empty.png"),
]


@pytest.fixture(params=FORMATS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    FORMATS[request.param].write(IMAGES, tmp_path)
    return request.param, tmp_path


def test_what_was_written_is_read_as_far_as_the_format_can_say_it(
    written: tuple[str, Path],
) -> None:
    name, folder = written
    found = formats.read(folder)
    by_file = {image.file: image for image in found.images}
    dog = by_file["dog.jpg" if name != "yolo" else "dog"]
    labels = [one.label for one in dog.annotations]
    bare = [] if FORMATS[name].boxes_only else ["Beach"]
    assert sorted(labels) == [*bare, "Dog", "Dog", "Person: \"a\" & 'b'"]
    assert {"=empty.png", "=empty"} & set(by_file), "also a photo without labels is in it"
    for one in (one for one in dog.annotations if one.label.startswith("Person")):
        assert one.box
        sides = (one.box.left, one.box.top, one.box.width, one.box.height)
        assert sides == pytest.approx((0.1, 0.2, 0.3, 0.4), abs=0.006), "to half a pixel"
        assert one.confidence is None
    if name in ("coco", "csv", "parquet"):
        assert dog.photo_id == "trip/dog.jpg"
        assert [one.confidence for one in dog.annotations if one.label == "Dog"] == [97.5, 60.0]


def test_coco_is_as_its_page_says(tmp_path: Path) -> None:
    """https://cocodataset.org/#format-data: things refer to each other by ID, boxes are in pixels."""
    FORMATS["coco"].write(IMAGES, tmp_path)
    stored = json.loads((tmp_path / "annotations.json").read_text())
    assert {"info", "licenses", "images", "annotations", "categories"} == set(stored)
    for kind in ("images", "annotations", "categories"):
        ids = [one["id"] for one in stored[kind]]
        assert ids == list(range(1, len(ids) + 1))
    images = {one["id"]: one for one in stored["images"]}
    categories = {one["id"]: one for one in stored["categories"]}
    assert (categories[1]["name"], categories[1]["supercategory"]) == ("Dog", "Animal")
    for one in stored["annotations"]:
        image, (left, top, width, height) = images[one["image_id"]], one["bbox"]
        assert one["category_id"] in categories
        assert (one["iscrowd"], one["area"]) == (0, pytest.approx(width * height, abs=0.01))
        assert 0 <= left <= left + width <= image["width"]
        assert 0 <= top <= top + height <= image["height"]
    assert stored["annotations"][0]["bbox"] == [20.0, 20.0, 60.0, 40.0]
    assert stored["images"][0]["labels"] == [{"name": "Beach"}]


def test_yolo_is_as_its_page_says(tmp_path: Path) -> None:
    FORMATS["yolo"].write(IMAGES, tmp_path)
    data = yaml.safe_load((tmp_path / "data.yaml").read_text())
    assert (data["path"], data["train"], data["val"]) == (".", "images", "images")
    assert data["names"] == {0: "Dog", 1: "Person: \"a\" & 'b'"}
    lines = [line.split() for line in (tmp_path / "labels" / "dog.txt").read_text().splitlines()]
    assert lines[0] == ["0", "0.250000", "0.400000", "0.300000", "0.400000"]
    for number, *sides in lines:
        x, y, width, height = map(float, sides)
        assert int(number) in data["names"]
        assert min(x - width / 2, y - height / 2) >= 0
        assert max(x + width / 2, y + height / 2) <= 1.000001
    assert (tmp_path / "labels" / "=empty.txt").read_text() == ""


def test_yolo_is_read_by_the_yaml_alone_too(tmp_path: Path) -> None:
    FORMATS["yolo"].write(IMAGES, tmp_path)
    (tmp_path / "classes.txt").unlink()
    assert formats.read(tmp_path).classes == {"Dog", "Person: \"a\" & 'b'"}


def test_voc_is_as_its_devkit_says(tmp_path: Path) -> None:
    FORMATS["voc"].write(IMAGES, tmp_path)
    root = ET.parse(tmp_path / "Annotations" / "dog.xml").getroot()
    assert root.tag == "annotation"
    assert [child.tag for child in root][:5] == ["folder", "filename", "source", "size", "segmented"]
    size = {one.tag: int(one.text or "") for one in root.iterfind("size/*")}
    assert size == {"width": 200, "height": 100, "depth": 3}
    boxes = [{one.tag: int(one.text or "") for one in box} for box in root.iter("bndbox")]
    assert boxes[0] == {"xmin": 21, "ymin": 21, "xmax": 80, "ymax": 60}, "pixels from 1, the last one within"
    for box in boxes:
        assert 1 <= box["xmin"] <= box["xmax"] <= 200
        assert 1 <= box["ymin"] <= box["ymax"] <= 100
    assert (tmp_path / "ImageSets" / "Main" / "default.txt").read_text() == "dog\n=empty\n"


def test_tables_have_a_row_for_each_box_and_no_formulas(tmp_path: Path) -> None:
    FORMATS["csv"].write(IMAGES, tmp_path)
    FORMATS["parquet"].write(IMAGES, tmp_path)
    with (tmp_path / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["Dog", "Dog", "Beach", "Person: \"a\" & 'b'", ""]
    assert rows[-1]["file"] == "'=empty.png"
    table = duckdb.execute(f"SELECT label, confidence, \"left\" FROM '{tmp_path}/labels.parquet'").fetchall()
    assert table[0] == ("Dog", 97.5, 0.1)
    assert table[-1] == (None, None, None)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("x.json", '{"images": [], "annotations": [], "categories": [', "JSONDecodeError"),
        ("x.json", '{"images": [], "annotations": [{}], "categories": []}', "is missing"),
        ("x.json", '{"images": [], "annotations": [], "categories": []}', "names no photos"),
        ("labels.csv", "a,b\n1,2\n", "is missing"),
        ("labels.parquet", "no parquet", "cannot be read"),
        ("Annotations/x.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><annotation>&b;</annotation>", "has a DTD"),
        ("Annotations/x.xml", "<annotation/>", "there is no size/width"),
        ("notes.txt", "hello", "There is no data set in"),
        ("settings.json", "{}", "There is no data set in"),
    ],
)
def test_what_is_no_data_set_is_told(tmp_path: Path, file: str, text: str, told: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    with pytest.raises(DatasetError, match=told):
        formats.read(tmp_path)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"There is no .*nope\.json"):
        formats.read(tmp_path / "nope.json")


@pytest.mark.parametrize("line", ["7 0.5 0.5 0.1 0.1", "0 0.5 0.5", "0 1.5 0.5 0.1 0.1", "Dog 1 1 1 1"])
def test_a_broken_line_is_told(tmp_path: Path, line: str) -> None:
    FORMATS["yolo"].write(IMAGES, tmp_path)
    (tmp_path / "labels" / "dog.txt").write_text(line)
    with pytest.raises(DatasetError):
        formats.read(tmp_path)


def test_an_unknown_format_is_told_with_those_that_there_are() -> None:
    with pytest.raises(InvalidArgumentError, match="coco, yolo, voc, csv, parquet"):
        formats.format_named("labelme")
