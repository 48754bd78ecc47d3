"""A picture that says what it shows."""

from imageproc.widgets.picture.picture import Picture

__all__ = ["Picture"]
