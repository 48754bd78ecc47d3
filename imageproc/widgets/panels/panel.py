"""What all panels are: a box with a status line, and one job at a time that can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import ipywidgets

from imageproc.client.errors import Cancelled
from imageproc.client.waiting import Cancellation
from imageproc.widgets.jobs import Job
from imageproc.widgets.markup import Markup
from imageproc.widgets.panels import fields
from imageproc.widgets.parts.status_line import StatusLine
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import flush, update

T = TypeVar("T")

_POLL_S = 0.02


class Panel(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A box of widgets with a status line between them, and a button to stop what runs."""

    def __init__(self, *above: ipywidgets.Widget, below: Sequence[ipywidgets.Widget] = ()) -> None:
        """Show these widgets, and between them what goes on."""
        self.status = StatusLine()
        # In a row a widget is as wide as its contents, which a container query takes for nothing.
        self.status.layout.flex = "1 1 16em"
        self.stop_button = fields.button("Stop", self.stop)
        fields.shown(self.stop_button, False)
        self.job: Job[Any] | None = None
        super().__init__([*above, fields.row(self.status, self.stop_button), *below])

    def start(self, work: Callable[[Cancellation], T], doing: str, *, after: bool = False) -> Job[T]:
        """Begin a piece of work in a thread. Its errors are shown here, and raised by `finished`.

        Raises RuntimeError while another one runs, unless this one may begin `after` it.
        """
        earlier = self.job if self.busy else None
        if earlier and not after:
            raise RuntimeError("Something runs here already: wait, or stop it.")
        self.say(doing, Tone.RUNNING, done=0, total=0)
        job = Job(lambda cancellation: self._watched(work, cancellation, earlier), doing)
        self.job = job
        return job

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self.job is not None and not self.job.done

    def stop(self) -> None:
        """Call the job off, if there is one."""
        if self.job:
            self.job.cancel()

    async def finished(self, timeout_s: float | None = None) -> None:
        """Wait for the job, at the end of a cell say. Raises what it raised, TimeoutError."""
        try:
            if self.job:
                await self.job.finished(timeout_s)
        finally:
            flush()

    def say(self, text: str, tone: Tone = Tone.INFO, **progress: float) -> None:
        """Show a text in the status line, from whatever thread."""
        update(self.status, text=text, tone=tone.value, **progress)

    def static(self) -> Any:
        """Return what the panel shows, part by part, for pages where no kernel runs."""
        parts = [child.static() for child in self.children if hasattr(child, "static")]
        return [*parts, Markup("<p>{}</p>").format(self.status.text)]

    def _watched(
        self, work: Callable[[Cancellation], T], cancellation: Cancellation, earlier: Job[Any] | None
    ) -> T:
        try:
            while earlier and not earlier.done:
                cancellation.sleep(_POLL_S)
            fields.shown(self.stop_button, True)  # the earlier job's end has hidden it
            return work(cancellation)
        except Cancelled as stopped:
            self.say(str(stopped), Tone.WARNING)
            raise
        except Exception as error:
            self.say(str(error) or repr(error), Tone.ERROR)
            raise
        finally:
            fields.shown(self.stop_button, False)
