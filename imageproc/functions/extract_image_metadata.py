"""ExtractImageMetadataFunction: reads a photo's format, size, EXIF, time and place from its first bytes."""

from __future__ import annotations

from typing import Any

from imageproc.core.execution_input import ExecutionInput, State
from imageproc.core.metadata import read_metadata
from imageproc.errors import NotSupportedImageType
from imageproc.functions import logs
from imageproc.functions.clients import make_at_start, s3
from imageproc.functions.photos import open_photo

make_at_start(s3)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Return `format`, which the state machine's Choice reads, and the record's `attributes`.

    A picture of another format is not an error here: the Choice ends the execution. Raises
    ImageIdentifyError for a file that is not a readable image, ImageTooLargeError, PhotoGoneError,
    TransientServiceError, ServiceRefusedError.
    """
    photo = open_photo(ExecutionInput.from_state(event))
    try:
        metadata = read_metadata(photo.file, photo.size)
    except NotSupportedImageType as error:
        return {"format": "UNSUPPORTED", "cause": str(error), "attributes": photo.attributes}
    return {"format": metadata.format, "attributes": photo.attributes | metadata.attributes()}
