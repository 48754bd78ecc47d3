"""What a notebook's widgets say when their kernel is gone; and what JupyterLab missed is shown, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
import traitlets

from imageproc.widgets.assets import script, style


class KernelNote(anywidget.AnyWidget):
    """Shows nothing before the kernel is restarted or ends; then says so above all that its cell shows."""

    _esm = script("kernel_note.js")
    _css = style("kernel_note.css")

    panel = traitlets.Unicode().tag(sync=True)
    """The model ID of the widget that it is part of."""

    def __init__(
        self, panel: ipywidgets.Widget, on_new_page: Callable[[Callable[[dict[str, str]], None]], object]
    ) -> None:
        """Watch the kernel in each view.

        `on_new_page` is called when the notebook was loaded anew with the panel in it, with what keeps data
        by MIME type as the output that follows the panel's: there no display ID is known any more.
        """
        self._on_new_page = on_new_page
        super().__init__(panel=panel.model_id, layout=ipywidgets.Layout(display="none"))
        self.on_msg(self._heard)

    def keep(self, data: dict[str, str]) -> None:
        """Keep data by MIME type in the notebook, in place of the output that follows the panel's."""
        self.send({"type": "keep", "data": data})

    def _heard(self, _: object, content: dict[str, Any], __: object) -> None:
        if content.get("type") == "new page":
            self._on_new_page(self.keep)
