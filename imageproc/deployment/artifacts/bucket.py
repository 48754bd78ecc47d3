"""The bucket that code and template are deployed from: its name, its making, what keeps it private."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code, is_missing
from imageproc.deployment.events import Note, ignore
from imageproc.errors import BucketTakenError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from imageproc.aws.clients import Aws
    from imageproc.deployment.events import Event

OWNER_TAG = "imageproc:stack"
"""The tag of buckets that we made; its value is the stack's name. Only those are removed with the stack."""

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")

MAX_STACK_NAME = 40
"""Functions are called `<stack>-ImageProcStartExecution`, and Lambda allows 64 characters.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

_STACK_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9-]{{0,{MAX_STACK_NAME - 1}}}")


def key_prefix(stack: str) -> str:
    """Return the prefix of a stack's artifacts: a bucket may serve several stacks."""
    return f"imageproc/{stack}/"


def check_stack_name(stack: str) -> str:
    """Return the name, or raise ParameterError if no stack of ours may have it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stack.html
    """
    if not isinstance(stack, str) or not _STACK_NAME.fullmatch(stack):
        raise ParameterError(
            f"{stack!r} cannot be a stack's name: a letter, then letters, digits and hyphens, at most "
            f"{MAX_STACK_NAME} in all, because the functions' names begin with it."
        )
    return stack


def default_bucket(stack: str, account: str, region: str) -> str:
    """Return the artifacts bucket's name: `<stack>-artifacts-<account>-<region>`, at most 63 long.

    A stack name that is too long for it, or not lower-case, gets a hash, so that no two stacks share a
    bucket. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    suffix = f"-artifacts-{account}-{region}"
    stem = check_stack_name(stack).lower()
    if stem != stack or len(stem) + len(suffix) > 63:
        digest = hashlib.sha256(stack.encode()).hexdigest()[:8]
        stem = f"{stem[: 63 - len(suffix) - 9].rstrip('-')}-{digest}"
    return check_bucket_name(stem.rstrip("-") + suffix)


def check_bucket_name(bucket: str) -> str:
    """Return the name, or raise ParameterError if no bucket may have it (dots are refused: they break
    TLS).
    """
    if not _BUCKET_NAME.fullmatch(bucket):
        raise ParameterError(
            f"{bucket!r} cannot be the artifacts bucket's name: 3 to 63 lower-case letters, digits, hyphens."
        )
    return bucket


def ensure_bucket(
    aws: Aws, stack: str, bucket: str | None = None, notify: Callable[[Event], None] = ignore
) -> str:
    """Return the artifacts bucket's name; create the bucket if there is none.

    A bucket that the user names must exist and is left as it is. Raises BucketTakenError if the name belongs
    to another account, ParameterError for a name that cannot be or a named bucket that does not exist.
    """
    name = check_bucket_name(bucket) if bucket else default_bucket(stack, aws.account, aws.region)
    if exists(aws, name):
        if bucket is None and is_ours(aws, name, stack) is None and _is_empty(aws, name):
            secure(aws, name, {OWNER_TAG: stack})  # an earlier run was interrupted before it got here
        return name
    if bucket is not None:
        raise ParameterError(
            f"There is no bucket {name}. Create it, or leave the name out: one is made then."
        )
    notify(Note(f"Creating the bucket {name} for the code"))
    _create(aws, name)
    secure(aws, name, {OWNER_TAG: stack})
    return name


def is_ours(aws: Aws, bucket: str, stack: str) -> bool | None:
    """Whether the bucket's tag says that it was made for this stack; None if it has no such tag."""
    try:
        tags = aws.s3.get_bucket_tagging(Bucket=bucket, ExpectedBucketOwner=aws.account)["TagSet"]
    except ClientError as error:
        if error_code(error) in {"NoSuchTagSet", "NoSuchTagSetError"}:
            return None
        raise
    return next((tag["Value"] == stack for tag in tags if tag["Key"] == OWNER_TAG), None)


def exists(aws: Aws, bucket: str) -> bool:
    """Whether the bucket exists and is this account's. Raises BucketTakenError if it is another's."""
    try:
        aws.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=aws.account)
    except ClientError as error:
        if is_missing(error):
            return False
        if error_code(error) in {"403", "AccessDenied"}:
            raise _taken(bucket) from error
        raise
    return True


def _is_empty(aws: Aws, bucket: str) -> bool:
    page = aws.s3.list_objects_v2(Bucket=bucket, MaxKeys=1, ExpectedBucketOwner=aws.account)
    return not page.get("KeyCount", len(page.get("Contents", [])))


def _create(aws: Aws, bucket: str) -> None:
    region = aws.region
    # us-east-1 is the one region that must not be named as a location constraint.
    where: dict[str, Any] = (
        {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    try:
        aws.s3.create_bucket(Bucket=bucket, **cast("Any", where))
    except ClientError as error:
        if error_code(error) == "BucketAlreadyExists":
            raise _taken(bucket) from error
        if error_code(error) != "BucketAlreadyOwnedByYou":
            raise


def _taken(bucket: str) -> BucketTakenError:
    return BucketTakenError(
        f"The bucket {bucket} belongs to another account, or these credentials may not see it. "
        "Name another bucket for the code, or ask for s3:ListBucket on this one."
    )


def disown(aws: Aws, bucket: str) -> None:
    """Remove our tag from a bucket, so that it is nobody's but the user's."""
    aws.s3.delete_bucket_tagging(Bucket=bucket, ExpectedBucketOwner=aws.account)


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
