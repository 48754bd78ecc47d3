"""Where a photo's original is if it stays in a bucket that is not the stack's: it is processed in place.

Under `Incoming/` then lies a *pointer* to it: a small object whose S3 metadata name bucket, key, ETag and
size. Its versions are the photo's: a pointer that is written anew is an upload like any other. Only those of
an import say in their metadata, too, that a bulk run processes them; the upload then starts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from imageproc.core.attributes import (
    BULK_RUN,
    ORIGINAL_BUCKET_METADATA,
    ORIGINAL_ETAG_METADATA,
    ORIGINAL_KEY_METADATA,
    ORIGINAL_SIZE_METADATA,
    PROCESSED_BY_METADATA,
)


@dataclass(frozen=True)
class Original:
    """An object that a photo is made of where it lies."""

    bucket: str
    key: str
    etag: str
    """S3's, in quotation marks: of an object that has changed it is another."""

    @property
    def address(self) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"

    def is_within(self, allowed: str) -> bool:
        """Whether it is in what the template's parameter SourceBucket names: `bucket` or `bucket/folder`."""
        return bool(allowed) and f"{self.bucket}/{self.key}".startswith(f"{allowed}/")

    def to_body(self) -> bytes:
        """Return what a pointer to it holds: for people, and another one when the original is."""
        return f"{self.address}\n{self.etag}\n".encode()

    def to_metadata(self, size: int) -> dict[str, str]:
        """Return the S3 metadata of a pointer to it; `size` is the original's, bytes."""
        return {
            ORIGINAL_BUCKET_METADATA: self.bucket,
            ORIGINAL_KEY_METADATA: quote(self.key),
            ORIGINAL_ETAG_METADATA: self.etag,
            ORIGINAL_SIZE_METADATA: str(size),
        }

    def to_attribute(self) -> dict[str, str]:
        """Return the record's attribute `original`."""
        return {"s3Bucket": self.bucket, "s3Key": self.key, "eTag": self.etag}


def left_to_bulk_run() -> dict[str, str]:
    """Return the S3 metadata by which a pointer's upload starts nothing, because a bulk run processes it."""
    return {PROCESSED_BY_METADATA: BULK_RUN}


def is_left_to_bulk_run(metadata: Mapping[str, str]) -> bool:
    """Whether an object with this S3 metadata is such a pointer."""
    return metadata.get(PROCESSED_BY_METADATA) == BULK_RUN and from_metadata(metadata) is not None


def from_attribute(value: Mapping[str, Any]) -> Original:
    """Read the record's attribute. Raises TypeError or KeyError for anything else."""
    found = (value["s3Bucket"], value["s3Key"], value["eTag"])
    if not all(isinstance(one, str) and one for one in found):
        raise TypeError(value)
    return Original(*found)


def from_metadata(metadata: Mapping[str, str]) -> tuple[Original, int] | None:
    """Return what a pointer with this S3 metadata names, and its bytes; None if it is not a pointer."""
    try:
        key = unquote(metadata[ORIGINAL_KEY_METADATA])
        original = Original(metadata[ORIGINAL_BUCKET_METADATA], key, metadata[ORIGINAL_ETAG_METADATA])
        return original, int(metadata[ORIGINAL_SIZE_METADATA])
    except (KeyError, ValueError):
        return None
