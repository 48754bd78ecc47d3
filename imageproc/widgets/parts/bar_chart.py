"""A small chart of horizontal bars in the colours of the page; a table to those who do not see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets

from imageproc.presentation.listings import folded
from imageproc.presentation.markup import Markup
from imageproc.widgets.assets import script, style
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update


@dataclass(frozen=True)
class Bar:
    """A bar: its name, its value in words, and its segments from the left, each with a size and a tone."""

    name: str
    value: str
    segments: Sequence[tuple[float, Tone]]

    @property
    def size(self) -> float:
        """The segments' sizes together."""
        return sum(size for size, _ in self.segments)


class BarChart(anywidget.AnyWidget):
    """Bars below each other; the longest fills the chart. `columns` says what names and values are."""

    _esm = script("bar_chart.js")
    _css = style("bar_chart.css")

    caption = traitlets.Unicode("").tag(sync=True)
    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    bars: Any = traitlets.List().tag(sync=True)
    empty = traitlets.Unicode("Nothing to show.").tag(sync=True)

    def __init__(self, caption: str, columns: Sequence[str], bars: Iterable[Bar] = (), **traits: Any) -> None:
        """Show these bars."""
        super().__init__(caption=caption, columns=list(columns), bars=_plain(bars), **traits)

    def show(self, bars: Iterable[Bar]) -> None:
        """Show other bars soon, from any thread."""
        update(self, bars=_plain(bars))

    def static(self) -> Markup:
        """Return the values as a table, for pages without a kernel."""
        rows = [(bar["name"], bar["value"]) for bar in self.bars]
        return folded(self.columns, rows, self.caption, self.empty)


def _plain(bars: Iterable[Bar]) -> list[dict[str, Any]]:
    """Return the bars as the browser gets them: segments in percent of the longest bar."""
    every = list(bars)
    longest = max((bar.size for bar in every), default=0) or 1
    return [
        asdict(bar) | {"segments": [[100 * size / longest, tone.value] for size, tone in bar.segments]}
        for bar in every
    ]
