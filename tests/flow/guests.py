"""A guest of the identity pool: real guest credentials, and what the data contract lets a guest do."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, cast

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from imageproc.client.stack import Stack


@dataclass(frozen=True)
class Guest:
    """Credentials as the original's web app gets them: from the identity pool, by unsigned calls."""

    stack: Stack
    session: boto3.Session

    @classmethod
    def of(cls, stack: Stack) -> Guest:
        """Return a new guest."""
        cognito = boto3.client(
            "cognito-identity",
            region_name=stack.outputs["Region"],
            endpoint_url=stack.target.endpoint_url,
            config=Config(signature_version=UNSIGNED),
        )
        identity = cognito.get_id(IdentityPoolId=stack.outputs["CognitoIdentityPool"])["IdentityId"]
        keys = cognito.get_credentials_for_identity(IdentityId=identity)["Credentials"]
        session = boto3.Session(
            keys["AccessKeyId"],
            keys["SecretKey"],
            keys["SessionToken"],
            region_name=stack.outputs["Region"],
        )
        return cls(stack, session)

    def client(self, service: str) -> Any:
        """Return a client of a service that signs as this guest."""
        make = cast("Any", self.session.client)
        config = Config(signature_version="s3v4") if service == "s3" else None
        return make(service, endpoint_url=self.stack.target.endpoint_url, config=config)

    def make_album(self, album: str, user: str = "guest") -> None:
        """Write an album's record."""
        item = {
            "albumID": {"S": album},
            "userID": {"S": user},
            "creationTime": {"N": str(int(time.time()))},
        }
        self.client("dynamodb").put_item(TableName=self.stack.album_table, Item=item)

    def upload(self, object_id: str, data: bytes, *, album: str, user: str = "guest") -> None:
        """Upload a photo."""
        self.client("s3").put_object(
            Bucket=self.stack.bucket,
            Key=f"Incoming/{object_id}",
            Body=data,
            ContentType="image/jpeg",
            Metadata={"userid": user, "albumid": album},
        )

    def describe(self, arn: str) -> Any:
        """Return what DescribeExecutionFunction answers."""
        answer = self.client("lambda").invoke(
            FunctionName=self.stack.outputs["DescribeExecutionLambda"],
            Payload=json.dumps({"executionArn": arn}).encode(),
        )
        return json.loads(answer["Payload"].read())

    def query(self, table: str, name: str, value: str, index: str | None = None) -> Any:
        """Return the items of one partition of a table or an index."""
        return self.client("dynamodb").query(
            TableName=table,
            **({"IndexName": index} if index else {}),
            KeyConditionExpression=f"{name} = :value",
            ExpressionAttributeValues={":value": {"S": value}},
        )["Items"]

    def look_at_all(self, object_id: str, album: str, execution: str | None, user: str = "guest") -> None:
        """Read each thing that a guest may read, in each way that the contract lists."""
        images, albums, dynamodb = self.stack.image_table, self.stack.album_table, self.client("dynamodb")
        for table, name, value in ((images, "imageID", object_id), (albums, "albumID", album)):
            key = {name: {"S": value}}
            dynamodb.get_item(TableName=table, Key=key)
            dynamodb.batch_get_item(RequestItems={table: {"Keys": [key]}})
            self.query(table, name, value)
        self.query(images, "albumID", album, "albumID-uploadTime-index")
        self.query(albums, "userID", user, "userID-creationTime-index")
        for prefix in ("Incoming", "Thumbnails"):
            self.client("s3").get_object(Bucket=self.stack.bucket, Key=f"{prefix}/{object_id}")
        self.describe(str(execution))
