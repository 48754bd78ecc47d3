"""The photos of an album: thumbnails on pages, one opened, and all of them on a map."""

from __future__ import annotations

import base64
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from imageproc.aws.errors import AwsError
from imageproc.client.albums import Album
from imageproc.client.errors import ClientError
from imageproc.client.links import Links, make_rendition
from imageproc.client.photos import Photo
from imageproc.client.waiting import Cancellation
from imageproc.client.workbench import Workbench
from imageproc.widgets.jobs import Job
from imageproc.widgets.markup import Markup, table
from imageproc.widgets.panels import photo_views
from imageproc.widgets.panels.contact_sheet import Frame, contact_sheet
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.panels.photo_pages import PhotoPages
from imageproc.widgets.parts.gallery import PAGE_SIZE, Gallery
from imageproc.widgets.parts.photo_map import PhotoMap
from imageproc.widgets.parts.photo_viewer import EncodedImage, PhotoViewer
from imageproc.widgets.updates import update

_KEPT_PICTURES = 8


class GalleryPanel(Panel):
    """An album's photos, or those given. Pages are read when they are opened."""

    def __init__(
        self, workbench: Workbench, album: Album | None = None, *, photos: Iterable[Photo] | None = None
    ) -> None:
        """Show an album, or these photos; with neither, `show` does later."""
        self._workbench = workbench
        self._lock = threading.RLock()
        self._links: Links | None = None
        self._wanted: int | None = None
        self._reading = False
        self._made = lru_cache(_KEPT_PICTURES)(self._make_picture)
        self.album = album
        self.gallery = Gallery(
            address=self._address, thumbnail=self._thumbnail, on_page=self.turn, on_open=self.open_photo
        )
        self.map = PhotoMap()
        self.map.observe(self._choose, "chosen")
        self.viewer = PhotoViewer(picture=self._picture, original=self._original, on_step=self._step)
        super().__init__(self.gallery, self.map, self.viewer)
        self.pages = PhotoPages(self._source(album, photos), PAGE_SIZE)
        if photos is not None:
            self.pages.read_all()
        if album or photos is not None:
            self.turn(0)

    def show(self, album: Album) -> Job[Any] | None:
        """Show the first page of another album."""
        with self._lock:
            self.album = album
            self.pages = PhotoPages(self._source(album, None), PAGE_SIZE)
        self.viewer.show(None)
        return self.turn(0)

    def refresh(self) -> Job[Any] | None:
        """Read the page that is open anew, and all before it."""
        self._made.cache_clear()
        self.pages.restart()
        return self.turn(self.gallery.page)

    def add(self, photo: Photo) -> None:
        """Show a photo that has just changed: first if it is new, else in its place. Reads nothing."""
        self.pages.add(photo)
        self._show_page(self.gallery.page)

    def turn(self, page: int) -> Job[Any] | None:
        """Open a page, counted from 0, or the last. One that is asked for meanwhile comes next."""
        with self._lock:
            self._wanted = page
            if self._reading:
                return self.job
            self._reading = True
        update(self.gallery, loading=True)
        while self.busy:
            time.sleep(0.005)  # the job before has read all it was asked for: it is about to end
        return self.start(self._read, "Reading photos")

    def open_photo(self, photo_id: str) -> None:
        """Open a photo that is on a page that was read."""
        known = self.pages.known
        index = next((index for index, photo in enumerate(known) if photo.id == photo_id), None)
        if index is None:
            return
        more = not self.pages.complete
        self.viewer.show(photo_views.viewed(known[index], index, len(known), more))
        update(self.gallery, marked=[photo_id])

    def results(self) -> dict[str, Any]:
        """Return what is shown, as plain data for `record`."""
        known = self.pages.known
        return {
            "album": self.album.name if self.album else None,
            "photos": len(known),
            "complete": self.pages.complete,
            "statuses": dict(sorted(Counter(photo.status.value for photo in known).items())),
            "names": [photo.file_name for photo in known],
            "located": len(self.map.markers),
        }

    def static(self) -> list[Any]:
        """Return a contact sheet of the page that is open, the map and a table. Reads the thumbnails."""
        _, photos = self.pages.page(self.gallery.page)
        if not photos:
            return [Markup("<p>{}</p>").format(self.gallery.empty)]
        with ThreadPoolExecutor(8) as pool:
            frames = list(pool.map(self._frame, photos))
        sheet = {"image/jpeg": base64.b64encode(contact_sheet(frames)).decode()}
        return [sheet, self.map.static(), table(["Photo", "Status", "Tags"], photo_views.summary(photos))]

    def _source(self, album: Album | None, photos: Iterable[Photo] | None) -> Any:
        if photos is not None:
            given = list(photos)
            return lambda: given
        if album is None:
            return lambda: ()
        return lambda: self._workbench.photos.in_album(album.id, PAGE_SIZE + 1)

    def _read(self, cancellation: Cancellation) -> None:
        try:
            while (page := self._next_wanted()) is not None:
                cancellation.check()
                self._show_page(page)
        except BaseException:
            with self._lock:
                self._reading = False
            update(self.gallery, loading=False)
            raise
        self.say("")

    def _next_wanted(self) -> int | None:
        with self._lock:
            page, self._wanted = self._wanted, None
            self._reading = page is not None
            return page

    def _show_page(self, wanted: int) -> None:
        pages = self.pages
        page, photos = pages.page(wanted)
        known = pages.known
        self.gallery.show(
            map(photo_views.card, photos),
            page=page,
            first=page * pages.size,
            total=len(known) if pages.complete else -1,
            more=pages.follows(page),
        )
        markers = [found for found in map(photo_views.marker, known) if found]
        so_far = "" if pages.complete else " read so far"
        self.map.show(markers, f"{len(markers)} of {len(known)} photos{so_far} say where they were taken.")

    def _step(self, by: int) -> None:
        ids = [photo.id for photo in self.pages.known]
        shown = self.viewer.photo.get("id")
        if shown not in ids:
            return
        index = ids.index(shown) + by
        if index >= len(ids):
            # The next page is read, and its first photo opened.
            self._read_and_open(index)
        elif index >= 0:
            self.open_photo(ids[index])
            if index // self.pages.size != self.gallery.page:
                self.turn(index // self.pages.size)

    def _read_and_open(self, index: int) -> None:
        """Read the page of the photo at `index`, and open it."""

        def read(cancellation: Cancellation) -> None:
            self.turn(index // self.pages.size)
            cancellation.check()
            _, photos = self.pages.page(index // self.pages.size)
            known = self.pages.known
            if photos and index < len(known):
                self.open_photo(known[index].id)

        Job(read, "opening the next photo")

    def _choose(self, change: Any) -> None:
        chosen = [one for one in change["new"] if self.pages.find(one)]
        update(self.gallery, marked=chosen)
        ids = [photo.id for photo in self.pages.known]
        if chosen and (page := ids.index(chosen[0]) // self.pages.size) != self.gallery.page:
            self.turn(page)

    def _signer(self) -> Links:
        with self._lock:
            self._links = self._links or Links(self._workbench.stack)
            return self._links

    def _address(self, photo_id: str) -> str | None:
        photo = self.pages.find(photo_id)
        return self._signer().thumbnail(photo) if photo else None

    def _thumbnail(self, photo_id: str) -> bytes | None:
        photo = self.pages.find(photo_id)
        return self._workbench.photos.thumbnail(photo) if photo else None

    def _original(self, photo_id: str) -> str | None:
        photo = self.pages.find(photo_id)
        return self._signer().original(photo) if photo else None

    def _picture(self, photo_id: str) -> EncodedImage:
        photo = self.pages.find(photo_id)
        return self._made(photo_id, photo.version_id if photo else None)

    def _make_picture(self, photo_id: str, _version: str | None) -> EncodedImage:
        photo = self.pages.find(photo_id)
        if photo is None:
            raise ClientError("The photo is not shown any more.")
        if not photo.key:
            raise ClientError("The record does not say where the original is.")
        made = make_rendition(self._workbench.photos.original(photo))
        return EncodedImage(made.data, made.content_type)

    def _frame(self, photo: Photo) -> Frame:
        shown = photo_views.card(photo)
        line = shown.tags[0][0] if shown.tags else shown.note
        try:
            return Frame(self._thumbnail(photo.id) if shown.thumbnail else None, shown.name, line)
        except (AwsError, ClientError):
            return Frame(None, shown.name, line)
