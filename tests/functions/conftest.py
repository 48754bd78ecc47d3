"""The functions on moto: a bucket, a table, a state machine, in process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from boto3.dynamodb.types import TypeDeserializer
from moto import mock_aws

from imageproc.core.attributes import EXECUTION_INDEX
from imageproc.functions import clients

REGION: Literal["eu-west-1"] = "eu-west-1"
TURNS_TABLE = "turns"


@dataclass(frozen=True)
class Backend:
    """What the functions work on, and how the tests look at it."""

    bucket: str
    table: str
    state_machine_arn: str
    s3: Any
    dynamodb: Any
    stepfunctions: Any

    def upload(self, object_id: str, data: bytes, user: str = "ann", album: str = "a1") -> str:
        """Put an original, and return its version ID."""
        answer = self.s3.put_object(
            Bucket=self.bucket,
            Key=f"Incoming/{object_id}",
            Body=data,
            Metadata={"userid": user, "albumid": album},
        )
        return str(answer["VersionId"])

    def state(self, object_id: str, **more: Any) -> dict[str, Any]:
        """Return the input of an execution."""
        return {"s3Bucket": self.bucket, "s3Key": f"Incoming/{object_id}", "objectID": object_id, **more}

    def record(self, object_id: str) -> dict[str, Any]:
        """Return a photo's record, empty if there is none."""
        answer = self.dynamodb.get_item(TableName=self.table, Key={"imageID": {"S": object_id}})
        return {name: TypeDeserializer().deserialize(value) for name, value in answer.get("Item", {}).items()}

    def executions(self) -> list[dict[str, Any]]:
        """Return all executions."""
        return list(self.stepfunctions.list_executions(stateMachineArn=self.state_machine_arn)["executions"])


@pytest.fixture(scope="session")
def region() -> Iterator[None]:
    """Make the functions' own clients once: moto answers them in whichever test they are used."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            environment.delenv(name, raising=False)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing")
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        for client in (clients.s3, clients.dynamodb, clients.rekognition, clients.stepfunctions):
            client.cache_clear()
            client()
        yield


@pytest.fixture
def backend(region: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    with mock_aws():
        made = _made()
        monkeypatch.setenv("IMAGE_METADATA_TABLE", made.table)
        monkeypatch.setenv("STATE_MACHINE_ARN", made.state_machine_arn)
        monkeypatch.setenv("MAX_LABELS", "20")
        monkeypatch.setenv("MIN_CONFIDENCE", "55")
        monkeypatch.setenv("THUMBNAIL_SIZE", "250")
        monkeypatch.setenv("DETECT_LABELS_PER_SECOND", "5")
        monkeypatch.setenv("LABEL_TURNS_TABLE", TURNS_TABLE)
        yield made


def _made() -> Backend:
    s3, dynamodb, stepfunctions = clients.s3(), clients.dynamodb(), clients.stepfunctions()
    s3.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    for table, key in (("images", "imageID"), (TURNS_TABLE, "quota")):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    dynamodb.update_table(
        TableName="images",
        AttributeDefinitions=[{"AttributeName": "executionArn", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": EXECUTION_INDEX,
                    "KeySchema": [{"AttributeName": "executionArn", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            }
        ],
    )
    machine = stepfunctions.create_state_machine(
        name="machine",
        definition='{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/any",
    )
    return Backend("photos", "images", machine["stateMachineArn"], s3, dynamodb, stepfunctions)
