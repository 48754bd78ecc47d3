"""What a catalog reads of the tables: the changes by the change index; the first time, everything."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from imageproc.aws import items
from imageproc.aws.translation import translated
from imageproc.core.attributes import ALBUM_ID, CHANGE_INDEX, CHANGE_SHARD, CHANGE_TIME, IMAGE_ID, USER_ID
from imageproc.core.changes import is_tombstone, shards
from imageproc.errors import CatalogError

FRESH_S = 0.5
"""How old what is known of the table may be when a question is answered."""

PAGE = 1000
"""Keys of changes that are read and written down at a time."""


@dataclass(frozen=True)
class Table:
    """What DynamoDB says of the table of photos; count and size are up to six hours old."""

    identity: str
    """Of this very table: another one of the same name has another."""
    records: int
    size: int
    """Bytes."""

    @property
    def read_units(self) -> float:
        """What reading all of it takes: half a unit for 4 KB.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
        """
        return self.size / 8192


@dataclass(frozen=True)
class Keys:
    """Changes of one shard: the IDs and the times of the changes, in epoch milliseconds, the oldest first."""

    shard: str
    changes: tuple[tuple[str, int], ...]
    now: float
    """AWS's clock, epoch seconds."""

    def without(self, seen: Mapping[str, int]) -> Keys:
        """Return those changes that were not seen, by the times of the last ones that were."""
        return replace(self, changes=tuple(one for one in self.changes if seen.get(one[0]) != one[1]))


@dataclass(frozen=True)
class Page:
    """Records of one segment of a scan, as they are stored."""

    segment: int
    records: list[dict[str, Any]]
    next_key: dict[str, Any] | None
    """Where the segment goes on; None at its end."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python's garbage collector away while records are read.

    They are many objects without cycles. Each time that it walks them all takes as long as making them: a
    third of the time in which a catalog catches up with a thousand changes.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Feed:
    """Reads the tables of photos and albums."""

    def __init__(self, dynamodb: Any, table: str, album_table: str) -> None:
        """Use this boto3 client of DynamoDB; nothing is asked yet."""
        self._dynamodb, self._table, self._album_table = dynamodb, table, album_table

    def table(self) -> Table:
        """Return what DynamoDB says of the table. Raises CatalogError without a change index, AwsError."""
        with translated(f"Looking at {self._table}"):
            found = self._dynamodb.describe_table(TableName=self._table)["Table"]
        indexes = {
            one["IndexName"]: one.get("IndexStatus") for one in found.get("GlobalSecondaryIndexes", ())
        }
        if CHANGE_INDEX not in indexes:
            raise CatalogError(
                f"The stack's table {self._table} has no change index: it was deployed by an older version.",
                "Deploy it again (imageproc deploy).",
            )
        if indexes[CHANGE_INDEX] == "CREATING":
            raise CatalogError("DynamoDB is still making the change index.", "Try again in a few minutes.")
        identity = f"{found['TableArn']} {found.get('TableId', '')} {found['CreationDateTime']}"
        return Table(identity, found.get("ItemCount", 0), found.get("TableSizeBytes", 0))

    def now(self) -> float:
        """Return the time by AWS's clock, in epoch seconds."""
        with translated(f"Looking at {self._table}"):
            return _clock(self._dynamodb.describe_table(TableName=self._table))

    def changes(self, since: Mapping[str, int]) -> Iterator[Keys]:
        """Yield what changed since, in epoch milliseconds, by shard; the tombstones' shard comes last."""
        names = shards()
        with ThreadPoolExecutor(len(names)) as pool:
            first = list(pool.map(lambda shard: self._query(shard, since.get(shard, 0), None), names))
        for shard, (keys, next_key) in zip(names, first, strict=True):
            yield keys
            while next_key:
                keys, next_key = self._query(shard, since.get(shard, 0), next_key)
                yield keys

    def records(self, photo_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return what is stored of those photos that have a record. Strongly consistent. Raises AwsError."""
        found = items.get_many(self._dynamodb, self._table, IMAGE_ID, photo_ids)
        return {item[IMAGE_ID]: item for item in found if not is_tombstone(item)}

    def albums(self, album_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return names and users of those albums that exist, by ID. Raises AwsError."""
        found = items.get_many(self._dynamodb, self._album_table, ALBUM_ID, album_ids)
        return {
            one[ALBUM_ID]: (str(one.get("name") or one[ALBUM_ID]), str(one.get(USER_ID, ""))) for one in found
        }

    def scan(self, starts: Mapping[int, dict[str, Any] | None], segments: int) -> Iterator[Page]:
        """Yield all records, page by page as they come, of `segments` segments side by side.

        `starts` has the unfinished segments and where each goes on.
        """
        read = partial(self._page, segments)
        with ThreadPoolExecutor(max(1, len(starts))) as pool:
            running = [pool.submit(read, segment, start) for segment, start in starts.items()]
            while running:
                page = running.pop(0).result()
                if page.next_key:
                    running.append(pool.submit(read, page.segment, page.next_key))
                yield page

    def _query(self, shard: str, since: int, start: Any) -> tuple[Keys, Any]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": CHANGE_INDEX,
            "KeyConditionExpression": f"{CHANGE_SHARD} = :shard AND {CHANGE_TIME} >= :since",
            "ExpressionAttributeValues": items.to_item({":shard": shard, ":since": since}),
            "Limit": PAGE,
        }
        with translated("Reading the changes"):
            answer = self._dynamodb.query(**request | ({"ExclusiveStartKey": start} if start else {}))
        found = [(one[IMAGE_ID]["S"], int(one[CHANGE_TIME]["N"])) for one in answer["Items"]]
        return Keys(shard, tuple(found), _clock(answer)), answer.get("LastEvaluatedKey")

    def _page(self, segments: int, segment: int, start: dict[str, Any] | None) -> Page:
        more: dict[str, Any] = {"ExclusiveStartKey": start} if start else {}
        with translated(f"Reading {self._table}"):
            answer = self._dynamodb.scan(
                TableName=self._table, Segment=segment, TotalSegments=segments, **more
            )
        found = [item for item in map(items.from_item, answer["Items"]) if not is_tombstone(item)]
        return Page(segment, found, answer.get("LastEvaluatedKey"))


def _clock(answer: Mapping[str, Any]) -> float:
    """Return when AWS answered: its clock counts, and not this machine's."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date).timestamp() if date else time.time()
