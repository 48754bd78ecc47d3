"""AWS clients of the functions: made once, kept while Lambda keeps the environment."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_rekognition import RekognitionClient
    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient

# The SDK retries within a second or two; what lasts longer is for the state machine's retries, which wait
# without a running function. All tries of a call that gets no answer end before the function is ended: only
# then is the error a transient one, which is retried more than once.
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
)
# Rekognition looks at a photo for seconds. Each photo waits for its turn, so that hardly any is throttled; a
# third try would take other photos' turns.
_PATIENT = _CONFIG.merge(Config(read_timeout=15, retries={"mode": "standard", "total_max_attempts": 2}))


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
    return boto3.client("rekognition", config=_PATIENT)


@cache
def stepfunctions() -> SFNClient:
    """Return the Step Functions client."""
    return boto3.client("stepfunctions", config=_CONFIG)


def make_at_start(*clients: Callable[[], Any]) -> None:
    """Make the clients that a function needs while Lambda starts its environment; elsewhere do nothing.

    The first one takes some 100 ms of CPU. In the first invocation it would get the share of a CPU that goes
    with the function's memory, a seventh at 256 MB; so AWS advises to make clients outside the handler.
    https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    """
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:
        for client in clients:
            client()
