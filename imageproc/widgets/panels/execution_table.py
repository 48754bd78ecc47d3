"""Executions in a table: the newest, of one status or of all, or those of some photos."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import ipywidgets

from imageproc import Execution, Workbench
from imageproc.presentation.markup import Markup
from imageproc.presentation.text import in_words
from imageproc.widgets.panels import charts, fields
from imageproc.widgets.parts.data_table import Cell, DataTable
from imageproc.widgets.tones import Tone

LISTED = 200
"""Executions that are listed at first, and with each press of a button."""


class ExecutionTable(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Lists executions. `on_choose` is called with one that is chosen, `on_want` if others are wanted."""

    def __init__(self, on_choose: Callable[[Execution], object], on_want: Callable[[], object]) -> None:
        """List nothing yet."""
        self.executions: list[Execution] = []
        self._limit = LISTED
        self._on_choose, self._on_want = on_choose, on_want
        statuses = [("All", ""), *((in_words(one), one) for one in charts.EXECUTION_TONES)]
        self.status = fields.choice("Executions' status", statuses, "")
        self.all_button = fields.button("Back to all executions", self._want_newest)
        self.older_button = fields.button(f"List {LISTED} older ones", self._want_older)
        self.table = DataTable(
            ("Execution", "Status", "Started", "Seconds"),
            caption="Executions",
            empty="None yet.",
            selectable=True,
        )
        self.status.observe(lambda _: self._want_newest(), "value")
        self.table.observe(self._chosen, "selected")
        fields.set_visible(self.all_button, False)
        fields.set_visible(self.older_button, False)
        super().__init__([fields.row(self.status, self.all_button), self.table, self.older_button])

    def list_newest(self, workbench: Workbench, just_read: Sequence[Execution] = ()) -> None:
        """List the newest executions of the status that is chosen. Raises AwsError.

        `just_read` are the newest of all statuses, LISTED and one if there are as many.
        """
        status = self.status.value or None
        found = just_read if not status and self._limit == LISTED else ()
        found = found or list(islice(workbench.executions.all(status), self._limit + 1))
        listed, are_more = found[: self._limit], len(found) > self._limit
        kind = f", {in_words(status).lower()}" if status else ""
        newest = f", the newest {self._limit}" if are_more else ""
        self._show(list(listed), f"Executions{kind}{newest}", "None." if status else "None yet.")
        fields.set_visible(self.older_button, are_more)

    def list_of(self, executions: Iterable[Execution], of: str) -> None:
        """List these executions; `of` says what of."""
        self._show(list(executions), f"Executions of {of}", "None is known any more.", of_some=True)
        fields.set_visible(self.older_button, False)
        self.all_button.focus()  # a browser scrolls there: it may be far below what was pressed

    def static(self) -> Markup:
        """Return the table as HTML, for pages without a kernel."""
        return self.table.static()

    def _show(self, executions: list[Execution], caption: str, empty: str, *, of_some: bool = False) -> None:
        self.executions = executions
        self.table.show(map(_row, executions), caption=caption, empty=empty, selected=-1)
        fields.set_visible(self.status, not of_some)
        fields.set_visible(self.all_button, of_some)

    def _want_newest(self) -> None:
        self._limit = LISTED
        self._on_want()

    def _want_older(self) -> None:
        self._limit += LISTED
        self._on_want()

    def _chosen(self, change: Any) -> None:
        if 0 <= change["new"] < len(self.executions):
            self._on_choose(self.executions[change["new"]])


def _row(one: Execution) -> tuple[Any, ...]:
    seconds = "" if one.seconds is None else f"{one.seconds:.1f}"
    status = Cell(in_words(one.status), charts.EXECUTION_TONES.get(one.status, Tone.INFO))
    return Cell("", code=one.name), status, f"{one.started.astimezone():%Y-%m-%d %H:%M:%S}", seconds
