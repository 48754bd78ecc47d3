"""The ImageMetadata table, as the functions write it: never over a newer upload's record."""

from __future__ import annotations

import os
from decimal import Context
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import DYNAMODB_CONTEXT, TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from imageproc.core.errors import SupersededError
from imageproc.core.record import IMAGE_ID, SEQUENCER
from imageproc.functions.aws import dynamodb
from imageproc.functions.errors import aws_call, code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# DynamoDB keeps 38 digits; the default context of the SDK traps rounding, so floats are rounded here.
_DIGITS = Context(prec=DYNAMODB_CONTEXT.prec)
_SERIALIZE = TypeSerializer().serialize
_DESERIALIZE = TypeDeserializer().deserialize

NOT_NEWER = f"attribute_not_exists({SEQUENCER}) OR {SEQUENCER} <= :sequencer"
"""Holds unless a newer upload of the key owns the record. S3's sequencers of one key compare as strings."""

NEWER = f"attribute_not_exists({SEQUENCER}) OR {SEQUENCER} < :sequencer"
"""Holds if this upload is newer than the one that owns the record."""


def update(
    image_id: str,
    attributes: Mapping[str, Any],
    *,
    sequencer: str | None,
    remove: Iterable[str] = (),
    condition: str = NOT_NEWER,
) -> None:
    """Set and remove attributes of a record, which is created if it is not there.

    Raises SupersededError if the condition does not hold: a newer upload owns the record. Without a sequencer
    (an execution started by hand) there is nothing to compare, and the record is written.
    """
    request = _update_request(image_id, attributes, remove)
    if sequencer:
        request["ConditionExpression"] = condition
        request["ExpressionAttributeValues"][":sequencer"] = {"S": sequencer}
    with aws_call(f"writing the record of {image_id}"):
        try:
            dynamodb().update_item(**request)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                raise SupersededError(f"a newer upload of {image_id} owns its record") from error
            raise


def get(image_id: str) -> dict[str, Any]:
    """Return a record, empty if there is none; numbers are Decimal. Strongly consistent."""
    with aws_call(f"reading the record of {image_id}"):
        answer = dynamodb().get_item(TableName=_table(), Key=_key(image_id), ConsistentRead=True)
    return {name: _DESERIALIZE(value) for name, value in answer.get("Item", {}).items()}


def _update_request(image_id: str, attributes: Mapping[str, Any], remove: Iterable[str]) -> dict[str, Any]:
    removed = [name for name in remove if name not in attributes]
    names = {f"#{index}": name for index, name in enumerate([*attributes, *removed])}
    values = {f":{index}": _SERIALIZE(_decimal(value)) for index, value in enumerate(attributes.values())}
    sets = ", ".join(f"#{index} = :{index}" for index in range(len(attributes)))
    removes = ", ".join(f"#{len(attributes) + index}" for index in range(len(removed)))
    return {
        "TableName": _table(),
        "Key": _key(image_id),
        "UpdateExpression": f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _decimal(value: Any) -> Any:
    """Return the value with floats as Decimal, which is what the SDK takes for numbers."""
    if isinstance(value, float):
        return _DIGITS.create_decimal(repr(value))
    if isinstance(value, dict):
        return {name: _decimal(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_decimal(item) for item in value]
    return value


def _key(image_id: str) -> dict[str, Any]:
    return {IMAGE_ID: {"S": image_id}}


def _table() -> str:
    return os.environ["IMAGE_METADATA_TABLE"]
