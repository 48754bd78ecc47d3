"""Names: S3 object keys, the photo IDs they stand for, and the executions that process them.

An original's key is `Incoming/<photo ID>`; its thumbnail's is `Thumbnails/<photo ID>`. The photo ID is all
that follows the first slash, so it may hold slashes itself; what is stored calls it `imageID` or `objectID`.
Keys are names, never paths.
"""

import hashlib
import re
from urllib.parse import unquote_plus

INCOMING_PREFIX = "Incoming/"
THUMBNAILS_PREFIX = "Thumbnails/"
BULK_PREFIX = "Bulk/"
"""What belongs to bulk runs: the lists of their photos, and their results."""
DOWNLOADS_PREFIX = "Downloads/"
"""Files that are made for a browser to save: kept for a day at most."""

MAX_KEY_BYTES = 1024
"""S3's limit on a key, in bytes of UTF-8."""

_EXECUTION_NAME_LENGTH = 80
_PLACE = "#"
"""Neither names nor UUIDs hold it."""


def decode_event_key(encoded: str) -> str:
    """Return the key that an S3 event notification carries URL-encoded. To be called once for each event.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    return unquote_plus(encoded)


def photo_id_of(key: str) -> str:
    """Return the photo ID of an original's or a thumbnail's key: all that follows the first slash.

    Raises ValueError if the key has no slash or nothing after it.
    """
    _, _, photo_id = key.partition("/")
    if not photo_id:
        raise ValueError(f"{key!r} has no photo ID: keys of photos are {INCOMING_PREFIX}<photo ID>")
    return photo_id


def incoming_key(photo_id: str) -> str:
    """Return the key under which the original of a photo is uploaded."""
    return INCOMING_PREFIX + photo_id


def thumbnail_key(photo_id: str) -> str:
    """Return the key of a photo's thumbnail."""
    return THUMBNAILS_PREFIX + photo_id


def bulk_list_key(bulk_run: str) -> str:
    """Return the key of the list of a bulk run's photos, by the run's name."""
    return f"{BULK_PREFIX}{bulk_run}/photos.jsonl"


def is_folder_marker(key: str) -> bool:
    """Whether the key is one that consoles create to show an empty folder."""
    return key.endswith("/")


def is_original(key: str) -> bool:
    """Whether the key is one of an original."""
    return key.startswith(INCOMING_PREFIX) and not is_folder_marker(key)


def execution_name(bucket: str, key: str, version: str) -> str:
    """Return the name of the execution for one version of an object: the same version gives the same name.

    `version` is the object's version ID, or another string that is unique to this upload. Names hold only
    letters, digits, `-` and `_`, at most 80 of them:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    digest = hashlib.sha256("\0".join((bucket, key, version)).encode()).hexdigest()[:32]
    readable = re.sub(r"[^A-Za-z0-9_]+", "-", key.rpartition("/")[2]).strip("-")
    return f"{readable[: _EXECUTION_NAME_LENGTH - 1 - len(digest) - 8]}-{digest}".lstrip("-")


def execution_arn(state_machine_arn: str, name: str) -> str:
    """Return the ARN of the execution of that name, whether it was started or not.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
    """
    return f"{state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"


def express_prefix(state_machine_arn: str) -> str:
    """Return how the ARNs of a machine's Express executions begin: `...:express:<machine>:`.

    The execution's name and a UUID that Step Functions gives follow; nobody can know them before.
    """
    return f"{state_machine_arn.replace(':stateMachine:', ':express:')}:"


def is_express(execution_arn: str) -> bool:
    """Whether the ARN is one of an Express execution: those can be neither described nor listed."""
    return execution_arn.split(":")[5:6] == ["express"]


def execution_name_of(execution_arn: str) -> str:
    """Return the name in an execution's ARN, with the photo's place if it is one of a batch."""
    _, mark, place = execution_arn.partition(_PLACE)
    return whole_execution(execution_arn).split(":")[7] + mark + place


def whole_execution(execution_arn: str) -> str:
    """Return the ARN that Step Functions knows.

    A bulk run's Express executions process batches. Records name them with the photo's place in its batch,
    `<ARN>#<place>`, so that each photo has a name of its own.
    """
    return execution_arn.partition(_PLACE)[0]


def place_in_batch(execution_arn: str) -> int | None:
    """Return which photo of an execution's batch it is, from 0; None if the execution is of one photo."""
    place = execution_arn.partition(_PLACE)[2]
    return int(place) if place else None
