"""The change index: what tells a reader of the ImageMetadata table which records changed, without a scan.

Every write of a record's status or album stamps it with `changeShard` and `changeTime`. The sparse index
`changeShard-changeTime-index` holds the keys of what is stamped. A record that is erased leaves a
*tombstone*: an item with the hash of the photo's ID and nothing else of it, which DynamoDB deletes when it
has expired.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

from imageproc.core.attributes import CHANGE_SHARD, CHANGE_TIME, EXPIRY_TIME, IMAGE_ID

SHARDS = 4
"""How many partitions of the index the records share.

A partition takes 1,000 write units a second, and a photo costs five: an entry when it is claimed, and an
entry replaced (two) when its metadata and when its outcome are written. Four take 800 photos a second, which
is 16 times what Rekognition's default quota lets through; each one more is one more query for every reader.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""

FORGOTTEN = "forgotten"
"""The shard of the tombstones."""

TOMBSTONE_DAYS = 90
"""How long a tombstone stays. A reader that was away for longer has to read the whole table again."""

_DAY_S = 24 * 60 * 60


def shard_of(photo_id: str) -> str:
    """Return the shard of a photo's record, which is always the same."""
    return str(zlib.crc32(photo_id.encode()) % SHARDS)


def shards() -> list[str]:
    """Return all shards, that of the tombstones last."""
    return [*map(str, range(SHARDS)), FORGOTTEN]


def stamp(photo_id: str, now: float) -> dict[str, Any]:
    """Return the attributes that put a record's change into the index; `now` is in epoch seconds."""
    return {CHANGE_SHARD: shard_of(photo_id), CHANGE_TIME: int(now * 1000)}


def tombstone(photo_id: str, now: float) -> dict[str, Any]:
    """Return the item that an erased record leaves; `now` is in epoch seconds."""
    return {
        IMAGE_ID: tombstone_id(photo_id),
        CHANGE_SHARD: FORGOTTEN,
        CHANGE_TIME: int(now * 1000),
        EXPIRY_TIME: int(now) + TOMBSTONE_DAYS * _DAY_S,
    }


def tombstone_id(photo_id: str) -> str:
    """Return a tombstone's key. It ends with a slash, as no photo's ID does: such a key is a folder's."""
    return hashlib.sha256(photo_id.encode()).hexdigest() + "/"


def run_item_id(bulk_run: str) -> str:
    """Return the key of a bulk run's item, by the run's name: whoever skips tombstones skips it as well."""
    return bulk_run + "/"


def is_tombstone(item: Mapping[str, Any]) -> bool:
    """Whether an item of the table is a tombstone, and no record."""
    return str(item.get(IMAGE_ID, "")).endswith("/")
