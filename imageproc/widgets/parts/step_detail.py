"""One step: facts in a list, and JSON as text, folded where it is long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from imageproc.presentation.markup import Markup, table
from imageproc.widgets.assets import script, style
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

_MOST = 20_000
"""Characters of a value that are shown; a history holds up to 262,144 of each."""


class StepDetail(anywidget.AnyWidget):
    """A heading with a tone, facts by name, and JSON values by name."""

    _esm = script("step_detail.js")
    _css = style("step_detail.css")

    heading = traitlets.Unicode("").tag(sync=True)
    tone = traitlets.Enum([tone.value for tone in Tone], Tone.INFO.value).tag(sync=True)
    facts: Any = traitlets.List().tag(sync=True)
    values: Any = traitlets.List().tag(sync=True)
    empty = traitlets.Unicode("Choose a state to see its input and output.").tag(sync=True)

    def show(
        self, heading: str, facts: Mapping[str, str], values: Mapping[str, Any], tone: Tone = Tone.INFO
    ) -> None:
        """Show a step soon, from any thread. A value of None is unknown."""
        update(
            self,
            heading=heading,
            tone=tone.value,
            facts=[[name, text] for name, text in facts.items() if text],
            values=[[name, _text(value)] for name, value in values.items()],
        )

    def clear(self, empty: str) -> None:
        """Show no step, and why."""
        update(self, heading="", facts=[], values=[], empty=empty)

    def static(self) -> Markup:
        """Return the step as HTML, for pages without a kernel."""
        if not self.heading:
            return Markup("<p>{}</p>").format(self.empty)
        values = Markup("").join(
            Markup("<details><summary>{}</summary><pre>{}</pre></details>").format(*value)
            for value in self.values
        )
        return Markup("<h4>{}</h4>{}{}").format(self.heading, table(["", ""], self.facts), values)


def _text(value: Any) -> str:
    if value is None:
        return "The history does not record it."
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    left = len(text) - _MOST
    return text if left <= 0 else f"{text[:_MOST]}\n… {left:,} more characters"
