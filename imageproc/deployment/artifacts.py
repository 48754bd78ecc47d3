"""The bucket that the code and the template are deployed from, and what is uploaded to it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from imageproc.aws.errors import error_code, is_missing
from imageproc.deployment.bucket_policy import secure
from imageproc.deployment.errors import BucketTakenError, ParameterError
from imageproc.deployment.events import Note, Uploaded, ignore

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageproc.aws.clients import Aws
    from imageproc.deployment.events import Event
    from imageproc.deployment.packaging import Packages

OWNER_TAG = "imageproc:stack"
"""The tag of buckets that we made; its value is the stack's name. Only those are removed with the stack."""

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")

MAX_STACK_NAME = 40
"""Functions are called `<stack>-ImageProcStartExecution`, and Lambda allows 64 characters.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

_STACK_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9-]{{0,{MAX_STACK_NAME - 1}}}")


@dataclass(frozen=True)
class Artifacts:
    """Where the uploaded code and template lie."""

    bucket: str
    functions_key: str
    layer_key: str
    template_key: str
    template_url: str


def key_prefix(stack: str) -> str:
    """Return the prefix of a stack's artifacts: a bucket may serve several stacks."""
    return f"imageproc/{stack}/"


def check_stack_name(stack: str) -> str:
    """Return the name, or raise ParameterError if no stack of ours may have it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stack.html
    """
    if not _STACK_NAME.fullmatch(stack):
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


def upload(
    aws: Aws,
    bucket: str,
    packages: Packages,
    template: str,
    stack: str,
    notify: Callable[[Event], None] = ignore,
) -> Artifacts:
    """Upload the zips and the template, each only if it is not there yet."""
    body = template.encode()
    template_key = f"{key_prefix(stack)}template/{hashlib.sha256(body).hexdigest()}.yaml"
    for each in (packages.functions, packages.layer):
        if not _is_uploaded(aws, bucket, each.key):  # asked first: compressing takes longer than asking
            _put(aws, bucket, each.key, each.data, notify)
    put_once(aws, bucket, template_key, body, notify)
    url = aws.object_url(bucket, template_key)
    return Artifacts(bucket, packages.functions.key, packages.layer.key, template_key, url)


def put_once(aws: Aws, bucket: str, key: str, data: bytes, notify: Callable[[Event], None] = ignore) -> None:
    """Upload an object unless its key, which names its contents, exists."""
    if not _is_uploaded(aws, bucket, key):
        _put(aws, bucket, key, data, notify)


def _is_uploaded(aws: Aws, bucket: str, key: str) -> bool:
    try:
        aws.s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=aws.account)
    except ClientError as error:
        if is_missing(error):
            return False
        raise
    return True


def _put(aws: Aws, bucket: str, key: str, data: bytes, notify: Callable[[Event], None]) -> None:
    aws.s3.put_object(Bucket=bucket, Key=key, Body=data, ExpectedBucketOwner=aws.account)
    notify(Uploaded(bucket, key, len(data)))


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
