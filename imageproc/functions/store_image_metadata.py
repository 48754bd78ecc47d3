"""StoreImageMetadataFunction: writes the extracted metadata to the photo's record."""

from imageproc.core.record import METADATA_ATTRIBUTES, S3_KEY, STATUS, Status
from imageproc.core.request import PhotoRequest, State
from imageproc.functions import logs, table
from imageproc.functions.aws import dynamodb, make_at_start

make_at_start(dynamodb)


@logs.logged
def handler(event: State, _context: object) -> None:
    """Store the attributes; what an earlier upload of the key had and this one lacks is removed.

    Raises SupersededError if a newer upload owns the record, TransientServiceError, ServiceRefusedError.
    """
    photo = PhotoRequest.from_state(event)
    extracted = event["extractedMetadata"]["attributes"]
    table.update(
        photo.object_id,
        extracted | {S3_KEY: photo.key, STATUS: Status.PROCESSING},
        condition=table.owned_by(photo.version_id) if photo.pinned else None,
        remove=METADATA_ATTRIBUTES,
    )
