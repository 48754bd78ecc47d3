"""Photos followed from their upload to their end, and the execution of one of them, live."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from queue import SimpleQueue
from typing import Any

import ipywidgets

from imageproc import Album, FollowedPhoto, FollowedPhotos, Photo, Status, Uploaded, Workbench
from imageproc.client.photos.following import not_started
from imageproc.client.photos.presigned import PresignedUrls
from imageproc.errors import AwsError
from imageproc.presentation.markup import Markup
from imageproc.presentation.text import photos_text
from imageproc.widgets.actor import JobControl
from imageproc.widgets.panels import fields, follow_rows
from imageproc.widgets.panels.execution_view import INTERVAL_S, ExecutionView
from imageproc.widgets.panels.follow_actions import FollowActions
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.parts.execution_list import ExecutionList, ExecutionRow
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import flush, update

_EACH_S = 0.002
"""Seconds added to the interval for each photo that is waited for: a thousand are read every 2.5 s."""
_MAX_PAUSE_S = 15.0

Listener = Callable[[list[Photo]], object]
Request = Callable[[FollowedPhotos], object]


class FollowPanel(Panel):
    """Shows each photo's three stages, and the chosen one's execution in the state machine's graph.

    `follow`, `add`, `follow_existing` and `show_album` may be called at any time, from any thread. A panel
    that was stopped continues with the next of these calls, or with `resume`.
    """

    def __init__(self, workbench: Workbench) -> None:
        """Follow photos of this workbench."""
        self._workbench = workbench
        self._requests: SimpleQueue[Request] = SimpleQueue()
        self._followed: FollowedPhotos | None = None
        self._announced: set[str] = set()  # IDs of uploads, followed from the next poll on
        self._failures = 0
        self._chosen = ""
        self._to_reveal = "", False  # a photo's ID, and whether its graph is only brought into view
        self._listeners: list[Listener] = []
        self._erase_listeners: list[Callable[[str], object]] = []
        self._actions_box = ipywidgets.VBox()
        self.list = ExecutionList(
            columns=follow_rows.COLUMNS,
            address=self._address,
            picture=self._thumbnail,
            act=lambda action, photo_id: self.actions.act(action, photo_id),
            choose=self._pressed,
        )
        self.execution = ExecutionView()
        self.graph, self.detail = self.execution.graph, self.execution.detail
        self.resume_button = fields.button("Resume", self.resume)
        fields.set_visible(self.resume_button, False)
        self.list.observe(lambda change: self.choose(change["new"]), "selected")
        self.list.observe(lambda _: self._show_filtered(), ["filter", "limit"])
        fields.set_visible(self.execution, False)
        super().__init__(below=[self.resume_button, self._actions_box, self.list, self.execution])
        self.status.stop = "Stop following"  # what is processed goes on

    def follow(self, sent: Iterable[Uploaded]) -> None:
        """Follow these uploads to their end, from the next poll on."""
        sent = list(sent)
        self._announced.update(one.photo_id for one in sent)
        self._request(*(partial(FollowedPhotos.add, photo=one) for one in sent), at_once=False)

    def add(self, sent: Uploaded) -> None:
        """Follow one more upload, from the next poll on."""
        self.follow([sent])

    def follow_existing(self, photo_ids: Iterable[str]) -> None:
        """Show photos that exist already, and follow those that are being processed."""
        self._request(*(partial(FollowedPhotos.add, photo=one) for one in photo_ids))

    def show_album(self, album: Album | str) -> None:
        """Show the photos of an album, and follow those that are being processed, also in a new kernel."""

        def add_all(followed: FollowedPhotos) -> None:
            for photo in reversed(list(self._workbench.photos.in_album(album))):
                followed.add(photo)

        self._request(add_all)

    def awaits(self, album: Album) -> bool:
        """Whether photos of this album are being processed, or about to be."""
        # An earlier photo, which is known by its ID alone before its record is read, may have ended long ago.
        ended = {one.photo_id: one.finished or not (one.version or one.photo) for one in self.photos}
        ids = (*list(self._announced), *ended)
        return any(one.startswith(f"{album.id}/") and not ended.get(one) for one in ids)

    def resume(self) -> None:
        """Go on after a stop."""
        self._request()

    def on_finished(self, callback: Listener) -> None:
        """Call `callback` in the panel's thread with the photos that have finished since the last call."""
        self._listeners.append(callback)

    def on_erased(self, callback: Callable[[str], object]) -> None:
        """Call `callback`, from any thread, with the ID of each photo that was erased here."""
        self._erase_listeners.append(callback)

    @property
    def photos(self) -> list[FollowedPhoto]:
        """The photos that are followed, those under way first."""
        return self._followed.all() if self._followed else []

    def failed_at(self) -> list[float]:
        """Return when the photos that need attention ended, in epoch seconds."""
        return [one.ended for one in self.photos if one.failed]

    def close(self) -> None:
        """Close the panel, and cancel its jobs."""
        if self._actions_box.children:
            self.actions.close()
        super().close()

    def choose(self, photo_id: str) -> None:
        """Show this photo's execution, live."""
        if photo_id and photo_id != self._chosen:
            self._choose(photo_id)
            self._request()

    def _pressed(self, photo_id: str) -> None:
        """Show a photo's execution, and bring it into view: it may be far below the list."""
        self._choose(photo_id)
        self._to_reveal = photo_id, True
        self._request()

    def show(self, photo_id: str, *, reveal: bool = False) -> None:
        """Show a photo that exists, and its execution, whatever was shown before.

        To `reveal` it, the page scrolls to the execution.
        """

        def add(followed: FollowedPhotos) -> None:
            followed.add(photo_id)
            self._choose(photo_id)
            self._to_reveal = (photo_id, False) if reveal else ("", False)

        self.list.filter = "all"
        self._request(add)

    def forget(self) -> None:
        """Follow nothing any more, and show nothing."""
        self.stop()
        self.start(lambda _: self._forget(), "", after=True)

    def results(self) -> dict[str, Any]:
        """Return what came out, as plain data for `record`."""
        results = [follow_rows.result(one) for one in sorted(self.photos, key=lambda one: one.photo_id)]
        return {"statuses": dict(Counter(one["status"] for one in results)), "photos": results}

    def static(self) -> Any:
        """Return the table of photos and the graph of the chosen one, for pages without a kernel."""
        shown = [self.status.static(), self.list.static()]
        if not self._chosen:
            return shown
        name = Markup("<p><strong>{}</strong></p>").format(self.graph.title)
        return [*shown, name, self.graph.static()]

    def _drop(self, photo_id: str) -> None:
        self._announced.discard(photo_id)
        self._request(partial(FollowedPhotos.discard, photo_id=photo_id))
        for listener in self._erase_listeners:
            listener(photo_id)

    def _forget(self) -> None:
        while not self._requests.empty():
            self._requests.get()
        self._followed = None
        self._announced.clear()
        self._show_rows()
        self.say("")

    def _request(self, *requests: Request, at_once: bool = True) -> None:
        """Hand these to the job that follows, or start it; `at_once` ends a pause between polls."""
        for request in requests:
            self._requests.put(request)
        job = self.start(self._follow, "Reading the photos' records...", after=True, key="follow")
        if at_once:
            job.control.wake()

    def _job_ended(self) -> None:
        waiting = bool(self._followed and self._followed.waiting)
        fields.set_visible(self.resume_button, waiting or not self._requests.empty())
        super()._job_ended()

    def _follow(self, control: JobControl) -> None:
        """Poll until nothing is waited for, neither a photo's end nor that of the chosen execution."""
        fields.set_visible(self.resume_button, False)
        followed = self._followed = self._followed or self._workbench.photos.followed()
        self._failures, poll_at = 0, 0.0
        while True:
            if time.monotonic() >= poll_at:
                poll_at = self._poll(followed) + time.monotonic()
            chosen = followed.get(self._chosen)
            look_in = self.execution.look(self._workbench, chosen) if chosen else None
            to_reveal, nearest = self._to_reveal
            if chosen and chosen.photo_id == to_reveal:
                self._to_reveal = "", False
                flush()  # it is shown first
                self.graph.reveal(nearest=nearest)
            if not (followed.waiting or self._failures or look_in is not None):
                return
            poll_in = max(0.0, poll_at - time.monotonic())
            if control.pause(poll_in if look_in is None else min(poll_in, look_in)):
                poll_at = 0.0

    def _poll(self, followed: FollowedPhotos) -> float:
        """Read the photos' records; return the seconds until the next poll. What fails is tried again."""
        try:
            self._take_requests(followed)
            finished = followed.poll()
        except AwsError as error:
            self._failures += 1
            pause: float = min(INTERVAL_S * 2**self._failures, _MAX_PAUSE_S)
            self.say(f"{error} Trying again in {pause:.0f} s.", Tone.WARNING)
            return pause
        self._failures = 0
        for listener in self._listeners if finished else ():
            listener(finished)
        self._show(followed)
        return INTERVAL_S + _EACH_S * followed.waiting

    def _take_requests(self, followed: FollowedPhotos) -> None:
        """Do what was requested; a request that AWS makes fail stays in the queue."""
        while not self._requests.empty():
            request = self._requests.get()
            try:
                request(followed)
            except AwsError:
                self._requests.put(request)
                raise

    def _show(self, followed: FollowedPhotos) -> None:
        self._show_rows()
        photos = followed.all()
        counts = Counter(one.photo.status for one in photos if one.photo and one.finished)
        lost = sum(one.lost for one in photos)
        done, bad = sum(counts.values()) + lost, counts[Status.FAILED] + counts[Status.REJECTED] + lost
        parts = [f"{done} of {photos_text(len(photos))} finished"]
        parts += [f"{bad} failed or rejected"] if bad else []
        parts += [f"{counts[Status.INCOMPLETE]} incomplete"] if counts[Status.INCOMPLETE] else []
        ended = Tone.ERROR if bad else Tone.WARNING if counts[Status.INCOMPLETE] else Tone.SUCCESS
        text = ", ".join(parts) + "." if photos else "No photos are followed."
        tone = Tone.RUNNING if done < len(photos) else ended if photos else Tone.INFO
        if idle := followed.not_started:
            text, tone = f"{text} {not_started(idle)}", Tone.WARNING
        self.say(text, tone, done=done, total=len(photos))

    def _show_filtered(self) -> None:
        """Show the rows of another filter, and the execution of one of them."""
        before = self._chosen
        self._show_rows()
        if self._chosen and self._chosen != before:
            self._request()

    def _show_rows(self) -> None:
        """Show the rows of the filter. The chosen photo is one of them, if need be the first."""
        photos = self.photos
        by_filter = {
            "all": photos,
            "active": [one for one in photos if not one.finished],
            "failed": [one for one in photos if one.failed],
        }
        listed = by_filter[self.list.filter]
        chosen = next((one for one in listed if one.photo_id == self._chosen), next(iter(listed), None))
        self._choose(chosen.photo_id if chosen else "")
        shown = listed[: self.list.limit]
        shown += [chosen] if chosen and chosen not in shown else []
        counts = {name: len(some) for name, some in by_filter.items()}
        self.list.show([self._row(one) for one in shown], counts)

    def _row(self, followed: FollowedPhoto) -> ExecutionRow:
        url = self._workbench.executions.console_url(followed.arn) if followed.arn else None
        return follow_rows.row(followed, url)

    def _address(self, photo_id: str) -> str | None:
        """Return an address of a photo's thumbnail."""
        photo = self._photo(photo_id)
        return self._urls.thumbnail(photo) if photo else None

    def _thumbnail(self, photo_id: str) -> bytes | None:
        """Return a photo's thumbnail, for a browser that cannot reach S3."""
        photo = self._photo(photo_id)
        return photo.thumbnail_if_any() if photo else None

    def _photo(self, photo_id: str) -> Photo | None:
        return next((one.photo for one in self.photos if one.photo_id == photo_id), None)

    @cached_property
    def actions(self) -> FollowActions:
        """What is done about photos that need attention; made when it is first asked for: pages are light."""
        made = FollowActions(self._workbench, lambda one: self.follow_existing([one]), self._drop)
        self._actions_box.children = (made,)
        return made

    @cached_property
    def _urls(self) -> PresignedUrls:
        return self._workbench.photos.urls()

    def _choose(self, photo_id: str) -> None:
        self._chosen = photo_id
        update(self.list, selected=photo_id)
        fields.set_visible(self.execution, bool(photo_id))
