"""Imports: photos that are in a bucket, a folder tree or a zip already, with their folders as albums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

from imageproc.client.albums import AlbumLike, Albums
from imageproc.client.bulk import BulkRuns
from imageproc.client.cancellation import Cancellation
from imageproc.client.costs import parameters_of
from imageproc.client.imports.bucket_source import BucketSource
from imageproc.client.imports.entries import ImportEntry, ImportPlan, PlannedAlbum
from imageproc.client.imports.local_sources import FolderSource, ZipSource
from imageproc.client.imports.manifest import written
from imageproc.client.imports.placement import Contents, Placement, contents, name_in_id
from imageproc.client.imports.run import ImportRun
from imageproc.client.imports.source import Pointer, Source, SourceFile
from imageproc.client.imports.unprocessed import Pointed, Pointers, Unprocessed
from imageproc.client.photo_list import PhotoList
from imageproc.client.resource import StackResource
from imageproc.client.stack import Stack
from imageproc.client.uploads.files import DIGITS, given_paths
from imageproc.costs import AVERAGE_MEGABYTES, Bill, estimate, processing_in_place, storing
from imageproc.errors import InvalidArgumentError, UploadError

_KEYS_OF_AN_ANSWER = 1000
"""Objects that one ListObjectsV2 names."""


class Imports(StackResource):
    """Imports into a stack's bucket. What is there already is not sent again: each run resumes the last."""

    def __init__(self, stack: Stack, albums: Albums) -> None:
        """Import into this stack."""
        super().__init__(stack)
        self._albums = albums

    def plan(
        self,
        source: str | Path,
        *,
        album: AlbumLike | None = None,
        user: str | None = None,
        in_place: bool = False,
        cancellation: Cancellation | None = None,
    ) -> ImportPlan:
        """Return what importing a source would do and cost. Nothing is sent. Of files of this
        machine the first bytes are read, of a bucket's none.

        `source` is `s3://bucket/prefix`, a folder, or a zip. Without `album` each folder becomes an album.
        `in_place` leaves a bucket's photos where they are: the stack's SourceBucket has to name it. Raises
        UploadError if there is no such source or nothing in it, or if the stack may not read it in place;
        InvalidArgumentError for an album without a name or files to be left in place; TargetError if an older
        version deployed the stack, which can then leave nothing in place; AwsError, Cancelled.
        """
        found = self._source(source, in_place)
        counted = _Counted(self._stack, Placement(self._albums, album, user, found.name))
        for file in found.files():
            if cancellation:
                cancellation.check()
            counted.count(file)
        if not counted.files:
            raise UploadError(f"There are no files in {found.address}.", "Check the address.")
        return counted.plan(found, album)

    def run(
        self,
        plan: ImportPlan,
        *,
        manifest: Path | str | None = None,
        on_bulk_run: Callable[[str], object] = lambda _: None,
        cancellation: Cancellation | None = None,
    ) -> Generator[ImportEntry]:
        """Do what was planned, several files at once, and yield what became of each file of the source.

        Objects of a bucket are copied within S3 or left in place, files are uploaded. What an album has of
        the same content is not sent, under whatever name; in place, what has not changed since. `manifest`
        is a CSV file to be made, with a line for each entry. A failure does not stop the others; credentials
        that are not valid, or a refusal of everything, do. Closing the iterator, or `cancellation`, stops
        what has not begun, and waits two seconds for what has; a new run sends the rest.

        Photos in place are processed by a bulk run (`Workbench.bulk`), which is started after the last of
        them, for all whose pointers are there and that have not been processed; `on_bulk_run` is told its
        ARN. Of the others each upload starts the processing.

        Raises InvalidArgumentError if the manifest cannot be made, UploadError, TargetError, AwsError,
        Cancelled.
        """
        placement = Placement(self._albums, plan.album, plan.user, plan.origin.name)
        if not plan.in_place:
            with written(manifest) as note:
                yield from ImportRun(self._stack, plan.origin, placement).entries(note, cancellation)
            return
        with written(manifest) as note, PhotoList() as photos:
            unprocessed = Unprocessed(self._stack, photos)
            run = ImportRun(self._stack, plan.origin, placement, unprocessed.note)
            for entry in run.entries(note, cancellation):
                yield entry
                unprocessed.settle()
            unprocessed.settle(all_of_them=True)
            if photos.count:
                on_bulk_run(BulkRuns(self._stack).start_listed(photos, again=False))

    def _source(self, source: str | Path, in_place: bool) -> Source:
        if str(source).startswith("s3:"):
            bucket = BucketSource(self._stack, str(source), in_place=in_place)
            if in_place:
                BulkRuns(self._stack).require_lists()
            return bucket
        if in_place:
            raise InvalidArgumentError(
                f"{source} is not a bucket: only a bucket's photos can be processed in place.",
                "Name s3://bucket/prefix, or leave out --in-place.",
            )
        (path,) = given_paths(source)
        if path.is_dir():
            return FolderSource(path)
        if path.is_file():
            return ZipSource(path)
        raise UploadError(
            f"There is no folder or zip {source}.", "Name a folder, a zip, or s3://bucket/prefix."
        )


class _Counted:
    """Counts the files of a source by album, and those that are skipped by cause."""

    def __init__(self, stack: Stack, placement: Placement) -> None:
        self._stack, self._placement = stack, placement
        self._albums: dict[str, PlannedAlbum] = {}
        self._there: dict[str, set[tuple[str, str | int]]] = {}
        self._contents: dict[str, Contents] = {}
        self._pointers = Pointers(stack)
        self._skipped = Counter[str]()
        self._in_place = False
        self._unprocessed = self._size_unprocessed = 0
        self.files = 0

    def count(self, file: SourceFile | ImportEntry) -> None:
        self.files += 1
        if isinstance(file, ImportEntry):
            self._skipped[file.cause] += 1
            return
        self._in_place = self._in_place or file.pointer is not None
        name = self._placement.album_name(file)
        if name not in self._albums:
            self._begin(name)
        so_far, there = self._albums[name], self._is_there(name, file)
        if file.pointer and there:
            self._look_whether_processed(name, file.pointer)
        self._albums[name] = replace(
            so_far,
            photos=so_far.photos + 1,
            size=so_far.size + file.size,
            there=so_far.there + there,
            size_there=so_far.size_there + there * file.size,
        )

    def plan(self, source: Source, album: AlbumLike | None) -> ImportPlan:
        albums = tuple(self._albums.values())
        self._count_unprocessed(all_of_them=True)
        missing = sum(one.photos - one.there for one in albums)
        size = sum(one.size - one.size_there for one in albums) + self._size_unprocessed
        to_process = missing + self._unprocessed
        megabytes = size / to_process / 1e6 if to_process else AVERAGE_MEGABYTES
        parameters = parameters_of(self._stack)
        priced = estimate(to_process, megabytes, parameters)
        if self._in_place:
            priced = replace(
                priced,
                processing=processing_in_place(to_process, megabytes, parameters),
                storing=storing(to_process, 0, parameters=parameters),
            )
        requests = {"put": -(-self.files // _KEYS_OF_AN_ANSWER), "get": missing}
        return ImportPlan(
            source=source.address,
            user=self._placement.user,
            albums=albums,
            skipped=dict(self._skipped.most_common()),
            estimate=priced,
            seconds=to_process / float(parameters.get("DetectLabelsPerSecond", "inf")),
            reading=Bill.of(requests if isinstance(source, BucketSource) else {}),
            origin=source,
            album=album,
            in_place=self._in_place,
            unprocessed=self._unprocessed,
        )

    def _begin(self, name: str) -> None:
        album = self._placement.existing(name)
        self._albums[name] = PlannedAlbum(name, new=album is None)
        held = contents(self._stack, album) if album else {}
        self._contents[name] = held if self._in_place else {}
        self._there[name] = {
            (digits, one.etag) if self._in_place else (one.name, one.size) for digits, one in held.items()
        }

    def _look_whether_processed(self, name: str, pointer: Pointer) -> None:
        album, digits = self._placement.existing(name), pointer.digest[:DIGITS]
        if album:
            photo_id = f"{album.id}/{digits}-{self._contents[name][digits].name}"
            self._pointers.add(Pointed(photo_id, pointer.original, pointer.size))
            self._count_unprocessed()

    def _count_unprocessed(self, *, all_of_them: bool = False) -> None:
        for one in self._pointers.unprocessed(all_of_them=all_of_them):
            self._unprocessed += 1
            self._size_unprocessed += one.size

    def _is_there(self, name: str, file: SourceFile) -> bool:
        if file.pointer:
            return (file.pointer.digest[:DIGITS], file.pointer.etag) in self._there[name]
        album = self._placement.existing(name)
        return album is not None and (name_in_id(album, file.name), file.size) in self._there[name]
