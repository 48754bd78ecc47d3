"""Files on their way into the bucket, and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from imageproc.core.keys import incoming_key


@dataclass(frozen=True)
class ObjectVersion:
    """One upload of a photo."""

    id: str | None
    """S3's version ID."""
    uploaded: int
    """Epoch seconds."""


@dataclass(frozen=True)
class PreparedFile:
    """A file that can be uploaded, and the photo that it is going to be."""

    path: Path
    photo_id: str
    size: int
    """Bytes."""
    content_type: str

    @property
    def key(self) -> str:
        """The object's key."""
        return incoming_key(self.photo_id)


class Refusal(StrEnum):
    """Why a file was not uploaded; trying again does not help."""

    NOT_A_PHOTO = "not a photo"
    TOO_LARGE = "too large"
    UNREADABLE = "unreadable"
    LINK = "a link"
    INVALID = "invalid"
    """The browser sent what no browser sends."""


@dataclass(frozen=True)
class RefusedFile:
    """A file that is not uploaded, and why."""

    path: Path
    cause: str
    kind: Refusal = Refusal.NOT_A_PHOTO


@dataclass(frozen=True)
class UploadProgress:
    """So many more bytes of a file are sent."""

    file: PreparedFile
    sent: int


@dataclass(frozen=True)
class Uploaded:
    """A file is in the bucket."""

    file: PreparedFile
    version: ObjectVersion
    already_there: bool = False
    """Whether the same file had been uploaded before: nothing was sent."""
    there_as: str | None = None
    """The ID of the photo that the album has of the same content under another name."""

    @property
    def photo_id(self) -> str:
        """The ID of the photo that is there: the file's own, or that of the same content."""
        return self.there_as or self.file.photo_id


@dataclass(frozen=True)
class UploadFailed:
    """A file that was not uploaded because AWS or the network failed; trying again may help."""

    file: PreparedFile
    cause: str
    outage: bool = False
    """Whether AWS did not answer, or the credentials had expired: other files would have failed, too."""


@dataclass(frozen=True)
class UploadPaused:
    """All files wait, until AWS answers again or the credentials are renewed."""

    cause: str
    """What is wrong, and what to do."""


@dataclass(frozen=True)
class UploadResumed:
    """AWS answers again: the upload goes on."""


UploadEvent = UploadProgress | Uploaded | UploadFailed | UploadPaused | UploadResumed
