"""A heading."""

from imageproc.widgets.heading.heading import Heading

__all__ = ["Heading"]
