"""Operating: what ran, what failed and why, how long it took, what is in the queue; and retrying."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import ipywidgets

from imageproc import (
    Cancellation,
    DeadLetter,
    Execution,
    FailureGroup,
    LogEntry,
    NotRestarted,
    Photo,
    Redriven,
    Restarted,
    Status,
    Workbench,
)
from imageproc.client.metrics import Minute, Spread, by_step, per_minute, statuses
from imageproc.errors import AwsError, PhotoNotFoundError
from imageproc.presentation.markup import Markup
from imageproc.presentation.text import in_words, number_text, photos_text, printable
from imageproc.widgets.panels import charts, fields
from imageproc.widgets.panels.execution_table import LISTED, ExecutionTable
from imageproc.widgets.panels.failure_rows import COLUMNS, FailureRow, failure_rows
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.parts.bar_chart import BarChart
from imageproc.widgets.parts.data_table import Cell, DataTable
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

_MEASURED = 50
"""Executions whose steps are read for their durations: at least one request each."""
_OF_FAILURE = 50
"""Executions of a failure's photos that are listed: a request each."""

_NO_LOG = "Press an execution for its log."
_LEVELS = {"ERROR": Tone.ERROR, "CRITICAL": Tone.ERROR, "WARNING": Tone.WARNING}


@dataclass(frozen=True)
class Overview:
    """What an operator needs to see, as it was at the last refresh."""

    executions: list[Execution] = field(default_factory=list)
    """The newest, LISTED at most, and one more if there are older ones."""
    failures: list[FailureGroup] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    minutes: list[Minute] = field(default_factory=list)
    steps: dict[str, Spread] = field(default_factory=dict)
    photos: dict[Status, int] = field(default_factory=dict)


class Figures(ipywidgets.Box):  # type: ignore[misc]  # ipywidgets has no types
    """Three charts beside each other, or below each other where it is narrow."""

    def __init__(self) -> None:
        """Show nothing before `show`."""
        self.throughput = BarChart("Executions started, in each minute", ("Minute", "Executions"))
        self.durations = BarChart("How long each step takes", ("Step", "Seconds"))
        self.photos = BarChart("Photos by status", ("Status", "Photos"))
        parts = (self.throughput, self.durations, self.photos)
        for part in parts:
            part.layout = ipywidgets.Layout(flex="1 1 300px", min_width="0")
        super().__init__(parts, layout=ipywidgets.Layout(flex_flow="row wrap", grid_gap="0 24px"))
        fields.set_visible(self, False)

    def show(self, overview: Overview) -> None:
        """Show the figures of an overview, if there are any."""
        self.throughput.show(charts.throughput(overview.minutes))
        self.durations.show(charts.durations(overview.steps))
        self.photos.show(charts.photos(overview.photos))
        fields.set_visible(self, bool(overview.executions))

    def static(self) -> list[Markup]:
        """Return the values as tables, for pages without a kernel."""
        return [part.static() for part in self.children]


class OperationsPanel(Panel):
    """Shows a workbench's executions, failures, queue and figures, and retries what failed."""

    def __init__(self, workbench: Workbench) -> None:
        """Operate this stack; nothing is read before `refresh`."""
        self.workbench = workbench
        self.overview = Overview()
        self.restarts: list[Restarted | NotRestarted] = []
        self._failure_rows: list[FailureRow] = []
        self.failures = DataTable(
            COLUMNS,
            caption="Failures",
            empty="None.",
            selectable=True,
        )
        self.queue = DataTable(
            ("Since", "Photos", "Error", "Cause"), caption="Dead-letter queue", empty="Empty."
        )
        self.executions = ExecutionTable(self.show_log, self._list_executions)
        self.log_table = DataTable(
            ("Time", "Source", "Level", "Message"),
            caption="Log",
            empty=_NO_LOG,
            follow=True,  # what went wrong is near the end
        )
        self.figures = Figures()
        self.failures.observe(self._failure_chosen, "selected")
        buttons = fields.row(
            fields.button("Refresh", self.refresh, "primary"),
            fields.button("Retry what failed", self.retry_all),
            fields.button("Reconcile", self.reconcile, hint="Start photos that no execution is working on"),
            fields.button("Redrive the queue", self.redrive),
        )
        super().__init__(
            buttons, below=[self.figures, self.failures, self.queue, self.executions, self.log_table]
        )

    def refresh(self) -> None:
        """Read everything again."""
        self.start_if_idle(self._refresh, "Reading executions and photos...")

    def retry_all(self) -> None:
        """Retry all photos that failed or lack a part, and refresh."""
        self.start_if_idle(self._retry_all, "Retrying what failed...")

    def reconcile(self) -> None:
        """Start photos that no execution is working on and that are not finished, and refresh."""
        self.start_if_idle(self._reconcile, "Reconciling...")

    def redrive(self) -> None:
        """Start the photos in the dead-letter queue, and refresh."""
        self.start_if_idle(self._redrive, "Redriving the queue...")

    def show_log(self, execution: Execution) -> None:
        """Show the log of an execution."""
        self.start_if_idle(lambda _: self._show_log(execution), f"Reading the log of {execution.name}...")

    def show_executions_of(self, row: FailureRow) -> None:
        """List the executions of a failure's photos; with one, show its log, too."""
        self.start_if_idle(lambda control: self._show_executions_of(row, control), "Reading executions...")

    def _list_executions(self) -> None:
        def work(_: Cancellation) -> None:
            self.executions.list_newest(self.workbench)
            update(self.failures, selected=-1)
            self._show_no_log()
            self._sum_up()

        # After what runs: a status that was chosen meanwhile is not to be left beside another list.
        self.start(work, "Listing executions...", after=True, key="executions")

    def _refresh(self, cancellation: Cancellation) -> Overview:
        self.overview = _read(self.workbench, cancellation)
        self.executions.list_newest(self.workbench, self.overview.executions)
        self._show()
        self._sum_up()
        return self.overview

    def _sum_up(self) -> None:
        overview = self.overview
        are_more = len(overview.executions) > LISTED
        counted = charts.described(overview.minutes, overview.photos, are_more=are_more)
        self.say(counted, Tone.WARNING if overview.failures or overview.letters else Tone.SUCCESS)

    def _retry_all(self, cancellation: Cancellation) -> None:
        photos = {
            photo.id: photo for group in self.overview.failures if group.retriable for photo in group.photos
        }
        nothing = "no other try can help" if self.overview.failures else "nothing has failed"
        self._restart(self.workbench.photos.retry_each(photos.values()), nothing, cancellation)

    def _reconcile(self, cancellation: Cancellation) -> None:
        nothing = "each photo has a finished record or is under way"
        self._restart(self.workbench.photos.reconcile(), nothing, cancellation)

    def _restart(
        self, outcomes: Iterable[Restarted | NotRestarted], nothing: str, cancellation: Cancellation
    ) -> None:
        """Start photos, follow them, and say what came of it; `nothing` is why there are none."""
        self.restarts = []
        for outcome in outcomes:
            cancellation.check()
            self.restarts.append(outcome)
            self.say(f"Retried: {len(self.restarts)}", Tone.RUNNING)
        started = [one.photo_id for one in self.restarts if isinstance(one, Restarted)]
        for photo in self.workbench.photos.follow(started, sleep=cancellation.sleep):
            self.say(f"{photo.name}: {in_words(photo.status)}", Tone.RUNNING)
        self._refresh(cancellation)
        refused = [one for one in self.restarts if isinstance(one, NotRestarted)]
        counted = f"{photos_text(len(started)).capitalize()} started again."
        if not self.restarts:
            counted = f"Nothing was started: {nothing}."
        why = f" Not started: {refused[0].photo_id}: {refused[0].cause}" if refused else ""
        self.say(counted + why, Tone.WARNING if refused else Tone.SUCCESS)

    def _redrive(self, cancellation: Cancellation) -> None:
        outcomes = []
        for outcome in self.workbench.dead_letters.redrive():
            cancellation.check()
            outcomes.append(outcome)
        self._refresh(cancellation)
        done = sum(isinstance(outcome, Redriven) for outcome in outcomes)
        tone = Tone.SUCCESS if done == len(outcomes) else Tone.WARNING
        redriven = f"{done} of {number_text(len(outcomes), 'message')} redriven."
        self.say(redriven if outcomes else "Nothing to redrive: the queue is empty.", tone)

    def _show_log(self, execution: Execution) -> list[LogEntry]:
        entries = self.workbench.logs.of_execution(execution.arn)
        why = "" if entries else _end_of(self.workbench, execution)
        self.log_table.show(
            map(_log_row, entries),
            caption=f"Log of {execution.name}: {number_text(len(entries), 'line')}",
            empty=f"No log entries are kept. {why}".strip(),
        )
        self._sum_up()
        return entries

    def _show_executions_of(self, row: FailureRow, cancellation: Cancellation) -> None:
        found = list[Execution]()
        for photo in row.photos[:_OF_FAILURE]:
            cancellation.check()
            if execution := _execution_of(self.workbench, photo):
                found.append(execution)
        count = len(row.photos)
        several = f"{photos_text(count)}, {in_words(row.status).lower()}"
        of = printable(row.photos[0].name) if count == 1 else several
        first = f", the first {_OF_FAILURE}" if count > _OF_FAILURE else ""
        self.executions.list_of(found, of + first)
        if count == 1 and found:
            self._show_log(found[0])
        else:
            self._show_no_log()
            self._sum_up()

    def _show(self) -> None:
        overview = self.overview
        self._failure_rows = failure_rows(overview.failures)
        self.failures.show([row.cells for row in self._failure_rows], selected=-1)
        self.queue.show(map(_letter_row, overview.letters))
        self.figures.show(overview)

    def _show_no_log(self) -> None:
        """Show no log: other executions are listed."""
        self.log_table.show([], caption="Log", empty=_NO_LOG)

    def _failure_chosen(self, change: Any) -> None:
        if 0 <= change["new"] < len(self._failure_rows):
            self.show_executions_of(self._failure_rows[change["new"]])

    def static(self) -> list[Any]:
        """Return the figures and tables, for pages without a kernel; a log only if one was chosen."""
        log = [self.log_table] if self.log_table.rows else []
        shown: tuple[Any, ...] = (self.status, self.figures, self.failures, self.queue, self.executions, *log)
        return [part.static() for part in shown]

    def results(self) -> dict[str, Any]:
        """Return what was found, for a test or another program."""
        overview = self.overview
        return {
            "executions": dict(Counter(one.status for one in overview.executions[:LISTED])),
            "photos": {status.value: count for status, count in overview.photos.items() if count},
            "failures": [[one.count, one.status.value, one.step, one.name] for one in overview.failures],
            "queue": len(overview.letters),
            "restarted": [one.photo_id for one in self.restarts if isinstance(one, Restarted)],
        }


def _read(workbench: Workbench, cancellation: Cancellation) -> Overview:
    listed = list(islice(workbench.executions.all(), LISTED + 1))
    cancellation.check()
    photos = list(workbench.photos)
    cancellation.check()
    ended = [execution for execution in listed if execution.stopped][:_MEASURED]
    return Overview(
        listed,
        workbench.photos.failures(photos),
        workbench.dead_letters.messages(),
        per_minute(listed[:LISTED]),
        by_step(workbench.metrics.durations(ended)),
        statuses(photos),
    )


def _end_of(workbench: Workbench, execution: Execution) -> str:
    """Return the error that an execution ended with, which nobody else tells where there is no log."""
    try:
        found = workbench.executions.get(execution)
    except AwsError:
        return ""
    return ": ".join(filter(None, (found.error, found.cause)))


def _execution_of(workbench: Workbench, photo: Photo) -> Execution | None:
    """Return a photo's execution; None if none was started, or Step Functions no longer knows it."""
    try:
        return workbench.executions.get(photo)
    except PhotoNotFoundError:
        return None
    except AwsError as error:
        if error.code == "ExecutionDoesNotExist":
            return None
        raise


def _letter_row(one: DeadLetter) -> tuple[Any, ...]:
    return f"{one.sent.astimezone():%Y-%m-%d %H:%M:%S}", ", ".join(one.keys), one.error, one.cause


def _log_row(one: LogEntry) -> tuple[Any, ...]:
    level = Cell(one.level, _LEVELS.get(one.level, Tone.INFO))
    why = ": ".join(str(one.fields[name]) for name in ("error", "cause") if one.fields.get(name))
    said = f"{one.message}: {why}" if why else one.message
    return f"{one.time.astimezone():%H:%M:%S.%f}"[:-3], one.source, level, printable(said)
