"""Figures: what was measured, round by round, against its target; as a table and as a plot."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "build" / "benchmarks"
"""Where tables, plots and values are written."""

HEADING = f"{'figure':<62}{'median':>12}{'target':>14}  {'':<8}rounds"


@dataclass(frozen=True)
class Figure:
    """What was measured in each round, and what its median may be at most (or has to be at least).

    Without a limit it is there to be compared with.
    """

    name: str
    values: list[float]
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool:
        """Whether the median is within its target."""
        if self.limit is None:
            return True
        return self.median >= self.limit if self.at_least else self.median <= self.limit

    @property
    def target(self) -> str:
        """The target in words; empty if there is none."""
        if self.limit is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {_number(self.limit)} {self.unit}"

    def __str__(self) -> str:
        """Return a row of the table."""
        verdict = "" if self.limit is None else "met" if self.met else "NOT MET"
        rounds = " ".join(_number(value) for value in self.values[:7])
        median = f"{_number(self.median)} {self.unit}"
        return f"{self.name:<62}{median:>12}{self.target:>14}  {verdict:<8}{rounds}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def ratios(ours: list[float], theirs: list[float]) -> list[float]:
    """Return the ratio of each round: what disturbs one round then disturbs both its sides."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def machine() -> str:
    """Return what the figures were measured on, and when."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{hardware()}, load {os.getloadavg()[0]:.1f}, {now}"


def hardware() -> str:
    """Return what the figures were measured on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def save(name: str, title: str, figures: Iterable[Figure]) -> None:
    """Write a section's values as JSON, and as a plot of each figure against its target."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = list(figures)
    values = [{**vars(row), "median": row.median, "met": row.met} for row in rows]
    record = {"title": title, "machine": machine(), "figures": values}
    (FOLDER / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
    judged = [row for row in rows if row.limit]
    if judged:
        _plot(FOLDER / f"{name}.png", title, judged)


def _plot(path: Path, title: str, figures: list[Figure]) -> None:
    """Draw how much of its target each figure needs: left of the line it is met."""
    from matplotlib.figure import Figure as Canvas

    shares = [_share(figure) for figure in figures]
    canvas = Canvas(figsize=(9, 1.2 + 0.42 * len(figures)), layout="constrained")
    axes = canvas.subplots()
    colours = ["#2a7f62" if figure.met else "#b3261e" for figure in figures]
    labels = [
        f"{figure.name}\n{_number(figure.median)} {figure.unit} ({figure.target})" for figure in figures
    ]
    bars = axes.barh(range(len(figures)), shares, color=colours)
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], padding=3, fontsize=8)
    axes.set_yticks(range(len(figures)), labels, fontsize=8)
    axes.invert_yaxis()
    axes.axvline(1, color="#444", linestyle="--", linewidth=1)
    axes.set_xlim(0, max(1.25, *(share * 1.1 for share in shares)))
    axes.set_xlabel("share of the target that is used up")
    canvas.suptitle(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    canvas.savefig(path, dpi=120)


def _share(figure: Figure) -> float:
    limit, median = figure.limit or 1, figure.median
    return limit / median if figure.at_least and median else median / limit
