"""What roles may do and what they did: policies as deployed, requests as the local AWS recorded them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imageproc.client.stack import Stack


@dataclass(frozen=True)
class Use:
    """A request that a role made."""

    role: str
    action: str
    resource: str
    allowed: bool


@dataclass(frozen=True)
class Grant:
    """One action on one resource (a pattern) of one statement of a role's policy."""

    role: str
    policy: str
    sid: str
    action: str
    resource: str

    @property
    def statement(self) -> tuple[str, str]:
        """The policy's name and the statement's ID."""
        return self.policy, self.sid

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.policy}/{self.sid}: {self.action} on {self.resource}"

    def covers(self, use: Use) -> bool:
        """Whether this alone would allow the request."""
        return (
            use.role == self.role
            and _matches(self.action.lower(), use.action.lower())
            and _matches(self.resource, use.resource)
        )


@dataclass(frozen=True)
class Role:
    """A role of the stack, and the service that assumes it."""

    name: str
    assumed_by: str


def read_uses(path: Path) -> list[Use]:
    """Return what was recorded, roles by their names."""
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        Use(_role_of(one["principal"]), one["action"], one["resource"], one["allowed"]) for one in entries
    ]


def roles_of(stack: Stack) -> dict[str, Role]:
    """Return the stack's roles by name."""
    iam, found = stack.client("iam"), {}
    pages = stack.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack.name):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::IAM::Role":
                name = resource["PhysicalResourceId"]
                document = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
                (principal,) = document["Statement"][0]["Principal"].values()
                found[name] = Role(name, principal)
    return found


def grants_of(stack: Stack, roles: Iterable[str]) -> list[Grant]:
    """Return all that these roles' policies grant, with the ARNs that they have once deployed."""
    return [grant for role in roles for grant in _grants(stack.client("iam"), role)]


def without_statement(template: str, policy: str, sid: str) -> str:
    """Return the template's text without one statement of the policy (or role) of this logical ID."""
    before, found, rest = template.partition(f"\n  {policy}:\n")
    resource, end, after = re.split(r"(\n  \w+:\n)", rest, maxsplit=1)
    cut, count = re.subn(rf"\n( +)- Sid: {sid}\n(?:\1  .*(?:\n|$))+", "\n", resource + "\n")
    assert (found, count) == (f"\n  {policy}:\n", 1), f"{policy} has no statement {sid}"
    return before + found + cut.rstrip("\n") + end + after


def _grants(iam: Any, role: str) -> Iterator[Grant]:
    assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            assert statement["Effect"] == "Allow", "the record does not tell which Deny was needed"
            for action in _list(statement["Action"]):
                for resource in _list(statement["Resource"]):
                    yield Grant(role, policy, statement["Sid"], action, resource)


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def _role_of(principal: str) -> str:
    return principal.partition(":assumed-role/")[2].partition("/")[0] or principal


def _matches(pattern: str, text: str) -> bool:
    """IAM's own wildcards: `*` and `?`, and no brackets as fnmatch has them."""
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None
