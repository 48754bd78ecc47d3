"""Items are read alike by the SDK's parser and without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from imageproc.aws.items import from_item
from imageproc.client.quick_items import read_items_quickly

KEY = {"id": {"S": "one"}}
EVERY_KIND = KEY | {
    "text": {"S": "ä"},
    "whole": {"N": "-12"},
    "fraction": {"N": "0.25"},
    "large": {"N": "12345678901234567890123456789012345678"},
    "exponent": {"N": "1E+3"},
    "flag": {"BOOL": False},
    "nothing": {"NULL": True},
    "list": {"L": [{"M": {"deep": {"N": "1.5"}}}, {"L": []}]},
    "bytes": {"B": b"\x00\xff"},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.5"]},
    "blobs": {"BS": [b"\x00", b"\x01"]},
}
VALUES: dict[str, Any] = {
    "id": "one",
    "text": "ä",
    "whole": -12,
    "fraction": 0.25,
    "large": 12345678901234567890123456789012345678,
    "exponent": 1000,
    "flag": False,
    "nothing": None,
    "list": [{"deep": 1.5}, []],
    "bytes": b"\x00\xff",
    "texts": {"a", "b"},
    "numbers": {1, 2.5},
    "blobs": {b"\x00", b"\x01"},
}


@pytest.fixture(params=[lambda _: None, read_items_quickly], ids=["by the SDK", "quickly"])
def dynamodb(request: pytest.FixtureRequest) -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        request.param(client)
        client.create_table(
            TableName="table",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        yield client


READS: dict[str, Callable[[Any], Any]] = {
    "BatchGetItem": lambda client: client.batch_get_item(RequestItems={"table": {"Keys": [KEY]}})[
        "Responses"
    ]["table"],
    "Query": lambda client: client.query(
        TableName="table", KeyConditionExpression="id = :id", ExpressionAttributeValues={":id": KEY["id"]}
    )["Items"],
    "Scan": lambda client: client.scan(TableName="table")["Items"],
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_every_kind_of_value_is_read(dynamodb: Any, read: Callable[[Any], Any]) -> None:
    dynamodb.put_item(TableName="table", Item=EVERY_KIND)
    (item,) = read(dynamodb)
    assert from_item(item) == VALUES
    assert {name: type(value) for name, value in from_item(item).items() if name != "bytes"} == {
        name: type(value) for name, value in VALUES.items() if name != "bytes"
    }


def test_what_else_an_answer_says_is_there(dynamodb: Any) -> None:
    for number in range(3):
        dynamodb.put_item(TableName="table", Item={"id": {"S": str(number)}})
    answer = dynamodb.scan(TableName="table", Limit=2)
    assert (answer["Count"], len(answer["Items"])) == (2, 2)
    assert answer["LastEvaluatedKey"].keys() == {"id"}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    pages = dynamodb.get_paginator("scan").paginate(TableName="table", PaginationConfig={"PageSize": 1})
    assert sum(len(page["Items"]) for page in pages) == 3
    assert dynamodb.batch_get_item(RequestItems={"table": {"Keys": [KEY]}})["UnprocessedKeys"] == {}


def test_errors_are_the_sdks(dynamodb: Any) -> None:
    with pytest.raises(ClientError) as raised:
        dynamodb.scan(TableName="another")
    assert raised.value.response["Error"]["Code"] == "ResourceNotFoundException"


@given(st.one_of(st.integers(-(10**37), 10**37), st.floats(-1e30, 1e30, allow_subnormal=False)))
def test_a_number_is_an_int_where_it_is_whole(number: float) -> None:
    found, exact = from_item({"n": {"N": repr(number)}})["n"], Decimal(repr(number))
    assert found == (exact if exact == int(exact) else number)
    assert isinstance(found, int) == (exact == int(exact))
