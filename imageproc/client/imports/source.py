"""Where photos are imported from: a bucket, a folder tree and a zip look the same from here."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from imageproc.client.cancellation import Cancellation
from imageproc.client.imports.entries import ImportEntry, ImportOutcome
from imageproc.client.uploads.events import PreparedFile
from imageproc.client.uploads.sender import Sender
from imageproc.core.limits import MAX_BYTES
from imageproc.core.original import Original
from imageproc.errors import AccessDeniedError, ImageprocError

_HIDDEN = "It is hidden: its name, or a folder's, begins with a dot."
_EMPTY = "It is empty."
_TOO_LARGE = f"It has more than {MAX_BYTES:,} bytes, the most that can be processed."

_TYPES = mimetypes.MimeTypes()
"""Python's own table: the same names are skipped on every machine."""


class Content(Protocol):
    """A file that is open."""

    def digest(self) -> str:
        """Return hexadecimal digits that stand for the content; its SHA-256, where that can be known."""

    def head(self) -> bytes:
        """Return the first bytes, as many as tell the format."""

    def send(self, sender: Sender, file: PreparedFile, stop: Cancellation) -> None:
        """Put it into the stack's bucket as this photo. Raises Cancelled, and what boto3 raises."""


@dataclass(frozen=True)
class Pointer:
    """What is put into the stack's bucket of a photo that is processed in place."""

    original: Original
    size: int
    """The original's, bytes."""

    @property
    def digest(self) -> str:
        """Hexadecimal digits that stand for the object, whatever it holds."""
        return hashlib.sha256(self.original.address.encode()).hexdigest()

    @property
    def etag(self) -> str:
        """S3's ETag of the pointer, unless a key of KMS encrypts it."""
        return f'"{hashlib.md5(self.original.to_body(), usedforsecurity=False).hexdigest()}"'


@dataclass(frozen=True)
class SourceFile:
    """A file that may be a photo, by its name and size."""

    path: str
    """Within the source, `/` between folders."""
    size: int
    """Bytes."""
    opened: Callable[[], AbstractContextManager[Content]]
    pointer: Pointer | None = None
    """If it is to be processed in place."""

    @property
    def name(self) -> str:
        """The file's name."""
        return _parts(self.path)[-1]

    @property
    def folder(self) -> str:
        """The folder that it is in, empty if it is in none; it leads nowhere, whatever the path says."""
        return "/".join(_parts(self.path)[:-1])

    def entry(
        self, outcome: ImportOutcome, cause: str = "", photo_id: str = "", album: str = ""
    ) -> ImportEntry:
        """Return what became of it."""
        return replace(skipped(self.path, cause, self.size), outcome=outcome, photo_id=photo_id, album=album)


class Source(Protocol):
    """A bucket, a folder or a zip."""

    address: str
    """As people write it."""
    name: str
    """The album of files that are in none of its folders."""

    def files(self) -> Iterator[SourceFile | ImportEntry]:
        """Yield each file, and of those that are no photo by name and size why they are skipped.

        Raises UploadError, AwsError.
        """

    def explained(self, denied: AccessDeniedError) -> ImageprocError:
        """Return AWS's refusal to read all files, with what to do about it."""


def screened(
    path: str,
    size: int,
    opened: Callable[[], AbstractContextManager[Content]],
    pointer: Pointer | None = None,
) -> SourceFile | ImportEntry:
    """Return a file, or why it is skipped by its name or size."""
    parts = _parts(path)
    if not parts or any(part.startswith(".") for part in parts):
        return skipped(path, _HIDDEN, size)
    kind, encoding = _TYPES.guess_type(parts[-1], strict=False)
    # Which image it is tells the content better than the name.
    if kind and not encoding and not kind.startswith("image/"):
        return skipped(path, f"By its name it is not a photo ({kind}).", size)
    if not size:
        return skipped(path, _EMPTY, size)
    return SourceFile(path, size, opened, pointer) if size <= MAX_BYTES else skipped(path, _TOO_LARGE, size)


def skipped(path: str, cause: str, size: int = 0) -> ImportEntry:
    """Return a file that is skipped."""
    return ImportEntry(path, ImportOutcome.SKIPPED, cause, size=size)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".", "..")]
