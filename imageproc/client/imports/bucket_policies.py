"""What AWS needs to be told so that a bucket's photos can be imported, as text for people."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from imageproc.client.stack import Stack
from imageproc.errors import ImageprocError

_NEEDED = """If the bucket is in account {account}, attach this policy to the user or role that you work as:

{mine}

If it is in another account, its owner also adds this to the bucket's policy:

{theirs}

Objects that are encrypted with a KMS key of their own need kms:Decrypt on that key as well."""

_IN_PLACE = """Let the functions that read originals read there, and nothing else:

  imageproc deploy -p SourceBucket={folder} -p TestClientAccess=Disabled

Guests of the stack would see those photos: hence the second parameter. For a bucket of
account {account} that is all. If it is in another account, its owner adds this to the bucket's policy:

{theirs}

If a KMS key encrypts its objects, the key must be of account {account}, and its policy needs:

{key}"""


def reading(stack: Stack, bucket: str, prefix: str) -> str:
    """Return the policies by which whoever works may list and read what is below a prefix."""
    account, partition = _account(stack), _partition(stack)
    mine = _reading(partition, bucket, prefix)
    return _NEEDED.format(
        account=account, mine=_policy(*mine), theirs=_of_another_account(account, partition, mine)
    )


def reading_in_place(stack: Stack, bucket: str, prefix: str) -> str:
    """Return how the stack's functions get to read what is below a prefix."""
    account, partition = _account(stack), _partition(stack)
    key = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": account,
                "kms:ViaService": f"s3.{stack.target.region}.amazonaws.com",
            },
            "ArnLike": {"aws:PrincipalArn": f"arn:{partition}:iam::{account}:role/{stack.name}-*"},
        },
    }
    return _IN_PLACE.format(
        folder=f"{bucket}/{prefix}".rstrip("/"),
        account=account,
        theirs=_of_another_account(account, partition, _reading(partition, bucket, prefix)),
        key=_json(key),
    )


def _reading(partition: str, bucket: str, prefix: str) -> list[dict[str, Any]]:
    arn = f"arn:{partition}:s3:::{bucket}"
    listing: dict[str, Any] = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn}
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": f"{prefix}*"}}
    return [listing, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/{prefix}*"}]


def _of_another_account(account: str, partition: str, statements: list[dict[str, Any]]) -> str:
    granted = {"Effect": "Allow", "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"}}
    return _policy(*(granted | one for one in statements))


def _account(stack: Stack) -> str:
    with suppress(ImageprocError):
        return stack.target.account
    return "ACCOUNT"


def _partition(stack: Stack) -> str:
    return stack.target.session.get_partition_for_region(stack.target.region)


def _policy(*statements: dict[str, Any]) -> str:
    return _json({"Version": "2012-10-17", "Statement": statements})


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
