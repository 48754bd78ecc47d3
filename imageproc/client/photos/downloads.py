"""Photos and thumbnails as files in a folder; originals without their place, unless it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from imageproc.catalog.new_files import given_path, new_path
from imageproc.client.photos.photo import Photo
from imageproc.core.file_names import FileNames
from imageproc.core.location import without_location
from imageproc.errors import AwsError, ImageRejectedError, PhotoNotFoundError


@dataclass(frozen=True)
class Downloaded:
    """A photo that is a file now."""

    photo_id: str
    path: Path
    size: int
    """Bytes."""


@dataclass(frozen=True)
class NotDownloaded:
    """A photo that could not be downloaded, and why; the others continue."""

    photo_id: str
    cause: str


def download(
    photos: Iterable[Photo], read: Callable[[Photo], bytes], folder: Path | str, *, strip_location: bool
) -> Iterator[Downloaded | NotDownloaded]:
    """Write what `read` gives of each photo into a folder. See `Photos.download`."""
    names, into = FileNames(), given_path(folder)
    for photo in photos:
        data = fetched(photo, read, strip=strip_location)
        if isinstance(data, NotDownloaded):
            yield data
            continue
        path = into / names.of(photo.id, partial(_is_anothers, into, data))
        with new_file(path) as file:
            file.write(data)
        yield Downloaded(photo.id, path, len(data))


def _is_anothers(folder: Path, data: bytes, name: str) -> bool:
    """Whether a file of this name is there that does not hold this, or cannot be read."""
    path = folder / name
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            return True
        return path.exists() and (path.stat().st_size != len(data) or path.read_bytes() != data)
    except OSError:
        return True


def fetched(photo: Photo, read: Callable[[Photo], bytes], *, strip: bool) -> bytes | NotDownloaded:
    """Return what `read` gives of a photo, on request without what may tell where it was taken."""
    try:
        data = read(photo)
        return _stripped(data) if strip else data
    except (AwsError, PhotoNotFoundError, ImageRejectedError) as error:
        return NotDownloaded(photo.id, str(error))


def _stripped(data: bytes) -> bytes:
    try:
        return without_location(data)
    except ImageRejectedError as error:
        raise type(error)(
            f"{error}. So its location cannot be removed; with its location it can be had as it is."
        ) from error


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that is put at a path when it is whole. Raises as `new_path` does."""
    with new_path(path) as temporary, temporary.open("xb") as file:
        yield file
