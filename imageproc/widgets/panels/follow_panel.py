"""Photos followed from their upload to their end, and the execution of one of them, live."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

import ipywidgets

from imageproc.aws.errors import AwsError
from imageproc.client.albums import Album
from imageproc.client.errors import Cancelled
from imageproc.client.executions import Executions, Step, StepStatus
from imageproc.client.photos import Photo, not_started
from imageproc.client.runs import Run, Runs
from imageproc.client.uploads import Sent
from imageproc.client.waiting import Cancellation
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.widgets.jobs import Job
from imageproc.widgets.panels import fields, follow_rows
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.parts.execution_list import ExecutionList
from imageproc.widgets.parts.state_graph import StateGraph
from imageproc.widgets.parts.step_detail import StepDetail
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import flush, update

_INTERVAL_S = 0.5
_EACH_S = 0.002
"""More seconds between polls for each photo that is waited for: a thousand are asked for every 2.5 s."""
_LONGEST_PAUSE_S = 15.0
_HISTORY_TRIES = 5

Listener = Callable[[list[Photo]], object]


class FollowPanel(Panel):
    """Shows each photo's three stages, and the chosen one's execution in the state machine's graph.

    `follow`, `add`, `follow_existing` and `show_album` may be called again at any time, from any thread. A
    stopped panel follows on with the next of them, or with `resume`.
    """

    def __init__(self, workbench: Workbench) -> None:
        """Follow photos of this workbench."""
        self._workbench = workbench
        self._following, self._live = RLock(), False
        self._runs: Runs | None = None
        self._listeners: list[Listener] = []
        self._chosen = ""
        self._steps: dict[str, Step] = {}
        self._watching: Job[None] | None = None
        self._watched_arn: str | None = None
        self.list = ExecutionList(columns=follow_rows.COLUMNS)
        self.graph = StateGraph(
            title="State machine", empty="The state machine is shown with the first photo."
        )
        self.detail = StepDetail()
        self.resume_button = fields.button("Follow on", self.resume)
        fields.shown(self.resume_button, False)
        self.list.observe(lambda change: self.choose(change["new"]), "selected")
        self.list.observe(lambda _: self._show_rows(), ["filter", "limit"])
        self.graph.observe(lambda _: self._show_step(), "selected")
        self.graph.layout = ipywidgets.Layout(flex="3 1 420px", min_width="0")
        self.detail.layout = ipywidgets.Layout(flex="2 1 300px", min_width="0")
        below = ipywidgets.Layout(flex_flow="row wrap", align_items="flex-start")
        execution = ipywidgets.Box([self.graph, self.detail], layout=below)
        super().__init__(below=[self.resume_button, self.list, execution])

    def follow(self, sent: Iterable[Sent]) -> None:
        """Follow these uploads to their end."""

        def put(runs: Runs) -> None:
            for one in sent:
                runs.add(one)

        self._begin(put)

    def add(self, sent: Sent) -> None:
        """Follow one upload more."""
        self.follow([sent])

    def follow_existing(self, photo_ids: Iterable[str]) -> None:
        """Show photos that are there already, and follow those that are under way."""

        def put(runs: Runs) -> None:
            for one in photo_ids:
                runs.add_id(one)

        self._begin(put)

    def show_album(self, album: Album | str) -> None:
        """Show the photos of an album, and follow those that are under way: also after a kernel's end."""
        album_id = album if isinstance(album, str) else album.id

        def fill(runs: Runs) -> None:
            for photo in reversed(list(self._workbench.photos.in_album(album_id))):
                runs.add_photo(photo)

        self._begin(lambda _: None, fill)

    def resume(self) -> None:
        """Follow on after a stop."""
        self._begin(lambda _: None)

    def stop(self) -> None:
        """Follow no more; what AWS has begun goes on."""
        super().stop()
        if self._watching:
            self._watching.cancel()

    def on_finished(self, callback: Listener) -> None:
        """Have `callback` called in another thread with the photos that have finished since the last call."""
        self._listeners.append(callback)

    def choose(self, photo_id: str) -> None:
        """Show this photo's execution, live."""
        if not photo_id or photo_id == self._chosen:
            return
        self._chosen = photo_id
        update(self.list, selected=photo_id)
        self._watch()

    def results(self) -> dict[str, Any]:
        """Return what came out, as plain data for `record`."""
        runs = self._runs.all() if self._runs else []
        found = [follow_rows.result(run) for run in sorted(runs, key=lambda run: run.photo_id)]
        return {"statuses": dict(Counter(one["status"] for one in found)), "photos": found}

    async def finished(self, timeout_s: float | None = None) -> None:
        """Wait until all photos have finished. Raises what stopped the following, TimeoutError."""
        await super().finished(timeout_s)
        if self._watching and self._chosen_is_over():
            with contextlib.suppress(Cancelled):  # another one was chosen meanwhile
                await self._watching.finished(30)
        flush()

    def static(self) -> Any:
        """Return the table of photos and the graph of the chosen one, for pages where no kernel runs."""
        return [self.list.static(), self.graph.static()]

    def _begin(self, change: Callable[[Runs], object], fill: Callable[[Runs], None] | None = None) -> None:
        with self._following:
            if self._runs is None:
                self._runs = Runs(self._workbench.stack)
            runs = self._runs
            change(runs)
            if self._live and fill is None:
                return
            if self.job and not self.job.done:  # it has just said that it ends, or it is called off
                self._end_job(self.job)
            self._live = True
            fields.shown(self.resume_button, False)
            self.start(lambda cancellation: self._follow(runs, fill, cancellation), "Looking at the photos …")

    def _end_job(self, job: Job[Any]) -> None:
        job.cancel()
        self._following.release()
        try:
            with contextlib.suppress(Exception):  # how it ended is shown already
                job.wait(30)
        finally:
            self._following.acquire()

    def _follow(self, runs: Runs, fill: Callable[[Runs], None] | None, cancellation: Cancellation) -> None:
        """Poll until nothing is waited for. A poll that fails is shown, and tried again."""
        failures = 0
        try:
            while self._live:
                try:
                    if fill:
                        fill(runs)
                    fill = None
                    self._tell(runs.poll())
                    failures = 0
                    self._show()
                    pause = _INTERVAL_S + _EACH_S * runs.waiting
                except AwsError as error:
                    failures += 1
                    pause = min(_INTERVAL_S * 2**failures, _LONGEST_PAUSE_S)
                    self.say(f"{error} Trying again in {pause:.0f} s.", Tone.WARNING)
                with self._following:
                    self._live = bool(runs.waiting or failures)
                if self._live:
                    cancellation.sleep(pause)
        finally:
            self._live = False
            fields.shown(self.resume_button, bool(runs.waiting))

    def _tell(self, finished: list[Photo]) -> None:
        for listener in self._listeners if finished else ():
            listener(finished)

    def _show(self) -> None:
        runs = self._runs.all() if self._runs else []
        self._show_rows()
        counts = Counter(run.photo.status for run in runs if run.photo and run.finished)
        lost = sum(run.lost for run in runs)
        done, bad = sum(counts.values()) + lost, counts[Status.FAILED] + counts[Status.REJECTED] + lost
        parts = [f"{done} of {len(runs)} photos finished"]
        parts += [f"{bad} failed or rejected"] if bad else []
        parts += [f"{counts[Status.INCOMPLETE]} incomplete"] if counts[Status.INCOMPLETE] else []
        ended = Tone.ERROR if bad else Tone.WARNING if counts[Status.INCOMPLETE] else Tone.SUCCESS
        text = ", ".join(parts) + "." if runs else "There are no photos."
        tone = Tone.RUNNING if done < len(runs) else ended if runs else Tone.INFO
        if self._runs and (idle := self._runs.not_started):
            text, tone = f"{text} {not_started(idle)}", Tone.WARNING
        self.say(text, tone, done=done, total=len(runs))
        if runs and not self._chosen:
            self.choose(runs[0].photo_id)
        self._watch_anew()

    def _show_rows(self) -> None:
        runs = self._runs.all() if self._runs else []
        chosen = {
            "all": runs,
            "active": [run for run in runs if not run.finished],
            "failed": [run for run in runs if run.failed],
        }
        shown = chosen[self.list.filter][: self.list.limit]
        self.list.show([self._row(run) for run in shown], {name: len(some) for name, some in chosen.items()})

    def _row(self, run: Run) -> Any:
        url = Executions(self._workbench.stack).console_url(run.arn) if run.arn else None
        return follow_rows.row(run, url)

    def _run(self) -> Run | None:
        return self._runs.get(self._chosen) if self._runs else None

    def _chosen_is_over(self) -> bool:
        run = self._run()
        return run is not None and run.finished

    def _watch_anew(self) -> None:
        """Look again at the chosen photo's execution if it has become another one."""
        run = self._run()
        if run and run.arn and run.arn != self._watched_arn and self._watching and self._watching.done:
            self._watch()

    def _watch(self) -> None:
        if self._watching:
            self._watching.cancel()
        self._steps = {}
        self._watching = Job(lambda cancellation: self._look(self._chosen, cancellation), "execution")

    def _look(self, photo_id: str, cancellation: Cancellation) -> None:
        """Show the execution of a photo until it ends, or another one is chosen."""
        executions, failures = Executions(self._workbench.stack), 0
        while photo_id == self._chosen:
            try:
                if self._show_execution(executions):
                    return
                failures = 0
            except AwsError as error:
                failures += 1
                self.detail.clear(str(error))
                if failures >= _HISTORY_TRIES:
                    return
            cancellation.sleep(_INTERVAL_S * 2**failures)

    def _show_execution(self, executions: Executions) -> bool:
        """Show the chosen photo's execution as it is now. Return whether it is over."""
        definition, run = executions.definition(), self._run()
        self.graph.define(definition)
        over = run is not None and run.finished
        arn = self._watched_arn = run.arn if run else None
        if run is None or arn is None:
            self.graph.show({}, title="State machine")
            self.detail.clear("The execution has not been started." if not over else "There is no execution.")
            return over
        steps = executions.steps(arn)
        self._steps = {step.name: step for step in steps}
        states = follow_rows.states(steps)
        self.graph.show(states, follow_rows.taken(steps, definition), title=f"Execution of {run.name}")
        running = any(step.status is StepStatus.RUNNING for step in steps)
        self._show_step(None if running else self._at_fault(steps))
        return over and not running

    def _at_fault(self, steps: list[Step]) -> str | None:
        return next(
            (step.name for step in steps if step.status in (StepStatus.CAUGHT, StepStatus.FAILED)), None
        )

    def _show_step(self, otherwise: str | None = None) -> None:
        """Show the chosen state's step; if none is chosen, another one that has something to say."""
        name = self.graph.selected or otherwise or ""
        step = self._steps.get(name)
        if step is None:
            self.detail.clear(
                f"{name} has not been entered." if name else "Choose a state to see its input and output."
            )
            return
        values = {"Input": step.input, "Output": step.output}
        self.detail.show(
            f"{step.name} ({step.type})", follow_rows.facts(step), values, follow_rows.step_tone(step)
        )
