"""A place to drop photos on, and the list of how each fares."""

from imageproc.widgets.parts.drop_zone.courier import Courier, Dropped, Ended, Form, State
from imageproc.widgets.parts.drop_zone.drop_zone import DropZone
from imageproc.widgets.parts.drop_zone.rows import Row, Rows

__all__ = ["Courier", "DropZone", "Dropped", "Ended", "Form", "Row", "Rows", "State"]
