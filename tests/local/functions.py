"""Small functions for tests: made from source text, invoked, their logs read."""

from __future__ import annotations

import io
import json
import sys
import time
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

from imageproc.local import runtime_bootstrap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import boto3

_SECONDS = 10.0

PARENTS = 1 if sys.platform == "linux" else 0
"""Processes that the functions' processes are forked from."""


def zipped(files: Mapping[str, str]) -> bytes:
    """Return a zip of these texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def function_zip(files: Mapping[str, str]) -> bytes:
    """Return the zip of a local function: these texts and the bootstrap."""
    buffer = io.BytesIO(zipped(files))
    with zipfile.ZipFile(buffer, "a") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        archive.writestr(entry, runtime_bootstrap())
    return buffer.getvalue()


class Functions:
    """Makes and invokes functions in one local AWS."""

    def __init__(self, session: boto3.session.Session) -> None:
        self.session = session
        self._lambda = session.client("lambda")

    def role(self, *actions: str, service: str = "lambda.amazonaws.com", resource: str = "*") -> str:
        """Make a role that may do these actions; return its ARN."""
        iam = self.session.client("iam")
        name = f"role-{uuid.uuid4().hex[:8]}"
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        if actions:
            allowed = {"Effect": "Allow", "Action": actions, "Resource": resource}
            iam.put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=_policy(allowed))
        return arn

    def make(
        self,
        source: str | Mapping[str, str],
        *,
        actions: Sequence[str] = (),
        handler: str = "app.handler",
        timeout: int = 20,
        **more: Any,
    ) -> str:
        """Make a function from the text of `app.py`, or from files; return its name."""
        name = f"function-{uuid.uuid4().hex[:8]}"
        files = {"app.py": source} if isinstance(source, str) else source
        self._lambda.create_function(
            FunctionName=name,
            Runtime="provided.al2023",
            Handler=handler,
            Timeout=timeout,
            Role=self.role(*actions),
            Code={"ZipFile": function_zip(files)},
            **more,
        )
        deadline = time.monotonic() + _SECONDS
        while self._lambda.get_function_configuration(FunctionName=name)["State"] != "Active":
            assert time.monotonic() < deadline, f"{name} does not become active"
            time.sleep(0.05)
        return name

    def invoke(self, name: str, event: Any = None) -> Any:
        """Invoke a function, and return what it returned, or the error it reported."""
        answer = self._lambda.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        return json.loads(answer["Payload"].read())

    def log(self, name: str) -> list[str]:
        """Return the lines of a function's log."""
        logs = self.session.client("logs")
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        return [event["message"] for event in found]


def _policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
