"""Uploads: files and folders are checked, then sent to S3, many at once, from here or from a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from imageproc.client.albums import Album, AlbumLike, Albums
from imageproc.client.cancellation import Cancellation
from imageproc.client.looped import looped
from imageproc.client.resource import StackResource
from imageproc.client.stack import Stack
from imageproc.client.uploads.browser import BrowserUploads
from imageproc.client.uploads.events import PreparedFile, RefusedFile, UploadEvent
from imageproc.client.uploads.files import Paths, prepare
from imageproc.client.uploads.sender import Sender, object_metadata


class Uploads(StackResource):
    """Uploads into a stack's bucket."""

    def __init__(self, stack: Stack, albums: Albums) -> None:
        """Upload to this stack."""
        super().__init__(stack)
        self._albums = albums

    @looped
    def prepare(
        self,
        paths: Paths,
        album: AlbumLike | Callable[[], Album],
        *,
        check: bool = True,
        cancellation: Cancellation | None = None,
    ) -> Iterator[PreparedFile | RefusedFile]:
        """Look at files and folders before they are sent, and yield each file.

        `album` may be a function that returns it, which is called for the first file that can be sent.
        With `check=False` files that are not photos are sent, too, and the pipeline rejects them. Raises
        UploadError if there is nothing at a path, or no file at all; Cancelled, and as `Albums.get` does.
        """
        into = self._later(album)
        return prepare(paths, lambda: into().id, check=check, cancellation=cancellation)

    @looped
    def send(
        self,
        files: Iterable[PreparedFile],
        album: AlbumLike,
        *,
        again: bool = False,
        allow_duplicates: bool = False,
        outage_timeout_s: float = 0,
        cancellation: Cancellation | None = None,
    ) -> Iterator[UploadEvent]:
        """Send prepared files into the album, several at once, and yield what happens as it happens.

        Every file ends with exactly one Uploaded or UploadFailed. A file that is in the album already is not
        sent, unless `again`; nor is one whose content is there under another name, unless that or
        `allow_duplicates`. A failure does not stop the others. While AWS does not answer, or the credentials
        have expired, all wait at most `outage_timeout_s` seconds, and go on by themselves: UploadPaused and
        UploadResumed tell of it. Closing the iterator, or `cancellation`, stops what has not begun and breaks
        off what has, within a second: a call that AWS does not answer is left to itself. Once cancelled, or
        interrupted, it first tells of what has arrived by then. Raises Cancelled, and AwsError if the bucket
        cannot be asked for what it has.
        """
        return self._sender(album).send(
            files,
            again=again,
            allow_duplicates=allow_duplicates,
            outage_timeout_s=outage_timeout_s,
            cancellation=cancellation,
        )

    @looped
    def upload(
        self,
        paths: Paths,
        album: AlbumLike | Callable[[], Album],
        *,
        again: bool = False,
        allow_duplicates: bool = False,
        check: bool = True,
        outage_timeout_s: float = 0,
        cancellation: Cancellation | None = None,
    ) -> Iterator[UploadEvent | RefusedFile]:
        """Prepare files and folders, send them into an album, and yield what happens as it happens.

        Every file ends with one RefusedFile, Uploaded or UploadFailed. `album` is as for `prepare`. Raises as
        `prepare` and `send` do.
        """
        into = self._later(album)
        ready: list[PreparedFile] = []
        for found in self.prepare(paths, into, check=check, cancellation=cancellation):
            if isinstance(found, RefusedFile):
                yield found
            else:
                ready.append(found)
        if ready:
            yield from self.send(
                ready,
                into(),
                again=again,
                allow_duplicates=allow_duplicates,
                outage_timeout_s=outage_timeout_s,
                cancellation=cancellation,
            )

    def from_browser(self, album: AlbumLike, *, allow_duplicates: bool = False) -> BrowserUploads:
        """Return what lets a browser upload files into the album. Raises UploadError, AwsError.

        What the album has under another name is not sent, unless `allow_duplicates`.
        """
        into = self._albums.get(album)
        return BrowserUploads(self._sender(into), into, allow_duplicates=allow_duplicates)

    def _later(self, album: AlbumLike | Callable[[], Album]) -> Callable[[], Album]:
        """Return what returns the album, always the same one. One that has to exist is looked for now."""
        if callable(album):
            return cache(album)
        found = self._albums.get(album)
        return lambda: found

    def _sender(self, album: AlbumLike) -> Sender:
        into = self._albums.get(album)
        return Sender(self._stack, object_metadata(into.user, into.id), into.id)
