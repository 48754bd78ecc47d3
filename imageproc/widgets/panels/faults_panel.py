"""Breaking the local AWS on purpose: faults for the next photos, and what they did."""

from __future__ import annotations

from collections import Counter
from typing import Any

import ipywidgets

from imageproc import Cancellation, Workbench
from imageproc.widgets.panels import fields
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.parts.data_table import Cell, DataTable
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

_TIMES = (
    ("one request: the SDK tries again", "once"),
    ("three requests: the state machine tries again", "thrice"),
    ("every request, until you clear it", "ever"),
)


class FaultsPanel(Panel):
    """Injects faults into a workbench's stack on the local AWS. On AWS it says that there are none."""

    def __init__(self, workbench: Workbench) -> None:
        """Offer the steps of this stack; nothing is injected before `inject`."""
        self.workbench = workbench
        self.step = fields.choice("Step", ())
        self.kind = fields.choice("Fault", ())
        self.times = fields.choice("For", _TIMES, "once")
        self.photos = ipywidgets.BoundedIntText(1, 1, 1000, description="Next photos")
        self.table = DataTable(("Step", "Fault", "For", "Photos"), caption="Injected", empty="Nothing.")
        self.calls = DataTable(
            ("Step", "Request", "Fault", "Requests"), caption="What has failed so far", empty="Nothing."
        )
        self.step.observe(lambda _: self._offer_kinds(), "value")
        buttons = fields.row(
            fields.button("Inject", self.inject, "primary"),
            fields.button("Clear all", self.clear),
            fields.button("Refresh", self.refresh),
        )
        choices = fields.row(self.step, self.kind, self.times, self.photos)
        super().__init__(choices, buttons, below=[self.table, self.calls])
        self.refresh()

    def inject(self) -> None:
        """Inject the chosen fault for the next photos."""
        chosen = (self.step.value, self.kind.value, self.times.value, self.photos.value)
        self.start(lambda _: self._inject(*chosen), "", after=True)

    def clear(self) -> None:
        """Inject nothing any more."""
        self.start(self._clear, "", after=True)

    def refresh(self) -> None:
        """Show what is injected, and what has failed so far."""
        self.start(self._refresh, "", after=True)

    def static(self) -> Any:
        """Return both tables, for pages without a kernel."""
        return [self.status.static(), self.table.static(), self.calls.static()]

    def _inject(self, step: str, kind: str, times: str, photos: int) -> None:
        fault = self.workbench.faults.inject(step, kind, times, photos)
        self._show(f"Injected: {fault}.", Tone.WARNING)

    def _clear(self, _: Cancellation) -> None:
        self.workbench.faults.clear()
        self._show("Nothing is injected any more.", Tone.SUCCESS)

    def _refresh(self, _: Cancellation) -> None:
        faults = self.workbench.faults
        if not self.step.options:
            steps = faults.steps()
            update(self.step, options=steps, value=steps[0])
        active = len(faults.injected())
        self._show(f"Faults injected: {active}.", Tone.WARNING if active else Tone.INFO)

    def _show(self, text: str, tone: Tone) -> None:
        faults = self.workbench.faults
        rows = [(one.step, one.kind, one.times, str(one.photos)) for one in faults.injected()]
        failed = Counter((one.step, one.operation, one.fault) for one in faults.calls() if one.fault)
        self.table.show(rows)
        self.calls.show(
            (step, operation, Cell(fault, Tone.ERROR), str(number))
            for (step, operation, fault), number in failed.items()
        )
        self.say(text, tone)

    def _offer_kinds(self) -> None:
        kinds = self.workbench.faults.kinds(self.step.value)
        self.kind.options = [(f"{kind}: {words}", kind) for kind, words in kinds.items()]
        self.kind.value = next(iter(kinds))
        # The first step is S3's event, which comes once.
        fields.set_visible(self.times, self.step.index != 0)
