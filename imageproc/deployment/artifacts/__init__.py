"""The third stage: code and template in S3, where CloudFormation reads them."""

from imageproc.deployment.artifacts.bucket import (
    MAX_STACK_NAME,
    check_bucket_name,
    check_stack_name,
    default_bucket,
    disown,
    ensure_bucket,
    exists,
    is_ours,
    key_prefix,
)
from imageproc.deployment.artifacts.upload import Artifacts, put_once, upload

__all__ = [
    "MAX_STACK_NAME",
    "Artifacts",
    "check_bucket_name",
    "check_stack_name",
    "default_bucket",
    "disown",
    "ensure_bucket",
    "exists",
    "is_ours",
    "key_prefix",
    "put_once",
    "upload",
]
