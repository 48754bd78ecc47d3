"""Make the map's outlines: `python scripts/world_outlines.py world-atlas/countries-110m.json`.

The source is the npm package world-atlas 2.0.2 (`npm pack world-atlas@2.0.2`): Natural Earth 4.1, in the
public domain, 1:110 million, as TopoJSON. The result goes to `imageproc/widgets/static/world.json`: two
SVG paths in hundredths of a degree, longitude to the right and latitude down (equirectangular).
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Point = tuple[float, float]

_OUT = Path(__file__).parents[1] / "imageproc/widgets/static/world.json"
_HUNDREDTHS = 100


def main(source: Path) -> None:
    """Write both paths."""
    topology = json.loads(source.read_text())
    arcs = [list(_arc(arc, topology["transform"])) for arc in topology["arcs"]]
    land = "".join(_ring(_joined(ring, arcs)) for ring in _rings(topology["objects"]["land"]))
    countries = [ring for one in topology["objects"]["countries"]["geometries"] for ring in _rings(one)]
    used = Counter(index if index >= 0 else ~index for ring in countries for index in ring)
    borders = "".join(_line(_unwrapped(arcs[index])) for index, times in used.items() if times > 1)
    _OUT.write_text(json.dumps({"land": land, "borders": borders}))


def _arc(arc: Any, transform: Any) -> Iterator[Point]:
    x = y = 0
    (sx, sy), (tx, ty) = transform["scale"], transform["translate"]
    for dx, dy in arc:
        x, y = x + dx, y + dy
        yield x * sx + tx, y * sy + ty


def _rings(geometry: Any) -> Iterator[list[int]]:
    kind = geometry["type"]
    if kind == "GeometryCollection":
        for one in geometry["geometries"]:
            yield from _rings(one)
    elif kind in ("Polygon", "MultiPolygon"):
        for polygon in [geometry["arcs"]] if kind == "Polygon" else geometry["arcs"]:
            yield from polygon


def _joined(ring: list[int], arcs: list[list[Point]]) -> list[Point]:
    points: list[Point] = []
    for index in ring:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return points


def _unwrapped(points: list[Point]) -> list[Point]:
    """Return a line without jumps: what crosses the antimeridian goes on beyond 180 degrees."""
    whole, offset = [points[0]], 0
    for (before, _), (x, y) in itertools.pairwise(points):
        offset += 360 if x - before < -180 else -360 if x - before > 180 else 0
        whole.append((x + offset, y))
    return whole


def _ring(points: list[Point]) -> str:
    """Return a closed path. A ring that goes round the world holds a pole: Antarctica's is closed there."""
    whole = _unwrapped(points)
    if abs(whole[-1][0] - whole[0][0]) > 180:
        pole = -90.0 if whole[0][1] < 0 else 90.0
        whole += [(whole[-1][0], pole), (whole[0][0], pole)]
    return _line(whole) + "z"


def _line(points: list[Point]) -> str:
    """Return a path in hundredths of a degree, each point relative to the one before."""
    exact = [(round(x * _HUNDREDTHS), round(-y * _HUNDREDTHS)) for x, y in points]
    steps = [f"{x - x0} {y - y0}" for (x0, y0), (x, y) in itertools.pairwise(exact) if (x, y) != (x0, y0)]
    return f"M{exact[0][0]} {exact[0][1]}l{' '.join(steps)}".replace(" -", "-") if steps else ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
