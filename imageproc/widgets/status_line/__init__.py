"""One line that says what goes on."""

from imageproc.widgets.status_line.status_line import StatusLine

__all__ = ["StatusLine"]
