"""Folders and zips of this machine as sources. A zip's files are read from it and never extracted by name."""

from __future__ import annotations

import hashlib
import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from imageproc.client.cancellation import Cancellation
from imageproc.client.imports.entries import ImportEntry
from imageproc.client.imports.source import SourceFile, screened, skipped
from imageproc.client.uploads.events import PreparedFile, RefusedFile
from imageproc.client.uploads.files import find_files
from imageproc.client.uploads.sender import Sender
from imageproc.core.formats import SNIFF_BYTES, sniff
from imageproc.errors import AccessDeniedError, ImageprocError, ImageRejectedError, UploadError

_IN_MEMORY = 8 * 1024 * 1024
"""Bytes of a zip's file that are kept in memory; a larger one is read through a nameless temporary file."""

_ENCRYPTED = "It is encrypted: unpack the zip, and import the folder."
_LINK = "It is a symbolic link."
_UNREADABLE = (
    *(OSError, EOFError, ValueError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)
"""What a damaged zip makes Python raise."""


class FileContent:
    """A file of this machine that is open."""

    def __init__(self, body: IO[bytes]) -> None:
        """Read from this, which is seekable."""
        self._body = body

    def digest(self) -> str:
        """Return the content's SHA-256: an upload of the same file has the same photo ID."""
        self._body.seek(0)
        with _readable():
            return hashlib.file_digest(cast("Any", self._body), "sha256").hexdigest()

    def head(self) -> bytes:
        """Return the first bytes."""
        self._body.seek(0)
        return self._body.read(SNIFF_BYTES)

    def send(self, sender: Sender, file: PreparedFile, stop: Cancellation) -> None:
        """Upload it, unless it is broken off before its last byte is sent."""
        sent = 0

        def progress(count: int) -> None:
            nonlocal sent
            sent += count
            if sent < file.size:  # boto3 tells of a small file when S3 has it
                stop.check()

        self._body.seek(0)
        sender.put(cast("Any", self._body), file, progress)


class FolderSource:
    """A folder with all that is in it; hidden files are left out, and links that lead out of it skipped."""

    def __init__(self, folder: Path) -> None:
        """Read this folder."""
        self._folder = folder
        self.address, self.name = str(folder), folder.resolve().name or "Photos"

    def files(self) -> Iterator[SourceFile | ImportEntry]:
        """Yield each file."""
        for found in find_files([self._folder]):
            path = found if isinstance(found, Path) else found.path
            shown = path.relative_to(self._folder).as_posix()
            if isinstance(found, RefusedFile):
                yield skipped(shown, found.cause)
                continue
            try:
                yield _looked_at(
                    screened(shown, path.stat().st_size, partial(_opened, path)), partial(_binary, path)
                )
            except OSError as error:
                yield skipped(shown, f"It cannot be read: {error.strerror or error}.")

    def explained(self, denied: AccessDeniedError) -> ImageprocError:
        """Return AWS's refusal as it is: it is of the stack's bucket."""
        return denied


class ZipSource:
    """A zip file."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises UploadError if it is not a zip that can be read."""
        try:
            self._archive = zipfile.ZipFile(path)
        except _UNREADABLE as error:
            raise UploadError(
                f"{path} cannot be read as a zip: {error}.", "Name a folder, a zip, or s3://bucket/prefix."
            ) from error
        self.address, self.name = str(path), path.stem

    def files(self) -> Iterator[SourceFile | ImportEntry]:
        """Yield each file."""
        for info in self._archive.infolist():
            path = info.filename.replace("\\", "/")  # as some programs on Windows write it
            if info.is_dir():
                continue
            if info.flag_bits & 1:
                yield skipped(path, _ENCRYPTED, info.file_size)
            elif stat.S_ISLNK(info.external_attr >> 16):
                yield skipped(path, _LINK, info.file_size)
            else:
                file = screened(path, info.file_size, partial(_unpacked, self._archive, info))
                yield _looked_at(file, partial(self._archive.open, info))

    def explained(self, denied: AccessDeniedError) -> ImageprocError:
        """Return AWS's refusal as it is: it is of the stack's bucket."""
        return denied


def _binary(path: Path) -> IO[bytes]:
    return path.open("rb")


def _looked_at(file: SourceFile | ImportEntry, opened: Callable[[], IO[bytes]]) -> SourceFile | ImportEntry:
    """Return a file, or why it is skipped by its first bytes: what is no photo is not counted as one."""
    if isinstance(file, ImportEntry):
        return file
    try:
        with _readable(), opened() as body:
            sniff(body.read(SNIFF_BYTES))
    except (ImageRejectedError, UploadError) as error:
        return skipped(file.path, str(error), file.size)
    return file


@contextmanager
def _opened(path: Path) -> Iterator[FileContent]:
    with _readable():
        body = path.open("rb")
    with body:
        yield FileContent(body)


@contextmanager
def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[FileContent]:
    """Open a zip's file. No more is read than the size that it names, which was looked at before."""
    with SpooledTemporaryFile(_IN_MEMORY) as body:
        with _readable(), archive.open(info) as packed:
            shutil.copyfileobj(packed, body)
        yield FileContent(body)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise UploadError(f"It cannot be read: {getattr(error, 'strerror', None) or error}.") from error
