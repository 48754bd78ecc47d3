"""Labels measured by what is true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.core.label import BoundingBox, Label
from imageproc.datasets.evaluation import JudgedPhoto, Score, measure, overlap
from imageproc.datasets.images import Annotation

LEFT, RIGHT = BoundingBox(0, 0, 0.5, 1), BoundingBox(0.5, 0, 0.5, 1)
PHOTOS = [
    JudgedPhoto(
        "1",
        (Label("Dog", 90, ("Animal",)), Label("Cat", 40), Label("Grass", 99)),
        (Annotation("Dog"), Annotation("Dog"), Annotation("Person")),
    ),
    JudgedPhoto("2", (Label("Poodle", 80, ("Dog",)),), (Annotation("Dog"),)),
    JudgedPhoto("3", (Label("Person", 70),), ()),
]


def test_labels_count_once_for_each_photo_and_by_confidence() -> None:
    measured = measure(PHOTOS, ["Cat"])
    assert measured.by_label() == {"Cat": Score(0, 1, 0), "Dog": Score(2, 0, 0), "Person": Score(0, 1, 1)}
    assert measured.overall() == Score(2, 2, 1)
    assert measured.overall(75) == Score(2, 0, 1)
    assert measured.overall(85) == Score(1, 0, 2)


def test_what_the_truth_says_nothing_of_is_not_judged() -> None:
    assert "Grass" not in measure(PHOTOS).by_label()
    assert "Cat" not in measure(PHOTOS).by_label()


def test_shares() -> None:
    score = Score(3, 1, 2)
    assert (score.precision, score.recall) == (0.75, 0.6)
    assert score.f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    assert (Score().precision, Score().recall, Score().f1) == (None, None, None)
    assert (Score(missed=1).precision, Score(missed=1).f1) == (None, 0)


def test_the_worst_photos_come_first() -> None:
    found = measure(PHOTOS, ["Cat"]).mistakes()
    assert [(one.photo_id, one.wrong, one.missed, one.weight) for one in found] == [
        ("1", ("Cat",), ("Person",), 140.0),
        ("3", ("Person",), (), 70.0),
    ]


def test_a_thing_that_got_another_label_is_confused_by_its_box() -> None:
    said = (Label("Cat", 90, (), (LEFT,)), Label("Person", 90, (), (RIGHT,)))
    photo = JudgedPhoto("1", said, (Annotation("Dog", LEFT), Annotation("Person", RIGHT)))
    measured = measure([photo, photo], ["Cat"])
    assert measured.confusion() == {("Dog", "Cat"): 2}
    assert measured.confusion(95) == {}


SIDES = st.floats(0, 1)
BOXES = st.builds(BoundingBox, SIDES, SIDES, SIDES, SIDES)


@given(BOXES, BOXES)
def test_an_overlap_is_a_share_and_the_same_both_ways(one: BoundingBox, other: BoundingBox) -> None:
    assert 0 <= overlap(one, other) <= 1 + 1e-9
    assert overlap(one, other) == pytest.approx(overlap(other, one))


def test_overlaps() -> None:
    assert overlap(LEFT, LEFT) == 1
    assert overlap(LEFT, RIGHT) == 0
    assert overlap(LEFT, BoundingBox(0, 0, 1, 1)) == 0.5
