"""RekognitionOfRenditionFunction: has Amazon Rekognition label a smaller JPEG of a photo that it cannot take.

It has the memory to decode any photo, which RekognitionFunction, invoked for each, had better not.
"""

from __future__ import annotations

from typing import Any

from imageproc.core.execution_input import ExecutionInput, State
from imageproc.core.labels import LEAST_ROWS
from imageproc.core.rendition import make_rendition
from imageproc.errors import RecognitionRefusedError
from imageproc.functions import logs, turns
from imageproc.functions.clients import dynamodb, make_at_start, rekognition, s3
from imageproc.functions.photos import download
from imageproc.functions.recognition import labelled

make_at_start(dynamodb, rekognition, s3)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Return `tags`, `labels` and `labelModelVersion`.

    Raises RecognitionRefusedError if Rekognition cannot take the rendition either, or if less than half of
    the picture is there; ImageIdentifyError, ImageTooLargeError, PhotoGoneError; LabelsQueuedError if it is
    not yet its turn, RecognitionThrottledError, RecognitionUnavailableError, TransientServiceError,
    ServiceRefusedError.
    """
    turn = turns.take(event)
    rendition = make_rendition(download(ExecutionInput.from_state(event)))
    if rendition.rows_there < LEAST_ROWS:
        raise RecognitionRefusedError(
            f"The file is truncated, and only {rendition.rows_there:.0%} of the picture is there: no labels "
            "are asked of that."
        )
    return labelled({"Bytes": rendition.data}, turn)
