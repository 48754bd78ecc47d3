"""What roles may do and what they did: policies as deployed, requests as the local AWS recorded them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
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


def read_entries(path: Path) -> list[dict[str, Any]]:
    """Return what was recorded, as it was written."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def use_of(entry: Mapping[str, Any]) -> Use:
    """Return what was recorded of one request, the role by its name."""
    return Use(_role_of(entry["principal"]), entry["action"], entry["resource"], entry["allowed"])


def names_of(stack: Stack) -> dict[str, str]:
    """Return the logical IDs of the stack's resources, by their physical ones."""
    return {one["PhysicalResourceId"]: one["LogicalResourceId"] for one in _resources(stack)}


def _resources(stack: Stack) -> Iterator[Any]:
    pages = stack.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack.name):
        yield from page["StackResourceSummaries"]


_HEAD = """\
# What functions and guests asked for on a local AWS: who, action, resource. Written from the recorded flow:
# UPDATE_ACCESSES=1 .venv/bin/python -m pytest tests/flow/test_least_privilege.py -k judges
"""
_KEY = re.compile(r"/(Incoming|Thumbnails)/.+")
_RUN = re.compile(r"/Bulk/[^/]+/")
_MACHINES = {"StateMachineRole": "ImageProcStateMachine", "BulkStateMachineRole": "BulkStateMachine"}
"""Whose roles the state machines' are: their sessions do not say so."""
_EXECUTION = re.compile(r"(:execution:[^:]+):.+")


def listed(entries: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    """Return what was recorded as the judges read it: each access once, names as the template has them.

    `names` has the logical IDs of the stack's resources by their physical ones. Left out is what depends on
    more than that, and what the judges ask for themselves: Lambda's look at a function's rights to trace.
    """
    lines = set()
    for one in entries:
        _, role, session = one["principal"].rsplit("/", 2)
        who = names.get(session) or names.get(role)
        who = _MACHINES.get(str(who), who)
        if one["action"].startswith("xray:"):
            continue
        resource = _EXECUTION.sub(r"\1:one", _KEY.sub(r"/\1/photo.jpg", one["resource"]))
        resource = _RUN.sub("/Bulk/run/", resource)
        lines.add(f"{who} {one['action']} {_with_variables(resource, names)}\n")
    return _HEAD + "".join(sorted(lines))


def _with_variables(resource: str, names: Mapping[str, str]) -> str:
    """Return an ARN with the stack's own resources as variables of the template."""
    if resource in names:  # an ARN that is a physical ID
        return f"${{{names[resource]}}}"
    for arn, logical_id in names.items():
        if ":stateMachine:" in arn and f":execution:{arn.rpartition(':')[2]}:" in resource:
            here = "arn:aws:states:${AWS::Region}:${AWS::AccountId}"
            return f"{here}:execution:${{{logical_id}.Name}}:{resource.rpartition(':')[2]}"
    for physical_id, logical_id in names.items():
        own = re.fullmatch(rf"arn:aws:[^/]+[:/]{re.escape(physical_id)}(/.*)?", resource)
        if own:
            return f"${{{logical_id}.Arn}}{own[1] or ''}"
    return resource


def roles_of(stack: Stack) -> dict[str, Role]:
    """Return the stack's roles by name."""
    iam, found = stack.client("iam"), {}
    for resource in _resources(stack):
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


OF_WORKFLOW_TYPES = {
    ("BeginPhoto", "DescribeExecutions"),
    ("BulkProcessing", "CountFailures"),
    ("BulkProcessing", "ProcessPhotos"),
    ("BulkProcessing", "StartPhotos"),
    ("DescribeExecution", "DescribeExecutions"),
    ("DescribeExecution", "FindRecords"),
    ("DescribeExecution", "ReadRecords"),
}
"""Policies and statements that grant something to one workflow type, and deny it to the other."""


def _grants(iam: Any, role: str) -> Iterator[Grant]:
    assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            if (policy, statement["Sid"]) in OF_WORKFLOW_TYPES and statement["Effect"] == "Deny":
                continue
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
