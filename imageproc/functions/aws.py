"""AWS clients of the functions: made on first use, kept while Lambda keeps the environment."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_rekognition import RekognitionClient
    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient

# The SDK retries within a second or two; what lasts longer is for the state machine's retries, which wait
# without a running function. The time-outs are below every function's own.
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 3},
)


@cache
def s3() -> S3Client:
    """Return the S3 client."""
    return boto3.client("s3", config=_CONFIG)


@cache
def dynamodb() -> DynamoDBClient:
    """Return the DynamoDB client."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def rekognition() -> RekognitionClient:
    """Return the Rekognition client."""
    return boto3.client("rekognition", config=_CONFIG)


@cache
def stepfunctions() -> SFNClient:
    """Return the Step Functions client."""
    return boto3.client("stepfunctions", config=_CONFIG)
