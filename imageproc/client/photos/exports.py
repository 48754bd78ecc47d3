"""Photos in one file to give away: a zip with their metadata, or a contact sheet.

Both are written as the photos come, so that a few of them are in memory at a time and not all. Places are
left out unless they are asked for.
"""

from __future__ import annotations

import io
import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, TypeVar

from imageproc.catalog.new_files import given_path
from imageproc.client.photos.downloads import NotDownloaded, fetched, new_file
from imageproc.client.photos.photo import Photo
from imageproc.core.file_names import FileNames
from imageproc.errors import InvalidArgumentError
from imageproc.presentation import sheet_page
from imageproc.presentation.metadata_files import MetadataFiles, described

File = Path | str | IO[bytes]
"""A file's path; or a binary stream, which need not be seekable."""

T = TypeVar("T")

_AHEAD = 4
"""Photos that are read while one is written."""

_IN_MEMORY = 4 * 1024 * 1024
"""Bytes of metadata that are kept in memory before they go to a temporary file."""

_CHUNK = 256 * 1024
"""Characters of them that are compressed at a time."""

_METADATA = ("metadata.csv", "metadata.json")

_FIRST, _LAST = 1980, 2107
"""The years that a zip can hold."""


@dataclass(frozen=True)
class Written:
    """A file of photos that is complete."""

    photos: int
    size: int
    """Bytes of the photos, or of the sheet."""
    left_out: tuple[NotDownloaded, ...] = ()
    """The photos that are not in it, and why."""


@dataclass(frozen=True)
class Given:
    """What is given away of photos."""

    photos: Sequence[Photo]
    albums: Mapping[str, str]
    """The albums' names, by ID."""
    keep_location: bool
    notify: Callable[[str], object]
    """Is told of each photo that is done, by its ID. What it raises stops the writing."""


def write_zip(given: Given, read: Callable[[Photo], bytes], file: File, *, strip: bool) -> Written:
    """Write what `read` gives of the photos, and their metadata. See `Photos.write_zip`."""
    with _opened(file) as out, _spooled() as csv_file, _spooled() as json_file:
        metadata = MetadataFiles(csv_file, json_file, place=given.keep_location)
        with zipfile.ZipFile(out, "w") as archive:
            written = _add_photos(archive, metadata, given, lambda one: fetched(one, read, strip=strip))
            metadata.end()
            _add(archive, _METADATA[0], csv_file)
            _add(archive, _METADATA[1], json_file)
    return written


def _add_photos(
    archive: zipfile.ZipFile,
    metadata: MetadataFiles,
    given: Given,
    fetch: Callable[[Photo], bytes | NotDownloaded],
) -> Written:
    size, left_out, names = 0, list[NotDownloaded](), FileNames(*_METADATA)
    for photo, data in ahead(given, fetch):
        if isinstance(data, NotDownloaded):
            left_out.append(data)
            continue
        name, album = names.of(photo.id), given.albums.get(photo.album_id or "", "")
        archive.writestr(_entry(name, photo), data)
        metadata.write(described(photo, name, album, place=given.keep_location))
        size += len(data)
    return Written(len(given.photos) - len(left_out), size, tuple(left_out))


def write_contact_sheet(given: Given, file: File, title: str, note: str) -> Written:
    """Write the photos' thumbnails with what is known of them. See `Photos.write_contact_sheet`."""
    with _opened(file) as out:
        size = _put(out, sheet_page.begin(title, note, given.photos))
        for photo, data in ahead(given, lambda one: one.thumbnail_if_any()):
            size += _put(out, sheet_page.figure(photo, data, place=given.keep_location))
        size += _put(out, sheet_page.end())
    return Written(len(given.photos), size)


def _put(out: IO[bytes], text: str) -> int:
    data = text.encode(errors="replace")
    out.write(data)
    return len(data)


def ahead(given: Given, read: Callable[[Photo], T]) -> Iterator[tuple[Photo, T]]:
    """Yield photos in order, each with what was read of it; a few are read in advance."""
    waiting = deque[tuple[Photo, Future[T]]]()
    with ThreadPoolExecutor(_AHEAD) as pool:
        for photo in given.photos:
            waiting.append((photo, pool.submit(read, photo)))
            if len(waiting) > _AHEAD:
                yield _done(waiting, given)
        while waiting:
            yield _done(waiting, given)


def _done(waiting: deque[tuple[Photo, Future[T]]], given: Given) -> tuple[Photo, T]:
    photo, result = waiting.popleft()
    data = result.result()
    given.notify(photo.id)
    return photo, data


@contextmanager
def _opened(file: File) -> Iterator[IO[bytes]]:
    """Yield the stream, or a file that is there when it is whole.

    Raises DownloadError, InvalidArgumentError for what is neither.
    """
    if isinstance(file, Path | str):
        with new_file(given_path(file)) as out:
            yield out
    elif hasattr(file, "write"):
        yield file
    else:
        raise InvalidArgumentError(f"A file cannot be {file!r}.", "Give its path, or a binary stream.")


@contextmanager
def _spooled() -> Iterator[IO[str]]:
    with (
        SpooledTemporaryFile(_IN_MEMORY) as spool,
        io.TextIOWrapper(spool, encoding="utf-8", errors="backslashreplace", newline="") as text,
    ):
        yield text


def _entry(name: str, photo: Photo | None = None) -> zipfile.ZipInfo:
    """Return a zip's entry: pictures are not compressed again, and have their capture time if it is known."""
    time = photo.taken if photo else None
    kept = time if time and _FIRST <= time.year <= _LAST else datetime.now().astimezone()
    entry = zipfile.ZipInfo(name, kept.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_STORED if photo else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _add(archive: zipfile.ZipFile, name: str, text: IO[str]) -> None:
    text.seek(0)
    with archive.open(_entry(name), "w", force_zip64=True) as out:
        for chunk in iter(lambda: text.read(_CHUNK), ""):
            out.write(chunk.encode())
