"""What a drop zone needs from the owner of the files: presigned posts, and uploads through the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO, Protocol

_HEAD_BYTES = 64


class UploadState(StrEnum):
    """Where a file stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DUPLICATE = "duplicate"
    """It had been uploaded before."""
    REJECTED = "rejected"
    """Sending it again does not help."""
    FAILED = "failed"
    """Sending it again may help."""
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to the file."""
        return self not in (UploadState.WAITING, UploadState.SENDING)


@dataclass(frozen=True)
class DroppedFile:
    """A file as the browser describes it. Only the ID has been checked: it is a string."""

    id: str
    name: object
    size: object
    content_type: object
    digest: object
    """SHA-256 in hexadecimal digits, None if the browser cannot compute it."""
    head: bytes
    """The first bytes, at most 64."""
    drop: str = ""
    """What it was dropped with, all of which goes to the same album; empty if it came alone."""

    @classmethod
    def parse(cls, offer: Mapping[str, Any]) -> DroppedFile:
        """Return the file that a browser offers. Everything but the ID may be missing or wrong."""
        digits = offer.get("head")
        try:
            head = bytes.fromhex(digits[: 2 * _HEAD_BYTES]) if isinstance(digits, str) else b""
        except ValueError:
            head = b""
        name, size, type_, digest = (offer.get(key) for key in ("name", "size", "type", "digest"))
        drop = offer.get("drop")
        return cls(offer["id"], name, size, type_, digest, head, drop if isinstance(drop, str) else "")


@dataclass(frozen=True)
class UploadForm:
    """A form for one file: POST `fields` and then `file` to `url`, within so many seconds."""

    url: str
    fields: Mapping[str, str]
    seconds: float
    album: str = ""
    """The name of the album that the file goes to."""


@dataclass(frozen=True)
class UploadResult:
    """How the upload of a file ended, and why."""

    state: UploadState
    text: str = ""
    outage: bool = False
    """Whether it failed for a cause that other files would fail for, too, until it is mended."""
    album: str = ""
    """The name of the album that the file was for."""


class UploadHandler(Protocol):
    """Takes a drop zone's files. Its methods are called from several threads, and may block."""

    def presign(self, file: DroppedFile) -> UploadForm | UploadResult:
        """Return the form for a file, or the result of an upload that needs none."""

    def confirm(self, file_id: str) -> UploadResult:
        """Return the result for a file that the browser has posted."""

    def upload(self, file_id: str, body: BinaryIO) -> UploadResult:
        """Upload a presigned file whose bytes came through the kernel."""

    def discard(self, file_id: str) -> None:
        """Forget a presigned file: the browser does not send it."""
