"""Above what happens to each photo: uploads that were never started, and one button for all that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from threading import Thread

import ipywidgets

from imageproc import Cancellation, FollowedPhoto, Workbench
from imageproc.client.dead_letters import NotRedriven
from imageproc.client.photos.failures import retriable
from imageproc.errors import ImageprocError
from imageproc.presentation.text import printable
from imageproc.widgets.actor import JobControl
from imageproc.widgets.panels import fields, photo_actions
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.pulse import Pulse
from imageproc.widgets.tones import Tone

_UNSTARTED = "{} reached the stack, but {} never started."


class RepairPanel(Panel):
    """Two buttons, each there when it has something to do."""

    def __init__(
        self, workbench: Workbench, restarted: Callable[[Iterable[str]], object], look: Callable[[], object]
    ) -> None:
        """Call `restarted` with the IDs of photos that are processed again, then `look`."""
        self._workbench, self._restarted, self._look = workbench, restarted, look
        self._ids: Sequence[str] = ()
        self.start_button = fields.button("", lambda: self.start_if_idle(self._start, "Starting them"))
        self.retry_button = fields.button("", lambda: self.start_if_idle(self._retry, "Starting them again"))
        super().__init__(fields.row(self.start_button, self.retry_button))

    def offer(self, unstarted: int, ids: Sequence[str]) -> None:
        """Offer to start so many uploads, and to retry these photos if they are several."""
        self._ids = ids
        self.start_button.description = f"Start {unstarted:,} upload{'' if unstarted == 1 else 's'}"
        self.retry_button.description = f"Retry all {len(ids):,}"
        fields.set_visible(self.start_button, unstarted > 0)
        fields.set_visible(self.retry_button, len(ids) > 1)
        if unstarted and not self.busy:
            what = ("1 upload", "was") if unstarted == 1 else (f"{unstarted:,} uploads", "were")
            self.say(_UNSTARTED.format(*what), Tone.WARNING)

    def _start(self, control: JobControl) -> None:
        started, needless, left = list[str](), 0, list[NotRedriven]()
        for outcome in self._workbench.dead_letters.redrive():
            control.check()
            if isinstance(outcome, NotRedriven):
                left.append(outcome)
            else:
                started += [one.photo_id for one in outcome.started]
                needless += len(outcome.not_needed)
            self.say("", done=len(started))
        if started:
            self._restarted(started)
        self._look()
        done = f"{len(started):,} started" + (f", {needless:,} needed nothing." if needless else ".")
        why = f" {len(left):,} could not be: {printable(left[0].cause, 200)}" if left else ""
        self.say(f"{done}{why}", Tone.WARNING if left else Tone.SUCCESS, done=0)

    def _retry(self, control: JobControl) -> None:
        ids = list(self._ids)

        def told(done: int) -> None:
            self.say("", done=done, total=len(ids))

        said = photo_actions.restart(self._workbench, ids, photo_actions.RETRY.name, control, told)
        self._restarted(ids)
        self.say(said, done=0, total=0)


class Repairs(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Empty, since a page is to be light, until something is left."""

    children: Sequence[ipywidgets.Widget]

    def __init__(
        self,
        workbench: Workbench,
        follow: Callable[[Iterable[str]], object],
        changed: Callable[[], object],
        unsettled: Callable[[], Iterable[str]],
        unknown: Callable[[str], object],
    ) -> None:
        """`follow` is called with photos that are processed again, or that others have begun meanwhile.

        `changed` is called with another `unstarted`; `unsettled` returns the photos that are under way or
        failed, the newest first. `unknown` is told at each look why that is not known; nothing if it is.
        """
        self._workbench, self._follow, self._changed = workbench, follow, changed
        self._unsettled, self._unknown = unsettled, unknown
        self._known: set[str] = set()
        self._handed: set[str] = set()
        """What was handed over to be followed in this visit, and may not be known yet."""
        self.pulse = Pulse(self._beat, at_once=True)
        """Looks as long as Activity is open, also for photos of others' doing."""
        self._glances = Pulse(self._glance)
        self.unstarted = 0
        """How many uploads of the stack wait in the dead-letter queue, of all users."""
        self._ids: list[str] = []
        super().__init__()

    def enter(self) -> None:
        """Follow what earlier visits left under way or failed, and what others do later. Raises AwsError."""
        self.look()
        self._glances.run(True)
        found = list(self._unsettled())
        self._handed = set(found)
        if found:
            self._follow(reversed(found))

    def look(self) -> None:
        """Count what was never started, in a thread of its own."""
        Thread(target=self._look, name="Repairs", daemon=True).start()

    def note(self, followed: Sequence[FollowedPhoto]) -> None:
        """Offer to retry what failed of these photos."""
        self._known = {one.photo_id for one in followed}
        failed = [one.photo for one in followed if one.failed and one.photo]
        ids = [photo.id for photo in retriable(failed, (), None)]
        if ids != self._ids:
            self._ids = ids
            self._show()

    def close(self) -> None:
        """Close what is in it."""
        self.pulse.stop()
        self._glances.stop()
        if self.children:
            self.panel.close()
        super().close()

    @cached_property
    def panel(self) -> RepairPanel:
        """The buttons; made when there is something to do."""
        made = RepairPanel(self._workbench, self._follow, self.look)
        self.children = (made,)
        return made

    def _beat(self, stop: Cancellation) -> None:
        try:
            self._follow_new(stop)
        except ImageprocError as error:  # the next look may be answered
            stop.check()
            self._unknown(str(error))
            return
        self._unknown("")
        self._look()

    def _glance(self, stop: Cancellation) -> None:
        """Follow what the page knows by now: the albums or the gallery, which are open, ask the table."""
        with suppress(ImageprocError), self._workbench.catalog.unsynced():
            self._follow_new(stop)

    def _follow_new(self, stop: Cancellation) -> None:
        new = [one for one in self._unsettled() if one not in self._known | self._handed]
        stop.check()
        if new:
            self._handed.update(new)
            self._follow(reversed(new))

    def _look(self) -> None:
        count = 0
        with suppress(ImageprocError):  # what does not answer is said elsewhere; a queue there need not be
            count = self._workbench.dead_letters.count()
        if count != self.unstarted:
            self.unstarted = count
            self._show()
            self._changed()

    def _show(self) -> None:
        if self.children or self.unstarted or len(self._ids) > 1:
            self.panel.offer(self.unstarted, self._ids)
