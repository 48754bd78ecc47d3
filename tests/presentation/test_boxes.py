"""Boxes drawn on a photo."""

from __future__ import annotations

import pytest

from imageproc.core.label import BoundingBox, Label
from imageproc.errors import ImageIdentifyError
from imageproc.presentation.boxes import MAX_BOXES, draw_boxes, labelled_boxes
from tests import pictures


def label(name: str = "Cat", **sides: float) -> Label:
    box = {"left": 0.25, "top": 0.25, "width": 0.5, "height": 0.5, "confidence": 90.0, **sides}
    return Label(name, 90.0, boxes=(BoundingBox(**box),))


def test_a_box_is_drawn_where_it_is_said_to_be() -> None:
    photo = pictures.jpeg((400, 200), "white")
    drawn = draw_boxes(photo, [label()])
    assert drawn.size == (400, 200)
    frame = drawn.getpixel((100, 148))
    assert frame == (230, 25, 75)
    assert drawn.getpixel((298, 120)) == frame
    assert drawn.getpixel((200, 120)) == (255, 255, 255), "not filled"
    assert drawn.getpixel((50, 120)) == (255, 255, 255)


def test_a_photo_that_lies_on_its_side_is_drawn_upright_and_a_large_one_smaller() -> None:
    assert draw_boxes(pictures.jpeg((400, 200), orientation=6), []).size == (200, 400)
    assert draw_boxes(pictures.jpeg((3200, 1600)), [label()]).size == (1600, 800)


@pytest.mark.parametrize(
    "hostile",
    [
        label("\x1b[31m\n\n" * 10_000),
        label("🐈‍⬛ \u202e猫" * 50),
        label(""),
        label(left=-5, top=-5, width=100, height=100),
        label(left=0.9, width=-3.0),
        label(left=1, top=1, width=0, height=0),
    ],
)
@pytest.mark.parametrize("size", [(400, 200), (1, 1), (3, 900)])
def test_nothing_that_a_record_may_hold_breaks_the_drawing(hostile: Label, size: tuple[int, int]) -> None:
    assert draw_boxes(pictures.jpeg(size), [hostile]).size == size


def test_only_so_many_are_drawn_the_most_confident() -> None:
    many = [label(confidence=float(number % 100)) for number in range(1000)]
    found = labelled_boxes(many)
    assert len(found) == MAX_BOXES
    assert min(one.box.confidence for one in found) >= 80


def test_names_are_printable_and_short() -> None:
    name = labelled_boxes([label("a\nb" + "c" * 100)])[0].name
    assert name.startswith("a\N{REPLACEMENT CHARACTER}b")
    assert len(name) == 40


def test_what_is_no_photo_is_refused() -> None:
    with pytest.raises(ImageIdentifyError):
        draw_boxes(b"no photo", [])
