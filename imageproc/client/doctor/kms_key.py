"""A KMS key of the user's: whether the services that encrypt with it may use it.

Which they are, and the policy that lets them: docs/explanation/security.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from imageproc.aws.translation import translated
from imageproc.client.doctor.checks import Check, Outcome
from imageproc.client.target import Target

_VIA = ("s3", "dynamodb", "sqs", "lambda")
"""Services that use the key for whoever calls them; CloudWatch Logs uses it for itself."""
_FIX = "docs/explanation/security.md has the statements that its policy needs."


def check_key(target: Target, arn: str) -> Check:
    """Say whether a key can be used in the target's region, and what its policy lacks. Raises AwsError."""
    name, kms = "KMS key", target.client("kms")
    region = arn.split(":")[3] if arn.count(":") >= 5 else ""
    if region != target.region:
        found = f"{arn} is of another region than {target.region}."
        return Check(name, Outcome.PROBLEM, found, "Name the ARN of a key in the stack's region.")
    with translated(f"Looking at the key {arn}"):
        state = kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
        if state != "Enabled":
            return Check(name, Outcome.PROBLEM, f"{arn} is {state}.", "Enable it, or name another key.")
        policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    missing = list(_missing(policy, target.region))
    if missing:
        return Check(name, Outcome.PROBLEM, f"Its policy does not let {', '.join(missing)} use it.", _FIX)
    return Check(name, Outcome.OK, f"{arn}: enabled, and its policy names the services")


def _missing(policy: Mapping[str, Any], region: str) -> Iterator[str]:
    """Yield the services that no statement of a policy lets use the key."""
    allowing = [one for one in _listed(policy["Statement"]) if _lets_decrypt(one)]
    for service in _VIA:
        if not any(_for_callers_of(one, f"{service}.{region}.amazonaws.com") for one in allowing):
            yield service
    services = {each for one in allowing for each in _listed(_principal(one).get("Service", []))}
    if not services & {f"logs.{region}.amazonaws.com", "logs.amazonaws.com"}:
        yield "logs"


def _lets_decrypt(statement: Mapping[str, Any]) -> bool:
    actions = _listed(statement.get("Action", []))
    return statement["Effect"] == "Allow" and any(fnmatchcase("kms:Decrypt", one) for one in actions)


def _for_callers_of(statement: Mapping[str, Any], service: str) -> bool:
    """Whether a statement admits all of an account that come through this service."""
    if "*" not in _listed(_principal(statement).get("AWS", [])):
        return False
    conditions = statement.get("Condition", {}).values()
    via = [each for one in conditions for each in _listed(one.get("kms:ViaService", []))]
    return not via or any(fnmatchcase(service, one) for one in via)


def _principal(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    principal = statement.get("Principal", {})
    return {"AWS": principal} if isinstance(principal, str) else principal


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
