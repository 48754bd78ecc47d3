"""S3 object keys and the object IDs they stand for.

An original's key is `Incoming/<objectID>`; its thumbnail's is `Thumbnails/<objectID>`. The object ID is all
that follows the first slash, so it may hold slashes itself. Keys are names, never paths.
"""

import hashlib
import re
from urllib.parse import unquote_plus

INCOMING_PREFIX = "Incoming/"
THUMBNAILS_PREFIX = "Thumbnails/"

MAX_KEY_BYTES = 1024
"""S3's limit on a key, in bytes of UTF-8."""

_EXECUTION_NAME_LENGTH = 80


def decode_event_key(encoded: str) -> str:
    """Return the key that an S3 event notification carries URL-encoded. To be called once for each event.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    return unquote_plus(encoded)


def object_id(key: str) -> str:
    """Return the object ID of an original's key: all that follows the first slash.

    Raises ValueError if the key has no slash or nothing after it.
    """
    _, _, identifier = key.partition("/")
    if not identifier:
        raise ValueError(f"{key!r} has no object ID: keys of photos are {INCOMING_PREFIX}<objectID>")
    return identifier


def incoming_key(identifier: str) -> str:
    """Return the key under which the original of an object ID is uploaded."""
    return INCOMING_PREFIX + identifier


def thumbnail_key(identifier: str) -> str:
    """Return the key of an object ID's thumbnail."""
    return THUMBNAILS_PREFIX + identifier


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
