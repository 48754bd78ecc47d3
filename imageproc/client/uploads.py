"""Uploads: files and folders are checked, then sent to S3, many at once."""

from __future__ import annotations

import hashlib
import os
import queue
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws.errors import AwsError, from_botocore, translated
from imageproc.client.errors import UploadError
from imageproc.client.photos import Version
from imageproc.client.sending import Sender
from imageproc.client.stack import Stack
from imageproc.client.waiting import Cancellation
from imageproc.core.errors import ImageRejectedError, ImageTooLargeError
from imageproc.core.formats import CONTENT_TYPES, SNIFF_BYTES, sniff
from imageproc.core.keys import MAX_KEY_BYTES, incoming_key, thumbnail_key
from imageproc.core.limits import check_bytes
from imageproc.core.record import ALBUM_METADATA, USER_METADATA

PARALLEL = 8

_POLL_S = 0.1
"""Seconds between two looks at whether the sending was called off."""

_LEADS_OUT = "It is a symbolic link that leads out of the folder: name what it leads to instead."

# S3 replaces "${filename}" in the fields of forms; forms and XML cannot carry the others.
_NOT_IN_KEYS = re.compile(r"[\x00-\x1f\x7f/]|\$(?=\{filename\})")


@dataclass(frozen=True)
class Upload:
    """A file on its way to becoming a photo."""

    path: Path
    object_id: str
    size: int
    """Bytes."""
    content_type: str

    @property
    def key(self) -> str:
        """The object's key."""
        return incoming_key(self.object_id)


class Refusal(StrEnum):
    """Why a file was not sent; sending it again does not help."""

    NOT_A_PHOTO = "not a photo"
    TOO_LARGE = "too large"
    UNREADABLE = "unreadable"
    LINK = "a link"
    INVALID = "invalid"
    """The browser sent what no browser sends."""


@dataclass(frozen=True)
class Refused:
    """A file that was not sent, and why."""

    path: Path
    cause: str
    kind: Refusal = Refusal.NOT_A_PHOTO


@dataclass(frozen=True)
class Progress:
    """So many more bytes of a file are sent."""

    upload: Upload
    sent: int


@dataclass(frozen=True)
class Sent:
    """A file is in the bucket."""

    upload: Upload
    version: Version
    already_there: bool = False
    """Whether the same file had been uploaded before: nothing was sent."""


@dataclass(frozen=True)
class Failed:
    """A file that was not sent because AWS or the network failed; sending it again may help."""

    upload: Upload
    cause: str


UploadEvent = Progress | Sent | Failed


def find_files(paths: Iterable[Path]) -> Iterator[Path | Refused]:
    """Yield the files of these paths, in order; folders with all they hold, hidden files left out.

    Symbolic links that lead out of a folder are refused: who fills it could have any file of yours sent.
    Raises UploadError for a path that does not exist.
    """
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path
        else:
            raise UploadError(f"There is no file or folder {path}.")


def prepare(path: Path, album_id: str, *, check: bool = True) -> Upload | Refused:
    """Look at a file before it is sent, and give it its object ID.

    The ID is `<album>/<first digits of the content's SHA-256>-<file name>`: files of the same name in two
    folders get two photos, and the same file sent twice stays one. With `check=False` any file is taken.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            format_ = _checked_format(file.read(SNIFF_BYTES), size) if check else "unknown"
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except ImageRejectedError as error:
        return refused(path, error)
    except OSError as error:
        return Refused(path, f"The file cannot be read: {error.strerror or error}.", Refusal.UNREADABLE)
    content_type = CONTENT_TYPES.get(format_, "application/octet-stream")
    return Upload(path, make_object_id(album_id, digest, path.name), size, content_type)


def make_object_id(album_id: str, digest: str, name: str) -> str:
    """Return a file's object ID; `digest` is its content's SHA-256 in hexadecimal digits.

    A name that makes the longest key, the thumbnail's, too long loses its beginning.
    """
    beginning = f"{album_id}/{digest[:12]}-"
    room = MAX_KEY_BYTES - len(thumbnail_key(beginning).encode())
    clean = _NOT_IN_KEYS.sub("_", name)
    kept = clean.encode("utf-8", "replace")[-room:].decode("utf-8", "ignore")
    return beginning + kept


def refused(path: Path, error: ImageRejectedError) -> Refused:
    """Return the refusal of a file that the pipeline would reject."""
    kind = Refusal.TOO_LARGE if isinstance(error, ImageTooLargeError) else Refusal.NOT_A_PHOTO
    return Refused(path, str(error), kind)


def photo_metadata(user: str, album_id: str) -> dict[str, str]:
    """Return the metadata of a photo's object. Raises UploadError for names that it cannot carry."""
    return {USER_METADATA: check_name(user), ALBUM_METADATA: check_name(album_id)}


def find_version(s3: Any, bucket: str, upload: Upload, metadata: Mapping[str, str]) -> Version | None:
    """Return the version in the bucket if it is this very file, sent by the same user. Raises ClientError."""
    try:
        head: dict[str, Any] = s3.head_object(Bucket=bucket, Key=upload.key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return None
        raise
    same = head["ContentLength"] == upload.size and head["Metadata"] == metadata
    return _version(head) if same else None


def failed(upload: Upload, error: Exception) -> Failed:
    """Return the failure of an upload that AWS or the network broke off."""
    translated = from_botocore(error, f"Uploading {upload.path.name}")
    return Failed(upload, str(translated) if isinstance(translated, AwsError) else repr(error))


class Uploads:
    """Sends files to a stack's bucket."""

    def __init__(self, stack: Stack, user: str, album_id: str) -> None:
        """Send files as this user's, into this album."""
        self._stack = stack
        self._s3 = stack.client("s3")
        self._metadata = photo_metadata(user, album_id)
        self._prefix = incoming_key(f"{album_id}/")
        self._sender = Sender(self._s3, stack.bucket, self._metadata)

    def send(
        self, uploads: Iterable[Upload], *, again: bool = False, cancellation: Cancellation | None = None
    ) -> Iterator[UploadEvent]:
        """Send files, several at once, and yield what happens as it happens.

        A file that is in the bucket already is not sent, unless `again`. A failure does not stop the others.
        Closing the iterator, or `cancellation`, stops what has not begun, and breaks off what has. Raises
        AwsError if the bucket cannot be asked for what is there.
        """
        stop = Cancellation()
        events: queue.SimpleQueue[UploadEvent] = queue.SimpleQueue()
        waiting = list(uploads)
        if not waiting:
            return
        maybe_there = (lambda _: False) if again else self._maybe_there()
        with ThreadPoolExecutor(PARALLEL) as pool:
            for upload in waiting:
                pool.submit(self._send, upload, events, maybe_there(upload), stop)
            try:
                left = len(waiting)
                while left:
                    event = _next(events, cancellation)
                    left -= not isinstance(event, Progress)
                    yield event
            finally:
                stop.cancel()
                pool.shutdown(cancel_futures=True)

    def _send(
        self, upload: Upload, events: queue.SimpleQueue[UploadEvent], maybe_there: bool, stop: Cancellation
    ) -> None:
        """Send one file, unless it is there; every file ends with exactly one Sent or Failed."""

        def progress(sent: int) -> None:
            stop.check()
            events.put(Progress(upload, sent))

        try:
            there = self._find(upload) if maybe_there else None
            if there:
                events.put(Sent(upload, there, already_there=True))
                return
            with upload.path.open("rb") as body:  # boto3 leaves a file open whose sending is broken off
                version = self._sender.send(body, upload.key, upload.content_type, progress)
            events.put(Sent(upload, version))
        except Exception as error:  # noqa: BLE001 - a thread's exception would be lost, and its file forgotten
            events.put(failed(upload, error))

    def _maybe_there(self) -> Callable[[Upload], bool]:
        """Return what tells whether a file may be in the bucket: one request, instead of one for each file.

        In an album of more photos than one answer holds any file may be. Raises AwsError.
        """
        with translated(f"Listing what is under {self._prefix}"):
            found = self._s3.list_objects_v2(Bucket=self._stack.bucket, Prefix=self._prefix)
        keys = {one["Key"] for one in found.get("Contents", ())}
        return lambda upload: found["IsTruncated"] or upload.key in keys

    def _find(self, upload: Upload) -> Version | None:
        return find_version(self._s3, self._stack.bucket, upload, self._metadata)


def _next(events: queue.SimpleQueue[UploadEvent], cancellation: Cancellation | None) -> UploadEvent:
    """Return the next event as soon as there is one. Raises Cancelled."""
    while True:
        if cancellation:
            cancellation.check()
        try:
            return events.get(timeout=_POLL_S)
        except queue.Empty:
            continue


def _version(head: dict[str, Any]) -> Version:
    return Version(head.get("VersionId"), int(head["LastModified"].timestamp()))


def _walk(folder: Path) -> Iterator[Path | Refused]:
    real = os.path.realpath(folder)
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if Path(root, name).is_symlink()]  # os.walk enters none of them
        for path in (Path(root, name) for name in [*links, *sorted(files)] if not name.startswith(".")):
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(real):
                yield Refused(path, _LEADS_OUT, Refusal.LINK)
            elif path.is_file():  # a pipe would be waited for
                yield path


def _checked_format(head: bytes, size: int) -> str:
    check_bytes(size)
    return sniff(head)


def check_name(name: str) -> str:
    """Return a user's or album's ID. Raises UploadError if S3 cannot carry it in HTTP headers."""
    if not name or not name.isascii() or not name.isprintable():
        raise UploadError(f"{name!r} cannot be used: one or more printable ASCII characters are needed.")
    return name
