"""Fails the requests of SDK clients in this process, at the seam where they would be sent."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from botocore.retries import standard

from imageproc.local.faults import TIMES
from imageproc.local.faults.gateway import REFUSALS

_SERVICES = {"sfn": "stepfunctions", "cloudwatch-logs": "logs"}


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


@dataclass
class Failing:
    """A handler of botocore's `before-send`: fails one operation, and remembers all that were called."""

    operation: str = ""
    """`s3.GetObject`, say; empty for none."""
    kind: str = ""
    times: str = "once"
    failed: int = 0
    calls: Counter[str] = field(default_factory=Counter)

    def fail(self, operation: str, kind: str, times: str) -> None:
        """Fail this from now on."""
        self.operation, self.kind, self.times, self.failed = operation, kind, times, 0
        self.calls.clear()

    def stop(self) -> None:
        """Fail nothing any more."""
        self.operation = ""

    def __call__(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        """Answer in AWS's place, raise in the network's, or let the request pass."""
        service, name = event_name.split(".")[1:]
        operation = f"{_SERVICES.get(service, service)}.{name}"
        self.calls[operation] += 1
        if operation != self.operation or self.failed >= TIMES[self.times]:
            return None
        self.failed += 1
        if self.kind == "silent":
            raise ReadTimeoutError(endpoint_url=request.url)
        if self.kind in ("reset", "lost"):
            if self.kind == "lost":
                URLLib3Session().send(request)
            raise ConnectionClosedError(endpoint_url=request.url)
        return _refused(request.url, service, self.kind)


def _refused(url: str, service: str, kind: str) -> AWSResponse:
    xml, xml_status, code, status = REFUSALS[kind]
    words, headers = "the test says so", cast("Any", {})
    if service in ("s3", "cloudformation", "sts"):
        body = f"<Error><Code>{xml}</Code><Message>{words}</Message></Error>"
        status = xml_status
    else:
        body = json.dumps({"__type": code, "message": words})
    if service in ("cloudformation", "sts"):
        body = f"<ErrorResponse>{body}</ErrorResponse>"
    return AWSResponse(url, status, headers, _Raw(body.encode()))


def without_waiting(patch: pytest.MonkeyPatch) -> None:
    """Let the SDK try as often as it does, but at once."""
    patch.setattr(standard.ExponentialBackoff, "delay_amount", lambda _self, context: 0)
