"""Requests as botocore would send them, signed as botocore signs: at any time, by header or by query."""

from __future__ import annotations

import contextlib
import http.client
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import boto3
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

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
    made: list[Any] = []

    def keep(request: Any, **_: Any) -> AWSResponse:
        made.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), _Empty())

    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, parameter_validation=False)
    boto = boto3.client(client, endpoint_url=endpoint, region_name=REGION, config=config)  # type: ignore[call-overload]
    boto.meta.events.register("before-send.*.*", keep)
    with contextlib.suppress(BotoCoreError, ClientError, ResponseParserError):  # an empty answer may be none
        boto._make_api_call(operation, parameters)
    request, url = made[0], urlsplit(made[0].url)
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    headers = {
        name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
    }
    headers = {n: v for n, v in headers.items() if n.lower() not in ("content-length", "expect")}
    target = url.path + (f"?{url.query}" if url.query else "")
    service = boto.meta.service_model.signing_name
    return Call(request.method, url.netloc, target or "/", service, headers, body)


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


class _Empty:
    """The body of an answer that was never sent."""

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [b""]

    def read(self, *_: Any) -> bytes:
        return b""
