"""An account in which all is well, and how a test spoils it; held to AWS's models, as all fakes are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from imageproc.client.doctor.account import check_account
from imageproc.client.doctor.checks import Check
from imageproc.client.target import Target
from tests.deployment.fakes import FakeCloudFormation, FakeLambda, FakePaginator, refusal
from tests.models import Held

ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
VIA = [f"{service}.eu-west-1.amazonaws.com" for service in ("s3", "dynamodb", "sqs", "lambda")]
KEY_POLICY = [
    {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    },
    {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": VIA}},
    },
    {
        "Effect": "Allow",
        "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
        "Action": ["kms:Decrypt*"],
        "Resource": "*",
    },
]


def raising(error: Exception) -> Any:
    def call(**_: Any) -> Any:
        raise error

    return call


class Account:
    """What the services answer; a test replaces what it wants to be otherwise."""

    def __init__(self) -> None:
        self.caller = USER
        self.cloudformation = FakeCloudFormation(None)
        self.lambda_ = FakeLambda()
        self.denied: set[str] = set()
        self.asked: list[dict[str, Any]] = []
        self.key_state = "Enabled"
        self.key_policy: list[Mapping[str, Any]] = list(KEY_POLICY)
        self.sts = SimpleNamespace(get_caller_identity=self._identity)
        self.s3 = SimpleNamespace(head_bucket=raising(refusal("404")), meta=SimpleNamespace(partition="aws"))
        self.rekognition = SimpleNamespace(
            list_collections=lambda **_: {"CollectionIds": []}, meta=SimpleNamespace(partition="aws")
        )
        self.iam = SimpleNamespace(get_role=self._role, get_paginator=lambda _: FakePaginator(self.simulated))
        self.kms = SimpleNamespace(describe_key=self._key, get_key_policy=self._key_policy)

    def _identity(self) -> dict[str, str]:
        return {"UserId": "AIDA", "Account": ACCOUNT, "Arn": self.caller}

    def _role(self, **arguments: Any) -> dict[str, Any]:
        name = arguments["RoleName"]
        arn = f"arn:aws:iam::{ACCOUNT}:role/team/{name}"
        made = {"Path": "/team/", "RoleId": "AROA", "CreateDate": datetime(2026, 1, 1, tzinfo=UTC)}
        return {"Role": {"RoleName": name, "Arn": arn, **made}}

    def simulated(self, **arguments: Any) -> dict[str, Any]:
        self.asked.append(arguments)
        decisions = {
            action: "implicitDeny" if action in self.denied else "allowed"
            for action in arguments["ActionNames"]
        }
        results = [{"EvalActionName": name, "EvalDecision": each} for name, each in decisions.items()]
        return {"EvaluationResults": results}

    def _key(self, **_: Any) -> dict[str, Any]:
        return {"KeyMetadata": {"KeyId": KEY, "KeyState": self.key_state}}

    def _key_policy(self, **_: Any) -> dict[str, Any]:
        return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": self.key_policy})}

    def checks(self, stack: str = "imageproc", **parameters: str) -> dict[str, Check]:
        """Run all checks, and return them by name."""
        fakes = {
            "cloudformation": self.cloudformation,
            "iam": self.iam,
            "kms": self.kms,
            "lambda": self.lambda_,
            "rekognition": self.rekognition,
            "s3": self.s3,
            "sts": self.sts,
        }
        held = {name: Held(name, fake) for name, fake in fakes.items()}
        session = boto3.Session("AKIATEST", "secret", region_name="eu-west-1")
        target = SimpleNamespace(region="eu-west-1", session=session, client=held.__getitem__)
        found = list(check_account(cast("Target", target), stack, parameters))
        assert len({one.name for one in found}) == len(found)
        return {one.name: one for one in found}


@pytest.fixture
def account() -> Account:
    return Account()


def denied(operation: str) -> ClientError:
    error = refusal("AccessDenied", "not authorized", operation)
    error.response["ResponseMetadata"] = cast("Any", {"HTTPStatusCode": 403})
    return error
