"""Uploads: files dropped on the page, or given by path. Callbacks hear of each photo that arrives."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from imageproc import (
    Album,
    Cancellation,
    RefusedFile,
    Uploaded,
    UploadFailed,
    UploadPaused,
    UploadProgress,
    UploadResumed,
    Workbench,
)
from imageproc.client.albums import AlbumLike
from imageproc.client.photos.moves import moved_away
from imageproc.client.uploads.browser import BrowserUploads, PresignedPost
from imageproc.client.uploads.files import Paths, given_paths
from imageproc.client.uploads.outage import TIMEOUT_S, is_outage
from imageproc.core.formats import SIGNATURES, sniff
from imageproc.core.limits import MAX_BYTES
from imageproc.core.record import without_digest
from imageproc.errors import AlbumNotFoundError, AwsError, ImageprocError, ImageRejectedError, UploadError
from imageproc.widgets.actor import Job
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.parts.drop_zone import DroppedFile, DropZone, UploadForm, UploadResult, UploadState
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

_NO_ALBUM = "Choose an album first."

_LOOKED_UP_S = 5.0
"""Seconds for which an album is taken to be there."""

_PUBLISH_S = 0.25
"""Seconds between two lists of files that are sent to pages."""


class UploadPanel(Panel):
    """A drop zone whose files become photos of an album; `album` may be set later or changed.

    Stand-alone: `UploadPanel(workbench, workbench.albums.get_or_create("Cats"))`.
    """

    def __init__(
        self,
        workbench: Workbench,
        album: AlbumLike | None = None,
        *,
        make_album: Callable[[], Album] | None = None,
        anywhere: bool = False,
        allow_duplicates: bool = False,
    ) -> None:
        """Upload with this workbench. AWS is not called before the first file, but for an album's name.

        `make_album`, called from any thread, returns where files go that are dropped while there is no album.
        With `anywhere` they may be dropped on the whole web app. With `allow_duplicates`, a check box that
        is checked, files are sent whose content the album has under another name, too.
        """
        self._workbench = workbench
        self._callbacks: list[Callable[[Uploaded], None]] = []
        self._begin_listeners: list[Callable[[Album], object]] = []
        self._sent: dict[str, Uploaded] = {}
        self._batch = 0
        self._handler = AlbumUploadHandler(
            workbench,
            self._arrived,
            make_album,
            allow_duplicates=lambda: self.zone.allow_duplicates,
            begun=self._begun,
        )
        self.zone = DropZone(
            self._handler,
            signatures={type_: start.hex() for type_, start in SIGNATURES.items()},
            max_bytes=MAX_BYTES,
            anywhere=anywhere,
            allow_duplicates=allow_duplicates,
            outage_timeout_s=TIMEOUT_S,
        )
        super().__init__(self.zone)
        self.zone.observe(lambda _: self._snapshot.touch(), "listed")
        self.zone.on_msg(self._hear)
        self.album = None if album is None else workbench.albums.get(album)

    @property
    def album(self) -> Album | None:
        """Where files go; None: nowhere yet. An upload that has begun keeps its album."""
        return self._handler.album

    @album.setter
    def album(self, album: Album | None) -> None:
        self._handler.album = album
        limit = f"JPEG and PNG, up to {MAX_BYTES / 1e6:.0f} MB each"
        elsewhere = f"Into a new album: {limit}" if self._handler.make_album else _NO_ALBUM
        hint = f"Into the album {album.name} of {album.user}: {limit}" if album else elsewhere
        update(self.zone, enabled=bool(album or self._handler.make_album), hint=hint)

    @property
    def uploaded(self) -> list[Uploaded]:
        """The photos that arrived or had been uploaded before, in the order in which they were found."""
        return [self._sent[row.id] for row in self.zone.rows.all() if row.id in self._sent]

    def on_uploaded(self, callback: Callable[[Uploaded], None]) -> None:
        """Call `callback`, from any thread, for each photo that arrives or had been uploaded before."""
        self._callbacks.append(callback)

    def on_begun(self, listener: Callable[[Album], object]) -> None:
        """Call `listener`, from any thread, with its album for each file that a browser begins to upload."""
        self._begin_listeners.append(listener)

    def sends_to(self, album: Album) -> bool:
        """Whether a browser is uploading files to this album."""
        return self._handler.sends_to(album)

    def upload_paths(self, paths: Paths, *, again: bool = False, check: bool = True) -> Job[list[Uploaded]]:
        """Upload files and folders of this machine in the background; the job's result is what arrived.

        With `check=False` files that are not photos are uploaded, too, and the pipeline rejects them.

        Raises UploadError without an album, RuntimeError while an upload runs.
        """
        album = self.album
        if album is None:
            raise UploadError(_NO_ALBUM, "Set `album`.")
        chosen, duplicates = given_paths(paths), self.zone.allow_duplicates
        return self.start(
            partial(self._upload, chosen, album, again=again, check=check, allow_duplicates=duplicates),
            f"Uploading to {album.name}",
        )

    def _upload(
        self, paths: list[Path], album: Album, cancellation: Cancellation, **options: bool
    ) -> list[Uploaded]:
        self._batch += 1
        shown = _KernelRows(self.zone, f"kernel-{self._batch}", album.name)
        sent: list[Uploaded] = []
        events = self._workbench.uploads.upload(
            paths, album, outage_timeout_s=TIMEOUT_S, cancellation=cancellation, **options
        )
        try:
            for event in events:
                if isinstance(event, UploadPaused):
                    self.say(f"Waiting: {event.cause}", Tone.WARNING)
                    continue
                if isinstance(event, UploadResumed):
                    self.say("AWS answers again: the upload goes on.", Tone.INFO)
                    continue
                file_id = shown.take(event)
                if isinstance(event, Uploaded):
                    sent.append(event)
                    self._arrived(file_id, event)
        finally:
            shown.close()
        self.say(shown.summary(album.name), shown.tone)
        return sent

    def _hear(self, _: object, content: object, __: object) -> None:
        """Say no longer how uploads before went when a browser tells of files, if only of refused ones."""
        if isinstance(content, dict) and content.get("type") == "batch" and not self.busy:
            self.say("")

    def _begun(self, album: Album) -> None:
        for listener in self._begin_listeners:
            listener(album)

    def _arrived(self, file_id: str, sent: Uploaded) -> None:
        """Call the callbacks. One that fails is reported, and the others are called."""
        self._sent[file_id] = sent
        for callback in list(self._callbacks):
            try:
                callback(sent)
            except Exception as error:  # noqa: BLE001 - the callback's; the upload succeeded
                self.say(f"{sent.file.path.name} is uploaded, but then: {error!r}", Tone.WARNING)


class AlbumUploadHandler:
    """Presigns the drop zone's files for `album`, to which files go that are offered from now on."""

    def __init__(
        self,
        workbench: Workbench,
        arrived: Callable[[str, Uploaded], None],
        make_album: Callable[[], Album] | None = None,
        *,
        allow_duplicates: Callable[[], bool] = lambda: False,
        begun: Callable[[Album], object] = lambda _: None,
    ) -> None:
        """Call `arrived` for each photo that arrives, with the file's ID in the drop zone.

        `make_album` returns where files go while there is no album, and `allow_duplicates` whether files are
        taken whose content the album has under another name. `begun` is called with the album for each file
        that may be sent.
        """
        self.album: Album | None = None
        self.make_album = make_album
        self._arrived = arrived
        self._photos = workbench.photos
        self._allow_duplicates, self._begun = allow_duplicates, begun
        self._uploads = lru_cache(4)(workbench.uploads.from_browser)
        self._under_way: dict[str, tuple[Album, BrowserUploads, PresignedPost]] = {}
        self._albums, self._looked_at = workbench.albums, dict[str, float]()
        self._drops: dict[str, Album] = {}
        self._choosing = Lock()

    def presign(self, file: DroppedFile) -> UploadForm | UploadResult:
        """Return the form for a file. Raises UploadError without an album, StackMissingError, AwsError."""
        try:
            album = self._album_of(file)
            uploads = self._uploads(album, allow_duplicates=self._allow_duplicates())
        except ImageRejectedError as error:
            return UploadResult(UploadState.REJECTED, str(error))
        except AwsError as error:
            if not is_outage(error):
                raise
            return UploadResult(UploadState.FAILED, str(error), outage=True)
        found = uploads.presigned_post(file.name, file.size, file.content_type, file.digest, file.head)
        if not isinstance(found, PresignedPost):
            return self._result(file.id, found, album, self._moved(found, album))
        self._under_way[file.id] = album, uploads, found
        self._begun(album)
        return UploadForm(found.url, found.fields, found.expires - time.time(), album.name)

    def confirm(self, file_id: str) -> UploadResult:
        """Return whether the bucket has the file."""
        album, uploads, post = self._under_way[file_id]
        return self._ended(file_id, uploads.finished(post), album)

    def upload(self, file_id: str, body: BinaryIO) -> UploadResult:
        """Upload what came through the kernel."""
        album, uploads, post = self._under_way[file_id]
        return self._ended(file_id, uploads.send_bytes(post, body), album)

    def discard(self, file_id: str) -> None:
        """Forget a file that was presigned."""
        self._under_way.pop(file_id, None)

    def sends_to(self, album: Album) -> bool:
        """Whether files are on their way to this album."""
        return any(into.id == album.id for into, _, _ in list(self._under_way.values()))

    def _album_of(self, file: DroppedFile) -> Album:
        """Return where a file goes: with what was dropped with it, although another album is open by now.

        Raises UploadError without an album, AlbumNotFoundError for one that was deleted, ImageRejectedError
        for what no album is made for.
        """
        with self._choosing:
            album = self._drops.get(file.drop, self.album)
            if album is None:
                if self.make_album is None:
                    raise UploadError(_NO_ALBUM)
                sniff(file.head)
                album = self.make_album()
            self._look_at(album)
            if file.drop:
                self._drops[file.drop] = album
            return album

    def _look_at(self, album: Album) -> None:
        """Raise AlbumNotFoundError if an album is gone, which is looked up now and then."""
        if time.monotonic() - self._looked_at.get(album.id, -_LOOKED_UP_S) < _LOOKED_UP_S:
            return
        try:
            self._albums.current(album)
        except AlbumNotFoundError as error:
            self._drops = {drop: one for drop, one in self._drops.items() if one.id != album.id}
            raise AlbumNotFoundError(error.cause, "Open another album, and upload it again.") from error
        self._looked_at[album.id] = time.monotonic()

    def _ended(
        self, file_id: str, found: Uploaded | RefusedFile | UploadFailed, album: Album
    ) -> UploadResult:
        result = self._result(file_id, found, album)
        self._under_way.pop(file_id, None)  # from now on it is followed
        return result

    def _moved(self, found: Uploaded | RefusedFile | UploadFailed, album: Album) -> str:
        """Return where a photo is that was uploaded before and moved since; empty if it was not."""
        moved: dict[str, str] = {}
        if isinstance(found, Uploaded) and found.already_there:
            with contextlib.suppress(ImageprocError):  # the photo is there all the same
                moved = moved_away(self._photos, album, [found.photo_id])
        return "".join(f"It was moved to {name} since." for name in moved.values())

    def _result(
        self, file_id: str, found: Uploaded | RefusedFile | UploadFailed, album: Album, where: str = ""
    ) -> UploadResult:
        if isinstance(found, Uploaded):
            self._arrived(file_id, found)
            return UploadResult(_sent_state(found), where or _there_as(found), album=album.name)
        rejected = isinstance(found, RefusedFile)
        state = UploadState.REJECTED if rejected else UploadState.FAILED
        outage = isinstance(found, UploadFailed) and found.outage
        return UploadResult(state, found.cause, outage, album.name)


def _sent_state(sent: Uploaded) -> UploadState:
    return UploadState.DUPLICATE if sent.already_there else UploadState.SENT


def _there_as(sent: Uploaded) -> str:
    """Return under which name the album has the same content, in words."""
    return f"the album has it as {without_digest(sent.there_as.rpartition('/')[2])}" if sent.there_as else ""


class _KernelRows:
    """The drop zone's rows for the files that the kernel sends."""

    def __init__(self, zone: DropZone, prefix: str, album: str) -> None:
        self._zone, self._prefix, self._album = zone, prefix, album
        self._ids: dict[str, str] = {}
        self._bytes: dict[str, int] = {}
        self._published = 0.0
        self._problems = {UploadState.REJECTED: 0, UploadState.FAILED: 0}

    def take(self, event: UploadProgress | Uploaded | UploadFailed | RefusedFile) -> str:
        """Show an event, and return the ID of its file's row."""
        if isinstance(event, RefusedFile):
            file_id = self._id_of(str(event.path), event.path.name, 0)
            self._end(file_id, UploadState.REJECTED, event.cause)
            return file_id
        file = event.file
        file_id = self._id_of(file.photo_id, file.path.name, file.size)
        if isinstance(event, UploadProgress):
            self._bytes[file_id] = self._bytes.get(file_id, 0) + event.sent
            self._zone.rows.change(file_id, UploadState.SENDING, sent=min(file.size, self._bytes[file_id]))
            self._publish()
        elif isinstance(event, Uploaded):
            self._end(file_id, _sent_state(event), _there_as(event))
        else:
            self._end(file_id, UploadState.FAILED, event.cause)
        return file_id

    def close(self) -> None:
        """Show the files that were not sent as cancelled."""
        for row in self._zone.rows.all():
            if row.id in self._ids.values() and not row.state.ended:
                self._zone.rows.change(row.id, UploadState.CANCELLED)
        self._zone.publish()

    def summary(self, album: str) -> str:
        """Return how it went, without numbers: the list counts these files together with the browser's."""
        if not self._ids:
            return "There were no files to upload."
        if self._problems[UploadState.REJECTED] or self._problems[UploadState.FAILED]:
            return f"Not all files are in {album}: the list says why."
        return f"Everything is in {album}."

    @property
    def tone(self) -> Tone:
        """The tone of the summary."""
        if self._problems[UploadState.FAILED]:
            return Tone.ERROR
        return Tone.WARNING if self._problems[UploadState.REJECTED] else Tone.SUCCESS

    def _id_of(self, key: str, name: str, size: int) -> str:
        if key not in self._ids:
            self._ids[key] = f"{self._prefix}-{len(self._ids)}"
            self._zone.rows.add(self._ids[key], name, size)
            self._zone.rows.change(self._ids[key], UploadState.WAITING, album=self._album)
        return self._ids[key]

    def _end(self, file_id: str, state: UploadState, text: str = "") -> None:
        self._zone.rows.change(file_id, state, text)
        self._problems[state] = self._problems.get(state, 0) + 1
        self._publish()

    def _publish(self) -> None:
        """Publish now and then: a batch has tens of thousands of events."""
        if time.monotonic() - self._published > _PUBLISH_S:
            self._published = time.monotonic()
            self._zone.publish()
