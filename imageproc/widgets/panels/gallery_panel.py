"""The photos of an album: thumbnails on pages, one photo opened, and all of them on a map."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from imageproc import Album, Photo, Workbench
from imageproc.client.photos.presigned import PresignedUrls
from imageproc.errors import AwsError, WorkbenchError
from imageproc.presentation.markup import Markup, table
from imageproc.presentation.rendition import make_rendition
from imageproc.widgets.actor import Job
from imageproc.widgets.panels import photo_views
from imageproc.widgets.panels.contact_sheet import Frame, contact_sheet
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.panels.photo_pages import PhotoPages
from imageproc.widgets.parts.gallery import PAGE_SIZE, Gallery
from imageproc.widgets.parts.photo_map import PhotoMap
from imageproc.widgets.parts.photo_viewer import EncodedImage, PhotoViewer
from imageproc.widgets.updates import update

_KEPT_IMAGES = 8


class GalleryPanel(Panel):
    """An album's photos, or those given. Pages are read when they are opened."""

    def __init__(
        self, workbench: Workbench, album: Album | None = None, *, photos: Iterable[Photo] | None = None
    ) -> None:
        """Show an album, or these photos; with neither, nothing before `show`."""
        self._workbench = workbench
        self._urls: PresignedUrls | None = None
        self._page = self._wanted = 0
        self._encoded = lru_cache(_KEPT_IMAGES)(self._encode)
        self.album = album
        self.gallery = Gallery(
            address=self._address, thumbnail=self._thumbnail, on_page=self.turn, on_open=self.open_photo
        )
        self.map = PhotoMap()
        self.map.observe(lambda change: self._choose(change["new"]), "chosen")
        self.viewer = PhotoViewer(picture=self._picture, original=self._original, on_step=self._step)
        super().__init__(self.gallery, self.map, self.viewer)
        given = None if photos is None else list(photos)
        self.pages = PhotoPages(self._source(album) if given is None else lambda: given, PAGE_SIZE)
        if given:
            self.pages.load(len(given))  # all of them, so that they are counted
        if album or given is not None:
            self.turn(0)

    def show(self, album: Album) -> Job[None]:
        """Show the first page of another album."""
        self.album = album
        self.pages = PhotoPages(self._source(album), PAGE_SIZE)
        self.viewer.show(None)
        return self.turn(0)

    def refresh(self) -> Job[None]:
        """Read the open page again, and all before it."""
        self._encoded.cache_clear()
        self.pages = self.pages.afresh()
        return self.turn(self._page)

    def add(self, photo: Photo) -> None:
        """Show a photo of this album that has just changed: first if it is new, else in its place."""
        self.start(lambda _: self._add(photo), "", after=True)

    def turn(self, page: int) -> Job[None]:
        """Open a page, counted from 0, or the last one. While one is being read, the last request counts."""
        pages, self._wanted = self.pages, page
        return self.start(
            lambda _: self._open_page(pages, self._wanted), "Reading photos", after=True, key=pages
        )

    def open_photo(self, photo_id: str) -> None:
        """Open a photo on a page that has been read."""
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
            "names": [photo.name for photo in known],
            "located": len(self.map.markers),
        }

    def static(self) -> list[Any]:
        """Return a contact sheet of the open page, the map and a table. Reads the thumbnails."""
        photos = self.pages.page(self._page)
        if not photos:
            return [Markup("<p>{}</p>").format(self.gallery.empty)]
        with ThreadPoolExecutor(8) as pool:
            frames = list(pool.map(self._frame, photos))
        sheet = {"image/jpeg": base64.b64encode(contact_sheet(frames)).decode()}
        return [sheet, self.map.static(), table(["Photo", "Status", "Tags"], photo_views.summary(photos))]

    def _source(self, album: Album | None) -> Callable[[], Iterable[Photo]]:
        return lambda: self._workbench.photos.in_album(album, page_size=PAGE_SIZE + 1) if album else ()

    def _open_page(self, pages: PhotoPages, wanted: int) -> None:
        if pages is not self.pages:
            return  # another album was opened
        update(self.gallery, loading=True)
        try:
            self._show_page(pages, pages.load(wanted))
        finally:
            update(self.gallery, loading=False)
        self.say("")

    def _add(self, photo: Photo) -> None:
        if self.album is None or photo.album_id == self.album.id:
            self.pages.add(photo)
            self._show_page(self.pages, self._page)

    def _show_page(self, pages: PhotoPages, page: int) -> None:
        self._page, known = page, pages.known
        self.gallery.show(
            map(photo_views.card, pages.page(page)),
            page=page,
            first=page * pages.size,
            total=len(known) if pages.complete else -1,
            more=pages.follows(page),
        )
        markers = [found for found in map(photo_views.marker, known) if found]
        so_far = "" if pages.complete else " read so far"
        self.map.show(markers, f"{len(markers)} of {len(known)} photos{so_far} have a position.")

    def _step(self, by: int) -> None:
        """Open the photo before or after the one that is open, on another page if need be."""
        ids = [photo.id for photo in self.pages.known]
        shown = self.viewer.photo.get("id")
        index = ids.index(shown) + by if shown in ids else -1
        if 0 <= index < len(ids):
            self.open_photo(ids[index])
            self._turn_to(index)
        elif index > 0:
            pages = self.pages
            self.start(lambda _: self._open_unread(pages, index), "Reading photos", after=True)

    def _open_unread(self, pages: PhotoPages, index: int) -> None:
        self._open_page(pages, index // pages.size)
        known = pages.known
        if pages is self.pages and index < len(known):
            self.open_photo(known[index].id)

    def _choose(self, photo_ids: list[str]) -> None:
        """Mark photos that were chosen on the map, and turn to the first one's page."""
        ids = [photo.id for photo in self.pages.known]
        chosen = [one for one in photo_ids if one in ids]
        update(self.gallery, marked=chosen)
        if chosen:
            self._turn_to(ids.index(chosen[0]))

    def _turn_to(self, index: int) -> None:
        if index // self.pages.size != self._page:
            self.turn(index // self.pages.size)

    def _signer(self) -> PresignedUrls:
        self._urls = self._urls or self._workbench.photos.urls()  # two threads may make one each
        return self._urls

    def _address(self, photo_id: str) -> str | None:
        photo = self.pages.find(photo_id)
        return self._signer().thumbnail(photo) if photo else None

    def _thumbnail(self, photo_id: str) -> bytes | None:
        photo = self.pages.find(photo_id)
        return self._workbench.photos.read_thumbnail(photo) if photo else None

    def _original(self, photo_id: str) -> str | None:
        photo = self.pages.find(photo_id)
        return self._signer().original(photo) if photo else None

    def _picture(self, photo_id: str) -> EncodedImage:
        photo = self.pages.find(photo_id)
        return self._encoded(photo_id, photo.version_id if photo else None)

    def _encode(self, photo_id: str, _version: str | None) -> EncodedImage:
        photo = self.pages.find(photo_id)
        if photo is None:
            raise WorkbenchError("The photo is no longer shown.")
        if not photo.key:
            raise WorkbenchError("The record does not say where the original is.")
        made = make_rendition(self._workbench.photos.read(photo))
        return EncodedImage(made.data, made.content_type)

    def _frame(self, photo: Photo) -> Frame:
        shown = photo_views.card(photo)
        line = shown.tags[0][0] if shown.tags else shown.note
        try:
            return Frame(self._thumbnail(photo.id) if shown.thumbnail else None, shown.name, line)
        except (AwsError, WorkbenchError):
            return Frame(None, shown.name, line)
