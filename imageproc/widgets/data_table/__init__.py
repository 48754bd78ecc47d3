"""A table of texts."""

from imageproc.widgets.data_table.data_table import Cell, DataTable

__all__ = ["Cell", "DataTable"]
