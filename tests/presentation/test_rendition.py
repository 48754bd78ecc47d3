"""Pictures made for a browser."""

from __future__ import annotations

from imageproc.presentation.rendition import WHOLE_SIZE, make_rendition
from tests import pictures


def test_a_rendition_is_upright_small_and_transparent_where_the_photo_is() -> None:
    made = make_rendition(pictures.jpeg((3200, 1600), orientation=6))
    assert (made.width, made.height, made.content_type) == (800, 1600, "image/jpeg")
    assert pictures.opened(made.data).size == (800, 1600)
    assert made.reduced
    clear = make_rendition(pictures.png())
    assert clear.content_type == "image/webp"
    assert pictures.opened(clear.data).mode == "RGBA"


def test_a_rendition_for_zooming_in_has_all_pixels_that_can_be_sent() -> None:
    photo = pictures.jpeg((3200, 1600), orientation=6)
    made = make_rendition(photo, WHOLE_SIZE)
    assert ((made.width, made.height), made.reduced) == ((1600, 3200), False)
    assert make_rendition(pictures.jpeg((6400, 40)), WHOLE_SIZE).reduced
