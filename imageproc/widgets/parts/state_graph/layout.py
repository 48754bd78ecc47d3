"""From a definition in the Amazon States Language to a picture: pure, in milliseconds.

The states on the way to success lie in rows, from top to bottom. Those that only errors lead to, or that lead
only to failure, lie beside them, or below where the room is narrow, and can be left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from imageproc.widgets.parts.state_graph.layers import Layers, layers, positions
from imageproc.widgets.parts.state_graph.machine import Definition, Machine, Transition, parse
from imageproc.widgets.parts.state_graph.routing import (
    LABEL_COLUMNS,
    TRUNK_GAP,
    StateBox,
    Trunk,
    route,
    trunks,
)
from imageproc.widgets.parts.state_graph.shapes import Bus, Connector, Graph, Node, broken, columns, cut

START, END = "$start", "$end"

_LETTER, _LINE, _MARK = 7.3, 17.0, 16.0
"""Pixels: a letter's width, a line's height, the side of Start and End."""
_GAP_X, _PAD, _TITLE, _PASSAGE = 22.0, 12.0, 30.0, 12.0


@dataclass(frozen=True)
class Style:
    """How to lay out."""

    columns: int = 24
    """The most letters of a line of a name."""
    gap: float = 30.0
    """Pixels between rows; where there are labels, more."""
    beside: bool = True
    """Whether the paths of errors lie beside the others, not below."""
    errors: bool = True
    """Whether the paths of errors are there at all."""


WIDE = Style()
NARROW = Style(columns=15, gap=26.0, beside=False)


def layout(definition: Definition, style: Style = WIDE) -> Graph:
    """Return the picture of a state machine. Raises ValueError if it is not a state machine."""
    return _Level(parse(definition), style, whole=True).graph()


def layouts(definition: Definition) -> dict[str, Graph]:
    """Return the pictures for much and little room, with and without the paths of errors."""
    return {
        "wide": layout(definition, WIDE),
        "narrow": layout(definition, NARROW),
        "wide usual": layout(definition, replace(WIDE, errors=False)),
        "narrow usual": layout(definition, replace(NARROW, errors=False)),
    }


class _Level:
    """The layout of a machine, or of a branch inside one."""

    def __init__(self, machine: Machine, style: Style, *, whole: bool) -> None:
        self._machine, self._style, self._whole = machine, style, whole
        usual = machine.usual
        named = [machine.start, *(name for name in machine.states if name != machine.start)]
        self._main = [name for name in named if name in usual]
        self._side = _in_order(machine, usual) if style.errors else []
        inner = replace(style, beside=False)
        self._inner = {
            name: [_Level(branch, inner, whole=False).graph() for branch in state.branches]
            for name, state in machine.states.items()
        }
        shown = {*self._main, *self._side}
        self._transitions = [
            one
            for one in machine.transitions
            if {one.source, one.target} <= shown and (style.errors or not one.is_error)
        ]
        self._layers = self._layered()
        self._boxes: dict[str, StateBox] = {}

    def graph(self) -> Graph:
        """Return the picture, its top left at 0, 0."""
        self._place_rows()
        lines = list(self._down())
        left, right = self._trunks()
        self._place_side(right)
        lines += self._straight()
        buses: list[Bus] = []
        for these, facing in ((left, "left"), (right, "right")):
            turned = {name: self._turned(name, facing) for name in self._boxes}
            routed, drawn = route(these, turned)
            lines += routed
            buses += drawn
        return self._framed(lines, buses)

    def _layered(self) -> Layers:
        """Put the usual states into rows, Start and End with them."""
        self._usual_ways = {
            (one.source, one.target): one
            for one in self._transitions
            if not one.is_error and one.source in self._main and one.target in self._main
        }
        nodes, edges = list(self._main), list(self._usual_ways)
        if self._whole:
            nodes = [START, *nodes, END]
            edges += [(START, self._machine.start), *((name, END) for name in self._ending())]
        return layers(nodes, edges)

    def _ending(self) -> list[str]:
        return [name for name in self._machine.ends if name in self._main]

    def _place_rows(self) -> None:
        made = self._layers
        middle = positions(made, lambda name: self._size(name)[0], _GAP_X)
        left = min(middle[name] - self._size(name)[0] / 2 for row in made.rows for name in row)
        y = 0.0
        for row in made.rows:
            height = max(self._size(name)[1] for name in row)
            for name in row:
                width, own = self._size(name)
                passage = name in made.placeholders
                top, own = (y, height) if passage else (y + (height - own) / 2, own)
                self._boxes[name] = StateBox(middle[name] - width / 2 - left, top, width, own, y, y + height)
            y += height + self._gap_below(row)

    def _gap_below(self, row: list[str]) -> float:
        labelled = any(
            one.label and chain[0] in row
            for way, chain in self._layers.chains.items()
            if (one := self._usual_ways.get(way))
        )
        return self._style.gap + (14 if labelled else 0) - (8 if row == [START] else 0)

    def _down(self) -> Iterable[Connector]:
        """Yield the lines from row to row."""
        for (source, target), chain in self._layers.chains.items():
            points = [(self._boxes[source].middle, self._bottom(source))]
            for passage in chain[1:-1]:
                box = self._boxes[passage]
                points += [(box.middle, box.y), (box.middle, box.y + box.height)]
            points.append((self._boxes[target].middle, self._boxes[target].y))
            one = self._usual_ways.get((source, target), Transition(source, target))
            x, y = points[1]
            yield Connector(
                source,
                target,
                tuple(points),
                curved=True,
                label=cut(one.label, LABEL_COLUMNS),
                title=one.label,
                label_at=(x, y - 14),
            )

    def _bottom(self, name: str) -> float:
        return self._boxes[name].y + self._boxes[name].height

    def _trunks(self) -> tuple[list[Trunk], list[Trunk]]:
        """Return the trunks on the left, of loops, and those on the right; place the former."""
        back = [self._usual_ways[way] for way in self._layers.back]
        straight = self._chained()
        inside = {(one.source, one.target) for one in self._usual_ways.values()}
        others = [one for one in self._transitions if (one.source, one.target) not in inside | straight]
        left = trunks(back)
        for index, trunk in enumerate(left):
            trunk.x = -TRUNK_GAP * (index + 1)
        return left, trunks(others)

    def _chained(self) -> set[tuple[str, str]]:
        """Return the transitions between states that lie below each other on the paths of errors."""
        below = set(zip(self._side, self._side[1:], strict=False))
        return {(one.source, one.target) for one in self._transitions if not one.is_error} & below

    def _place_side(self, right: list[Trunk]) -> None:
        """Place the paths of errors, and the trunks that lead there."""
        widest = max(box.x + box.width for box in self._boxes.values())
        below = not self._style.beside
        widths = [self._size(name)[0] for name in self._side]
        if below:
            widest = max([widest, *widths])
        beyond = widest + TRUNK_GAP * (len(right) + 1)
        y = max(box.row_bottom for box in self._boxes.values()) + self._style.gap if below else 0.0
        for name in self._side:
            width, height = self._size(name)
            y = y if below else max(y, self._highest_source(name, right))
            x = (widest - max(widths)) / 2 if below else beyond + TRUNK_GAP
            x += (max(widths) - width) / 2
            self._boxes[name] = StateBox(x, y, width, height, y, y + height)
            y += height + self._style.gap - 8
        right.sort(key=lambda trunk: self._boxes[trunk.target].y, reverse=not below)
        for index, trunk in enumerate(right):
            trunk.x = widest + TRUNK_GAP * (index + 1)

    def _highest_source(self, name: str, right: list[Trunk]) -> float:
        sources = [one.source for trunk in right if trunk.target == name for one in trunk.transitions]
        known = [self._boxes[source] for source in sources if source in self._boxes]
        return min((box.y + box.height / 2 for box in known), default=0.0)

    def _straight(self) -> Iterable[Connector]:
        for source, target in sorted(self._chained()):
            x = self._boxes[source].middle
            points = ((x, self._bottom(source)), (x, self._boxes[target].y))
            yield Connector(source, target, points, is_error=False, curved=True)

    def _turned(self, name: str, facing: str) -> StateBox:
        """Return a state's box with the side that faces the trunks, and whether the way there is free."""
        box = self._boxes[name]
        if name in self._side:
            return replace(box, facing="left" if self._style.beside else "right")
        row = next(row for row in self._layers.rows if name in row)
        others = [self._boxes[one].x for one in row if one != name and one not in self._layers.placeholders]
        free = all(x < box.x for x in others) if facing == "right" else all(x > box.x for x in others)
        return replace(box, facing=facing, open=free)

    def _size(self, name: str) -> tuple[float, float]:
        if name in self._layers.placeholders:
            return _PASSAGE, 0.0
        if name in (START, END):
            return _MARK, _MARK
        inner = self._inner[name]
        if inner:
            width = sum(graph.width for graph in inner) + _GAP_X * (len(inner) - 1) + 2 * _PAD
            own = columns(name) * _LETTER + 44
            return max(width, min(own, 220.0)), max(graph.height for graph in inner) + _TITLE + _PAD
        lines = broken(name, self._style.columns)
        return max(map(columns, lines)) * _LETTER + 46, len(lines) * _LINE + 18

    def _framed(self, lines: list[Connector], buses: list[Bus]) -> Graph:
        """Return the picture with what is inside the states, moved so that it begins at 0, 0."""
        xs = [x for line in lines for x, _ in line.points]
        dx = -min([0.0, *(x - 2 for x in xs)])
        shown = [name for name in self._boxes if name not in self._layers.placeholders]
        nodes = [self._node(name) for name in shown]
        right = max([node.x + node.width for node in nodes] + [x + 2 for x in xs])
        bottom = max([node.y + node.height for node in nodes] + [y for line in lines for _, y in line.points])
        for name in shown:
            for graph, x, y in self._placed(name):
                nodes += [node.moved(x, y) for node in graph.nodes]
                lines += [line.moved(x, y) for line in graph.lines]
                buses += [bus.moved(x, y) for bus in graph.buses]
        return Graph(
            tuple(node.moved(dx, 0) for node in nodes),
            tuple(line.moved(dx, 0) for line in lines),
            tuple(bus.moved(dx, 0) for bus in buses),
            right + dx,
            bottom,
        )

    def _node(self, name: str) -> Node:
        box = self._boxes[name]
        at = (box.x, box.y, box.width, box.height)
        if name in (START, END):
            return Node(name, name[1:].capitalize(), (), *at)
        if self._inner[name]:
            title = cut(name, int((box.width - 44) / _LETTER))
            return Node(name, self._type(name), (title,), *at, group=True, unusual=name in self._side)
        return Node(
            name, self._type(name), broken(name, self._style.columns), *at, unusual=name in self._side
        )

    def _type(self, name: str) -> str:
        return self._machine.states[name].type

    def _placed(self, name: str) -> Iterable[tuple[Graph, float, float]]:
        """Yield the branches inside a state, and where each begins."""
        inner = self._inner.get(name, [])
        box = self._boxes[name]
        width = sum(graph.width for graph in inner) + _GAP_X * (len(inner) - 1)
        x = box.x + (box.width - width) / 2
        for graph in inner:
            yield graph, x, box.y + _TITLE
            x += graph.width + _GAP_X


def _in_order(machine: Machine, usual: frozenset[str]) -> list[str]:
    """Return the states on the paths of errors: each as soon as something leads there, then what follows."""
    order: list[str] = []

    def follow(name: str) -> None:
        left = [name]
        while left:
            here = left.pop()
            if here in usual or here in order:
                continue
            order.append(here)
            left += [one.target for one in machine.transitions if one.source == here and not one.is_error]

    entries = [one for one in machine.transitions if one.source in usual]
    for one in sorted(entries, key=lambda one: not _leads_on(machine, one.target)):
        follow(one.target)
    for name in machine.states:
        follow(name)
    return order


def _leads_on(machine: Machine, name: str) -> bool:
    return any(one.source == name for one in machine.transitions)
