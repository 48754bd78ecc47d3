"""The execution of one photo: the state machine's graph, and the input, output and error of a step."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import ipywidgets

from imageproc import FollowedPhoto, Step, StepStatus, Workbench
from imageproc.errors import AwsError
from imageproc.widgets.panels import follow_rows
from imageproc.widgets.parts.state_graph import StateGraph
from imageproc.widgets.parts.step_detail import StepDetail

INTERVAL_S = 0.5
_MAX_FAILURES = 5
_LAST_LOOKS = 60
"""Looks at an execution that still runs although its photo is finished."""


_LEFT_OUT = "The local AWS does not record this of states inside a Parallel; AWS does."


class ExecutionView(ipywidgets.Box):  # type: ignore[misc]  # ipywidgets has no types
    """A graph, and the details of the state that is selected in it."""

    def __init__(self) -> None:
        """Show no execution."""
        self.graph = StateGraph(
            title="State machine", empty="The state machine is shown with the first photo."
        )
        self.detail = StepDetail()
        self._steps: Mapping[str, Step] = {}
        self._is_local = False
        self._looking_at: tuple[str, str | None] = ("", None)
        self._failures = self._last_looks = 0
        self._due, self._complete = 0.0, False
        self.graph.observe(lambda _: self._show_step(), "selected")
        self.graph.layout = ipywidgets.Layout(flex="3 1 420px", min_width="0")
        self.detail.layout = ipywidgets.Layout(flex="2 1 300px", min_width="0")
        layout = ipywidgets.Layout(flex_flow="row wrap", align_items="flex-start")
        super().__init__([self.graph, self.detail], layout=layout)

    def look(self, workbench: Workbench, followed: FollowedPhoto) -> float | None:
        """Show a photo's execution as it is now, if that is due. A look that fails is shown and tried again.

        Return the seconds until the next look, None if nothing will change any more. One thread may call it.
        """
        looking_at = (followed.photo_id, followed.arn)
        if looking_at != self._looking_at:
            self._looking_at, self._steps = looking_at, {}
            self._failures = self._last_looks = 0
            self._due, self._complete = 0.0, False
        if not self._complete and time.monotonic() >= self._due:
            self._try(workbench, followed)
            self._due = time.monotonic() + INTERVAL_S * 2**self._failures
        return None if self._complete else max(0.0, self._due - time.monotonic())

    def _try(self, workbench: Workbench, followed: FollowedPhoto) -> None:
        try:
            self._complete = self._show(workbench, followed)
            self._failures = 0
        except AwsError as error:
            self._failures += 1
            self._complete = self._failures >= _MAX_FAILURES
            self.detail.clear(str(error))

    def _show(self, workbench: Workbench, followed: FollowedPhoto) -> bool:
        """Show the execution, and return whether it has ended."""
        definition = workbench.executions.definition()
        self._is_local = workbench.target.is_local
        self.graph.define(definition)
        if followed.arn is None:
            self.graph.show({}, title=f"No execution of {followed.name}")
            self.detail.clear(
                "There is no execution." if followed.finished else "The execution has not been started."
            )
            return followed.finished
        steps = workbench.executions.steps(followed.arn)
        self._steps = {step.name: step for step in steps}
        taken = follow_rows.taken(steps, definition)
        self.graph.show(follow_rows.states(steps), taken, title=f"Execution of {followed.name}")
        running = any(step.status is StepStatus.RUNNING for step in steps)
        self._show_step("" if running else _problem(steps))
        self._last_looks += followed.finished
        return followed.finished and (not running or self._last_looks > _LAST_LOOKS)

    def _show_step(self, otherwise: str = "") -> None:
        """Show the step of the state that is selected; `otherwise` of this state, if there is one."""
        name = self.graph.selected or otherwise
        step = self._steps.get(name)
        if step is None:
            choose = "Choose a state to see its input and output."
            self.detail.clear(f"{name} has not been entered." if name else choose)
            return
        unknown = _LEFT_OUT if self._is_local and step.parent and step.exited else None
        values = {
            "Input": unknown if step.input is None else step.input,
            "Output": unknown if step.output is None else step.output,
        }
        tone = follow_rows.STEP_TONES[step.status]
        self.detail.show(f"{step.name} ({step.type})", follow_rows.facts(step), values, tone)


def _problem(steps: Sequence[Step]) -> str:
    """Return the step whose error counts: the last that was caught, as others may have taken over."""
    caught = [step.name for step in steps if step.status is StepStatus.CAUGHT]
    failed = [step.name for step in steps if step.status is StepStatus.FAILED]
    return next(iter([*reversed(caught), *failed]), "")
