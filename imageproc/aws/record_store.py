"""The photos' records in the ImageMetadata table: the one place that reads and writes them.

The functions in Lambda and the workbench use it alike. What may be written when is decided by
`imageproc.core.ownership`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from botocore.exceptions import ClientError

from imageproc.aws import items
from imageproc.aws.translation import error_code, translated
from imageproc.core.attributes import (
    ALBUM_ID,
    ALBUM_INDEX,
    EXECUTION_ARN,
    EXECUTION_INDEX,
    IMAGE_ID,
    LABEL_CORRECTIONS,
    STATUS,
)
from imageproc.core.changes import is_tombstone, stamp, tombstone
from imageproc.core.record import PhotoRecord, Status
from imageproc.core.record_codec import decode
from imageproc.errors import SupersededError

if TYPE_CHECKING:
    from imageproc.core.ownership import RecordChange

R = TypeVar("R", bound=PhotoRecord)

_STAMPED = {STATUS, ALBUM_ID, LABEL_CORRECTIONS}
"""What is written of a record that those who keep a copy have to hear of."""


class RecordStore(Generic[R]):
    """The records of one table, as `kind`: PhotoRecord, or a subclass with the fields `more`."""

    def __init__(
        self,
        dynamodb: Any,
        table: str,
        kind: type[R],
        *,
        notify: Callable[[], object] = lambda: None,
        **more: Any,
    ) -> None:
        """Use this boto3 client of DynamoDB; nothing is asked yet. `notify` is called after each write."""
        self._dynamodb, self._table, self._kind, self._more = dynamodb, table, kind, more
        self._notify = notify

    def get(self, photo_id: str) -> R | None:
        """Return a record, None if there is none. Strongly consistent. Raises AwsError."""
        found = items.get(self._dynamodb, self._table, {IMAGE_ID: photo_id})
        return None if found is None or is_tombstone(found) else self._decode(found)

    def get_many(self, photo_ids: Iterable[str]) -> Iterator[R]:
        """Yield those records that exist, in no fixed order. Strongly consistent. Raises AwsError."""
        return self._records(items.get_many(self._dynamodb, self._table, IMAGE_ID, photo_ids))

    def statuses(self, photo_ids: Iterable[str]) -> dict[str, Status | None]:
        """Return the status of each record that exists, None if it has none that is known.

        Strongly consistent. The rest of a record is not read. Raises AwsError.
        """
        found = items.get_many(self._dynamodb, self._table, IMAGE_ID, photo_ids, (IMAGE_ID, STATUS))
        known = {status.value: status for status in Status}
        return {one[IMAGE_ID]: known.get(one.get(STATUS, "")) for one in found}

    def in_album(self, album_id: str, page_size: int | None = None) -> Iterator[R]:
        """Yield an album's records, the newest upload first, `page_size` for each request at most."""
        found = items.query(self._dynamodb, self._table, ALBUM_INDEX, ALBUM_ID, album_id, page_size)
        return map(self._decode, found)

    def of_execution(self, arn: str) -> R | None:
        """Return the record that names this Express execution as its last; None if none does, or not yet.

        Found by an index, which is a moment behind; read strongly consistent. Raises AwsError.
        """
        for key in items.query(self._dynamodb, self._table, EXECUTION_INDEX, EXECUTION_ARN, arn):
            record = self.get(key[IMAGE_ID])
            if record and record.execution_arn == arn:
                return record
        return None

    def scan(self) -> Iterator[R]:
        """Yield all records, in no fixed order: reads the whole table."""
        return self._records(items.scan(self._dynamodb, self._table))

    def write(self, photo_id: str, change: RecordChange) -> None:
        """Perform a change; one of the status, the album or corrections is stamped for the change index.

        Raises SupersededError if its condition does not hold, AwsError.
        """
        touched = change.values.keys() | change.within.keys()
        stamped = stamp(photo_id, time.time()) if _STAMPED & touched else {}
        request = _update_request(replace(change, values={**change.values, **stamped}))
        with translated(f"Writing the record of {photo_id}"):
            try:
                key = items.to_item({IMAGE_ID: photo_id})
                self._dynamodb.update_item(TableName=self._table, Key=key, **request)
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    raise SupersededError(
                        f"The record of {photo_id} belongs to another upload or execution."
                    ) from error
                raise
        self._notify()

    def erase(self, photo_id: str) -> None:
        """Delete a record, if there is one, and leave a tombstone: both or neither. Raises AwsError."""
        delete = {"TableName": self._table, "Key": items.to_item({IMAGE_ID: photo_id})}
        put = {"TableName": self._table, "Item": items.to_item(tombstone(photo_id, time.time()))}
        with translated(f"Erasing the record of {photo_id}"):
            self._dynamodb.transact_write_items(TransactItems=[{"Delete": delete}, {"Put": put}])
        self._notify()

    def _records(self, found: Iterable[Mapping[str, Any]]) -> Iterator[R]:
        return (self._decode(item) for item in found if not is_tombstone(item))

    def _decode(self, item: Mapping[str, Any]) -> R:
        return decode(item, self._kind, **self._more)


def _update_request(change: RecordChange) -> dict[str, Any]:
    removed = [name for name in change.remove if name not in change.values]
    names = {f"#{index}": name for index, name in enumerate([*change.values, *removed])}
    values = {f":{index}": value for index, value in enumerate(change.values.values())}
    keys = {f"{place}k": change.within[name] for place, name in names.items() if name in change.within}
    paths = {name: f"{place}.{place}k" if f"{place}k" in keys else place for place, name in names.items()}
    sets = ", ".join(
        f"{paths[name]} = if_not_exists({paths[name]}, :{index})"
        if name in change.keep
        else f"{paths[name]} = :{index}"
        for index, name in enumerate(change.values)
    )
    removes = ", ".join(paths[name] for name in removed)
    request: dict[str, Any] = {
        "UpdateExpression": f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
        "ExpressionAttributeNames": names | keys,
    }
    if change.condition:
        request["ConditionExpression"] = change.condition.expression
        request["ExpressionAttributeNames"] |= change.condition.names
        values |= change.condition.values
    return request | {"ExpressionAttributeValues": items.to_item(values)}
