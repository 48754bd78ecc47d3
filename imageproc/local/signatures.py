"""Signature Version 4 as AWS checks it: in a header, in the query string, and in an upload form.

What is expected is computed by botocore's own signer, from the request as MiniStack will read it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, quote, unquote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALGORITHM = "AWS4-HMAC-SHA256"
_HEADER = re.compile(
    rf"{_ALGORITHM} +Credential=([^\s,]+), *SignedHeaders=([^\s,]+), *Signature=([0-9a-f]{{64}})", re.ASCII
)
_SCOPE = re.compile(r"(\w{1,128})/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request", re.ASCII)
_TIME = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_TIME_FORMAT = "%Y%m%dT%H%M%S%z"
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SECONDS = re.compile(r"\d{1,6}", re.ASCII)
_FOREIGN_QUERY_NAMES = {"awsaccesskeyid", "signature", "x-amz-region-set"}
"""Of Signature Version 2 and 4a, which AWS takes in places, and the local AWS nowhere."""
_QUERY_NAMES = _FOREIGN_QUERY_NAMES | {"x-amz-algorithm", "x-amz-credential", "x-amz-signature"}
_UNSIGNED_PAYLOADS = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
_SKEW_S = 15 * 60
_LONGEST_S = 7 * 24 * 3600
"""How long an address may be good for: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""


class Refused(Exception):  # noqa: N818 - an answer, and no error of this program's
    """The request is not admitted. `code` is AWS's name for why, `status` HTTP's if the code has no own."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        """Say why."""
        super().__init__(message)
        self.code, self.status = code, status


@dataclass(frozen=True)
class HttpRequest:
    """A request as it arrived: the path still encoded, the names of headers in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def decoded_path(self) -> str:
        """The path as MiniStack reads it."""
        return unquote(self.path)

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """The query string's names and values, decoded."""
        return parse_qsl(self.query, keep_blank_values=True)


@dataclass(frozen=True)
class Signature:
    """What a request says about its signature. `time` is as in X-Amz-Date, `expires` in seconds after it."""

    access_key_id: str
    region: str
    service: str
    time: str
    value: str
    token: str = ""
    signed_headers: tuple[str, ...] = ()
    presigned: bool = False
    expires: int = _SKEW_S


def read(request: HttpRequest) -> Signature:
    """Return the request's signature, not verified yet. Raises Refused if it has none that is well-formed."""
    in_query = bool(_QUERY_NAMES & _names(request))
    if "authorization" not in request.headers:
        if not in_query:
            raise Refused("MissingAuthenticationToken", "HttpRequest is missing Authentication Token")
        return _read_query(request)
    if in_query:
        raise Refused("UnsupportedSignature", "Only one authentication mechanism is allowed")
    return _read_header(request.headers)


def read_form(fields: Mapping[str, str]) -> Signature:
    """Return the signature of an S3 upload form, not verified yet. Raises Refused."""
    value = fields.get("x-amz-signature", "")
    if not fields.get("policy") or not value:
        raise Refused("MissingAuthenticationToken", "HttpRequest is missing Authentication Token")
    if fields.get("x-amz-algorithm") != _ALGORITHM or not _SHA256.fullmatch(value):
        raise Refused("UnsupportedSignature", f"The form must be signed with {_ALGORITHM}")
    signature = _signature(
        fields.get("x-amz-credential", ""),
        time=fields.get("x-amz-date", ""),
        value=value,
        token=fields.get("x-amz-security-token", ""),
    )
    if signature.service != "s3":
        raise Refused("SignatureDoesNotMatch", "Credential should be scoped to correct service: 's3'.")
    return signature


def check_time(signature: Signature, now: float) -> None:
    """Raise Refused unless the signature is good now, in epoch seconds."""
    signed = _epoch(signature.time)
    if signed > now + _SKEW_S:
        raise Refused("RequestTimeTooSkewed", f"Signature not yet current: {signature.time}")
    if now > signed + signature.expires:
        code = "RequestExpired" if signature.presigned else "RequestTimeTooSkewed"
        raise Refused(code, f"Signature expired: {signature.time} + {signature.expires} s")


def verify(signature: Signature, secret: str, request: HttpRequest, body_sha256: str) -> None:
    """Raise Refused unless this request was signed with this secret. `body_sha256`: in hexadecimal digits."""
    payload = _payload(signature, request.headers, body_sha256)
    unsigned = {name for name in request.headers if name.startswith("x-amz-")} | {"host"}
    if unsigned - set(signature.signed_headers):
        raise Refused("AccessDenied", "There were headers present in the request which were not signed")
    path = "/".join(quote(unquote(segment), safe="~") for segment in request.path.split("/"))
    if signature.service != "s3" and not {"", ".", ".."}.isdisjoint(path.split("/")[1:-1]):
        # AWS signs and serves the path without them. What is served here is the path as it was sent.
        raise Refused("SignatureDoesNotMatch", "The path is not in its normal form")
    signed = AWSRequest(
        request.method,
        f"http://local{path}",
        {name: request.headers[name] for name in signature.signed_headers if name in request.headers},
        # As pairs, because a name may come twice.
        params=cast("Any", [pair for pair in request.parameters if pair[0] != "X-Amz-Signature"]),
    )
    if "x-amz-content-sha256" not in signed.headers:
        signed.headers["x-amz-content-sha256"] = payload
    signed.context.update(timestamp=signature.time, signed_headers=signature.signed_headers)
    signer = _signer(signature, secret)
    _compare(
        signature, signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    )
    if payload not in (*_UNSIGNED_PAYLOADS, body_sha256):
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise Refused("XAmzContentSHA256Mismatch", message, 400)


def verify_form(signature: Signature, secret: str, policy: str, now: float) -> None:
    """Raise Refused unless this policy was signed with this secret and has not expired.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
    """
    request = AWSRequest()
    request.context["timestamp"] = signature.time
    _compare(signature, _signer(signature, secret).signature(policy, request))
    try:
        document = json.loads(base64.b64decode(policy, validate=True))
        expiration = datetime.fromisoformat(document["expiration"]).timestamp()
    except (ValueError, TypeError, KeyError) as error:
        raise Refused("InvalidPolicyDocument", "The policy has no expiration.", 400) from error
    if now >= expiration:
        raise Refused("AccessDenied", "Invalid according to Policy: Policy expired.")


def _read_header(headers: Mapping[str, str]) -> Signature:
    authorization = headers["authorization"]
    if not authorization.startswith(_ALGORITHM):
        raise Refused("UnsupportedSignature", f"Authorization must be {_ALGORITHM}")
    found = _HEADER.fullmatch(authorization)
    if not found:
        parts = "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters."
        raise Refused("IncompleteSignature", parts)
    credential, names, value = found.groups()
    return _signature(
        credential,
        time=headers.get("x-amz-date", ""),
        value=value,
        token=headers.get("x-amz-security-token", ""),
        signed_headers=tuple(names.split(";")),
    )


def _read_query(request: HttpRequest) -> Signature:
    given = [pair for pair in request.parameters if pair[0].lower().startswith("x-amz-")]
    values = dict(given)
    if values.get("X-Amz-Algorithm") != _ALGORITHM or _FOREIGN_QUERY_NAMES & _names(request):
        raise Refused("UnsupportedSignature", f"X-Amz-Algorithm must be {_ALGORITHM}")
    required = [f"X-Amz-{name}" for name in ("Credential", "Date", "Expires", "SignedHeaders", "Signature")]
    twice = len({name.lower() for name in values}) < len(given)
    if twice or not values.keys() >= {*required} or not _SHA256.fullmatch(values["X-Amz-Signature"]):
        names = ", ".join(required)
        raise Refused("IncompleteSignature", f"AWS query-string parameters must include {names}, each once.")
    if not _SECONDS.fullmatch(values["X-Amz-Expires"]) or not 1 <= int(values["X-Amz-Expires"]) <= _LONGEST_S:
        raise Refused("IncompleteSignature", f"X-Amz-Expires must be from 1 to {_LONGEST_S} seconds.")
    return _signature(
        values["X-Amz-Credential"],
        time=values["X-Amz-Date"],
        value=values["X-Amz-Signature"],
        token=values.get("X-Amz-Security-Token", ""),
        signed_headers=tuple(values["X-Amz-SignedHeaders"].split(";")),
        presigned=True,
        expires=int(values["X-Amz-Expires"]),
    )


def _names(request: HttpRequest) -> set[str]:
    return {name.lower() for name, _ in request.parameters}


def _signature(credential: str, **parts: Any) -> Signature:
    scope = _SCOPE.fullmatch(credential)
    if not scope:
        expected = "keyid/date/region/service/aws4_request"
        raise Refused("IncompleteSignature", f"Credential must have exactly 5 elements: {expected}")
    access_key_id, date, region, service = scope.groups()
    signature = Signature(access_key_id, region, service, **parts)
    _epoch(signature.time)
    if date != signature.time[:8]:
        raise Refused("CredentialDateMismatch", "Date in Credential scope does not match that of X-Amz-Date.")
    return signature


@lru_cache(64)  # requests of one second have the same
def _epoch(time: str) -> float:
    try:
        return datetime.strptime(time if _TIME.fullmatch(time) else "", _TIME_FORMAT).timestamp()
    except ValueError as error:
        raise Refused("IncompleteSignature", "X-Amz-Date must be like 20260131T235959Z.") from error


def _payload(signature: Signature, headers: Mapping[str, str], body_sha256: str) -> str:
    """Return what was signed in the place of the body's hash: as a rule that hash."""
    declared = headers.get("x-amz-content-sha256")
    if declared is None and signature.service != "s3":
        return body_sha256
    if declared is None and signature.presigned:
        return _UNSIGNED_PAYLOADS[0]
    allowed = _UNSIGNED_PAYLOADS if signature.service == "s3" else ()
    if declared is None or not (declared in allowed or _SHA256.fullmatch(declared)):
        values = " or ".join((*allowed, "a SHA-256"))
        raise Refused("InvalidRequest", f"The header x-amz-content-sha256 must be {values}", 400)
    return declared


def _compare(signature: Signature, expected: str) -> None:
    if not hmac.compare_digest(signature.value, expected):
        message = "The request signature we calculated does not match the signature you provided."
        raise Refused("SignatureDoesNotMatch", message)


class _ListedHeaders:
    """Signs the headers that the request lists, where botocore's signer would choose them."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        listed = HTTPHeaders()
        for name in request.context["signed_headers"]:
            listed[name] = request.headers.get(name, "")
        return listed


class _S3Signer(_ListedHeaders, S3SigV4Auth):
    """S3 signs the path as it is, all others its normal form, encoded again."""


class _Signer(_ListedHeaders, SigV4Auth):
    """All services but S3."""


def _signer(signature: Signature, secret: str) -> SigV4Auth:
    make = _S3Signer if signature.service == "s3" else _Signer
    return make(Credentials(signature.access_key_id, secret), signature.service, signature.region)
