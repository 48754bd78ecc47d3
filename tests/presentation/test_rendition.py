"""Pictures made for a browser."""

from __future__ import annotations

from imageproc.presentation.rendition import make_rendition
from tests import pictures


def test_a_rendition_is_upright_small_and_transparent_where_the_photo_is() -> None:
    made = make_rendition(pictures.jpeg((3200, 1600), orientation=6))
    assert (made.width, made.height, made.content_type) == (800, 1600, "image/jpeg")
    assert pictures.opened(made.data).size == (800, 1600)
    clear = make_rendition(pictures.png())
    assert clear.content_type == "image/webp"
    assert pictures.opened(clear.data).mode == "RGBA"
