"""What a drawn state machine is made of: boxes, lines and their paths, in pixels from the top left."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

Point = tuple[float, float]

_RADIUS = 6.0
_ARROW = 7.0
_LINES = 3


@dataclass(frozen=True)
class Node:
    """A state's box. `lines` is its name, broken; the boxes of a `group`'s states lie inside it."""

    id: str
    type: str
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float
    group: bool = False
    unusual: bool = False
    """Whether it is on the paths of errors."""

    def moved(self, dx: float, dy: float) -> Node:
        """Return it elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)


@dataclass(frozen=True)
class Connector:
    """A transition. Where it shares a `Bus` with others it is drawn alone only when it is taken."""

    source: str
    target: str
    points: tuple[Point, ...]
    is_error: bool = False
    curved: bool = False
    shared: bool = False
    label: str = ""
    title: str = ""
    label_at: Point = (0.0, 0.0)
    label_anchor: str = "middle"

    def moved(self, dx: float, dy: float) -> Connector:
        """Return it elsewhere."""
        label_at = (self.label_at[0] + dx, self.label_at[1] + dy)
        return replace(self, points=_moved(self.points, dx, dy), label_at=label_at)


@dataclass(frozen=True)
class Bus:
    """All transitions to one state that go round the others, as one line with several beginnings."""

    target: str
    parts: tuple[tuple[Point, ...], ...]
    """The first ends with the arrow."""
    is_error: bool

    def moved(self, dx: float, dy: float) -> Bus:
        """Return it elsewhere."""
        return replace(self, parts=tuple(_moved(part, dx, dy) for part in self.parts))


@dataclass(frozen=True)
class Graph:
    """A drawn state machine."""

    nodes: tuple[Node, ...]
    lines: tuple[Connector, ...]
    buses: tuple[Bus, ...]
    width: float
    height: float


def path(points: Sequence[Point], *, arrow: bool = True) -> str:
    """Return the path along horizontal and vertical lines, its corners rounded; it ends inside the arrow."""
    corners = list(points)
    if arrow:
        corners[-1] = _towards(corners[-1], corners[-2], _ARROW - 1)
    parts = [f"M{_xy(corners[0])}"]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        radius = min(_RADIUS, _distance(before, corner) / 2, _distance(corner, after) / 2)
        begin, end = _towards(corner, before, radius), _towards(corner, after, radius)
        parts.append(f"L{_xy(begin)}Q{_xy(corner)} {_xy(end)}")
    return "".join([*parts, f"L{_xy(corners[-1])}"])


def curve(points: Sequence[Point]) -> str:
    """Return the path of a line that goes down: bent between rows, straight through them."""
    parts = [f"M{_xy(points[0])}"]
    last = len(points) - 1
    for index in range(1, len(points)):
        (x1, y1), (x2, y2) = points[index - 1], points[index]
        y2 -= (_ARROW - 1) if index == last else 0
        half = (y1 + y2) / 2
        bent = f"C{_xy((x1, half))} {_xy((x2, half))} {_xy((x2, y2))}"
        parts.append(bent if index % 2 else f"L{_xy((x2, y2))}")
    return "".join(parts)


def arrow(points: Sequence[Point], *, down: bool = False) -> str:
    """Return the path of the arrow's head at the end of a line."""
    tip = points[-1]
    base = _towards(tip, (tip[0], tip[1] - 9) if down else points[-2], _ARROW)
    dx, dy = (base[1] - tip[1]) / 2, (base[0] - tip[0]) / 2
    return f"M{_xy(tip)}L{_xy((base[0] + dx, base[1] + dy))}L{_xy((base[0] - dx, base[1] - dy))}Z"


def columns(text: str) -> int:
    """Return a text's width in columns: East Asian wide characters and emoji take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def cut(text: str, limit: int) -> str:
    """Return a text that takes no more than so many columns."""
    if columns(text) <= limit:
        return text
    while columns(text) > limit - 1:
        text = text[:-1]
    return text + "…"


def broken(name: str, limit: int) -> tuple[str, ...]:
    """Return a name in at most three lines, broken between its words where it can be."""
    lines = [""]
    for word in _words(name, limit):
        if lines[-1] and columns(lines[-1] + word.rstrip()) > limit:
            lines.append("")
        lines[-1] += word
    kept = [line.strip() for line in lines[:_LINES]]
    if len(lines) > _LINES:
        kept[-1] = cut(kept[-1] + "…", limit) if columns(kept[-1]) >= limit else kept[-1] + "…"
    return tuple(kept)


def _words(name: str, limit: int) -> Iterator[str]:
    for word in re.findall(r"[A-Z]?[^A-Z\s_\-]*[\s_\-]*", name):
        for begin in range(0, len(word), limit):
            yield word[begin : begin + limit]


def _moved(points: Sequence[Point], dx: float, dy: float) -> tuple[Point, ...]:
    return tuple((x + dx, y + dy) for x, y in points)


def _distance(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(start: Point, end: Point, far: float) -> Point:
    """Return the point so far from the start on a horizontal or vertical line to the end."""
    whole = _distance(start, end)
    share = far / whole if whole else 0.0
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)


def _xy(point: Point) -> str:
    return (
        f"{point[0]:.4g} {point[1]:.4g}" if max(map(abs, point)) < 1000 else f"{point[0]:.1f} {point[1]:.1f}"
    )
