"""What a notebook's widgets say when their kernel is gone; and what JupyterLab missed is shown once more."""

from __future__ import annotations

import anywidget
import ipywidgets

from imageproc.widgets.assets import script, style


class KernelNote(anywidget.AnyWidget):
    """Shows nothing before the kernel is restarted or ends; then says so above all that its cell shows."""

    _esm = script("kernel_note.js")
    _css = style("kernel_note.css")

    def __init__(self) -> None:
        """Watch the kernel in each view."""
        super().__init__(layout=ipywidgets.Layout(display="none"))
