"""EmbedImageFunction: writes a photo's embedding to its record."""

from __future__ import annotations

from typing import Any

from imageproc.core.attributes import EMBEDDING
from imageproc.core.embedding import embedder
from imageproc.core.execution_input import ExecutionInput, State
from imageproc.core.ownership import write_as
from imageproc.core.parts import Part
from imageproc.functions import logs, records
from imageproc.functions.clients import dynamodb, make_at_start, s3
from imageproc.functions.photos import download

make_at_start(dynamodb, s3, embedder)


@logs.logged
def handler(event: State, _context: object) -> dict[str, Any]:
    """Make and store the embedding, unless the execution is not to. Nothing failed: the result is empty.

    Raises ImageIdentifyError, ImageTooLargeError, PhotoGoneError, SupersededError if a newer upload owns the
    record, TransientServiceError, ServiceRefusedError.
    """
    photo = ExecutionInput.from_state(event)
    if photo.wants(Part.EMBEDDING):
        stored = {EMBEDDING: embedder().embed(download(photo))}
        records.write(photo.photo_id, write_as(photo.version_id, stored))
    return {}
