"""The photos of a stack: read, found, followed, processed again, downloaded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Never

from imageproc.aws.record_store import RecordStore
from imageproc.catalog.answers import close_names
from imageproc.catalog.rows import Row, to_record
from imageproc.client.albums import Album, AlbumLike, Albums
from imageproc.client.catalogs import StackCatalog
from imageproc.client.executions import Executions
from imageproc.client.looped import looped
from imageproc.client.photos.downloads import Downloaded, NotDownloaded, download
from imageproc.client.photos.duplicates import SimilarPhoto
from imageproc.client.photos.exports import File, Given, Written, write_contact_sheet, write_zip
from imageproc.client.photos.failures import FAILED_STATUSES, Failures, failures_of, grouped, retriable
from imageproc.client.photos.followed import FollowedPhotos
from imageproc.client.photos.following import Follower, ignore
from imageproc.client.photos.labelling import Labelling
from imageproc.client.photos.links import Link, make_link
from imageproc.client.photos.moves import Copied, Copies, Moved, NotCopied, NotMoved, move_all
from imageproc.client.photos.of_views import OfViews
from imageproc.client.photos.photo import Photo, PhotoLike, id_of, several
from imageproc.client.photos.processing import NotRestarted, Processing, Restarted, require_embeddings
from imageproc.client.photos.view import PhotoView
from imageproc.client.stack import Stack
from imageproc.client.uploads.events import ObjectVersion, Uploaded
from imageproc.core.close_names import did_you_mean
from imageproc.core.parts import parse_parts
from imageproc.errors import PhotoNotFoundError, RetryError


class Photos(Labelling, OfViews):
    """The photos of a stack."""

    def __init__(self, stack: Stack, albums: Albums, executions: Executions, catalog: StackCatalog) -> None:
        """Read the photos of this stack."""
        super().__init__(stack)
        self._albums, self._executions = albums, executions
        self.catalog = catalog
        """What views ask."""

    def where(self, *unnamed: Never, **conditions: Any) -> PhotoView:
        """Return a view of the photos that meet all of these conditions; without any, of all photos.

        Several values are alternatives, and `(from, to)` are limits that belong to the range, None for no
        limit.

        - `tag`: a label or a parent of one, and `min_confidence` in percent;
        - `camera`, `lens`, `make`, `model`, `software`, `artist`, `description`, `name`: text with `*` and
          `?`, upper and lower case alike; `camera` and `lens` are make and model;
        - `taken`: 2014, '2014-05', '2014-05..2014-09', a date, a datetime, or (from, to), by the clock where
          it was taken; `uploaded`: the same in UTC;
        - `near`: (latitude, longitude, '50 km'); `within`: (south, west, north, east) in degrees, also across
          180°; `has_place`, `has_date`: True or False;
        - `album`: an Album, its ID or its name; `user`; `id`; `status`; `format`; `missing`: a part; `error`:
          an error's name with `*` and `?`;
        - `text`: words that are all in name, camera or lens, or begin a word of another text, tags, or album;
        - `megapixels`, `width`, `height`, `file_size`, `orientation`, `exposure_time`, `f_number`,
          `sensitivity`, `focal_length`, `focal_length_in_35mm`, `altitude`: a number or (from, to).

        A photo that lacks what is asked for does not meet the condition. Raises QueryError for an unknown
        condition, with the nearest names, InvalidArgumentError for a wrong value, and as `Albums.get` does.
        """
        return PhotoView(self).where(*unnamed, **conditions)

    def search(self, text: str) -> PhotoView:
        """Return a view of the photos that a line of text asks for, `dog taken:2014 -has:place`, say.

        See `imageproc.client.photos.search`. Raises QueryError for what cannot be read, and as `where` does.
        """
        return PhotoView(self).search(text)

    def similar_to(self, what: Path | PhotoLike, n: int = 12, *, by: str | None = None) -> list[SimilarPhoto]:
        """Return the photos that are most like a photo or a file; see `PhotoView.similar_to`."""
        return self.where().similar_to(what, n, by=by)

    def __len__(self) -> int:
        """Return how many there are, by the catalog."""
        return len(self.where())

    def __iter__(self) -> Iterator[Photo]:
        """Yield all photos, the newest upload first, from the catalog: see `PhotoView`."""
        return iter(self.where())

    def scan(self) -> Iterator[Photo]:
        """Yield all photos as the table has them, in no fixed order: reads the whole table."""
        return self._records.scan()

    def album(self, album: AlbumLike, user: str | None = None) -> Album:
        """Return an album. Raises as `Albums.get` does."""
        return self._albums.get(album, user)

    def of_row(self, row: Row, hidden: frozenset[str] = frozenset()) -> Photo:
        """Return the photo that the catalog has a row of, without these labels."""
        return to_record(row, self.catalog.origin, Photo, _photos=self, _hidden=hidden)

    def get(self, photo: PhotoLike) -> Photo:
        """Return a photo as it is now, by itself or its whole ID.

        Raises PhotoNotFoundError, InvalidArgumentError, AwsError.
        """
        photo_id = id_of(photo)
        found = self._records.get(photo_id)
        if found is None:
            by_name = "" if "/" in photo_id else f"photos.find({photo_id!r}) finds one by its file's name."
            raise PhotoNotFoundError(f"There is no photo {photo_id!r}.", by_name)
        return found

    def find(self, photo: PhotoLike) -> Photo:
        """Return the photo with this ID, or the only one whose file has this name.

        A Photo is returned as it is. Raises PhotoNotFoundError, also if there are several;
        InvalidArgumentError, AwsError.
        """
        if isinstance(photo, Photo):
            return photo
        text = id_of(photo)
        known = self._records.get(text)
        found = [known] if known else self._called(text)
        if len(found) > 1:
            several = ", ".join(sorted(one.id for one in found)[:5]) + (" …" if len(found) > 5 else ".")
            raise PhotoNotFoundError(
                f"{len(found)} photos are called {text!r}: {several}", "Give the ID of one."
            )
        if not found:
            near = self.catalog.ask(close_names, text.rpartition("/")[2])
            raise PhotoNotFoundError(f"There is no photo {text!r}.", did_you_mean(near) if near else "")
        return found[0]

    @looped
    def many(self, photos: Iterable[PhotoLike]) -> Iterator[Photo]:
        """Yield those of these photos, by their whole IDs, that have a record; in no fixed order."""
        return self._records.get_many(map(id_of, photos))

    @looped
    def in_album(
        self, album: AlbumLike, user: str | None = None, *, page_size: int | None = None
    ) -> Iterator[Photo]:
        """Yield the photos of an album, the newest upload first, `page_size` for each request at most.

        Raises as `Albums.get` does.
        """
        found = self._albums.get(album, user)
        every = self._records.in_album(found.id, page_size)
        return (replace(one, _hidden=found.hidden_labels) for one in every)

    @looped
    def follow(
        self,
        photos: Iterable[PhotoLike | Uploaded] | PhotoLike | Uploaded,
        *,
        timeout_s: float | None = None,
        interval_s: float = 0.5,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        notify: Callable[[str], object] = ignore,
    ) -> Iterator[Photo]:
        """Yield each photo, or the only one, whenever its status has changed, until all are finished.

        Of an upload, a record that is still about an earlier one does not count. A photo whose execution
        ended without finishing the record comes as FAILED, with the reason. `notify` is told once if nothing
        seems to begin with some of them. Raises FollowTimeoutError if some are not finished in time (two
        minutes and ten seconds for each, unless `timeout_s` says another); they continue nevertheless. A
        photo is given by its whole ID, which need not have a record yet, or a name that only one photo has.
        """
        versions: dict[str, ObjectVersion | None] = {}
        for one in [photos] if isinstance(photos, str | Photo | Uploaded) else photos:
            if isinstance(one, Uploaded):
                versions[one.photo_id] = one.version
            else:
                versions[self._id_of_name(id_of(one))] = None
        found = self._follower.follow(
            versions, timeout_s=timeout_s, interval_s=interval_s, sleep=sleep, clock=clock, notify=notify
        )
        return map(self._noticed, found)

    def followed(self, clock: Callable[[], float] = time.monotonic) -> FollowedPhotos:
        """Return a list of photos to be followed by polling, for a user interface."""
        return FollowedPhotos(self._follower, self._executions, clock)

    def retry(self, photo: PhotoLike, only: Iterable[str] = ()) -> Restarted:
        """Process a photo again: only what is missing (of `only`, if given), or all of it if it failed.

        `only` names parts (`Part`). Raises RetryError if there is nothing to do or another try cannot help,
        InvalidArgumentError for anything but a part.
        """
        # A photo that was read before may be complete by now.
        now = self.get(photo) if isinstance(photo, Photo) else self.find(photo)
        return self._processing.retry(now, only)

    def reprocess(self, photo: PhotoLike, only: Iterable[str] = ()) -> Restarted:
        """Process a photo again, whatever its status: all of it, or only these parts.

        A photo that was never processed to its end is processed whole. Raises RetryError if it is being
        processed, InvalidArgumentError for anything but a part.
        """
        require_embeddings(self._stack, only)
        return self._processing.reprocess(self.find(photo), only)

    @looped
    def retry_each(
        self, photos: Iterable[PhotoLike], only: Iterable[str] = ()
    ) -> Iterator[Restarted | NotRestarted]:
        """Retry these photos; one that cannot be started does not stop the others."""
        return self._each(photos, lambda photo: self.retry(photo, only))

    @looped
    def reprocess_each(
        self, photos: Iterable[PhotoLike], only: Iterable[str] = ()
    ) -> Iterator[Restarted | NotRestarted]:
        """Reprocess these photos; one that cannot be started does not stop the others."""
        require_embeddings(self._stack, only)
        return self._each(photos, lambda photo: self._processing.reprocess(self.find(photo), only))

    @looped
    def reprocess_missing(self, only: Iterable[str] = ()) -> Iterator[Restarted | NotRestarted]:
        """Make what photos lack of these parts, or of all: by their records, thumbnails also by the bucket.

        A photo that was rejected is left alone, as is one that is being processed. Parts that no other try
        can make do not count.
        """
        return self._processing.reprocess_missing(only)

    @looped
    def reconcile(self) -> Iterator[Restarted | NotRestarted]:
        """Start every photo in the bucket that has no finished record and that nothing is processing.

        Such photos are left behind when events or executions are lost. What is under way is left alone,
        and a second call starts nothing twice. A photo that cannot be started does not stop the others.
        """
        return self._processing.reconcile()

    def restore(self, key: str) -> Restarted | str:
        """Start one original, by its key, as `reconcile` would; if nothing is to be done, return why.

        Raises AwsError, RetryError.
        """
        return self._processing.restore(key)

    def retriable(
        self, only: Iterable[str] = (), step: str | None = None, *, among: PhotoView | None = None
    ) -> list[Photo]:
        """Return the photos that a retry may help; with `only`, those that lack one of these parts.

        Rejected files are not among them, nor photos that lack only what no other try can make: labels of
        what Rekognition refuses, or a thumbnail of what cannot be decoded.

        With `step`, only those that failed in this step of the state machine; with `among`, only those that
        are in this view.
        """
        view = self.where() if among is None else among
        return retriable(view.where(status=FAILED_STATUSES), parse_parts(only), step)

    def failures(self, photos: Iterable[Photo] | None = None) -> Failures:
        """Return what failed or is missing, in which step, why and how often: of all photos, or of these."""
        return grouped(failures_of(self.where(status=FAILED_STATUSES) if photos is None else photos))

    @looped
    def download(
        self,
        photos: Iterable[PhotoLike],
        folder: Path | str,
        *,
        thumbnails: bool = False,
        keep_location: bool = False,
    ) -> Iterator[Downloaded | NotDownloaded]:
        """Write photos, or their thumbnails, into a folder, and yield each when it is there.

        The folder is created if need be. Files have the photos' names, with a digest where another file there
        has it; one of an earlier download is replaced, as a whole or not at all. Originals lose what may tell
        where they were taken, and keep their picture bit by bit; with `keep_location` they are the files that
        were uploaded. Thumbnails never have metadata. Raises DownloadError if the folder cannot be written.
        """
        read = self.read_thumbnail if thumbnails else self.read
        strip = not (thumbnails or keep_location)
        return download(map(self.find, several(photos)), read, folder, strip_location=strip)

    def write_zip(
        self,
        photos: Iterable[PhotoLike],
        file: File,
        *,
        thumbnails: bool = False,
        keep_location: bool = False,
        notify: Callable[[str], object] = ignore,
    ) -> Written:
        """Write photos, or their thumbnails, into a zip with `metadata.csv` and `metadata.json`.

        It is written as the photos come, so that a few of them are in memory at a time, and is there when it
        is whole; `file` may also be a binary stream. Files are named and lose their location as `download`
        says; places are then left out of the metadata, too. What cannot be read is left out, and told.
        `notify` is told each photo's ID; what it raises stops the writing. Raises DownloadError if the file
        cannot be written, and as `find` does.
        """
        read = self.read_thumbnail if thumbnails else self.read
        strip = not (thumbnails or keep_location)
        return write_zip(self._given(photos, keep_location, notify), read, file, strip=strip)

    def write_contact_sheet(
        self,
        photos: Iterable[PhotoLike],
        file: File,
        *,
        title: str = "Photos",
        note: str = "",
        keep_location: bool = False,
        notify: Callable[[str], object] = ignore,
    ) -> Written:
        """Write a page of the photos' thumbnails, names, times, cameras and tags: one HTML file.

        Pictures are inside, nothing is loaded or run, and places are left out unless `keep_location`. A photo
        takes some 10 kB. `notify` is as of `write_zip`. Raises DownloadError if the file cannot be written,
        and as `find` does.
        """
        return write_contact_sheet(self._given(photos, keep_location, notify), file, title, note)

    def link(self, name: str, write: Callable[[IO[bytes]], Written]) -> Link:
        """Return an address from which a browser saves a file of this name, for a quarter of an hour.

        `write` writes it, `lambda file: photos.write_zip(some, file)`, say; it goes through a temporary file
        here into the bucket. Anyone who has the address may read the file. Raises DownloadError, AwsError,
        and what `write` raises.
        """
        return make_link(self._stack, name, write)

    def _given(
        self, photos: Iterable[PhotoLike], keep_location: bool, notify: Callable[[str], object]
    ) -> Given:
        found = list({photo.id: photo for photo in map(self.find, photos)}.values())
        albums = self._albums.many({photo.album_id for photo in found if photo.album_id})
        names = {album.id: album.name for album in albums.values()}
        return Given(found, names, keep_location=keep_location, notify=notify)

    @looped
    def move(self, photos: Iterable[PhotoLike], album: AlbumLike) -> Iterator[Moved | NotMoved]:
        """Move photos to another album, and yield each; one that cannot be moved does not stop the others.

        Only the record's album changes: the file keeps its key and its user, and nothing is processed. What
        works on the photo goes on, and processing it again leaves it there. Raises as `Albums.get` does.
        """
        return move_all(map(self.find, photos), self._albums.current(album), self._records)

    @looped
    def copy(self, photos: Iterable[PhotoLike], album: AlbumLike) -> Iterator[Copied | NotCopied]:
        """Copy photos into an album of any user, and yield each; a failure does not stop the others.

        S3 copies the file, and the copy is processed as any upload is, and costs as much; its labels are
        corrected as the photo's are. It is the album's user's. An album that has the file already gets no
        second one. Raises UploadError for a user whom S3 cannot carry, and as `Albums.get` does.
        """
        into = self._albums.current(album)
        return Copies(self._stack, into, self._records, self.read).copy_all(map(self.find, photos))

    def _noticed(self, photo: Photo) -> Photo:
        self.catalog.outdate()
        return photo

    def _id_of_name(self, text: str) -> str:
        """Return the ID of the only photo of this name; the text itself, if it may be an ID."""
        if "/" in text or self._records.get(text):
            return text
        named = [one.id for one in self._called(text) if one.name == text]
        return named[0] if len(named) == 1 else text

    def _called(self, name: str) -> list[Photo]:
        self.catalog.sync()
        ids = self.where(id_or_name=name).ids()
        return list(self.many(ids))

    def _each(
        self, photos: Iterable[PhotoLike], start: Callable[[PhotoLike], Restarted]
    ) -> Iterator[Restarted | NotRestarted]:
        for photo in photos:
            try:
                yield start(photo)
            except (RetryError, PhotoNotFoundError) as error:
                if isinstance(error, PhotoNotFoundError) and not isinstance(photo, Photo):
                    raise  # a wrong name; a photo was forgotten since it was read
                yield NotRestarted(id_of(photo), str(error))

    @property
    def _records(self) -> RecordStore[Photo]:
        dynamodb, table = self._stack.client("dynamodb"), self._stack.image_table
        return RecordStore(dynamodb, table, Photo, notify=self.catalog.outdate, _photos=self)

    @property
    def _processing(self) -> Processing:
        return Processing(self._stack, self._records, self._executions)

    @cached_property
    def _follower(self) -> Follower:
        recovering = lambda: self._stack.target.is_recovering  # noqa: E731
        return Follower(self.many, self._records.statuses, self._executions, recovering)
