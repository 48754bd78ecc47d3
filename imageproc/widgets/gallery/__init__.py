"""Thumbnails on pages."""

from imageproc.widgets.gallery.gallery import Card, Gallery

__all__ = ["Card", "Gallery"]
