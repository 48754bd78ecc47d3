"""DynamoDB's answers with their items as they were sent: for those who read many."""

from __future__ import annotations

from typing import Any

import orjson


def read_items_quickly(dynamodb: Any) -> None:
    """Let this boto3 client leave items as they were sent, instead of building each by DynamoDB's model.

    The SDK's parser walks that model for each value of each attribute: that is most of the time that reading
    many records takes. It gives what was sent, but for binary values; `aws.items.from_item` reads both.
    https://botocore.amazonaws.com/v1/documentation/api/latest/topics/events.html
    """
    for operation in ("BatchGetItem", "Query", "Scan"):
        dynamodb.meta.events.register(f"before-parse.dynamodb.{operation}", _leave_items)


def _leave_items(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    if response_dict["status_code"] == 200:
        body = orjson.loads(response_dict["body"])
        items = {name: body.pop(name) for name in ("Items", "Responses") if name in body}
        customized_response_dict |= items
        response_dict["body"] = orjson.dumps(body)
