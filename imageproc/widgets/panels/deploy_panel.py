"""Deploying: a table of what would change, CloudFormation's events as they come, and the outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from imageproc import Workbench, deployment
from imageproc.costs.words import brief
from imageproc.deployment import CodeUploaded, Deployed, Event, Note, Plan, StackEvent, always
from imageproc.presentation.text import in_words
from imageproc.widgets.actor import JobControl
from imageproc.widgets.panels import fields
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.panels.question import Question
from imageproc.widgets.parts.data_table import Cell, DataTable
from imageproc.widgets.parts.status_line import StatusLine
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

_CHANGE_COLUMNS = ("Action", "Resource", "Type", "Replaced", "Changes in")
_EVENT_COLUMNS = ("Time", "Status", "Resource", "Reason")
_ACTION_TONES = {"Add": Tone.SUCCESS, "Modify": Tone.WARNING, "Remove": Tone.ERROR}
_REPLACED = {"True": "yes", "False": "no", "Conditional": "maybe"}

_PLANNED = "What would change"


class DeployPanel(Panel):
    """Plans and deploys a workbench's stack: in two steps, or at once with `deploy_now`."""

    def __init__(self, workbench: Workbench, parameters: Mapping[str, str] | None = None) -> None:
        """Deploy this stack with these template parameters."""
        self.workbench = workbench
        self.parameters = dict(parameters or {})
        self.planned: Plan | None = None
        self.changes = DataTable(_CHANGE_COLUMNS, empty="Not planned yet.", caption=_PLANNED)
        self.events = DataTable(
            _EVENT_COLUMNS, empty="Nothing was deployed yet.", caption="Events", follow=True
        )
        self.outputs = DataTable(("Output", "Value"), empty="Not deployed yet.", caption="Outputs")
        self.costs = StatusLine()
        self.question = Question()
        self.plan_button = fields.button("Show what would change", self.plan)
        self.deploy_button = fields.button("Deploy", self.deploy, "primary")
        self.discard_button = fields.button("Discard", self.discard, hint="Discard this plan")
        self._lines: list[tuple[Any, ...]] = []
        self._shown_plan: Plan | None = None
        self._offer(None)
        super().__init__(
            fields.row(self.plan_button, self.deploy_button, self.discard_button),
            self.question,
            below=[self.costs, self.changes, self.events, self.outputs],
        )

    def plan(self) -> None:
        """Show what would change, and offer to deploy it."""
        self.start_if_idle(self._plan, "Building the code and asking CloudFormation what would change...")

    def deploy(self) -> None:
        """Deploy the plan that is shown."""
        planned = self.planned
        if planned:
            self.start_if_idle(lambda control: self._deploy(planned, control), "Deploying...")

    def deploy_now(self) -> None:
        """Plan and deploy without asking."""
        self.start_if_idle(self._plan_and_deploy, "Building the code and asking CloudFormation...")

    def discard(self) -> None:
        """Discard the plan, and remove what planning made."""
        if self.planned:
            self.start_if_idle(lambda _: self._discard(), "Discarding the plan...")

    def _plan(self, control: JobControl) -> Plan:
        return self._planned(lambda asked: self.ask(self.question, asked, control, asked.action), control)

    def _plan_and_deploy(self, control: JobControl) -> dict[str, str]:
        return self._deploy(self._planned(always, control), control)

    def _planned(self, confirm: Callable[[deployment.Proposal], bool], control: JobControl) -> Plan:
        self._discard()
        plan = self.workbench.stack.plan
        planned = plan(self.parameters, confirm=confirm, notify=self._tell, cancellation=control)
        self._show_plan(planned)
        return planned

    def _discard(self) -> None:
        """Discard the plan that was shown, if there is one: CloudFormation would keep it."""
        if self.planned:
            self.workbench.stack.discard(self.planned)
            self._offer(None)
            self.changes.show([], empty="Discarded.")
            self.say("The plan is discarded: nothing was deployed.")

    def _deploy(self, planned: Plan, control: JobControl) -> dict[str, str]:
        found = dict[str, str]()
        self._offer(None)
        for event in self.workbench.stack.apply(planned, cancellation=control):
            self._tell(event)
            if isinstance(event, Deployed):
                found = dict(event.outputs)
        self.outputs.show((name, Cell("", code=value)) for name, value in sorted(found.items()))
        if planned.changed:
            update(self.changes, caption="What was changed")
        done = "is deployed" if planned.changed else "is up to date"
        self.say(f"The stack {planned.stack} {done}.", Tone.SUCCESS)
        return found

    def _show_plan(self, planned: Plan) -> None:
        self._shown_plan = planned
        rows = [
            (
                Cell(change.action, _ACTION_TONES.get(change.action, Tone.INFO)),
                change.logical_id,
                change.type,
                Cell(_REPLACED.get(change.replacement, ""), Tone.ERROR if change.loses_data else Tone.INFO),
                ", ".join(change.scope),
            )
            for change in planned.changes
        ]
        parameters = [("Parameter", str(change), "", "", "") for change in planned.parameters]
        self.changes.show([*parameters, *rows], empty="Nothing: the stack is up to date.", caption=_PLANNED)
        self._offer(planned)
        self._show_costs()
        self._summarise(planned)

    def _show_costs(self) -> None:
        estimate = self.workbench.cost(parameters=self.parameters)
        update(self.costs, text=" ".join(brief(estimate, local=self.workbench.target.is_local)))

    def _summarise(self, planned: Plan) -> None:
        if not planned.changed:
            self.say(f"Nothing would change: the stack {planned.stack} is up to date.", Tone.SUCCESS)
            return
        lost = [change.logical_id for change in planned.changes if change.loses_data]
        counted = f"{len(planned.changes)} resources would change in {self.workbench.target}."
        if lost:
            self.say(f"{counted} DATA WOULD BE LOST: {', '.join(lost)}.", Tone.ERROR)
        else:
            self.say(f"{counted} Press Deploy to do it.", Tone.WARNING)

    def _offer(self, planned: Plan | None) -> None:
        self.planned = planned if planned and planned.changed else None
        for button in (self.deploy_button, self.discard_button):
            button.disabled = self.planned is None

    def _tell(self, event: Event) -> None:
        if isinstance(event, StackEvent):
            self.say(f"Deploying: {event.logical_id} {event.status}", Tone.RUNNING)
        self._lines += [line for line in [event_row(event)] if line]
        self.events.show(self._lines)

    def results(self) -> dict[str, Any]:
        """Return what was deployed, for a test or another program."""
        planned = self._shown_plan
        return {
            "stack": self.workbench.stack.name,
            "changed": bool(planned and planned.changed),
            "changes": [[each.action, each.logical_id] for each in planned.changes] if planned else [],
            "failed": [line[2] for line in self._lines if getattr(line[1], "tone", None) is Tone.ERROR],
        }


def event_row(event: Event) -> tuple[Any, ...] | None:
    """Return an event as a row of time, status, resource and reason; None for the last one."""
    if isinstance(event, StackEvent):
        complete = Tone.SUCCESS if event.status.endswith("_COMPLETE") else Tone.RUNNING
        tone = Tone.ERROR if event.failed else complete
        time = f"{event.time.astimezone():%H:%M:%S}"
        return time, Cell(in_words(event.status), tone), event.logical_id, event.reason
    if isinstance(event, Note):
        return _now(), "Note", "", event.text
    if isinstance(event, CodeUploaded):
        return _now(), Cell("Uploaded", Tone.SUCCESS), Cell("", code=event.key), f"{event.size:,} bytes"
    return None


def _now() -> str:
    return f"{datetime.now().astimezone():%H:%M:%S}"
