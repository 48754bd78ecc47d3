"""DynamoDB items as plain Python: numbers as int or float; read one, many, or page by page."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Context, Decimal
from typing import Any, cast

from boto3.dynamodb.types import DYNAMODB_CONTEXT, TypeDeserializer, TypeSerializer

from imageproc.aws.translation import translated

# DynamoDB keeps 38 digits; the default context of the SDK traps rounding, so floats are rounded here.
_DIGITS = Context(prec=DYNAMODB_CONTEXT.prec)
_SERIALIZE = TypeSerializer().serialize
_DESERIALIZE = TypeDeserializer().deserialize

_BATCH = 100
"""The most items of one BatchGetItem:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as a DynamoDB item."""
    return {name: _SERIALIZE(_decimal(value)) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a DynamoDB item as values."""
    return {name: _value(value) for name, value in item.items()}


def get(dynamodb: Any, table: str, key: Mapping[str, str]) -> dict[str, Any] | None:
    """Return one item, None if there is none. Strongly consistent."""
    with translated(f"Reading {table}"):
        answer = dynamodb.get_item(TableName=table, Key=to_item(key), ConsistentRead=True)
    return from_item(answer["Item"]) if "Item" in answer else None


def get_many(
    dynamodb: Any, table: str, key: str, values: Iterable[str], only: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Yield those items that exist, in no fixed order, a hundred for each request.

    Of each come those attributes `only`, all if none are named. The next request is under way while the last
    one's items are read.
    """
    left = list(dict.fromkeys(values))
    names = {f"#{index}": name for index, name in enumerate(only)}
    shown = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names} if names else {}

    def ask(batch: list[str]) -> Any:
        keys = [to_item({key: value}) for value in batch]
        with translated(f"Reading {table}"):
            return dynamodb.batch_get_item(
                RequestItems={table: {"Keys": keys, "ConsistentRead": True, **shown}}
            )

    with ThreadPoolExecutor(1) as pool:
        asked: Future[Any] | None = None
        while left or asked:
            answer = (asked or pool.submit(ask, _taken(left))).result()
            unread = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", ())
            left += [from_item(one)[key] for one in unread]
            asked = pool.submit(ask, _taken(left)) if left else None
            yield from map(from_item, answer["Responses"].get(table, ()))


def _taken(left: list[str]) -> list[str]:
    """Take the values of the next request away from those that are left."""
    batch = left[:_BATCH]
    del left[:_BATCH]
    return batch


def query(
    dynamodb: Any, table: str, index: str, key: str, value: str, page_size: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the items of one partition of an index, newest first, as the pages come.

    With `page_size` no request reads more items than that.
    """
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        IndexName=index,
        KeyConditionExpression="#key = :value",
        ExpressionAttributeNames={"#key": key},
        ExpressionAttributeValues=to_item({":value": value}),
        ScanIndexForward=False,
        PaginationConfig={"PageSize": page_size},
    )
    yield from _items(table, pages)


def scan(dynamodb: Any, table: str) -> Iterator[dict[str, Any]]:
    """Yield all items of a table, in no fixed order, as the pages come."""
    yield from _items(table, dynamodb.get_paginator("scan").paginate(TableName=table))


def _items(table: str, pages: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    with translated(f"Reading {table}"):
        for page in pages:
            yield from map(from_item, page["Items"])


def _decimal(value: Any) -> Any:
    """Return the value with floats as Decimal, which is what the SDK takes for numbers."""
    if isinstance(value, float):
        return _DIGITS.create_decimal(repr(value))
    if isinstance(value, Mapping):
        return {name: _decimal(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_decimal(item) for item in value]
    return value


def _value(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return _number(value)
        case "M":
            return {name: _value(one) for name, one in value.items()}
        case "L":
            return [_value(one) for one in value]
        case "B" if isinstance(value, str):
            return _DESERIALIZE({kind: base64.b64decode(value)})
        case "BS":
            return {_value({"B": one}) for one in value}
    return _DESERIALIZE(cast("Any", attribute))


def _number(digits: str) -> int | float:
    if digits.isdigit():
        return int(digits)
    number = float(digits)
    if not number.is_integer():
        return number
    exact = Decimal(digits)
    return int(exact) if exact == exact.to_integral_value() else number
