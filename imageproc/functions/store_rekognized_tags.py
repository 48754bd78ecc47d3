"""StoreRekognizedTagsFunction: writes the labels to the photo's record."""

from typing import Any

from imageproc.core.execution_input import ExecutionInput, State
from imageproc.core.ownership import write_as
from imageproc.functions import logs, records
from imageproc.functions.clients import dynamodb, make_at_start

make_at_start(dynamodb)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Store what RekognitionFunction returned. Nothing failed: the result is empty.

    Raises SupersededError if a newer upload owns the record, TransientServiceError, ServiceRefusedError.
    """
    found = event["rekognition"]
    if found:
        photo = ExecutionInput.from_state(event)
        records.write(photo.photo_id, write_as(photo.version_id, found))
    return {}
