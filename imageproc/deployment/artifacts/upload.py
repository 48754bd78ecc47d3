"""What is uploaded to the artifacts bucket: the code, the layer and the template, each once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from imageproc.aws.translation import is_missing
from imageproc.deployment.artifacts.bucket import key_prefix
from imageproc.deployment.events import CodeUploaded, ignore

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageproc.aws.clients import Aws
    from imageproc.deployment.events import Event
    from imageproc.deployment.packaging import Packages


@dataclass(frozen=True)
class Artifacts:
    """Where the uploaded code and template lie."""

    bucket: str
    functions_key: str
    layer_key: str
    template_key: str
    template_url: str


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
    for each in packages.zips:
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
    notify(CodeUploaded(bucket, key, len(data)))
