"""The photo's record, typed. `imageproc.core.record_codec` reads it from and writes it to what is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from imageproc.core.corrections import applying, effective
from imageproc.core.keys import THUMBNAILS_PREFIX
from imageproc.core.label import Correction, Label
from imageproc.core.original import Original

EMBEDDING_BYTES = 1280
"""Of an embedding, a number each."""

_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
# This project's clients put the first digits of the content's SHA-256 before the file's name.
_DIGEST = re.compile(r"^[0-9a-f]{12}-(?=.)")


def without_digest(name: str) -> str:
    """Return a photo's name without the digest that this project's clients put before it."""
    return _DIGEST.sub("", name)


class Status(StrEnum):
    """Where a photo stands."""

    UPLOADED = "UPLOADED"
    """In the bucket; its execution has not begun to write."""
    PROCESSING = "PROCESSING"
    """Its metadata is stored; labels and thumbnail are under way."""
    SUCCEEDED = "SUCCEEDED"
    """Metadata, labels and thumbnail are there."""
    INCOMPLETE = "INCOMPLETE"
    """Processed, but labels or thumbnail are missing: `missing` says which and why."""
    REJECTED = "REJECTED"
    """Not a JPEG or PNG that can be read: trying again cannot help."""
    FAILED = "FAILED"
    """Not processed: `error` says why. It can be retried."""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen unless somebody asks for it."""
        return self not in (Status.UPLOADED, Status.PROCESSING)


_TRANSPOSED = 5
"""From this EXIF orientation on width and height are exchanged."""


@dataclass(frozen=True)
class Dimensions:
    """Width and height of the stored picture, before its orientation is applied, in pixels."""

    width: int
    height: int

    @property
    def megapixels(self) -> float:
        """Millions of pixels."""
        return self.width * self.height / 1e6


@dataclass(frozen=True)
class Camera:
    """What took the photo, by EXIF."""

    make: str | None = None
    model: str | None = None
    lens_make: str | None = None
    lens_model: str | None = None
    software: str | None = None

    @property
    def name(self) -> str | None:
        """Make and model, without the make twice."""
        return _joined(self.make, self.model)

    @property
    def lens(self) -> str | None:
        """The lens's make and model, without the make twice."""
        return _joined(self.lens_make, self.lens_model)


def _joined(first: str | None, second: str | None) -> str | None:
    make, model = first or "", second or ""
    if make.strip() and model.lower().startswith(make.lower().split()[0]):
        return model
    return f"{make} {model}".strip() or None


@dataclass(frozen=True)
class Exposure:
    """How it was taken, by EXIF 2.32; the coded values are EXIF's numbers."""

    time: float | None = None
    """Seconds."""
    f_number: float | None = None
    sensitivity: int | None = None
    """ISO speed (PhotographicSensitivity)."""
    focal_length: float | None = None
    """Millimetres."""
    focal_length_in_35mm: int | None = None
    """Millimetres, of the same view on 35 mm film."""
    bias: float | None = None
    """EV."""
    program: int | None = None
    mode: int | None = None
    metering_mode: int | None = None
    white_balance: int | None = None
    flash: int | None = None
    digital_zoom: float | None = None


@dataclass(frozen=True)
class Place:
    """Where it was taken: decimal degrees (WGS 84) and metres above sea level."""

    latitude: float
    longitude: float
    altitude: float | None = None


@dataclass(frozen=True)
class Thumbnail:
    """Where the thumbnail is in S3."""

    bucket: str
    key: str


@dataclass(frozen=True)
class StepError:
    """What went wrong: the state machine's step, the error's name, and its cause in words."""

    step: str
    name: str
    cause: str


@dataclass(frozen=True)
class PhotoRecord:
    """One photo's item in the ImageMetadata table. A fact that is not recorded is None or empty."""

    id: str = ""
    """All that follows `Incoming/` in the original's key."""
    key: str = ""
    """The original's key, or of a photo that is processed in place the pointer's."""
    original: Original | None = None
    """Where the original is, if it stays in another bucket."""
    status: Status = Status.PROCESSING
    """A record without a status is another client's: under way."""
    user: str | None = None
    album_id: str | None = None
    uploaded: datetime | None = None
    """When the object was last modified, UTC, whole seconds."""
    version_id: str | None = None
    """The S3 version that the record is about."""
    sequencer: str | None = None
    """S3's order of the uploads of this key."""
    execution_arn: str | None = None
    """The execution that was started last."""
    execution_started: int | None = None
    """When an Express execution was started, in epoch milliseconds; of others Step Functions knows it."""
    error: StepError | None = None
    """What failed first."""
    missing: Mapping[str, StepError] = field(default_factory=lambda: MappingProxyType({}))
    """The parts (`imageproc.core.parts.Part`) that are missing, each with its error."""
    format: str | None = None
    """JPEG or PNG."""
    file_size: int | None = None
    """Bytes."""
    dimensions: Dimensions | None = None
    orientation: int | None = None
    """EXIF's, 1 to 8."""
    taken: datetime | None = None
    """Capture time; aware only where EXIF has an offset."""
    taken_source: str | None = None
    """The EXIF tag that the capture time comes from."""
    place: Place | None = None
    camera: Camera = Camera()
    exposure: Exposure = Exposure()
    description: str | None = None
    artist: str | None = None
    copyright: str | None = None
    machine_tags: tuple[str, ...] = ()
    """The names of the labels that were recognised, the most confident first."""
    machine_labels: tuple[Label, ...] = ()
    """What was recognised; `labels` is what counts."""
    corrections: tuple[Correction, ...] = ()
    """What people said of the labels, one for each label, the earliest first."""
    label_model_version: str | None = None
    thumbnail: Thumbnail | None = None
    content_hash: str | None = None
    """`sha256:` and the original's SHA-256 in hexadecimal digits."""
    perceptual_hash: str | None = None
    """What the picture looks like, in 144 bits (`imageproc.core.perceptual_hash`)."""
    embedding: bytes | None = field(default=None, repr=False)
    """What the picture shows, in 1,280 bytes (`imageproc.core.embedding`)."""
    truncated: bool = False
    """Whether the file lacks its end: the thumbnail shows what is there."""
    change_shard: str | None = None
    """The partition of the change index that the record is in (`imageproc.core.changes`)."""
    change_time: int | None = None
    """When its status was written last, in epoch milliseconds of the writer's clock."""
    other: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Attributes as stored that the fields above do not hold, or not exactly as they are stored."""

    @property
    def upright(self) -> Dimensions | None:
        """Width and height of the picture as it is shown, after its orientation is applied."""
        if self.dimensions is None or (self.orientation or 1) < _TRANSPOSED:
            return self.dimensions
        return Dimensions(self.dimensions.height, self.dimensions.width)

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels that count, the most confident first: the machine's, as people corrected them."""
        return self._corrected(self.machine_labels)

    @property
    def tags(self) -> tuple[str, ...]:
        """The names of the labels that count, the most confident first."""
        if not self.corrections:
            return self.machine_tags
        named = {label.name for label in self.machine_labels}
        bare = (Label(name, 0.0) for name in self.machine_tags if name not in named)
        return tuple(label.name for label in self._corrected((*self.machine_labels, *bare)))

    def _corrected(self, machine: tuple[Label, ...]) -> tuple[Label, ...]:
        said = applying(self.corrections, self.content_hash)
        return effective(machine, said) if said else machine

    @property
    def content_digest(self) -> str | None:
        """The original's SHA-256 in 64 hexadecimal digits; None if `content_hash` is anything else."""
        found = _SHA256.fullmatch(self.content_hash or "")
        return found[1] if found else None

    @property
    def name(self) -> str:
        """The file's name: the last part of the ID, without the digest that this project's clients add."""
        return without_digest(self.id.rpartition("/")[2])

    @property
    def thumbnail_key(self) -> str | None:
        """The thumbnail's key; None without one, and if the record names anything but a thumbnail."""
        key = self.thumbnail.key if self.thumbnail else ""
        return key if key.startswith(THUMBNAILS_PREFIX) else None
