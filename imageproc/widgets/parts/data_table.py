"""A table of texts. Cells may have a tone or a link, and rows may be selectable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
class Cell:
    """A text with a tone and a link, and an identifier below it."""

    text: str
    tone: Tone = Tone.INFO
    href: str = ""
    code: str = ""
    """An ARN, a key or a name, which is cut in the middle where it is too long, and can be copied."""

    def __str__(self) -> str:
        """Return all texts."""
        return "\n".join(filter(None, [self.text, self.code]))

    def plain(self) -> dict[str, str]:
        """Return the cell as the browser gets it."""
        return asdict(self) | {"tone": self.tone.value}


class DataTable(anywidget.AnyWidget):
    """A table. Rows are sequences of str or Cell, one for each column.

    `selected` is the index of the selected row, -1 for none; only `selectable` tables have one.
    A view begins with ten rows: the first ones, with `follow` the last ones.
    """

    _esm = script("copying.js", "cells.js", "data_table.js")
    _css = style("cells.css", "data_table.css")

    caption = traitlets.Unicode("").tag(sync=True)
    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rows: Any = traitlets.List().tag(sync=True)
    empty = traitlets.Unicode("Nothing to show.").tag(sync=True)
    selectable = traitlets.Bool(False).tag(sync=True)
    selected = traitlets.Int(-1).tag(sync=True)
    follow = traitlets.Bool(False).tag(sync=True)

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[Any]] = (), **traits: Any) -> None:
        """Show these rows."""
        super().__init__(columns=list(columns), rows=_plain(rows), **traits)

    def show(self, rows: Iterable[Sequence[Any]], **traits: Any) -> None:
        """Show other rows soon, from any thread; other traits, such as `caption`, may change with them."""
        update(self, rows=_plain(rows), **traits)

    def static(self) -> Markup:
        """Return the table as HTML, for pages without a kernel."""
        texts = [[_text_of(cell) for cell in row] for row in self.rows]
        return folded(self.columns, texts, self.caption, self.empty)


def _text_of(cell: Mapping[str, str]) -> str:
    """Return the texts of a cell as the browser gets it, on one line."""
    return " ".join(filter(None, [cell["text"].replace("\n", " "), cell.get("code")]))


def _plain(rows: Iterable[Sequence[Any]]) -> list[list[dict[str, str]]]:
    return [[cell.plain() if isinstance(cell, Cell) else {"text": str(cell)} for cell in row] for row in rows]
