"""The graph of a state machine: drawn once, coloured while an execution runs, and usable by keyboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import anywidget
import traitlets

from imageproc.presentation.markup import Markup
from imageproc.widgets.assets import script, style
from imageproc.widgets.parts.state_graph.drawing import svg, to_json
from imageproc.widgets.parts.state_graph.layout import layout, layouts
from imageproc.widgets.parts.state_graph.machine import Definition
from imageproc.widgets.updates import update


class StateGraph(anywidget.AnyWidget):
    """A state machine in the Amazon States Language; `selected` is the state that was chosen last.

    `states` holds each state's status: SUCCEEDED, FAILED, CAUGHT (failed, and the machine went on), RUNNING,
    RETRYING or ABORTED. `taken` holds the transitions that were taken. Without `errors` the paths that only
    errors take are left out, but for those that were taken.
    """

    _esm = script("state_graph.js")
    _css = style("state_graph.css")

    title = traitlets.Unicode("State machine").tag(sync=True)
    layouts: Any = traitlets.Dict().tag(sync=True)
    states: Any = traitlets.Dict().tag(sync=True)
    taken: Any = traitlets.List().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    errors = traitlets.Bool(True).tag(sync=True)
    empty = traitlets.Unicode("No state machine yet.").tag(sync=True)

    def __init__(self, definition: Definition | None = None, **traits: Any) -> None:
        """Draw this machine. Raises ValueError if it is not a state machine."""
        self._definition = definition
        super().__init__(layouts=_drawn(definition) if definition else {}, **traits)

    def define(self, definition: Definition) -> None:
        """Draw another machine soon, from any thread. Raises ValueError if it is not a state machine."""
        if definition != self._definition:
            self._definition = definition
            update(self, layouts=_drawn(definition), states={}, taken=[], selected="")

    def show(self, states: Mapping[str, str], taken: Iterable[tuple[str, str]] = (), **traits: Any) -> None:
        """Show where an execution stands, from any thread."""
        update(self, states=dict(states), taken=[list(one) for one in taken], **traits)

    def static(self) -> dict[str, str] | Markup:
        """Return the picture as SVG, for pages without a kernel."""
        if not self._definition:
            return Markup("<p>{}</p>").format(self.empty)
        taken = {(source, target) for source, target in self.taken}
        return {"image/svg+xml": str(svg(layout(self._definition), self.title, self.states, taken))}

    def reveal(self, *, nearest: bool = False) -> None:
        """Have the page scroll to the graph, with `nearest` no farther than to have it in view."""
        self.send({"type": "reveal", "nearest": nearest})


def _drawn(definition: Definition) -> dict[str, Any]:
    return {name: to_json(graph) for name, graph in layouts(definition).items()}
