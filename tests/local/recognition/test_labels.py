"""How the two models' answers become one list."""

from __future__ import annotations

import pytest

pytest.importorskip("cv2", reason="the extra 'recognition' is not installed")

from imageproc.local.recognition.detector import Box, Detection
from imageproc.local.recognition.labels import FoundLabel, merge, overlap

TABBY, TIGER_CAT, EGYPTIAN_CAT, GOLDFISH, DAISY, PRISON, CANNON = 281, 282, 285, 1, 985, 743, 471
BARN, WOLF, STOVE, TOASTER = 425, 269, 827, 859
PERSON, CAT, DOG, BEAR, CUP, BOWL, CARROT, ORANGE, NO_COCO_CLASS = 1, 17, 18, 23, 47, 51, 57, 55, 12
LEFT, RIGHT = Box(0.0, 0.0, 0.4, 1.0), Box(0.6, 0.0, 0.4, 1.0)


def merged(probabilities: dict[int, float], *detections: tuple[int, float, Box]) -> dict[str, FoundLabel]:
    values = [probabilities.get(number, 0.0) for number in range(1000)]
    return {label.name: label for label in merge(values, [Detection(*one) for one in detections])}


def test_classes_of_one_label_add_up_and_bring_their_parents() -> None:
    found = merged({TABBY: 0.3, TIGER_CAT: 0.2, EGYPTIAN_CAT: 0.25})
    assert found["Cat"].confidence == pytest.approx(0.75)
    assert set(found) == {"Cat", "Mammal", "Pet", "Animal"}
    assert found["Cat"].parents == ("Mammal", "Pet", "Animal")
    assert found["Cat"].category == "Animals and Pets"


def test_a_parent_is_at_least_as_sure_as_its_children() -> None:
    found = merged({TABBY: 0.3, GOLDFISH: 0.3}, (CAT, 0.9, LEFT))
    for label in found.values():
        for parent in label.parents:
            assert found[parent].confidence >= label.confidence
    assert found["Cat"].confidence == 0.9, "the surer of the two models"


def test_the_surest_come_first() -> None:
    values = [0.0] * 1000
    values[TABBY], values[GOLDFISH] = 0.2, 0.7
    confidences = [label.confidence for label in merge(values, [])]
    assert confidences == sorted(confidences, reverse=True)
    assert len(confidences) > 2


def test_what_no_class_speaks_for_is_absent() -> None:
    assert merged({}) == {}
    assert merged({PRISON: 1.0}) == {}, "a suppressed class speaks for nothing"
    assert merged({}, (NO_COCO_CLASS, 0.9, LEFT), (0, 0.9, LEFT)) == {}


def test_people_are_counted_with_their_boxes() -> None:
    person = merged({}, (PERSON, 0.7, LEFT), (PERSON, 0.9, RIGHT))["Person"]
    assert person.confidence == 0.9
    assert [(one.confidence, one.box) for one in person.instances] == [(0.9, RIGHT), (0.7, LEFT)]


@pytest.mark.parametrize(
    ("probabilities", "detection", "believed"),
    [
        ({TABBY: 0.8}, (DOG, 0.9, LEFT), False),
        ({TABBY: 0.8, 207: 0.15}, (DOG, 0.9, LEFT), True),
        ({TABBY: 0.3}, (DOG, 0.9, LEFT), True),
        ({GOLDFISH: 0.9}, (CARROT, 0.7, LEFT), False),
        ({DAISY: 0.9}, (ORANGE, 0.7, LEFT), False),
        ({GOLDFISH: 0.9}, (CUP, 0.7, LEFT), True),
        ({CANNON: 0.9}, (BEAR, 0.7, LEFT), False),
        ({294: 0.1}, (BEAR, 0.7, LEFT), True),
    ],
    ids=[
        "a dog that is a cat",
        "a dog beside a cat",
        "the classifier is not sure",
        "a carrot that is a fish",
        "an orange that is a flower",
        "a cup beside a fish",
        "a bear without support",
        "a bear with support",
    ],
)
def test_a_detection_that_the_classifier_contradicts_is_dropped(
    probabilities: dict[int, float], detection: tuple[int, float, Box], believed: bool
) -> None:
    assert any(label.instances for label in merged(probabilities, detection).values()) is believed


def test_one_thing_is_not_two() -> None:
    nearly = Box(0.01, 0.0, 0.4, 1.0)
    assert set(merged({}, (BOWL, 0.7, nearly), (CUP, 0.9, LEFT))) == {"Cup"}
    assert set(merged({}, (BOWL, 0.7, RIGHT), (CUP, 0.9, LEFT))) == {"Cup", "Bowl"}


def test_overlap_is_intersection_over_union() -> None:
    assert overlap(LEFT, LEFT) == pytest.approx(1)
    assert overlap(LEFT, RIGHT) == 0
    assert overlap(Box(0, 0, 1, 1), Box(0.5, 0, 0.5, 1)) == pytest.approx(0.5)
    assert overlap(Box(0, 0, 0, 0), Box(0, 0, 0, 0)) == 0


def test_what_is_mostly_seen_outdoors_says_outdoors_together() -> None:
    found = merged({BARN: 0.1, WOLF: 0.1})
    assert (found["Outdoors"].confidence > 0.55, found["Barn"].confidence) == (True, 0.1)
    assert found["Outdoors"].category == "Nature and Outdoors"
    assert "Outdoors" not in merged({BARN: 0.1}), "too little speaks for it"
    assert "Outdoors" not in merged({BARN: 0.2, STOVE: 0.08, TOASTER: 0.08}), "it may be a kitchen"
    assert merged({BARN: 1.0})["Outdoors"].confidence == 1.0
