"""What S3 knows of a photo's original, under the names that its record stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imageproc.core.attributes import (
    ALBUM_ID,
    ALBUM_METADATA,
    FILE_SIZE,
    ORIGINAL,
    UPLOAD_TIME,
    USER_ID,
    USER_METADATA,
    VERSION_ID,
)
from imageproc.core.original import from_metadata


def object_attributes(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record's attributes that a GetObject or HeadObject answer gives, of a pointer too.

    The file's size is known only if the answer is about the whole object, or a pointer.
    """
    metadata: Mapping[str, str] = answer.get("Metadata", {})
    size = None if "ContentRange" in answer else answer.get("ContentLength")
    pointed = from_metadata(metadata)
    known = {
        USER_ID: metadata.get(USER_METADATA),
        ALBUM_ID: metadata.get(ALBUM_METADATA),
        UPLOAD_TIME: int(answer["LastModified"].timestamp()),
        VERSION_ID: answer.get("VersionId"),
        FILE_SIZE: pointed[1] if pointed else size,
        ORIGINAL: pointed[0].to_attribute() if pointed else None,
    }
    return {name: value for name, value in known.items() if value not in (None, "")}
