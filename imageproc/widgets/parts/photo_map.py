"""A map of photos that needs no network: the outlines come with the package (static/LICENSE-world.txt)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import anywidget
import traitlets

from imageproc.presentation.markup import Markup
from imageproc.widgets.assets import script, static_text, style
from imageproc.widgets.updates import update

_SVG = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-18000 -9000 36000 18000" width="900" height="450">'
    '<rect x="-18000" y="-9000" width="36000" height="18000" fill="#dfe9f0"/>'
    '<defs><path id="land" d="{land}" fill="#f7f5ef" stroke="#8a8a8a" stroke-width="20"/></defs>'
    '<use href="#land"/><use href="#land" x="36000"/><use href="#land" x="-36000"/>'
    "{markers}</svg>"
)
_MARKER = Markup('<circle cx="{x}" cy="{y}" r="220" fill="#b3261e" stroke="#fff" stroke-width="60"/>')


@dataclass(frozen=True)
class MapMarker:
    """A photo and where it was taken: decimal degrees, WGS 84."""

    id: str
    name: str
    latitude: float
    longitude: float


class PhotoMap(anywidget.AnyWidget):
    """A map of markers; those that lie close together are shown as one. `chosen` has the IDs chosen last."""

    _esm = script("photo_map.js")
    _css = style("photo_map.css")

    markers: Any = traitlets.List().tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    empty = traitlets.Unicode("None of these photos has a position.").tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, markers: Iterable[MapMarker] = (), **traits: Any) -> None:
        """Show these markers."""
        super().__init__(markers=[asdict(marker) for marker in markers], **traits)
        self.on_msg(self._receive)

    def show(self, markers: Iterable[MapMarker], note: str = "") -> None:
        """Show other markers soon, from any thread, and a note below them."""
        update(self, markers=[asdict(marker) for marker in markers], note=note)

    def svg(self) -> Markup:
        """Return the whole world with the markers, as SVG."""
        markers = Markup("").join(
            _MARKER.format(x=round(marker["longitude"] * 100), y=round(marker["latitude"] * -100))
            for marker in self.markers
        )
        return _SVG.format(land=outlines()["land"], markers=markers)

    def static(self) -> list[Any]:
        """Return the map as a picture and its note, for pages without a kernel."""
        if not self.markers:
            return [Markup("<p>{}</p>").format(self.empty)]
        return [{"image/svg+xml": str(self.svg())}, Markup("<p>{}</p>").format(self.note)]

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Send the outlines to a view. As a trait they would be saved with every notebook."""
        if isinstance(message, dict) and message.get("type") == "outlines":
            self.send({"type": "outlines", **outlines()})


@cache
def outlines() -> dict[str, str]:
    """Return `land` and `borders`, SVG paths in hundredths of a degree, latitude downwards."""
    return {name: str(path) for name, path in json.loads(static_text("world.json")).items()}
