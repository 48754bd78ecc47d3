"""What the detector is unsure of is looked at again, and counts if it is seen there, too."""

from __future__ import annotations

import pytest
from PIL import Image

pytest.importorskip("cv2", reason="the extra 'recognition' is not installed")

from imageproc.local.recognition.detector import Box, Detection
from imageproc.local.recognition.second_look import HINT, MOST_LOOKS, SURE, things

PERSON, CUP, FORK = 1, 47, 48
PICTURE = Image.new("RGB", (640, 480))
PART = (384, 288)


class Scripted:
    """A detector that says one thing of the whole picture and another of each part."""

    def __init__(self, whole: list[Detection], *parts: list[Detection]) -> None:
        self.whole, self.parts, self.seen = whole, list(parts), list[tuple[int, int]]()

    def detections(self, picture: Image.Image, least: float) -> list[Detection]:
        self.seen.append(picture.size)
        found = self.whole if picture.size == PICTURE.size else self.parts.pop(0) if self.parts else []
        return [one for one in found if one.score >= least]


def in_part(box: Box, left: float, top: float) -> Box:
    return Box((box.left - left) / 0.6, (box.top - top) / 0.6, box.width / 0.6, box.height / 0.6)


MIDDLE = Box(0.45, 0.45, 0.1, 0.1)
"""A part around it begins at 0.2, 0.2."""


def test_a_hint_that_is_confirmed_from_nearer_is_there_where_it_was_seen() -> None:
    seen = Detection(CUP, 0.8, in_part(Box(0.46, 0.44, 0.1, 0.1), 0.2, 0.2))
    detector = Scripted([Detection(CUP, 0.2, MIDDLE)], [seen])
    (found,) = things(detector, PICTURE)
    assert detector.seen == [PICTURE.size, PART]
    assert (found.box.left, found.box.top, found.box.width) == pytest.approx((0.46, 0.44, 0.1))
    assert found.score == 0.8


@pytest.mark.parametrize(
    "nearer",
    [
        [],
        [Detection(CUP, SURE - 0.01, in_part(MIDDLE, 0.2, 0.2))],
        [Detection(FORK, 0.9, in_part(MIDDLE, 0.2, 0.2))],
        [Detection(CUP, 0.9, Box(0.05, 0.05, 0.2, 0.2))],
        [Detection(CUP, 0.9, Box(0.0, 0.3, 0.6, 0.4))],
    ],
    ids=["nothing", "unsure", "something else", "elsewhere", "cut off by the part's edge"],
)
def test_a_hint_that_is_not_confirmed_stays_as_unsure_as_it_was(nearer: list[Detection]) -> None:
    hint = Detection(CUP, 0.2, MIDDLE)
    assert things(Scripted([hint], nearer), PICTURE) == [hint]


def test_a_thing_at_the_pictures_own_edge_is_not_cut_off() -> None:
    corner = Box(0.0, 0.0, 0.1, 0.1)
    detector = Scripted([Detection(CUP, 0.2, corner)], [Detection(CUP, 0.9, in_part(corner, 0.0, 0.0))])
    assert things(detector, PICTURE)[0].score > SURE


@pytest.mark.parametrize(
    "whole",
    [
        [Detection(CUP, SURE, MIDDLE)],
        [Detection(CUP, HINT - 0.01, MIDDLE)],
        [Detection(PERSON, 0.9, MIDDLE), Detection(PERSON, 0.3, Box(0.1, 0.1, 0.1, 0.1))],
        [Detection(CUP, 0.3, Box(0.1, 0.1, 0.7, 0.2))],
    ],
    ids=["sure", "less than a hint", "another of its kind is sure", "as large as a part"],
)
def test_there_is_no_second_look_for_nothing(whole: list[Detection]) -> None:
    detector = Scripted(whole)
    assert things(detector, PICTURE) == whole
    assert detector.seen == [PICTURE.size]


def test_hints_that_are_near_each_other_take_one_look_and_many_take_a_few() -> None:
    beside = Box(0.6, 0.45, 0.1, 0.1)
    near = Scripted([Detection(CUP, 0.3, MIDDLE), Detection(FORK, 0.2, beside)])
    things(near, PICTURE)
    assert len(near.seen) == 2
    scattered = [
        Detection(number, 0.2, Box(left, top, 0.05, 0.05))
        for number, (left, top) in enumerate(((0.0, 0.0), (0.95, 0.0), (0.0, 0.95), (0.95, 0.95)), CUP)
    ]
    far = Scripted(scattered)
    things(far, PICTURE)
    assert len(far.seen) == 1 + MOST_LOOKS


def test_one_thing_that_confirms_two_hints_is_one() -> None:
    twice = [Detection(CUP, 0.3, MIDDLE), Detection(CUP, 0.2, Box(0.45, 0.45, 0.12, 0.12))]
    assert len(things(Scripted(twice, [Detection(CUP, 0.9, in_part(MIDDLE, 0.2, 0.2))]), PICTURE)) == 1
