"""A list of executions by stage. Its rows keep their place in the tab order while they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
ACTIONS = ("retry", "forget")
"""What rows may offer to do."""


@dataclass(frozen=True)
class ExecutionRow:
    """An execution: its key, the name that is shown, a cell for each stage, and whether it has a picture.

    `actions` are names of ACTIONS.
    """

    key: str
    name: str
    stages: Sequence[Cell]
    picture: bool = False
    actions: Sequence[str] = ()


class ExecutionList(anywidget.AnyWidget):
    """Rows with a name that can be chosen and a cell for each stage; `selected` is the chosen row's key.

    `address` gives a small picture's address by key. It opens the picture, and travels in a message to a view
    that asks for it: traits are saved with the notebook. `picture` gives the bytes, where the address does
    not work.

    `act` is called with the name of an action and the key of a row that offers it, `choose` with the key of a
    row that somebody pressed, also if it is the selected one.

    `counts` says how many there are by filter; the rows to show are those of `filter`, at most `limit`.
    """

    _esm = script("copying.js", "cells.js", "execution_list.js")
    _css = style("cells.css", "execution_list.css")

    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rows: Any = traitlets.List().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    filter = traitlets.Enum(FILTERS, "all").tag(sync=True)
    limit = traitlets.Int(10).tag(sync=True)
    counts: Any = traitlets.Dict().tag(sync=True)
    empty = traitlets.Unicode("No photos yet.").tag(sync=True)

    def __init__(
        self,
        *,
        address: Callable[[str], str | None] = lambda _: None,
        picture: Callable[[str], bytes | None] = lambda _: None,
        act: Callable[[str, str], object] = lambda _action, _key: None,
        choose: Callable[[str], object] = lambda _: None,
        **traits: Any,
    ) -> None:
        """Begin without rows."""
        super().__init__(**traits)
        self._address, self._picture, self._act, self._choose = address, picture, act, choose
        self.on_msg(self._receive)

    def show(self, rows: Iterable[ExecutionRow], counts: Mapping[str, int]) -> None:
        """Show these rows soon, from any thread."""
        update(self, rows=[_plain(row) for row in rows], counts=dict(counts))

    def static(self) -> Markup:
        """Return the rows as HTML, for pages without a kernel."""
        texts = [[row["name"], *(_line(stage) for stage in row["stages"])] for row in self.rows]
        total = max(self.counts.values(), default=0)
        some = f"Photos: {len(texts)} of {total:,}" if total > len(texts) else "Photos"
        return folded(self.columns, texts, some, self.empty)

    def _receive(self, _: Any, message: Any, __: Any) -> None:
        """Answer a view that asks for something, only of rows: anyone can send messages."""
        asked = message if isinstance(message, dict) else {}
        shown = [row["key"] for row in self.rows if row["picture"]]
        if isinstance(asked.get("addresses"), list):
            self.send({"addresses": {key: self._address(key) for key in shown if key in asked["addresses"]}})
        elif asked.get("bytes") in shown:
            self.send({"bytes": asked["bytes"]}, [self._picture(asked["bytes"]) or b""])
        elif asked.get("chosen") in [row["key"] for row in self.rows]:
            self._choose(asked["chosen"])
        elif any(
            row["key"] == asked.get("key") and asked.get("action") in row["actions"] for row in self.rows
        ):
            self._act(asked["action"], asked["key"])


def _line(cell: dict[str, str]) -> str:
    return cell["text"].replace("\n", ": ")


def _plain(row: ExecutionRow) -> dict[str, Any]:
    stages = [cell.plain() for cell in row.stages]
    actions = [one for one in row.actions if one in ACTIONS]
    return {"key": row.key, "name": row.name, "stages": stages, "picture": row.picture, "actions": actions}
