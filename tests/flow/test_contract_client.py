"""A client that only knows the data contract: guest credentials, S3, DynamoDB, Lambda."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests import pictures
from tests.flow.conftest import Backend


@pytest.fixture
def guest(backend: Backend) -> boto3.Session:
    """Credentials as the original's web app gets them: from the identity pool, unsigned."""
    cognito = boto3.client(
        "cognito-identity",
        region_name=backend.stack.outputs["Region"],
        endpoint_url=backend.stack.target.endpoint_url,
        config=Config(signature_version=UNSIGNED),
    )
    identity = cognito.get_id(IdentityPoolId=backend.stack.outputs["CognitoIdentityPool"])["IdentityId"]
    keys = cognito.get_credentials_for_identity(IdentityId=identity)["Credentials"]
    return boto3.Session(
        keys["AccessKeyId"],
        keys["SecretKey"],
        keys["SessionToken"],
        region_name=backend.stack.outputs["Region"],
    )


def client(guest: boto3.Session, backend: Backend, service: Any) -> Any:
    return guest.client(service, endpoint_url=backend.stack.target.endpoint_url)


def test_it_follows_a_photo_to_its_end(guest: boto3.Session, backend: Backend, fresh: str) -> None:
    outputs = backend.stack.outputs
    s3, dynamodb, functions = (client(guest, backend, name) for name in ("s3", "dynamodb", "lambda"))
    dynamodb.put_item(
        TableName=outputs["DDBAlbumMetadataTable"],
        Item={
            "albumID": {"S": f"album-{fresh}"},
            "userID": {"S": fresh},
            "creationTime": {"N": str(int(time.time()))},
        },
    )
    s3.put_object(
        Bucket=outputs["S3PhotoRepoBucket"],
        Key=f"Incoming/{fresh}.jpg",
        Body=pictures.jpeg(make="Nikon"),
        ContentType="image/jpeg",
        Metadata={"userid": fresh, "albumid": f"album-{fresh}"},
    )

    arn = _until(lambda: _image(dynamodb, backend, fresh).get("executionArn", {}).get("S"))
    _until(lambda: _describe(functions, backend, arn)["status"] == "SUCCEEDED")

    found = dynamodb.query(
        TableName=outputs["DDBImageMetadataTable"],
        IndexName="albumID-uploadTime-index",
        KeyConditionExpression="albumID = :album",
        ExpressionAttributeValues={":album": {"S": f"album-{fresh}"}},
    )["Items"]
    assert [item["exifMake"]["S"] for item in found] == ["Nikon"]
    thumbnail = found[0]["thumbnail"]["M"]
    body = s3.get_object(Bucket=thumbnail["s3Bucket"]["S"], Key=thumbnail["s3Key"]["S"])["Body"].read()
    assert pictures.opened(body).format == "JPEG"


def test_guests_are_refused_everything_else(guest: boto3.Session, backend: Backend, fresh: str) -> None:
    bucket, images = backend.stack.bucket, backend.stack.image_table
    s3, dynamodb, stepfunctions, functions = (
        client(guest, backend, name) for name in ("s3", "dynamodb", "stepfunctions", "lambda")
    )
    refused: list[Callable[[], Any]] = [
        lambda: s3.put_object(Bucket=bucket, Key=f"Thumbnails/{fresh}", Body=b""),
        lambda: s3.put_object(Bucket=bucket, Key=fresh, Body=b""),
        lambda: s3.delete_object(Bucket=bucket, Key="Incoming/x"),
        lambda: s3.list_objects_v2(Bucket=bucket),
        lambda: s3.list_buckets(),
        lambda: dynamodb.put_item(TableName=images, Item={"imageID": {"S": fresh}}),
        lambda: dynamodb.delete_item(TableName=images, Key={"imageID": {"S": fresh}}),
        lambda: dynamodb.scan(TableName=images),
        lambda: stepfunctions.list_executions(stateMachineArn=backend.stack.state_machine_arn),
        lambda: functions.invoke(FunctionName=f"{backend.stack.name}-GenerateThumbnail"),
    ]
    for call in refused:
        with pytest.raises(ClientError) as error:
            call()
        assert error.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), error.value


def test_guests_may_not_ask_about_other_state_machines(guest: boto3.Session, backend: Backend) -> None:
    other = backend.stack.state_machine_arn.replace("stateMachine", "execution") + "-other:x"
    answer = _describe(client(guest, backend, "lambda"), backend, other)
    assert answer["errorType"] == "ServiceRefusedError"


def _image(dynamodb: Any, backend: Backend, fresh: str) -> Any:
    key = {"imageID": {"S": f"{fresh}.jpg"}}
    return dynamodb.get_item(TableName=backend.stack.image_table, Key=key).get("Item", {})


def _describe(functions: Any, backend: Backend, arn: str) -> Any:
    answer = functions.invoke(
        FunctionName=backend.stack.outputs["DescribeExecutionLambda"],
        Payload=json.dumps({"executionArn": arn}).encode(),
    )
    return json.loads(answer["Payload"].read())


def _until(condition: Any, seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")
