"""Requests as botocore would send them, signed as botocore signs: at any time, by header or by query."""

from __future__ import annotations

import contextlib
import functools
import http.client
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import boto3
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

REGION = "us-east-1"


@dataclass(frozen=True)
class Call:
    """A request: `target` is path and query, `service` the name that signatures use."""

    method: str
    host: str
    target: str
    service: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def having(self, **headers: str) -> Call:
        """Return it with these headers, underscores for hyphens, in the place of those named so."""
        names = {name.replace("_", "-").title(): value for name, value in headers.items()}
        kept = {name: value for name, value in self.headers.items() if name.title() not in names}
        return replace(self, headers={**kept, **names})

    def send(self, timeout: float = 10) -> Reply:
        """Send it as it is, and return the answer."""
        connection = http.client.HTTPConnection(self.host, timeout=timeout)
        try:
            connection.putrequest(self.method, self.target, skip_host=True, skip_accept_encoding=True)
            sent = {"Host": self.host, **self.headers, "Content-Length": str(len(self.body))}
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(self.body)
            answer = connection.getresponse()
            return Reply(answer.status, {n.lower(): v for n, v in answer.headers.items()}, answer.read())
        finally:
            connection.close()


@dataclass(frozen=True)
class Reply:
    """An answer to a request, the names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def cors(self) -> list[str]:
        """The names of the headers that let a page read it."""
        return [name for name in self.headers if name.startswith("access-control-")]


def call_of(endpoint: str, client: str, operation: str, **parameters: Any) -> Call:
    """Return the unsigned request that botocore's model makes of an operation."""
    boto, made = _client(endpoint, client)
    made.clear()
    with contextlib.suppress(_NotSentError):
        boto._make_api_call(operation, parameters)
    request, url = made[0], urlsplit(made[0].url)
    body = request.body.read() if hasattr(request.body, "read") else request.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    headers = {
        name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
    }
    headers = {n: v for n, v in headers.items() if n.lower() not in ("content-length", "expect")}
    target = url.path + (f"?{url.query}" if url.query else "")
    service = boto.meta.service_model.signing_name
    return Call(request.method, url.netloc, target or "/", service, headers, body)


def calls_of_all_operations(endpoint: str, client: str) -> dict[str, Call]:
    """Return the unsigned requests of all that a service can do, with no more than its model demands."""
    model = _client(endpoint, client)[0].meta.service_model
    found = {}
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        found[operation] = call_of(endpoint, client, operation, **(_least(shape) if shape else {}))
    return found


@functools.cache
def _client(endpoint: str, name: str) -> tuple[Any, list[Any]]:
    """Return a client that sends nothing, and the list of what it would have sent."""
    made: list[Any] = []

    def keep(request: Any, **_: Any) -> None:
        made.append(request)
        raise _NotSentError

    config = Config(
        signature_version=UNSIGNED,
        retries={"total_max_attempts": 1},
        parameter_validation=False,
        inject_host_prefix=False,
    )
    boto = boto3.client(name, endpoint_url=endpoint, region_name=REGION, config=config)  # type: ignore[call-overload]
    boto.meta.events.register("before-send.*.*", keep)
    return boto, made


def _least(shape: Any) -> Any:
    """Return the least that a shape of botocore's models takes."""
    if shape.type_name == "structure":
        return {name: _least(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "string" and shape.enum:
        return shape.enum[0]
    values = {"list": [], "map": {}, "boolean": True, "blob": b"x", "timestamp": 0, "string": "stranger"}
    return values.get(shape.type_name, 1)


def sign(
    call: Call, credentials: Credentials, *, query: bool = False, at: float | None = None, expires: int = 300
) -> Call:
    """Return the call signed: by header, or by query as a presigned address."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    return _by_query(call, credentials, stamp, expires) if query else _by_header(call, credentials, stamp)


def _by_header(call: Call, credentials: Credentials, stamp: str) -> Call:
    signer: Any = (S3SigV4Auth if call.service == "s3" else SigV4Auth)(credentials, call.service, REGION)
    request = AWSRequest(call.method, f"http://{call.host}{call.target}", dict(call.headers), call.body)
    request.context["timestamp"] = stamp
    signer._modify_request_before_signing(request)
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    signer._inject_signature_to_request(request, signature)
    return replace(call, headers=dict(request.headers.items()))


def _by_query(call: Call, credentials: Credentials, stamp: str, expires: int) -> Call:
    kind: Any = S3SigV4QueryAuth if call.service == "s3" else SigV4QueryAuth
    signer = kind(credentials, call.service, REGION)
    request = AWSRequest(call.method, f"http://{call.host}{call.target}", dict(call.headers), call.body)
    request.context["timestamp"] = stamp
    names = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": signer.scope(request),
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(expires),
        "X-Amz-SignedHeaders": signer.signed_headers(signer.headers_to_sign(request)),
        **({"X-Amz-Security-Token": credentials.token} if credentials.token else {}),
    }
    joint = "&" if "?" in call.target else "?"
    request.url = f"{request.url}{joint}{urlencode(names, quote_via=quote)}"
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return replace(
        call, target=f"{call.target}{joint}{urlencode(names, quote_via=quote)}&X-Amz-Signature={signature}"
    )


class _NotSentError(Exception):
    """The request was made, and is not to be sent."""
