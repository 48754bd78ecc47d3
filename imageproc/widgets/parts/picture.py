"""A picture with a text for those who do not see it, which ipywidgets' Image lacks."""

from __future__ import annotations

import base64
from typing import Any

import anywidget
import traitlets

from imageproc.widgets.assets import script, style


class Picture(anywidget.AnyWidget):
    """A PNG; nothing is shown while `data` is empty."""

    _esm = script("picture.js")
    _css = style("picture.css")

    data = traitlets.Bytes(b"").tag(sync=True)
    alt = traitlets.Unicode("").tag(sync=True)

    def __init__(self, data: bytes = b"", alt: str = "", **traits: Any) -> None:
        """Show this PNG."""
        super().__init__(data=data, alt=alt, **traits)

    def static(self) -> dict[str, str]:
        """Return the picture by MIME type, for pages without a kernel."""
        return {"image/png": base64.b64encode(self.data).decode()} if self.data else {}
