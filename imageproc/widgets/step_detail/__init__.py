"""What one state of an execution got, gave and said."""

from imageproc.widgets.step_detail.step_detail import StepDetail

__all__ = ["StepDetail"]
