"""What keeps the artifacts bucket private."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imageproc.aws.clients import Aws


def tls_only(bucket: str, partition: str) -> str:
    """Return the bucket policy that refuses plain HTTP.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def secure(aws: Aws, bucket: str, tags: Mapping[str, str]) -> None:
    """Block public access, encrypt, refuse plain HTTP, and tag: in this order, the tag last.

    Each step may be repeated; the tag says that all of them were done.
    """
    owner = aws.account
    aws.s3.put_public_access_block(
        Bucket=bucket,
        ExpectedBucketOwner=owner,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    aws.s3.put_bucket_encryption(
        Bucket=bucket,
        ExpectedBucketOwner=owner,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    if aws.is_aws:  # the local AWS speaks plain HTTP: the policy would shut everybody out
        policy = tls_only(bucket, aws.partition)
        aws.s3.put_bucket_policy(Bucket=bucket, Policy=policy, ExpectedBucketOwner=owner)
    aws.s3.put_bucket_tagging(
        Bucket=bucket,
        ExpectedBucketOwner=owner,
        Tagging={"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]},
    )
