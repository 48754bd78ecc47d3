"""Signatures are verified as AWS does: what botocore signs is taken, and anything that was changed is not."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from imageproc.local import signatures
from imageproc.local.signatures import HttpRequest, Refused

from .signing import Call, sign

KEY = Credentials("LOCALKEYLOCALKEY", "secret")
SESSION = Credentials("LOCALKEYLOCALKEY", "secret", "a token")
NOW = 1_800_000_000.0
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
# A segment of a path that is not left out when the path is brought into its normal form.
SEGMENT = TEXT.filter(lambda text: text not in ("", ".", ".."))
# botocore does not sign a header whose value has a line break, and strips the space at its ends.
VALUE = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)


def request_of(call: Call) -> HttpRequest:
    """Return the call as it arrives."""
    path, _, query = call.target.partition("?")
    headers = {"host": call.host} | {name.lower(): value for name, value in call.headers.items()}
    return HttpRequest(call.method, path, query, headers)


def verdict(call: Call, *, now: float = NOW, secret: str = "secret", body: bytes | None = None) -> str:
    """Return AWS's name for why the call is refused; "" if it is not."""
    request = request_of(call)
    try:
        signature = signatures.read(request)
        signatures.check_time(signature, now)
        digest = hashlib.sha256(call.body if body is None else body).hexdigest()
        signatures.verify(signature, secret, request, digest)
    except Refused as refused:
        return refused.code
    return ""


def call_to(service: str = "s3", target: str = "/bucket/key", **more: Any) -> Call:
    return Call("PUT", "127.0.0.1:4566", target, service, {"Content-Type": "text/plain"}, b"body", **more)


@pytest.mark.parametrize("service", ["s3", "dynamodb"])
@pytest.mark.parametrize("query", [False, True])
@given(
    segments=st.lists(SEGMENT, max_size=3),
    parameters=st.lists(st.tuples(SEGMENT.map(lambda name: f"p{name}"), TEXT), max_size=3),
    meta=VALUE,
    body=st.binary(max_size=20),
)
def test_whatever_botocore_signs_is_taken_and_nothing_else(
    service: str, query: bool, segments: list[str], parameters: list[tuple[str, str]], meta: str, body: bytes
) -> None:
    path = "/" + "/".join(quote(segment, safe="~") for segment in segments)
    asked = urlencode(parameters, quote_via=quote, safe="~")
    call = replace(call_to(service, path + (f"?{asked}" if asked else "")), body=body).having(
        x_amz_meta_m=meta
    )
    signed = sign(call, SESSION, query=query, at=NOW)
    assert verdict(signed) == ""
    assert verdict(signed, secret="other") == "SignatureDoesNotMatch"
    for changed in (
        replace(signed, method="GET"),
        replace(signed, target=signed.target.replace("/", "/x", 1)),
        replace(signed, target=signed.target + ("&" if "?" in signed.target else "?") + "more=1"),
        replace(signed, host="127.0.0.1:1"),
        signed.having(x_amz_meta_m=f"{meta}x"),
        signed.having(x_amz_target="DynamoDB_20120810.Scan"),
    ):
        assert verdict(changed) in ("SignatureDoesNotMatch", "AccessDenied")
    unsigned_body = query and service == "s3"
    assert bool(verdict(signed, body=body + b"x")) is not unsigned_body


@pytest.mark.parametrize("query", [False, True])
def test_a_signature_is_good_for_its_time_only(query: bool) -> None:
    signed = sign(call_to(), KEY, query=query, at=NOW, expires=900)
    assert verdict(signed, now=NOW + 899) == ""
    assert verdict(signed, now=NOW + 901) == ("RequestExpired" if query else "RequestTimeTooSkewed")
    assert verdict(signed, now=NOW - 899) == ""
    assert verdict(signed, now=NOW - 901) == "RequestTimeTooSkewed"
    short = sign(call_to(), KEY, query=True, at=NOW, expires=2)
    assert [verdict(short, now=NOW + 1), verdict(short, now=NOW + 3)] == ["", "RequestExpired"]


@pytest.mark.parametrize("expires", ["0", "-1", "604801", "x", "", "9" * 5000, "٣"])
def test_an_address_is_good_for_a_week_at_most(expires: str) -> None:
    signed = sign(call_to(), KEY, query=True, at=NOW)
    changed = signed.target.replace("X-Amz-Expires=300", f"X-Amz-Expires={quote(expires)}")
    assert verdict(replace(signed, target=changed)) == "IncompleteSignature"


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "MissingAuthenticationToken"),
        ("", "UnsupportedSignature"),
        ("x", "UnsupportedSignature"),
        ("Basic dGVzdDp0ZXN0", "UnsupportedSignature"),
        ("Bearer x", "UnsupportedSignature"),
        ("AWS LOCALKEYLOCALKEY:c2lnbmF0dXJl", "UnsupportedSignature"),
        ("AWS4-ECDSA-P256-SHA256 Credential=K/20270115/s3/aws4_request", "UnsupportedSignature"),
        ("AWS4-HMAC-SHA256", "IncompleteSignature"),
        ("AWS4-HMAC-SHA256 Credential={scope}", "IncompleteSignature"),
        ("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0", "IncompleteSignature"),
        ("AWS4-HMAC-SHA256 Credential=K/2027, SignedHeaders=host, Signature={zeros}", "IncompleteSignature"),
        (
            "AWS4-HMAC-SHA256 Credential=/20270115/a/s3/aws4_request, SignedHeaders=host, Signature={zeros}",
            "IncompleteSignature",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=K/20260101/a/s3/aws4_request, SignedHeaders=host, Signature={zeros}",
            "CredentialDateMismatch",
        ),
    ],
)
def test_a_header_that_is_no_signature_is_refused(authorization: str | None, code: str) -> None:
    call = call_to().having(x_amz_date=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(NOW)))
    if authorization is not None:
        scope = "LOCALKEYLOCALKEY/20270115/us-east-1/s3/aws4_request"
        call = call.having(authorization=authorization.format(scope=scope, zeros="0" * 64))
    assert verdict(call) == code


@pytest.mark.parametrize(
    "more",
    [
        "X-Amz-Credential=OTHER/20270115/us-east-1/s3/aws4_request",
        "x-amz-credential=OTHER/20270115/us-east-1/s3/aws4_request",
        "AWSAccessKeyId=OTHER",
        "Signature=x",
    ],
)
@pytest.mark.parametrize("query", [False, True])
def test_nobody_signs_twice(query: bool, more: str) -> None:
    """Another reader of the request might take the other one for who it is from."""
    target = f"/bucket/key?{more}"
    assert verdict(sign(call_to(target=target), KEY, query=query, at=NOW)) in (
        "UnsupportedSignature",
        "IncompleteSignature",
    )


def test_what_another_reader_would_heed_is_signed() -> None:
    """Else a request that was seen could be sent again as another operation."""
    signed = sign(call_to("dynamodb", "/"), KEY, at=NOW)
    assert verdict(signed.having(x_amz_target="DynamoDB_20120810.Scan")) == "AccessDenied"
    presigned = sign(call_to(), KEY, query=True, at=NOW)
    assert verdict(presigned.having(x_amz_copy_source="bucket/other")) == "AccessDenied"


@pytest.mark.parametrize("path", ["/a/../b", "/a/./b", "/a//b", "/a/%2e%2e/b"])
def test_paths_that_are_signed_alike_are_not_taken_for_each_other(path: str) -> None:
    assert verdict(sign(call_to("lambda", path), KEY, at=NOW)) == "SignatureDoesNotMatch"
    assert verdict(sign(call_to("s3", path), KEY, at=NOW)) == (
        "" if "%" not in path else "SignatureDoesNotMatch"
    )


@pytest.mark.parametrize("rest", ["#x", ";x", "%23x", "%3Fx", "/"])
def test_what_is_appended_to_a_path_counts(rest: str) -> None:
    signed = sign(call_to(), KEY, at=NOW)
    assert verdict(replace(signed, target=f"/bucket/key{rest}")) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_only_s3_takes_a_body_that_was_not_signed(payload: str) -> None:
    from botocore.auth import S3SigV4Auth, SigV4Auth

    for service, kind in (("s3", S3SigV4Auth), ("dynamodb", SigV4Auth)):
        call = call_to(service).having(x_amz_content_sha256=payload)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(NOW))
        signed = _with_payload(call.having(x_amz_date=stamp), kind, stamp)
        assert verdict(signed, body=b"another") == ("" if service == "s3" else "InvalidRequest")


@pytest.mark.parametrize("payload", ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", "x"])
def test_s3_takes_no_other_payload(payload: str) -> None:
    from botocore.auth import S3SigV4Auth

    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(NOW))
    call = call_to().having(x_amz_content_sha256=payload, x_amz_date=stamp)
    assert verdict(_with_payload(call, S3SigV4Auth, stamp)) == "InvalidRequest"


def test_a_policy_is_good_until_it_expires_and_as_it_was_signed() -> None:
    policy = _policy(expiration="2027-01-15T09:00:00Z")
    fields = _form(policy)
    expires = 1_800_003_600.0
    assert _form_verdict(fields, now=expires - 1) == ""
    assert _form_verdict(fields, now=expires) == "AccessDenied"
    assert (
        _form_verdict({**fields, "policy": _policy(expiration="2099-01-01T00:00:00Z")})
        == "SignatureDoesNotMatch"
    )
    assert _form_verdict(fields, secret="other") == "SignatureDoesNotMatch"
    for name in fields:
        assert _form_verdict({**fields, name: ""})
        assert _form_verdict({other: value for other, value in fields.items() if other != name})
    for bad in (_policy(), _policy(expiration=1), base64.b64encode(b"[]").decode(), "x", "é"):
        assert _form_verdict(_form(bad)) == "InvalidPolicyDocument"


def _with_payload(call: Call, kind: Any, stamp: str) -> Call:
    from botocore.awsrequest import AWSRequest

    signer = kind(KEY, call.service, "us-east-1")
    request = AWSRequest(call.method, f"http://{call.host}{call.target}", dict(call.headers), call.body)
    request.context["timestamp"] = stamp
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    signer._inject_signature_to_request(request, signature)
    return replace(call, headers=dict(request.headers.items()))


def _policy(**content: Any) -> str:
    return base64.b64encode(json.dumps({"conditions": [], **content}).encode()).decode()


def _form(policy: str) -> dict[str, str]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest()
    request.context["timestamp"] = "20270115T080000Z"
    signature = SigV4Auth(KEY, "s3", "us-east-1").signature(policy, request)
    return {
        "policy": policy,
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "LOCALKEYLOCALKEY/20270115/us-east-1/s3/aws4_request",
        "x-amz-date": "20270115T080000Z",
        "x-amz-signature": signature,
    }


def _form_verdict(fields: dict[str, str], *, now: float = NOW, secret: str = "secret") -> str:
    try:
        signature = signatures.read_form(fields)
        signatures.verify_form(signature, secret, fields["policy"], now)
    except Refused as refused:
        return refused.code
    return ""
