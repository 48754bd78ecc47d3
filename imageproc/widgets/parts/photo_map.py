"""A map of photos that needs no network: the outlines come with the package (static/LICENSE-world.txt)."""

from __future__ import annotations

import json
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import cache
from itertools import accumulate, chain, groupby, pairwise
from typing import Any

import anywidget
import traitlets

from imageproc.presentation.markup import Markup
from imageproc.widgets.assets import script, static_text, style
from imageproc.widgets.updates import update

_SVG = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-18000 -9000 36000 18000" width="900" height="450">'
    '<rect x="-18000" y="-9000" width="36000" height="18000" fill="#dfe9f0"/>'
    '<defs><path id="land" transform="scale({grid})" d="{land}"/></defs>'
    '<g fill="#f7f5ef" stroke="#8a8a8a" stroke-width=".2">'
    '<use href="#land"/><use href="#land" x="36000"/><use href="#land" x="-36000"/></g>'
    '<g stroke-linecap="round">{markers}</g></svg>'
)
_MARKERS = Markup(
    '<g stroke="#fff" stroke-width="{outside}"><path id="r{radius}" d="{d}"/></g>'
    '<use href="#r{radius}" stroke="#b3261e" stroke-width="{inside}"/>'
)
"""Circles of one size: a line without a length has round ends."""
_MOST_CIRCLES = 1000
_CELL = 2
"""Degrees: places that lie closer together are one circle."""
_GRID = 100
"""Hundredths of a degree, two and a half pixels of a picture: its outlines are as coarse."""


NO_PLACES = "None of these photos has a position."

Places = Mapping[int, tuple[float, float]]
"""Latitude and longitude of photos, by the photos' numbers: decimal degrees, WGS 84."""

Box = tuple[float, float, float, float]
"""South, west, north, east; one whose west is greater than its east crosses 180°."""


class PhotoMap(anywidget.AnyWidget):
    """A map of photos; those that lie close together are shown as one.

    The places go to the browser in one message, twelve bytes each. `on_choose` is called with the numbers of
    the photos that were chosen, `on_within` with an area that was drawn.
    """

    _esm = script("photo_map.js")
    _css = style("photo_map.css")

    version = traitlets.Int(0).tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    empty = traitlets.Unicode(NO_PLACES).tag(sync=True)

    def __init__(
        self,
        places: Places | None = None,
        *,
        on_choose: Callable[[list[int]], object] = lambda _: None,
        on_within: Callable[[Box], object] | None = None,
        **traits: Any,
    ) -> None:
        """Show these places."""
        self.places: Places = places or {}
        super().__init__(count=len(self.places), **traits)
        self._version = 0
        self._on_choose, self._on_within = on_choose, on_within
        self.on_msg(self._receive)

    def show(self, places: Places, note: str = "") -> None:
        """Show other places soon, from any thread, and a note below them."""
        if places is not self.places:
            self._version += 1  # views ask for them
        self.places = places
        update(self, version=self._version, count=len(places), note=note)

    def static(self) -> list[Any]:
        """Return the map as a picture and its note, for pages without a kernel."""
        return static_map(self.places, self.note, self.empty)

    def _receive(self, _widget: Any, message: Any, buffers: Any) -> None:
        """Answer a view. As traits the outlines and places would be saved with every notebook."""
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "outlines":
            self.send({"type": "outlines", **outlines()})
        elif kind == "places":
            numbers, degrees = array("I", self.places), array("f", chain(*self.places.values()))
            areas = self._on_within is not None
            answer = {"type": "places", "version": self._version, "areas": areas}
            self.send(answer, [numbers.tobytes(), degrees.tobytes()])
        elif kind == "choose" and message.get("version") == self._version and buffers:
            self._choose(bytes(buffers[0]))
        elif kind == "within" and self._on_within and (box := _box(message.get("box"))):
            self._on_within(box)

    def _choose(self, data: bytes) -> None:
        if len(data) % array("I").itemsize == 0:
            chosen = array("I", data)
            self._on_choose([number for number in chosen if number in self.places])


def static_map(places: Places, note: str, empty: str = NO_PLACES) -> list[Any]:
    """Return places on a map of the world, as a picture, and a note, for pages without a kernel."""
    if not places:
        return [_paragraph(empty)]
    return [{"image/svg+xml": str(world_svg(places))}, _paragraph(note)]


def world_svg(places: Places) -> Markup:
    """Return the whole world with the places, as SVG; those that lie close together are one circle."""
    cells = Counter((round(south / _CELL), round(east / _CELL)) for south, east in places.values())
    size = 100 * _CELL
    circles: dict[int, str] = defaultdict(str)
    for (south, east), count in cells.most_common(_MOST_CIRCLES):
        circles[min(700, 200 + round(30 * count**0.5))] += f"M{east * size},{south * -size}h0"
    markers = Markup("").join(
        _MARKERS.format(
            d=d.replace(",-", "-"), radius=radius, outside=2 * radius + 60, inside=2 * radius - 60
        )
        for radius, d in circles.items()
    )
    return _SVG.format(grid=_GRID, land=_coarse(outlines()["land"]), markers=markers)


def _paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(text)


def _box(value: Any) -> Box | None:
    """Return an area if it is one."""
    try:
        south, west, north, east = (round(float(side), 5) for side in value)
    except (TypeError, ValueError):
        return None
    fits = -90 <= south <= north <= 90 and max(abs(west), abs(east)) <= 180
    return (south, west, north, east) if fits else None


@cache
def outlines() -> dict[str, str]:
    """Return `land` and `borders`, SVG paths in hundredths of a degree, latitude downwards."""
    return {name: str(path) for name, path in json.loads(static_text("world.json")).items()}


@cache
def _coarse(path: str) -> str:
    """Return a path of closed lines as it is seen from far away, in steps of the grid."""
    return "".join(map(_coarse_line, re.findall(r"[^z]+z", path)))


def _coarse_line(line: str) -> str:
    """Return one line on the grid; nothing if it is too small to be seen."""
    numbers = [int(one) for one in re.findall(r"-?\d+", line)]
    places = zip(accumulate(numbers[::2]), accumulate(numbers[1::2]), strict=True)
    on_grid = [place for place, _ in groupby((round(x / _GRID), round(y / _GRID)) for x, y in places)]
    steps = [f"{x - x0},{y - y0}" for (x0, y0), (x, y) in pairwise(on_grid)]
    return f"M{on_grid[0][0]},{on_grid[0][1]}l{','.join(steps)}z".replace(",-", "-") if len(steps) > 2 else ""
