"""Photos as points, those of like things near each other: looked at by hovering, selected by a lasso."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import anywidget
import traitlets

from imageproc.presentation.markup import Markup
from imageproc.presentation.text import photos_text
from imageproc.widgets.assets import script, style
from imageproc.widgets.parts.gallery import GallerySource
from imageproc.widgets.updates import update

MOST_DRAWN = 2000
"""Points of a static rendering at most."""

_WIDTH, _HEIGHT, _ROW = 720, 480, 22
_POINTS = Markup('<path d="{}" stroke="{}" stroke-width="{}"/>')
_KEY = Markup('<circle cx="{}" cy="{}" r="6" fill="{}" stroke="#444"/><text x="{}" y="{}">{}</text>')
_SVG = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    ' font-family="sans-serif" font-size="13"><rect width="{width}" height="{height}" fill="#f7f7f7"/>'
    '<g fill="none" stroke-linecap="round">{points}</g><g fill="#212121">{keys}</g></svg>'
)
_COLUMNS = 3
_LONGEST = 26


@dataclass(frozen=True)
class Group:
    """Points of one colour."""

    name: str
    color: str
    count: int


@dataclass(frozen=True)
class Points:
    """Points by their numbers from 0."""

    places: array[float] = field(default_factory=lambda: array("f"))
    """x and y of each, one after the other, from -1 to 1; y upwards."""
    groups: tuple[Group, ...] = ()
    """What the colours say."""
    group_of: array[int] = field(default_factory=lambda: array("B"))
    """The number of each point's group."""


class EmbeddingMap(anywidget.AnyWidget):
    """A map of points. `selected` are the numbers of those that are selected, in order.

    The points go to the browser in one message, nine bytes each; what is shown of a photo follows when its
    point is looked at. `on_select` is called when who looks has selected others.
    """

    _esm = script("embedding_map.js")
    _css = style("embedding_map.css")

    version = traitlets.Int(0).tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    groups: Any = traitlets.List().tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    empty = traitlets.Unicode("No photos to show.").tag(sync=True)

    def __init__(
        self,
        source: GallerySource,
        *,
        on_select: Callable[[], object] = lambda: None,
        **traits: Any,
    ) -> None:
        """Show nothing before `show`."""
        super().__init__(**traits)
        self._source, self._on_select = source, on_select
        self._points, self._version = Points(), 0
        self.selected: list[int] = []
        self._pool = ThreadPoolExecutor(2, "thumbnails")
        self.on_msg(self._receive)

    def show(self, points: Points, note: str = "", selected: Iterable[int] = ()) -> None:
        """Show other points soon, from any thread, and a note below them; these are selected."""
        self._points, self.selected = points, sorted(selected)
        self._version += 1
        self._send_points()  # to views that are there, at once: a kernel in a cell answers nothing
        update(
            self,
            version=self._version,
            count=len(points.group_of),
            groups=[asdict(group) for group in points.groups],
            note=note,
        )

    def select(self, numbers: Iterable[int]) -> None:
        """Select these points and no others."""
        self.selected = sorted(numbers)
        self.send({"type": "selection", "version": self._version}, [array("I", self.selected).tobytes()])

    def close(self) -> None:
        """Close the widget, and fetch no more thumbnails."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        super().close()

    def static(self) -> list[Any]:
        """Return the map as a picture and its note, for pages without a kernel."""
        count = len(self._points.group_of)
        if not count:
            return [Markup("<p>{}</p>").format(self.empty)]
        drawn = f" {MOST_DRAWN:,} of them are drawn here." if count > MOST_DRAWN else ""
        picked = f" {photos_text(len(self.selected))} selected." if self.selected else ""
        return [
            {"image/svg+xml": str(self.svg())},
            Markup("<p>{}</p>").format(f"{self.note}{drawn}{picked}"),
        ]

    def svg(self) -> Markup:
        """Return the map as SVG, with what the colours say; the selected points are ringed."""
        points, ringed = self._points, set(self.selected)
        step = max(1, -(-len(points.group_of) // MOST_DRAWN))
        shown = range(0, len(points.group_of), step)
        paths = [
            _POINTS.format(self._dots(one for one in shown if one in ringed), "#212121", 15),
            _POINTS.format(self._dots(shown), "#444444", 10),
        ]
        for number, group in enumerate(points.groups):
            dots = self._dots(one for one in shown if points.group_of[one] == number)
            paths.append(_POINTS.format(dots, group.color, 8))
        rows = -(-len(points.groups) // _COLUMNS)
        keys = Markup("").join(map(_key, range(len(points.groups)), points.groups))
        height = _HEIGHT + 16 + rows * _ROW
        return _SVG.format(width=_WIDTH, height=height, points=Markup("").join(paths), keys=keys)

    def _dots(self, numbers: Iterable[int]) -> str:
        """Return points as lines without a length, whose ends are round."""
        places, size = self._points.places, _HEIGHT / 2 - 16
        return "".join(
            f"M{_WIDTH / 2 + size * places[2 * one]:.0f} {_HEIGHT / 2 - size * places[2 * one + 1]:.0f}h0"
            for one in numbers
        )

    def _receive(self, _widget: Any, message: Any, buffers: Any) -> None:
        """Answer a view, only about points that are shown: anyone can send messages."""
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "points":
            self._send_points()
        elif kind is None or message.get("version") != self._version:
            return  # about points that were shown before
        elif kind == "select" and buffers:
            self._select(bytes(buffers[0]))
        elif kind in ("photo", "bytes") and message.get("number") in range(len(self._points.group_of)):
            self._pool.submit(self._send_photo, kind, message["number"], self._version)

    def _send_points(self) -> None:
        points, selected = self._points, array("I", self.selected)
        answer = {"type": "points", "version": self._version}
        self.send(answer, [one.tobytes() for one in (points.places, points.group_of, selected)])

    def _select(self, data: bytes) -> None:
        if len(data) % array("I").itemsize == 0:
            count = len(self._points.group_of)
            self.selected = sorted({number for number in array("I", data) if number < count})
            self._on_select()

    def _send_photo(self, kind: str, number: int, version: int) -> None:
        answer: dict[str, Any] = {"type": kind, "version": version, "number": number}
        try:
            if kind == "bytes":
                self.send(answer, [self._source.thumbnail(number) or b""])
                return
            (card,) = self._source.cards(number, number + 1)
            address = self._source.address(number) if card.thumbnail else None
            lines = [card.note, ", ".join(name for name, _ in card.tags)]
            about = {"name": card.name, "lines": list(filter(None, lines)), "thumbnail": card.thumbnail}
            self.send({**answer, **about, "address": address})
        except Exception as error:  # noqa: BLE001 - shown in the photo's place
            self.send({**answer, "name": "", "lines": [str(error) or repr(error)]}, [b""])


def _key(number: int, group: Group) -> Markup:
    """Return what a colour says, at its place below the points."""
    column, row = number % _COLUMNS, number // _COLUMNS
    x, y = 24 + column * (_WIDTH - 24) // _COLUMNS, _HEIGHT + 14 + row * _ROW
    name = group.name if len(group.name) <= _LONGEST else f"{group.name[: _LONGEST - 1]}…"
    return _KEY.format(x, y, group.color, x + 14, y + 5, f"{name} ({group.count:,})")


def groups_of(names: Sequence[str], colors: Sequence[str], group_of: Sequence[int]) -> tuple[Group, ...]:
    """Return groups with the number of their points."""
    counts = [0] * len(names)
    for number in group_of:
        counts[number] += 1
    return tuple(map(Group, names, colors, counts))
