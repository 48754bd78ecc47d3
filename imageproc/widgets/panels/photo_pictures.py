"""What a gallery's parts fetch of a photo when it is looked at: addresses, pictures, its run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from functools import lru_cache, partial

from imageproc import Photo, PhotoView, Workbench
from imageproc.client.photos.presigned import PresignedUrls
from imageproc.core.file_names import saved_name
from imageproc.errors import AwsError, ImageprocError, WorkbenchError
from imageproc.presentation.rendition import RENDITION_SIZE, WHOLE_SIZE, make_rendition
from imageproc.presentation.text import alike_text, in_words, printable
from imageproc.widgets.panels import photo_views
from imageproc.widgets.panels.contact_sheet import Frame
from imageproc.widgets.parts.downloads import Download
from imageproc.widgets.parts.photo_viewer import EncodedImage, SimilarPicture

_KEPT_IMAGES = 8
_SIMILAR = 12
"""Similar photos that are shown at most."""


class PhotoPictures:
    """Pictures of photos, by number in the gallery and by ID in the viewer."""

    def __init__(
        self, workbench: Workbench, at: Callable[[int], Photo | None], find: Callable[[str], Photo]
    ) -> None:
        """Fetch what is of photos that these find."""
        self._workbench, self._at, self._find = workbench, at, find
        self._urls: PresignedUrls | None = None
        self._encoded = lru_cache(_KEPT_IMAGES)(self._encode)
        self._whole = lru_cache(1)(partial(self._encode, box=WHOLE_SIZE))

    def forget(self) -> None:
        """Make pictures anew."""
        self._encoded.cache_clear()
        self._whole.cache_clear()

    def address(self, number: int) -> str | None:
        """Return a thumbnail's address, None if there is none."""
        photo = self._at(number)
        return self._signer().thumbnail(photo) if photo else None

    def thumbnail(self, number: int) -> bytes | None:
        """Return a thumbnail's bytes. Raises PhotoNotFoundError, AwsError."""
        photo = self._at(number)
        return self._workbench.photos.read_thumbnail(photo) if photo else None

    def original(self, photo_id: str) -> Download | None:
        """Return a photo's file to be saved, None if there is none. Raises PhotoNotFoundError, AwsError."""
        photo = self._find(photo_id)
        address = self._signer().original(photo)
        if address is None:
            return None
        return Download(saved_name(photo.name), address, self._workbench.photos.open(photo))

    def picture(self, photo_id: str) -> EncodedImage:
        """Return a photo as large as it is shown. Raises WorkbenchError, AwsError, ImageRejectedError."""
        return self._encoded(photo_id, self._find(photo_id).version_id)

    def whole(self, photo_id: str) -> EncodedImage:
        """Return a photo with all its pixels, or as large as can be sent. Raises as `picture` does."""
        return self._whole(photo_id, self._find(photo_id).version_id)

    def album(self, photo: Photo) -> str:
        """Return the name of a photo's album as it is known here, empty if it is not."""
        with contextlib.suppress(AwsError), self._workbench.catalog.unsynced():
            names = self._workbench.photos.where(id=[photo.id]).facets("album")
            return str(next(iter(names), None) or "")
        return ""

    def similar(self, photo_id: str, among: PhotoView) -> list[SimilarPicture]:
        """Return the photos of a view that look most like one of them.

        Raises InvalidArgumentError for one without a perceptual hash, AwsError.
        """
        found = among.similar_to(self._find(photo_id), _SIMILAR)
        with ThreadPoolExecutor(_SIMILAR) as pool:
            thumbnails = pool.map(lambda one: one.photo.thumbnail_if_any(), found)
            return [
                SimilarPicture(
                    one.photo.id,
                    printable(one.photo.name),
                    alike_text(one.similarity, one.distance),
                    data,
                )
                for one, data in zip(found, thumbnails, strict=True)
            ]

    def run(self, photo_id: str) -> str:
        """Return how a photo's execution stands, in words. Raises AwsError."""
        arn = self._find(photo_id).execution_arn
        if not arn:
            return "none is recorded"
        run = self._workbench.executions.get(arn)
        took = "" if run.seconds is None else f" in {run.seconds:.1f} s"
        started = f"{run.started.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        return f"{in_words(run.status)}{took}, started {started}"

    def frame(self, photo: Photo) -> Frame:
        """Return a photo for a contact sheet; without a picture if that cannot be had."""
        shown = photo_views.card(photo)
        line = shown.tags[0][0] if shown.tags else shown.note
        try:
            picture = self._workbench.photos.read_thumbnail(photo) if shown.thumbnail else None
        except ImageprocError:
            picture = None
        return Frame(picture, shown.name, line)

    def _signer(self) -> PresignedUrls:
        self._urls = self._urls or self._workbench.photos.urls()  # two threads may make one each
        return self._urls

    def _encode(
        self, photo_id: str, _version: str | None, box: tuple[int, int] = RENDITION_SIZE
    ) -> EncodedImage:
        photo = self._find(photo_id)
        if not photo.key:
            raise WorkbenchError("The record does not say where the original is.")
        made = make_rendition(self._workbench.photos.read(photo), box)
        return EncodedImage(made.data, made.content_type, made.reduced)
