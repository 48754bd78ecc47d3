"""Layers of a directed graph: which row a node is in, its place in the row, and where it lies.

After Sugiyama, Tagawa and Toda (1981): loops are opened, each edge goes down at least one row, edges that go
down several get a placeholder in each row between, and rows are ordered by the mean of their neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Edge = tuple[str, str]

_SWEEPS = 4


@dataclass
class Layers:
    """Rows of nodes, top to bottom, each from left to right."""

    rows: list[list[str]]
    chains: dict[Edge, list[str]]
    """Each edge that goes down, as the nodes that it goes through: its ends, placeholders between."""
    back: list[Edge]
    """The edges that go up, or to the same node."""
    placeholders: set[str] = field(default_factory=set)


def layers(nodes: Sequence[str], edges: Sequence[Edge]) -> Layers:
    """Return the layers of nodes, the first of which is the start."""
    back = _back_edges(nodes, edges)
    down = [edge for edge in edges if edge not in back]
    rank = _ranks(nodes, down)
    rows: list[list[str]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for node in nodes:
        rows[rank[node]].append(node)
    made = Layers(rows, {}, [edge for edge in edges if edge in back])
    for edge in down:
        made.chains[edge] = _chain(edge, rank, made)
    links = [pair for chain in made.chains.values() for pair in pairwise(chain)]
    _order(made.rows, links)
    return made


def positions(made: Layers, width: Callable[[str], float], gap: float) -> dict[str, float]:
    """Return the middle of each node, in pixels: rows apart by `gap`, nodes near those they are linked to."""
    links = [pair for chain in made.chains.values() for pair in pairwise(chain)]
    near: dict[str, list[str]] = {}
    for above, below in links:
        near.setdefault(above, []).append(below)
        near.setdefault(below, []).append(above)
    middle: dict[str, float] = {}
    for row in made.rows:
        x = -(sum(map(width, row)) + gap * (len(row) - 1)) / 2
        for node in row:
            middle[node] = x + width(node) / 2
            x += width(node) + gap
    for _ in range(_SWEEPS):
        for row in (*made.rows, *reversed(made.rows)):
            desired = [_mean([middle[other] for other in near.get(node, ())], middle[node]) for node in row]
            middle.update(zip(row, _apart(desired, [width(node) for node in row], gap), strict=True))
    return middle


def _back_edges(nodes: Sequence[str], edges: Sequence[Edge]) -> set[Edge]:
    """Return the edges that close a loop, seen from the first node on."""
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        after[source].append(target)
    back: set[Edge] = set()
    seen: set[str] = set()
    for start in nodes:
        if start in seen:
            continue
        seen.add(start)
        path = {start: iter(after[start])}
        while path:
            here = next(reversed(path))
            for target in path[here]:
                if target in path:
                    back.add((here, target))
                elif target not in seen:
                    seen.add(target)
                    path[target] = iter(after[target])
                    break
            else:
                del path[here]
    return back


def _ranks(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Return each node's row: the length of the longest way to it."""
    rank = dict.fromkeys(nodes, 0)
    before = {node: sum(target == node for _, target in edges) for node in nodes}
    ready = [node for node in nodes if not before[node]]
    while ready:
        here = ready.pop()
        for source, target in edges:
            if source == here:
                rank[target] = max(rank[target], rank[here] + 1)
                before[target] -= 1
                if not before[target]:
                    ready.append(target)
    return rank


def _chain(edge: Edge, rank: dict[str, int], made: Layers) -> list[str]:
    source, target = edge
    chain = [source]
    for row in range(rank[source] + 1, rank[target]):
        name = f"{source} → {target} {row}"
        made.rows[row].append(name)
        made.placeholders.add(name)
        chain.append(name)
    return [*chain, target]


def _order(rows: list[list[str]], links: Iterable[Edge]) -> None:
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for upper, lower in links:
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    for _ in range(_SWEEPS):
        for index in range(1, len(rows)):
            _sort(rows[index], rows[index - 1], above)
        for index in range(len(rows) - 2, -1, -1):
            _sort(rows[index], rows[index + 1], below)


def _sort(row: list[str], other: list[str], near: dict[str, list[str]]) -> None:
    position = {node: index for index, node in enumerate(other)}
    own = {node: float(index) for index, node in enumerate(row)}
    row.sort(key=lambda node: _mean([position[one] for one in near.get(node, ())], own[node]))


def _apart(desired: list[float], widths: list[float], gap: float) -> list[float]:
    """Return positions near the desired ones, in the same order and `gap` apart."""
    rightwards: list[float] = []
    for index, position in enumerate(desired):
        least = rightwards[-1] + (widths[index - 1] + widths[index]) / 2 + gap if index else position
        rightwards.append(max(position, least))
    shift = sum(position - x for position, x in zip(desired, rightwards, strict=True)) / max(len(desired), 1)
    return [x + shift for x in rightwards]


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default
