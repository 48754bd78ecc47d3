"""Plots for notebooks: pictures that show without a kernel, or a sentence where there is nothing to draw.

Drawn with `Figure` alone, on nothing, in colours that are read on white and on black: the page's theme shows.
"""

from __future__ import annotations

import base64
import math
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from IPython.display import display
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from imageproc.presentation.markup import Markup
from imageproc.presentation.text import printable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_COLOUR = "#3d85d8"
_INK = "#777777"
"""Grey: 4.5 to 1 on white, and as much on JupyterLab's dark page."""
_SHADES = LinearSegmentedColormap.from_list("shades", [f"{_COLOUR}00", _COLOUR])
_MOST_TICKS = 12
_LONGEST_NAME = 40
_BAR_IN = 0.28
"""Inches of a horizontal bar."""


def plot_bars(
    data: pd.Series[Any], title: str, *, kind: Literal["bar", "barh"] = "bar", axis: str = "photos"
) -> None:
    """Display a number for each of an index's values as bars, upright or lying, the first on top."""
    if data.empty or not data.any():
        _say_nothing(title)
        return
    names, numbers = [_name(one) for one in data.index], [float(one) for one in data]
    if kind == "bar":
        figure, axes = _figure(8, 2.2, title)
        _upright(axes, names, numbers)
        axes.set_ylabel(axis, fontsize=9)
    else:
        figure, axes = _figure(8, 0.8 + _BAR_IN * len(names), title)
        bars = axes.barh(range(len(names)), numbers, color=_COLOUR)
        axes.bar_label(bars, fmt="%g", fontsize=8, padding=2, color=_INK)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_xlabel(axis, fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.margins(x=0.08)
    described = ", ".join(f"{name}: {number:g}" for name, number in zip(names, numbers, strict=True))
    _show(figure, f"{title}. {described}")


def plot_grid(table: pd.DataFrame, title: str) -> None:
    """Display in how many rows of a table two columns are both set: a square for each two columns."""
    if table.empty:
        _say_nothing(title)
        return
    names = [_name(one) for one in table.columns]
    there = (table.to_numpy() > 0).astype(int)
    counts = there.T @ there
    side = 2 + 0.34 * len(names)
    figure, axes = _figure(side + 0.6, side, title)
    axes.imshow(counts, cmap=_SHADES, vmin=0)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    for (row, column), count in np.ndenumerate(counts):
        colour = "black" if count > counts.max() / 2 else _INK
        axes.text(column, row, f"{count or ''}", ha="center", va="center", fontsize=7, color=colour)
    _show(figure, title)


def _upright(axes: Axes, names: list[str], numbers: list[float]) -> None:
    axes.bar(range(len(names)), numbers, color=_COLOUR)
    step = math.ceil(len(names) / _MOST_TICKS)
    axes.set_xticks(range(0, len(names), step), names[::step])
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlim(-0.8, max(len(names), 4) - 0.2)


def _figure(width: float, height: float, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), dpi=100, layout="constrained", facecolor="none")
    axes = figure.subplots()
    axes.set_facecolor("none")
    axes.set_title(title, fontsize=10, color=_INK)
    axes.tick_params(labelsize=8, colors=_INK)
    for part in (axes.xaxis.label, axes.yaxis.label):
        part.set_color(_INK)
    axes.spines[:].set_color(_INK)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _name(value: object) -> str:
    """Return a value as a label: what a photo holds could be long, control the text, or be mathematics."""
    text = printable(str(value))
    short = text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"
    return short.replace("$", r"\$")


def _show(figure: Figure, described: str) -> None:
    file = BytesIO()
    figure.savefig(file, format="png")
    picture = base64.b64encode(file.getvalue()).decode()
    display({"image/png": picture, "text/plain": described}, raw=True)


def _say_nothing(title: str) -> None:
    text = Markup("<p>{}: none of these photos says anything about it.</p>").format(title)
    display({"text/html": str(text), "text/plain": f"{title}: nothing"}, raw=True)
