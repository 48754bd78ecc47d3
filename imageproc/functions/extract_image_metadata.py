"""ExtractImageMetadataFunction: reads a photo's format, size, EXIF, time and place from its first bytes."""

from __future__ import annotations

from typing import Any

from imageproc.core.errors import NotSupportedImageType
from imageproc.core.metadata import read_metadata
from imageproc.core.request import PhotoRequest, State
from imageproc.functions import logs
from imageproc.functions.aws import make_at_start, s3
from imageproc.functions.photos import open_photo

make_at_start(s3)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Return `format`, which the state machine's Choice reads, and the record's `attributes`.

    A picture of another format is no error here: the Choice ends the execution. Raises ImageIdentifyError for
    what is no readable image, ImageTooLargeError, PhotoGoneError, TransientServiceError, ServiceRefusedError.
    """
    photo = open_photo(PhotoRequest.from_state(event))
    try:
        metadata = read_metadata(photo.file, photo.size)
    except NotSupportedImageType as error:
        return {"format": "UNSUPPORTED", "cause": str(error), "attributes": photo.attributes}
    return {"format": metadata.format, "attributes": photo.attributes | metadata.attributes()}
