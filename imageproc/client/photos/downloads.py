"""Photos and thumbnails as files in a folder; originals without their place, unless it is asked for."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from imageproc.client.photos.photo import Photo
from imageproc.core.file_names import file_name
from imageproc.core.location import without_location
from imageproc.errors import AwsError, DownloadError, ImageRejectedError, PhotoNotFoundError


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
    photos: Iterable[Photo], read: Callable[[Photo], bytes], folder: Path, *, strip_location: bool
) -> Iterator[Downloaded | NotDownloaded]:
    """Write what `read` gives of each photo into a folder. See `Photos.download`."""
    for photo in photos:
        try:
            data = read(photo)
            data = _stripped(data) if strip_location else data
        except (AwsError, PhotoNotFoundError, ImageRejectedError) as error:
            yield NotDownloaded(photo.id, str(error))
            continue
        path = folder / file_name(photo.id)
        _write(path, data)
        yield Downloaded(photo.id, path, len(data))


def _stripped(data: bytes) -> bytes:
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
            f"{path} cannot be written: {error.strerror or error}.", "Choose another folder, or make room."
        ) from error
