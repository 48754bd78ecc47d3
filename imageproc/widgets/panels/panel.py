"""What all panels are: a box with a status line and an actor, whose jobs can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import ipywidgets

from imageproc.errors import Cancelled
from imageproc.presentation.problems import explain_errors
from imageproc.widgets.actor import Actor, Job, JobControl
from imageproc.widgets.panels import fields
from imageproc.widgets.panels.question import Question
from imageproc.widgets.parts.kernel_note import KernelNote
from imageproc.widgets.parts.status_line import StatusLine
from imageproc.widgets.snapshot import Snapshot
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import flush, update

T = TypeVar("T")


class Panel(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A box of widgets, and between them a status line, with a button that stops the panel's jobs."""

    children: Sequence[ipywidgets.Widget]

    def __init__(
        self,
        *above: ipywidgets.Widget,
        beside: Sequence[ipywidgets.Widget] = (),
        below: Sequence[ipywidgets.Widget] = (),
    ) -> None:
        """Show these widgets above, beside and below the status line."""
        self.status = StatusLine(on_stop=self.stop)
        self._actor = Actor(type(self).__name__)
        self._snapshot = Snapshot(self.static)
        self.takes_error: Callable[[Exception], bool] = lambda _: False
        """Is asked whether the error of a job with a key, which can be done again, is told elsewhere."""
        self._kernel_note: KernelNote | None = None
        self._saying = threading.Lock()
        self._soon: threading.Timer | None = None
        line: ipywidgets.Widget = self.status
        if beside:
            # In a row a widget is as wide as its contents, which a container query takes for nothing.
            self.status.layout.flex = "1 1 16em"
            line = fields.row(self.status, *beside)
        super().__init__([*above, line, *below], _dom_classes=("ip-panel",))

    def start(
        self,
        work: Callable[[JobControl], T],
        doing: str,
        *,
        after: bool = False,
        key: Hashable = None,
        patience_s: float = 0.0,
    ) -> Job[T]:
        """Have work done in the panel's thread. Its errors are shown here, and raised by `finished`.

        Meanwhile the status line shows what it is `doing`, beside a Stop button; an empty text, for quick
        work, shows neither, and with `patience_s` they come only if it takes longer: what comes and goes
        moves the page. A job of the same `key` that has not ended is returned instead, and does its own work
        once more. Raises RuntimeError while another job is open, unless this one may come `after` it.
        """
        job = self._actor.submit(
            lambda control: self._do(work, doing, control, patience_s, again=key is not None),
            after=after,
            key=key,
        )
        if job is None:
            raise RuntimeError("Another job is running here. Wait for it, or stop it.")
        return job

    def start_if_idle(self, work: Callable[[JobControl], object], doing: str) -> None:
        """Have work done unless another job runs: for buttons, which may be pressed twice."""
        self._actor.submit(lambda control: self._do(work, doing, control))

    @property
    def job(self) -> Job[Any] | None:
        """The job that was started last."""
        return self._actor.last

    @property
    def busy(self) -> bool:
        """Whether a job runs or is queued."""
        return self.job is not None and not self.job.done

    def stop(self) -> None:
        """Cancel all jobs; what AWS has begun continues."""
        self._actor.cancel()

    def close(self) -> None:
        """Close the panel, and cancel its jobs."""
        if hasattr(self, "_snapshot"):  # what could not be made is closed, too, when it is thrown away
            self._actor.close()
            self._snapshot.close()
        super().close()

    async def finished(self, timeout_s: float | None = None) -> None:
        """Wait for the last job, and so for all. Raises what it raised, Cancelled, TimeoutError."""
        try:
            if self.job:
                await self.job.finished(timeout_s)
        finally:
            self._snapshot.cell_ends()

    def say(self, text: str, tone: Tone = Tone.INFO, **progress: float) -> None:
        """Show a text in the status line, from any thread."""
        with self._saying:
            self._drop_soon()  # this is newer
            update(self.status, text=text, tone=tone.value, **progress)
        self._snapshot.touch()

    def ask(self, question: Question, text: str, control: JobControl, yes: str) -> bool:
        """Ask, in a job, whether to go on: the button says `yes`. Raises Cancelled."""
        self.say("Waiting for your answer.", Tone.WAITING, done=0, total=0)
        update(self.status, stoppable=False)
        try:
            return question.ask(text, control, yes)
        finally:
            self.say("")
            update(self.status, stoppable=True)

    def static(self) -> Any:
        """Return what the panel shows, part by part, for pages without a kernel."""
        others = (child for child in self.children if child is not self.status)
        return [self.status.static(), *(child.static() for child in others if hasattr(child, "static"))]

    def _ipython_display_(self) -> None:
        """Display the panel, and what a saved notebook keeps of it."""
        explain_errors()
        if self._kernel_note is None:
            self._kernel_note = KernelNote(self, self._snapshot.keep_by)
            self.children = (*self.children, self._kernel_note)
        self._snapshot.display(self)

    def _do(
        self,
        work: Callable[[JobControl], T],
        doing: str,
        control: JobControl,
        patience_s: float = 0.0,
        *,
        again: bool = False,
    ) -> T:
        try:
            control.check()
            if doing:
                self._say_soon(doing, patience_s)
            return work(control)
        except Cancelled as stopped:
            self.say(str(stopped), Tone.WARNING)
            raise
        except Exception as error:
            if again:
                flush()  # whoever takes it sees what the job has changed
            if not (again and self.takes_error(error)):
                self.say(str(error) or repr(error), Tone.ERROR)
            elif self.status.tone == Tone.RUNNING.value:
                self.say("")
            raise
        finally:
            self._job_ended()

    def _say_soon(self, doing: str, after_s: float) -> None:
        """Say what is done, and offer to stop it: then, or never if something else has been said."""

        def begin() -> None:
            with self._saying:
                if self._soon is timer:
                    update(self.status, text=doing, tone=Tone.RUNNING.value, done=0, total=0, stoppable=True)

        timer = threading.Timer(after_s, begin)
        timer.daemon = True
        with self._saying:
            self._drop_soon()
            self._soon = timer
        if after_s:
            timer.start()
        else:
            begin()

    def _drop_soon(self) -> None:
        if self._soon:
            self._soon.cancel()
        self._soon = None

    def _job_ended(self) -> None:
        """Show that no job runs; the next one, if there is one, shows itself."""
        with self._saying:
            self._drop_soon()
            update(self.status, stoppable=False)
        self._snapshot.touch()
