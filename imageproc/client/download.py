"""Photos and thumbnails as files in a folder; originals without their place, unless it is asked for."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from imageproc.aws.errors import AwsError
from imageproc.client.errors import DownloadError, PhotoMissingError
from imageproc.client.photos import Photo, Photos
from imageproc.client.stack import Stack
from imageproc.core.errors import ImageRejectedError
from imageproc.core.file_names import file_name
from imageproc.core.location import without_location


@dataclass(frozen=True)
class Downloaded:
    """A photo that is a file now."""

    photo_id: str
    path: Path
    size: int
    """Bytes."""


@dataclass(frozen=True)
class NotDownloaded:
    """A photo that is no file, and why; the others go on."""

    photo_id: str
    cause: str


def download(
    stack: Stack,
    photos: Iterable[Photo],
    folder: Path,
    *,
    thumbnails: bool = False,
    keep_location: bool = False,
) -> Iterator[Downloaded | NotDownloaded]:
    """Write photos, or their thumbnails, into a folder, and yield each when it is there.

    The folder is made if need be. Files are named by `imageproc.core.file_names`; one of an earlier download
    is replaced, as a whole or not at all. Originals lose what may tell where they were taken, and keep their
    picture bit by bit; with `keep_location` they are the files that were uploaded. Thumbnails never have
    metadata. Raises DownloadError if the folder cannot be written.
    """
    kept = Photos(stack)
    for photo in photos:
        try:
            data = kept.thumbnail(photo) if thumbnails else _original(kept, photo, keep_location)
        except (AwsError, PhotoMissingError, ImageRejectedError) as error:
            yield NotDownloaded(photo.id, str(error))
            continue
        path = folder / file_name(photo.id)
        _write(path, data)
        yield Downloaded(photo.id, path, len(data))


def _original(kept: Photos, photo: Photo, keep_location: bool) -> bytes:
    data = kept.original(photo)
    if keep_location:
        return data
    try:
        return without_location(data)
    except ImageRejectedError as error:
        raise type(error)(
            f"{error}. So its location cannot be removed; with --keep-location it comes as it is."
        ) from error


def _write(path: Path, data: bytes) -> None:
    """Write a file beside its place, then put it there: a link that waits there is replaced, not followed."""
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise DownloadError(
            f"{path} cannot be written: {error.strerror or error}. Choose another folder, or make room."
        ) from error
