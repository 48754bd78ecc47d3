"""A gallery kept up while some of its photos are being processed."""

from __future__ import annotations

import time
from collections.abc import Callable

from imageproc import Cancellation, PhotoView, Workbench
from imageproc.core.record import Status
from imageproc.errors import ImageprocError
from imageproc.widgets import pulse

_UNFINISHED = tuple(status for status in Status if not status.finished)

EVERY_S = 3.0
"""Seconds between two looks at a few photos; at more, as often as at all else."""

_FEW = 100
_QUIET_S = 300.0
"""Seconds without news after which nobody waits any more."""


class UnderWay:
    """Has a gallery read its photos again while some are under way, as soon as a browser shows it."""

    def __init__(
        self, workbench: Workbench, refresh: Callable[[], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Call `refresh` when something has changed, until `note` is called with what was read then."""
        self._workbench, self._refresh, self._clock = workbench, refresh, clock
        self._pulse = pulse.Pulse(self._look, every_s=self._pause)
        self.is_shown = False
        """Whether a browser shows the gallery."""
        self._view: PhotoView | None = None
        self._count = 0
        self._version: tuple[str, int] | None = None
        self._news = 0.0

    def begin(self) -> None:
        """Begin to look."""
        self.is_shown = True
        self._run()

    def note(self, view: PhotoView, version: tuple[str, int]) -> None:
        """Look as long as photos of this view are under way; it was read from this version of the catalog."""
        self._view, self._version, self._news = view, version, self._clock()
        self._run()

    def close(self) -> None:
        """Look no more."""
        self.is_shown = False
        self._pulse.stop()

    def _run(self) -> None:
        if self.is_shown and self._view is not None:
            catalog = self._workbench.catalog
            with catalog.unsynced():  # as it is shown
                self._count = self._view.where(status=_UNFINISHED).count()
                self._pulse.run(self._count > 0 or catalog.version != self._version)

    def _pause(self) -> float:
        return EVERY_S if self._count <= _FEW else pulse.EVERY_S

    def _look(self, stop: Cancellation) -> None:
        try:
            self._workbench.catalog.sync()
            now = self._workbench.catalog.version
        except ImageprocError:
            return  # whoever asks for photos is told
        stop.check()
        if now != self._version:
            self._refresh()
        elif self._clock() - self._news > _QUIET_S:
            self._pulse.stop()
