"""Imports: photos that are in a bucket, a folder tree or a zip already, with their folders as albums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from imageproc.client.albums import AlbumLike, Albums
from imageproc.client.cancellation import Cancellation
from imageproc.client.costs import parameters_of
from imageproc.client.imports.bucket_source import BucketSource
from imageproc.client.imports.entries import ImportEntry, ImportPlan, PlannedAlbum
from imageproc.client.imports.local_sources import FolderSource, ZipSource
from imageproc.client.imports.manifest import written
from imageproc.client.imports.placement import Placement, contents, name_in_id
from imageproc.client.imports.run import ImportRun
from imageproc.client.imports.source import Source, SourceFile
from imageproc.client.resource import StackResource
from imageproc.client.stack import Stack
from imageproc.client.uploads.files import DIGITS
from imageproc.costs import AVERAGE_MEGABYTES, Bill, estimate, storing
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
        """Return what importing a source would do and cost. Nothing is sent, and no file is read.

        `source` is `s3://bucket/prefix`, a folder, or a zip. Without `album` each folder becomes an album.
        `in_place` leaves a bucket's photos where they are: the stack's SourceBucket has to name it. Raises
        UploadError if there is no such source or nothing in it, or if the stack may not read it in place;
        InvalidArgumentError for an album without a name or files to be left in place, AwsError, Cancelled.
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
        cancellation: Cancellation | None = None,
    ) -> Iterator[ImportEntry]:
        """Do what was planned, several files at once, and yield what became of each file of the source.

        Objects of a bucket are copied within S3 or left in place, files are uploaded. What an album has of
        the same content is not sent, under whatever name; in place, what has not changed since. `manifest`
        is a CSV file to be made, with a line for each entry. A failure does not stop the others; credentials
        that are not valid, or a refusal of everything, do. Closing the iterator, or `cancellation`, stops
        what has not begun; a new run sends the rest. Raises InvalidArgumentError if the manifest cannot be
        made, UploadError, AwsError, Cancelled.
        """
        placement = Placement(self._albums, plan.album, plan.user, plan.origin.name)
        with written(manifest) as note:
            yield from ImportRun(self._stack, plan.origin, placement).entries(note, cancellation)

    def _source(self, source: str | Path, in_place: bool) -> Source:
        if str(source).startswith("s3:"):
            return BucketSource(self._stack, str(source), in_place=in_place)
        if in_place:
            raise InvalidArgumentError(
                f"{source} is not a bucket: only a bucket's photos can be processed in place.",
                "Name s3://bucket/prefix, or leave out --in-place.",
            )
        path = Path(source).expanduser()
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
        self._skipped = Counter[str]()
        self._in_place = False
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
        self._albums[name] = replace(
            so_far,
            photos=so_far.photos + 1,
            size=so_far.size + file.size,
            there=so_far.there + there,
            size_there=so_far.size_there + there * file.size,
        )

    def plan(self, source: Source, album: AlbumLike | None) -> ImportPlan:
        albums = tuple(self._albums.values())
        missing = sum(one.photos - one.there for one in albums)
        size = sum(one.size - one.size_there for one in albums)
        megabytes = size / missing / 1e6 if missing else AVERAGE_MEGABYTES
        parameters = parameters_of(self._stack)
        # In place the function that reads the metadata reads the pointer before.
        requests = {"put": -(-self.files // _KEYS_OF_AN_ANSWER), "get": missing * (1 + self._in_place)}
        priced = estimate(missing, megabytes, parameters)
        if self._in_place:
            priced = replace(priced, storing=storing(missing, 0, parameters=parameters))
        return ImportPlan(
            source=source.address,
            user=self._placement.user,
            albums=albums,
            skipped=dict(self._skipped.most_common()),
            estimate=priced,
            seconds=missing / float(parameters.get("DetectLabelsPerSecond", "inf")),
            reading=Bill.of(requests if isinstance(source, BucketSource) else {}),
            origin=source,
            album=album,
            in_place=self._in_place,
        )

    def _begin(self, name: str) -> None:
        album = self._placement.existing(name)
        self._albums[name] = PlannedAlbum(name, new=album is None)
        held = contents(self._stack, album) if album else {}
        self._there[name] = {
            (digits, one.etag) if self._in_place else (one.name, one.size) for digits, one in held.items()
        }

    def _is_there(self, name: str, file: SourceFile) -> bool:
        if file.pointer:
            return (file.pointer.digest[:DIGITS], file.pointer.etag) in self._there[name]
        album = self._placement.existing(name)
        return album is not None and (name_in_id(album, file.name), file.size) in self._there[name]
