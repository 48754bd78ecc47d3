"""The ImageMetadata table, as the functions write it: never over a newer upload's record."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Context
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import DYNAMODB_CONTEXT, TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from imageproc.core.errors import SupersededError
from imageproc.core.record import IMAGE_ID, VERSION_ID
from imageproc.functions.aws import dynamodb
from imageproc.functions.errors import aws_call, code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# DynamoDB keeps 38 digits; the default context of the SDK traps rounding, so floats are rounded here.
_DIGITS = Context(prec=DYNAMODB_CONTEXT.prec)
_SERIALIZE = TypeSerializer().serialize
_DESERIALIZE = TypeDeserializer().deserialize


@dataclass(frozen=True)
class Condition:
    """What must hold of a record for it to be written: an expression of DynamoDB's, and its values."""

    expression: str
    values: dict[str, Any]


def owned_by(version: str | None) -> Condition | None:
    """Hold while the record is about this version of the photo; None, always, if the version is not known.

    The version is set by whoever claims the record: the start function, or a client that reconciles.
    """
    if version is None:
        return None
    return Condition(f"attribute_not_exists({VERSION_ID}) OR {VERSION_ID} = :mine", {":mine": version})


def update(
    image_id: str,
    attributes: Mapping[str, Any],
    *,
    condition: Condition | None,
    remove: Iterable[str] = (),
) -> None:
    """Set and remove attributes of a record, which is created if it is not there.

    Raises SupersededError if the condition does not hold.
    """
    request = _update_request(image_id, attributes, remove)
    if condition:
        request["ConditionExpression"] = condition.expression
        request["ExpressionAttributeValues"] |= {
            name: _SERIALIZE(value) for name, value in condition.values.items()
        }
    with aws_call(f"writing the record of {image_id}"):
        try:
            dynamodb().update_item(**request)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                raise SupersededError(f"another upload of {image_id} owns its record") from error
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
