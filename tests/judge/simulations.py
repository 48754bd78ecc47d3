"""Requests as the IAM simulator takes them, with the policies that decide about each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.judge.requests import KEY, Request
from tests.judge.resolve import ACCOUNT, REGION, STACK, Deployment

ROOT = Path(__file__).parents[2]


def as_simulation(deployment: Deployment, request: Request) -> dict[str, Any]:
    """Return a request as the simulator takes it, with the policies that decide about it."""
    service = request.who.endswith(".amazonaws.com")
    role = "" if service else role_of(deployment, request.who)
    principal = request.who if service else f"arn:aws:sts::{ACCOUNT}:assumed-role/{STACK}-{role}/session"
    context = {"aws:SecureTransport": "true", **request.context}
    simulation: dict[str, Any] = {
        "request": {
            "principal": principal,
            "action": request.action,
            "resource": {"resource": resource_of(deployment, request), "accountId": ACCOUNT},
            "contextVariables": {key: deployment.text(value) for key, value in context.items()},
        },
        "identityPolicies": [] if service else policies(deployment, role),
    }
    if own := resource_policy(deployment, request):
        simulation["resourcePolicy"] = own
    return simulation


def role_of(deployment: Deployment, who: str) -> str:
    """Return the logical ID of the role that a function or a state machine has, or of the role itself."""
    properties = deployment.resources[who].get("Properties", {})
    reference = properties.get("Role") or properties.get("RoleArn")
    return str(reference["Fn::GetAtt"][0]) if reference else who


def resource_of(deployment: Deployment, request: Request) -> str:
    """Return the ARN that a request is about."""
    if request.action == "sts:AssumeRole":
        return deployment.name(role_of(deployment, request.policy), "Arn")
    arn = deployment.text(request.resource)
    return arn.replace(f"{STACK}-", "another-") if request.elsewhere else arn


def policies(deployment: Deployment, role: str) -> list[dict[str, Any]]:
    """Return the policies of a role: those that hang on it, and its own."""
    own = deployment.resources[role]["Properties"].get("Policies", [])
    attached = [
        one["Properties"]
        for one in deployment.resources.values()
        if one["Type"] == "AWS::IAM::Policy" and {"Ref": role} in one["Properties"]["Roles"]
    ]
    return [
        {"name": deployment.named(one["PolicyName"]), "policy": deployment.named(one["PolicyDocument"])}
        for one in (*own, *attached)
    ]


def resource_policy(deployment: Deployment, request: Request) -> Any:
    """Return the policy of what a request is about: a bucket, a queue, a role's trust, a function."""
    resources = deployment.resources
    if request.action == "sts:AssumeRole":
        role = role_of(deployment, request.policy)
        return deployment.named(resources[role]["Properties"]["AssumeRolePolicyDocument"])
    if request.policy == KEY:
        return key_policy()
    if request.policy:
        return _permission(deployment, request.policy)
    if request.action.startswith("s3:") and request.resource.startswith("${PhotoRepoS3Bucket"):
        return deployment.named(resources["PhotoRepoBucketPolicy"]["Properties"]["PolicyDocument"])
    if request.action.startswith("sqs:"):
        queue = resources["StartExecutionDeadLetterQueuePolicy"]
        return deployment.named(queue["Properties"]["PolicyDocument"])
    return None


def key_policy() -> dict[str, Any]:
    """Return the policy of docs/explanation/security.md for a key, in the deployment's account and region."""
    text = (ROOT / "docs" / "explanation" / "security.md").read_text()
    _, _, block = text.partition("then no role\nneeds more than it has:\n\n```json\n")
    statements = block.partition("```")[0].replace("REGION", REGION).replace("ACCOUNT", ACCOUNT)
    return {"Version": "2012-10-17", "Statement": json.loads(statements)}


def _permission(deployment: Deployment, function: str) -> dict[str, Any]:
    """Return a function's permissions as the policy that Lambda makes of them."""
    statements = []
    for one in deployment.resources.values():
        properties = deployment.named(one.get("Properties", {}))
        arn = deployment.name(function, "Arn")
        if one["Type"] != "AWS::Lambda::Permission" or properties["FunctionName"] != arn:
            continue
        condition = {
            "ArnLike": {"aws:SourceArn": properties["SourceArn"]},
            "StringEquals": {"aws:SourceAccount": properties["SourceAccount"]},
        }
        statements.append(
            {
                "Effect": "Allow",
                "Principal": {"Service": properties["Principal"]},
                "Action": properties["Action"],
                "Resource": arn,
                "Condition": condition,
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}
