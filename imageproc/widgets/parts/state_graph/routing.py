"""Lines that go round the states: one trunk beside them for each state that is led to.

Errors of many states lead to few others. Their lines run into one another on a vertical trunk, so that the
picture has a few lines and not a bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from imageproc.widgets.parts.state_graph.machine import Transition
from imageproc.widgets.parts.state_graph.shapes import Bus, Connector, Point, cut

TRUNK_GAP = 13.0
_PORT_GAP = 8.0
_INSET = 14.0
_LANE = 9.0
LABEL_COLUMNS = 26


@dataclass(frozen=True)
class StateBox:
    """Where a state lies."""

    x: float
    y: float
    width: float
    height: float
    row_top: float
    row_bottom: float
    facing: str = "right"
    """The side, `left` or `right`, on which the trunks are."""
    open: bool = True
    """Whether nothing lies between it and the trunks."""

    @property
    def middle(self) -> float:
        """Its horizontal middle."""
        return self.x + self.width / 2

    @property
    def edge(self) -> float:
        """The side that faces the trunks."""
        return self.x + self.width if self.facing == "right" else self.x


@dataclass
class Trunk:
    """The trunk to one state: of errors, or of other transitions."""

    target: str
    is_error: bool
    x: float = 0.0
    transitions: list[Transition] = field(default_factory=list)


def trunks(transitions: Iterable[Transition]) -> list[Trunk]:
    """Return a trunk for each state that these lead to."""
    found: dict[tuple[str, bool], Trunk] = {}
    for one in transitions:
        trunk = found.setdefault((one.target, one.is_error), Trunk(one.target, one.is_error))
        trunk.transitions.append(one)
    return list(found.values())


def route(made: Sequence[Trunk], boxes: dict[str, StateBox]) -> tuple[list[Connector], list[Bus]]:
    """Return the lines of all trunks, whose `x` are set."""
    ports = _ports(made, boxes)
    lines: list[Connector] = []
    buses: list[Bus] = []
    for trunk in made:
        own = [_line(trunk, one, boxes, ports) for one in trunk.transitions]
        lines += own
        buses.append(Bus(trunk.target, _parts(trunk, own), trunk.is_error))
    return lines, buses


Port = tuple[str, str, bool, str]
"""A state, and the trunk (target, is_error) that it has to do with, as `in` or `out`."""


def _ports(made: Sequence[Trunk], boxes: dict[str, StateBox]) -> dict[Port, float]:
    """Return how high on its side each state meets each trunk: in first, then out to the farthest trunk."""
    ports_of: dict[str, list[tuple[int, float, Port]]] = {}
    for trunk in made:
        ends = {(trunk.target, "in"), *((one.source, "out") for one in trunk.transitions)}
        for name, role in sorted(ends):
            far = -abs(trunk.x - boxes[name].edge)
            port = (name, trunk.target, trunk.is_error, role)
            ports_of.setdefault(name, []).append((role == "out", far, port))
    places: dict[Port, float] = {}
    for name, ports in ports_of.items():
        box = boxes[name]
        gap = min(_PORT_GAP, box.height / (len(ports) + 1))
        for index, (_, _, port) in enumerate(sorted(ports)):
            places[port] = box.y + box.height / 2 + (index - (len(ports) - 1) / 2) * gap
    return places


def _line(trunk: Trunk, one: Transition, boxes: dict[str, StateBox], ports: dict[Port, float]) -> Connector:
    source, target = boxes[one.source], boxes[one.target]
    out = _out(source, ports[one.source, trunk.target, trunk.is_error, "out"], trunk.x)
    into = _in(target, ports[trunk.target, trunk.target, trunk.is_error, "in"], trunk.x)
    begin = out[-2]
    leftwards = trunk.x < begin[0]
    return Connector(
        one.source,
        one.target,
        (*out, *into),
        is_error=one.is_error,
        shared=True,
        label=cut(one.label, LABEL_COLUMNS),
        title=one.label or ", ".join(one.errors),
        label_at=(begin[0] + (-6 if leftwards else 6), begin[1] - 4),
        label_anchor="end" if leftwards else "start",
    )


def _out(box: StateBox, y: float, trunk_x: float) -> tuple[Point, ...]:
    """Return the way from a state to a trunk: straight, or below its row where others lie beside it."""
    if box.open:
        return ((box.edge, y), (trunk_x, y))
    x = box.edge + (-_INSET if box.facing == "right" else _INSET)
    lane = box.row_bottom + _LANE
    return ((x, box.y + box.height), (x, lane), (trunk_x, lane))


def _in(box: StateBox, y: float, trunk_x: float) -> tuple[Point, ...]:
    """Return the way from a trunk to a state: straight, or above its row."""
    if box.open:
        return ((trunk_x, y), (box.edge, y))
    x = box.edge + (-_INSET if box.facing == "right" else _INSET)
    lane = box.row_top - _LANE
    return ((trunk_x, lane), (x, lane), (x, box.y))


def _parts(trunk: Trunk, lines: Sequence[Connector]) -> tuple[tuple[Point, ...], ...]:
    """Return the trunk and its branches without drawing anything twice, which would fill the dashes."""
    meets = [_meeting(line, trunk.x) for line in lines]
    end = next(point for point in lines[0].points[meets[0] + 1 :] if point[0] == trunk.x)
    into = lines[0].points[meets[0] + 1 :]
    parts: list[tuple[Point, ...]] = []
    for above in (True, False):
        own = [
            (abs(line.points[meet][1] - end[1]), line.points[: meet + 1])
            for line, meet in zip(lines, meets, strict=True)
            if (line.points[meet][1] <= end[1]) is above
        ]
        own.sort(key=lambda one: -one[0])
        for index, (_, spur) in enumerate(own):
            whole = (*spur, *(into if not parts else (end,))) if index == 0 else spur
            parts.append(whole)
    return tuple(parts)


def _meeting(line: Connector, x: float) -> int:
    """Return the index of the point where a line reaches its trunk."""
    return next(index for index, point in enumerate(line.points) if index and point[0] == x)
