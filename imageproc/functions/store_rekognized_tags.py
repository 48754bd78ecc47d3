"""StoreRekognizedTagsFunction: writes the labels to the photo's record."""

from typing import Any

from imageproc.core.request import PhotoRequest, State
from imageproc.functions import logs, table
from imageproc.functions.aws import dynamodb, make_at_start

make_at_start(dynamodb)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Store what RekognitionFunction returned. Nothing failed: the result is empty.

    Raises SupersededError if a newer upload owns the record, TransientServiceError, ServiceRefusedError.
    """
    found = event["rekognition"]
    if found:
        photo = PhotoRequest.from_state(event)
        table.update(photo.object_id, found, condition=table.owned_by(photo.version_id))
    return {}
