"""Photos exported as data sets, and measured and corrected by them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imageproc import Corrected
from imageproc.client.photos import Photos
from imageproc.core.file_names import file_name
from imageproc.core.metadata import read_metadata
from imageproc.datasets import formats
from imageproc.errors import DatasetError, DownloadError, InvalidArgumentError
from tests.client.conftest import Backend
from tests.client.photos.test_downloads import LONDON
from tests.core.pictures import jpeg_with_exif

PLACE = {"geo": {"latitude": 52.5, "longitude": 13.4}}
BOX = {"left": 0.0, "top": 0.0, "width": 0.5, "height": 1.0, "confidence": 90.0}
LABELS: Any = [
    {"name": "Dog", "confidence": 95.0, "parents": ["Animal"], "boxes": [BOX]},
    {"name": "Grass", "confidence": 60.0, "parents": [], "boxes": []},
]
IDS = [f"a1/{'0' * 12}-{number}.jpg" for number in range(2)]


@pytest.fixture
def photos(backend: Backend) -> Photos:
    """Two photos, of which EXIF turns the second."""
    for photo_id, orientation in zip(IDS, (1, 6), strict=True):
        data = jpeg_with_exif(image={0x0112: orientation}, gps=LONDON)
        stored = {"dimensions": {"width": 64, "height": 48}, "exifOrientation": orientation, **PLACE}
        stored |= {"imageFormat": "JPEG", "versionId": backend.put(photo_id, data), "labels": LABELS}
        backend.write(photo_id, **stored, tags=["Dog", "Grass"])  # type: ignore[arg-type]
    return backend.workbench.photos


def coco(folder: Path, classes: tuple[str, ...], true: dict[str, list[str]]) -> Path:
    """Write a data set of photos by file name: each thing fills the left half."""
    things = [(file, classes.index(name)) for file, names in true.items() for name in names]
    made = {
        "images": [{"id": file, "file_name": file, "width": 10, "height": 10} for file in true],
        "categories": [{"id": number, "name": name} for number, name in enumerate(classes)],
        "annotations": [
            {"image_id": file, "category_id": number, "bbox": [0, 0, 5, 10]} for file, number in things
        ],
    }
    (folder / "truth.json").write_text(json.dumps(made))
    return folder


@pytest.mark.parametrize("name", formats.FORMATS)
def test_an_export_has_upright_photos_without_places_and_the_labels_that_count(
    photos: Photos, tmp_path: Path, name: str
) -> None:
    photos.get(IDS[0]).rename_label("Dog", "Wolf")
    photos.catalog.sync()
    told: list[str] = []
    made = photos.where().export(name, tmp_path / "set", notify=told.append)
    assert (made.photos, made.boxes, made.without_box, made.left_out) == (2, 2, 2, ())
    assert sorted(told) == IDS
    found = formats.read(made.folder)
    boxed = {one.label for image in found.images for one in image.annotations if one.box}
    assert boxed == {"Wolf", "Dog"}
    sizes = {}
    for photo_id in IDS:
        (path,) = made.folder.rglob(file_name(photo_id))
        data = path.read_bytes()
        attributes = read_metadata(io.BytesIO(data), len(data)).attributes()
        assert "geo" not in attributes
        assert attributes.get("exifOrientation", 1) == 1
        sizes[photo_id] = Image.open(io.BytesIO(data)).size
    assert list(sizes.values()) == [(64, 48), (48, 64)]
    for image in found.images:
        if image.width:
            assert (image.width, image.height) == sizes[image.photo_id or ""] if image.photo_id else True


def test_an_export_may_have_places_or_no_photos_or_sure_labels_alone(photos: Photos, tmp_path: Path) -> None:
    first = photos.where(id=IDS[0])
    kept = first.export("csv", tmp_path / "kept", keep_location=True, min_confidence=90)
    data = (kept.folder / "images" / file_name(IDS[0])).read_bytes()
    assert "geo" in read_metadata(io.BytesIO(data), len(data)).attributes()
    assert (kept.boxes, kept.without_box) == (1, 0)
    bare = first.export("csv", tmp_path / "bare", photos=False)
    assert [path.name for path in bare.folder.iterdir()] == ["labels.csv"]


def test_what_cannot_be_exported_is_told(photos: Photos, backend: Backend, tmp_path: Path) -> None:
    backend.write("a1/unread.jpg")
    backend.write("a1/note.jpg", "REJECTED")
    backend.write("a1/gone.jpg", dimensions={"width": 1, "height": 1})
    photos.catalog.sync()
    made = photos.where().export("voc", tmp_path / "set")
    assert made.photos == 2
    assert {one.photo_id for one in made.left_out} == {"a1/unread.jpg", "a1/gone.jpg", "a1/note.jpg"}
    page = made._repr_html_()
    for text in (
        str(made.folder),
        "unread.jpg was not read: its size is not known.",
        "note.jpg was rejected.",
    ):
        assert text in page
    with pytest.raises(DownloadError, match="is not empty"):
        photos.where().export("voc", tmp_path / "set")
    with pytest.raises(InvalidArgumentError, match="labelme"):
        photos.where().export("labelme", tmp_path / "other")


def test_labels_are_measured_by_a_data_set_under_cocos_names(photos: Photos, tmp_path: Path) -> None:
    truth = coco(tmp_path, ("dog", "cat", "tv"), {"0.jpg": ["dog"], "1.jpg": ["tv"], "other.jpg": []})
    found = photos.where().evaluate(truth)
    score = found.overall()
    assert (score.right, score.wrong, score.missed) == (1, 1, 1)
    assert set(found.by_label()) == {"Dog", "Cat", "Television"}
    assert found.unmatched == ("other.jpg",)
    assert found.worst().ids() == [IDS[1]]
    frame = found.to_frame()
    assert frame[(frame.threshold == 0) & frame.label.isna()].iloc[0].precision == 0.5
    assert list(found.confusion().values()) == [1]
    assert "50.0%" in repr(found)
    assert "By label" in found._repr_html_()
    named = photos.where().evaluate(coco(tmp_path, ("hund",), {"0.jpg": ["hund"]}), names={"Hund": "Dog"})
    assert named.overall().right == 1


def test_what_was_recognised_is_measured_by_what_people_made_of_it(photos: Photos, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Nobody has corrected"):
        photos.where().evaluate()
    photos.get(IDS[0]).rename_label("Dog", "Wolf")
    photos.catalog.sync()
    found = photos.where().evaluate()
    assert found.photos == 1
    scores = found.by_label()
    assert (scores["Wolf"].missed, scores["Grass"].right) == (1, 1)
    assert scores["Dog"].wrong == 1, "no photo has it, but a person said that one was wrong"
    truth = coco(tmp_path, ("Wolf",), {"0.jpg": ["Wolf"]})
    assert photos.where().evaluate(truth).overall().recall == 1
    assert photos.where().evaluate(truth, machine=True).overall().recall == 0


def test_a_data_set_of_other_photos_is_told(photos: Photos, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="None of the photos"):
        photos.where().evaluate(coco(tmp_path, (), {"x.jpg": []}))


@pytest.mark.parametrize("name", ["coco", "yolo", "csv"])
def test_an_export_that_somebody_corrected_elsewhere_is_imported(
    photos: Photos, tmp_path: Path, name: str
) -> None:
    made = photos.where(id=IDS[0]).export(name, tmp_path / "set")
    for path in made.folder.rglob("*.*"):
        if path.suffix in (".json", ".csv", ".txt", ".yaml"):
            path.write_text(path.read_text().replace("Dog", "Fox"))
    classes = formats.read(made.folder).classes
    outcomes = photos.where().import_labels(made.folder, user="eva")
    assert outcomes == [Corrected(IDS[0])]
    now = photos.get(IDS[0])
    assert ("Fox" in now.tags, "Dog" in now.tags) == (True, "Dog" not in classes)
    assert {one.by for one in now.corrections} == {"eva"}
    assert photos.where().import_labels(made.folder) == [Corrected(IDS[0], unchanged=True)]
