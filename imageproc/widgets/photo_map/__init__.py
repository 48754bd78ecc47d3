"""Where photos were taken."""

from imageproc.widgets.photo_map.photo_map import PhotoMap, Point

__all__ = ["PhotoMap", "Point"]
