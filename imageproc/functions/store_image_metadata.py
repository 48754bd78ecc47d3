"""StoreImageMetadataFunction: writes the extracted metadata to the photo's record."""

from imageproc.core.attributes import ALBUM_ID, METADATA_ATTRIBUTES, ORIGINAL, S3_KEY, STATUS
from imageproc.core.execution_input import ExecutionInput, State
from imageproc.core.ownership import write_as
from imageproc.core.record import Status
from imageproc.functions import logs, records
from imageproc.functions.clients import dynamodb, make_at_start

make_at_start(dynamodb)


@logs.logged
def handler(event: State, _context: object) -> None:
    """Store the attributes; what an earlier upload of the key had and this one lacks is removed.

    The album is the claim's, or the one to which the photo was moved since: it is set only if there is none.
    Raises SupersededError if a newer upload owns the record, TransientServiceError, ServiceRefusedError.
    """
    photo = ExecutionInput.from_state(event)
    extracted = event["extractedMetadata"]["attributes"]
    values = extracted | {S3_KEY: photo.key, STATUS: Status.PROCESSING}
    writer = photo.version_id if photo.pinned else None
    removed = (*METADATA_ATTRIBUTES, ORIGINAL)
    records.write(photo.photo_id, write_as(writer, values, remove=removed, keep=(ALBUM_ID,)))
