"""An open gallery kept as the stack has it, also where photos come from the command line or another page."""

from __future__ import annotations

from collections.abc import Callable

from imageproc import Album, Cancellation, Workbench
from imageproc.errors import ImageprocError
from imageproc.widgets.panels.gallery_panel import GalleryPanel
from imageproc.widgets.pulse import Pulse


class Freshness(Pulse):
    """Has a gallery read again what has changed, and what cannot be read any more, or can be again."""

    def __init__(
        self,
        workbench: Workbench,
        gallery: GalleryPanel,
        told: Callable[[Album], object],
        looked: Callable[[None], object],
    ) -> None:
        """`told` is called with the album that is shown, as it is now; `looked` with None after each look."""
        self._workbench, self._gallery, self._told, self._looked = workbench, gallery, told, looked
        self._problem = ""
        super().__init__(self._look)

    def _look(self, stop: Cancellation) -> None:
        if self._gallery.busy:
            return
        shown, before = self._gallery.searched, self._problem
        try:
            if album := self._gallery.album:
                self._told(self._workbench.albums.current(album))
            self._workbench.catalog.sync()
            now, self._problem = self._workbench.catalog.version, ""
            self._looked(None)
        except ImageprocError as error:
            now, self._problem = None, str(error)  # the gallery will meet it, too, and say so
        stop.check()
        if self._problem != before or (now and shown and shown.version != now):
            self._gallery.refresh()
