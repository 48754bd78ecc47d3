"""A heading, for pages that are made of widgets alone."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from imageproc.widgets.assets import script, style


class Heading(anywidget.AnyWidget):
    """A text as a heading of a level from 1 to 4, with a plainer line below it."""

    _esm = script("heading.js")
    _css = style("heading.css")

    text = traitlets.Unicode("").tag(sync=True)
    below = traitlets.Unicode("").tag(sync=True)
    level = traitlets.Int(2, min=1, max=4).tag(sync=True)

    def __init__(self, text: str, below: str = "", level: int = 2, **traits: Any) -> None:
        """Show this heading."""
        super().__init__(text=text, below=below, level=level, **traits)
