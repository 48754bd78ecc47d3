"""A table of photos and one of albums in memory, as the catalog's reader asks them; its index may be late."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping
from email.utils import formatdate
from typing import Any

from imageproc.aws.items import from_item, to_item
from imageproc.core.changes import SHARDS, stamp, tombstone


class FakeDynamoDB:
    """What `imageproc.catalog.feed` uses of a boto3 client, over plain dictionaries."""

    def __init__(
        self,
        items: MutableMapping[str, dict[str, Any]] | None = None,
        albums: MutableMapping[str, dict[str, Any]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.items: MutableMapping[str, dict[str, Any]] = {} if items is None else items
        self.album_items: MutableMapping[str, dict[str, Any]] = {} if albums is None else albums
        self.clock = clock
        self.hidden: set[str] = set()
        """What the index does not show yet."""
        self.lingering: dict[str, dict[str, Any]] = {}
        """What it still shows of what was erased."""
        self.page = 5
        """Items of a page of a scan."""
        self.calls: list[str] = []
        self.identity = "one"
        self.before: Callable[[str], object] = lambda _: None
        """Is told each call before it is answered."""

    def put(self, photo_id: str, now: float | None = None, **stored: Any) -> dict[str, Any]:
        """Write a record, as a function does."""
        now = self.clock() if now is None else now
        item = {"imageID": photo_id, "s3key": f"Incoming/{photo_id}", "status": "SUCCEEDED", **stored}
        self.items[photo_id] = item | stamp(photo_id, now)
        return self.items[photo_id]

    def erase(self, photo_id: str, now: float | None = None) -> None:
        """Erase a record, as the workbench does."""
        self.items.pop(photo_id, None)
        left = tombstone(photo_id, self.clock() if now is None else now)
        self.items[left["imageID"]] = left

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        self._called("describe")
        table = {
            "TableArn": f"arn:{TableName}",
            "TableId": self.identity,
            "CreationDateTime": 1,
            "ItemCount": len(self.items),
            "TableSizeBytes": 2000 * len(self.items),
            "GlobalSecondaryIndexes": [
                {"IndexName": "changeShard-changeTime-index", "IndexStatus": "ACTIVE"}
            ],
        }
        return {"Table": table, **self._metadata()}

    def query(self, **request: Any) -> dict[str, Any]:
        self._called("query")
        asked = from_item(request["ExpressionAttributeValues"])
        found = sorted(
            (item["changeTime"], key)
            for key, item in [*self.lingering.items(), *self.items.items()]
            if item.get("changeShard") == asked[":shard"]
            and item["changeTime"] >= asked[":since"]
            and key not in self.hidden
        )
        start = from_item(request["ExclusiveStartKey"]) if "ExclusiveStartKey" in request else {}
        left = [one for one in found if not start or one > (start["changeTime"], start["imageID"])]
        page = left[: request["Limit"]]
        keys = [to_item({"imageID": key, "changeTime": stamped}) for stamped, key in page]
        more = {"LastEvaluatedKey": keys[-1]} if len(left) > len(page) else {}
        return {"Items": keys, **more, **self._metadata()}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's
        self._called("get")
        ((table, request),) = RequestItems.items()
        source, key = (self.album_items, "albumID") if table == "albums" else (self.items, "imageID")
        wanted = [from_item(one)[key] for one in request["Keys"]]
        return {"Responses": {table: [to_item(source[one]) for one in wanted if one in source]}}

    def scan(self, **request: Any) -> dict[str, Any]:
        self._called("scan")
        segment, total = request["Segment"], request["TotalSegments"]
        keys = sorted(key for key in list(self.items.keys()) if sum(key.encode()) % total == segment)
        start = from_item(request["ExclusiveStartKey"])["imageID"] if "ExclusiveStartKey" in request else ""
        left = [key for key in keys if key > start]
        page = left[: self.page]
        more = {"LastEvaluatedKey": to_item({"imageID": page[-1]})} if len(left) > len(page) else {}
        return {"Items": [to_item(self.items[key]) for key in page], **more, **self._metadata()}

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.before(name)

    def _metadata(self) -> dict[str, Any]:
        return {"ResponseMetadata": {"HTTPHeaders": {"date": formatdate(self.clock(), usegmt=True)}}}


QUERIES = SHARDS + 1
"""What one look for changes asks: each shard once, and the tombstones."""
