"""ExtractImageMetadataFunction: reads a photo's format, size, EXIF, time and place from its first bytes."""

from __future__ import annotations

from typing import Any

from imageproc.core.execution_input import ExecutionInput, State
from imageproc.core.labels import END_UNSEEN
from imageproc.core.metadata import ends_unseen, read_metadata
from imageproc.core.parts import Part
from imageproc.errors import NotSupportedImageType
from imageproc.functions import logs
from imageproc.functions.clients import make_at_start, s3
from imageproc.functions.photos import open_photo

make_at_start(s3)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Return `format`, which the state machine's Choice reads, and the record's `attributes`.

    If tags are to be made, `endUnseen` says of a file whose picture's end is not seen: it may be truncated.

    A picture of another format is not an error here: the Choice ends the execution. Raises
    ImageIdentifyError for a file that is not a readable image, ImageTooLargeError, PhotoGoneError,
    TransientServiceError, ServiceRefusedError.
    """
    asked = ExecutionInput.from_state(event)
    photo = open_photo(asked)
    try:
        metadata = read_metadata(photo.file, photo.size)
    except NotSupportedImageType as error:
        return {"format": "UNSUPPORTED", "cause": str(error), "attributes": photo.attributes}
    unseen = asked.wants(Part.TAGS) and ends_unseen(photo.file, photo.size, metadata.format)
    found = {"format": metadata.format, "attributes": photo.attributes | metadata.attributes()}
    return found | ({END_UNSEEN: True} if unseen else {})
