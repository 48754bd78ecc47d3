"""Draws docs/pictures/cost.svg from the cost model, so that the picture cannot say anything else.

python -m scripts.cost_plot
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cost import EXPRESS, VOLUMES, month
from imageproc.costs import original, ours

FILE = Path(__file__).parents[1] / "docs" / "pictures" / "cost.svg"

_WIDTH, _HEIGHT, _PANEL, _LEFT, _TOP, _BOTTOM = 860, 360, 330, 70, 50, 290
_COLOURS = {"the original": "#57606a", "Standard": "#0550ae", "Express": "#bc4c00"}
_NAMES = {10**2: "100", 10**3: "1,000", 10**4: "10,000", 10**5: "100,000", 10**6: "1 M", 10**7: "10 M"}


@dataclass(frozen=True)
class Panel:
    """One plot: where it begins, and how values become heights."""

    title: str
    x: int
    low: float
    high: float
    scale: Callable[[float], float]
    ticks: tuple[float, ...]

    def point(self, photos: float, value: float) -> tuple[float, float]:
        """Return where a value stands."""
        first, last = math.log10(VOLUMES[0]), math.log10(VOLUMES[-1])
        share = (self.scale(value) - self.scale(self.low)) / (self.scale(self.high) - self.scale(self.low))
        across = (math.log10(photos) - first) / (last - first)
        return self.x + _PANEL * across, _BOTTOM - (_BOTTOM - _TOP) * share

    def axes(self) -> Iterator[str]:
        """Yield the title, the lines and what they mean."""
        yield f'<text x="{self.x}" y="{_TOP - 18}" font-weight="600">{self.title}</text>'
        for tick in self.ticks:
            _, y = self.point(VOLUMES[0], tick)
            yield f'<path d="M{self.x} {y:.1f}h{_PANEL}" stroke="#d0d7de"/>'
            yield f'<text x="{self.x - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:,g}</text>'
        for photos, name in _NAMES.items():
            x, _ = self.point(photos, self.low)
            yield f'<text x="{x:.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{name}</text>'
        yield f'<text x="{self.x + _PANEL / 2}" y="{_BOTTOM + 38}" text-anchor="middle">photos a month</text>'

    def line(self, name: str, value: Callable[[int], float], at: int, down: float) -> Iterator[str]:
        """Yield one line and its name, which stands at one of its points, so much below."""
        points = [self.point(photos, value(photos)) for photos in VOLUMES]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        x, y = points[at]
        colour = _COLOURS[name]
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield f'<text x="{x:.1f}" y="{y + down:.1f}" fill="{colour}">{name}</text>'


def drawn() -> str:
    """Return the picture."""
    bills: dict[str, Callable[[int], float]] = {
        "the original": lambda photos: month(original(), photos).total,
        "Standard": lambda photos: month(ours(), photos).total,
        "Express": lambda photos: month(ours(), photos, EXPRESS).total,
    }
    usd = Panel("USD a month, without Rekognition", _LEFT, 1, 10_000, math.log10, (1, 10, 100, 1_000, 10_000))
    share = Panel("of the original's bill", _LEFT + 430, 0, 1.2, float, (0, 0.25, 0.5, 0.75, 1))
    parts = [*usd.axes(), *share.axes()]
    for name, at, down in (("the original", 0, -8), ("Standard", 1, -8), ("Express", 9, 22)):
        parts += usd.line(name, bills[name], at, down)
    for name, at, down in (("Standard", 13, -14), ("Express", 13, 18)):
        parts += share.line(name, _ratio(bills[name], bills["the original"]), at, down)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" font-family="sans-serif" font-size="12" fill="#1f2328" role="img">\n'
        "<title>The bill of a month by photos: the original, Standard and Express workflows</title>\n"
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _ratio(of: Callable[[int], float], to: Callable[[int], float]) -> Callable[[int], float]:
    return lambda photos: of(photos) / to(photos)


if __name__ == "__main__":
    FILE.write_text(drawn(), encoding="utf-8")
