"""One photo, opened."""

from imageproc.widgets.photo_viewer.photo_viewer import Opened, PhotoViewer, Picture

__all__ = ["Opened", "PhotoViewer", "Picture"]
