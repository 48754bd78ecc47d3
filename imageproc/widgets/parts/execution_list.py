"""A list of executions by stage. Its rows keep their place in the tab order while they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anywidget
import traitlets

from imageproc.presentation.listings import folded
from imageproc.presentation.markup import Markup
from imageproc.widgets.assets import script, style
from imageproc.widgets.parts.data_table import Cell
from imageproc.widgets.updates import update

FILTERS = ("all", "active", "failed")


@dataclass(frozen=True)
class ExecutionRow:
    """An execution: its key, the name that is shown, and a cell for each stage."""

    key: str
    name: str
    stages: Sequence[Cell]


class ExecutionList(anywidget.AnyWidget):
    """Rows with a name that can be chosen and a cell for each stage; `selected` is the chosen row's key.

    `counts` says how many there are by filter; the rows to show are those of `filter`, at most `limit`.
    """

    _esm = script("execution_list.js")
    _css = style("execution_list.css")

    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rows: Any = traitlets.List().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    filter = traitlets.Enum(FILTERS, "all").tag(sync=True)
    limit = traitlets.Int(10).tag(sync=True)
    counts: Any = traitlets.Dict().tag(sync=True)
    empty = traitlets.Unicode("No photos yet.").tag(sync=True)

    def show(self, rows: Iterable[ExecutionRow], counts: Mapping[str, int]) -> None:
        """Show these rows soon, from any thread."""
        update(self, rows=[_plain(row) for row in rows], counts=dict(counts))

    def static(self) -> Markup:
        """Return the rows as HTML, for pages without a kernel."""
        texts = [[row["name"], *(stage["text"] for stage in row["stages"])] for row in self.rows]
        return folded(self.columns, texts, "Photos", self.empty)


def _plain(row: ExecutionRow) -> dict[str, Any]:
    return {"key": row.key, "name": row.name, "stages": [cell.plain() for cell in row.stages]}
