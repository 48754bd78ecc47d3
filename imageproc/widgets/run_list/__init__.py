"""Photos on their way, each with its three stages."""

from imageproc.widgets.run_list.run_list import Row, RunList

__all__ = ["Row", "RunList"]
