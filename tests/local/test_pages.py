"""What a web page gets from the local AWS: nothing, unless a bucket's CORS configuration names its origin."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from .signing import Call, call_of, sign
from .strangers import send_as_stranger
from .test_doors import CODES, READS, the_key

if TYPE_CHECKING:
    from imageproc.local import LocalStatus

FOREIGN = (
    "https://evil.example",
    "http://localhost.evil.example:80",
    "http://127.0.0.1.evil.example",
    "null",
    "*",
)
KNOWN = "http://localhost:8888"


@pytest.fixture(scope="module")
def bucket(local_aws: LocalStatus) -> str:
    """A bucket that lets pages of this machine in, as the template's does."""
    name = f"pages-{uuid.uuid4().hex[:8]}"
    s3 = local_aws.session().client("s3")
    s3.create_bucket(Bucket=name)
    rule = {
        "AllowedOrigins": ["http://localhost:*"],
        "AllowedMethods": ["GET", "POST"],
        "AllowedHeaders": ["*"],
    }
    s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})  # type: ignore[list-item]
    s3.put_object(Bucket=name, Key="photo", Body=b"photo")
    return name


@pytest.fixture(params=["health", "bucket", "object", "no bucket", "internal", "answer", *READS])
def asked(request: pytest.FixtureRequest, local_aws: LocalStatus, bucket: str) -> Call:
    """An unsigned request to one of all the places that there are."""
    paths = {
        "health": "/_ministack/health",
        "bucket": f"/{bucket}",
        "object": f"/{bucket}/photo",
        "no bucket": "/nowhere/photo",
        "internal": "/_ministack/reset",
        "answer": "/_ministack/cfn-response/x",
    }
    if path := paths.get(request.param):
        return Call("GET", f"127.0.0.1:{local_aws.port}", path, "s3")
    client, operation, parameters = READS[request.param]
    return call_of(str(local_aws.endpoint), client, operation, **parameters)


def test_pages_of_other_origins_may_read_nothing(asked: Call, local_aws: LocalStatus) -> None:
    """Not even the answer to a request that is signed; and what a browser asks about first is not sent."""
    for origin in FOREIGN:
        asks = {"Access-Control-Request-Method": asked.method, "Access-Control-Request-Headers": "x"}
        preflight = Call("OPTIONS", asked.host, asked.target, asked.service, {"Origin": origin, **asks})
        reply = preflight.send()
        assert (reply.status, reply.cors) == (403, [])
        assert asked.having(origin=origin).send().cors == []
        assert asked.having(origin=origin, authorization="x").send().cors == []
        assert sign(asked.having(origin=origin), the_key(local_aws)).send().cors == []


def test_pages_without_an_origin_are_told_nothing_either(asked: Call, local_aws: LocalStatus) -> None:
    assert asked.send().cors == []
    assert sign(asked, the_key(local_aws)).send().cors == []


def test_pages_that_the_bucket_lets_in_may_read(local_aws: LocalStatus, bucket: str) -> None:
    photo = Call("GET", f"127.0.0.1:{local_aws.port}", f"/{bucket}/photo", "s3").having(origin=KNOWN)
    reply = sign(photo, the_key(local_aws)).send()
    assert reply.body == b"photo"
    assert reply.headers["access-control-allow-origin"] == KNOWN
    refused = photo.send()
    assert refused.status == 403
    assert refused.headers["access-control-allow-origin"] == KNOWN, "a page is to learn why"
    for path in (f"/{bucket}/photo", "/"):
        asks = {"Origin": KNOWN, "Access-Control-Request-Method": "POST"}
        preflight = Call("OPTIONS", photo.host, path, "s3", asks).send()
        assert preflight.status == 200
        assert preflight.headers["access-control-allow-origin"] == KNOWN
    asks = {"Origin": KNOWN, "Access-Control-Request-Method": "DELETE"}
    assert Call("OPTIONS", photo.host, f"/{bucket}/photo", "s3", asks).send().status == 403, (
        "it names GET and POST"
    )


def test_a_bucket_for_all_pages_opens_no_other_service(local_aws: LocalStatus) -> None:
    name = f"pages-{uuid.uuid4().hex[:8]}"
    s3 = local_aws.session().client("s3")
    s3.create_bucket(Bucket=name)
    try:
        rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
        s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})  # type: ignore[list-item]
        key = the_key(local_aws)
        page = Call("GET", f"127.0.0.1:{local_aws.port}", f"/{name}/", "s3", {"Origin": FOREIGN[0]})
        assert sign(page, key).send().headers["access-control-allow-origin"] == "*"
        roles = call_of(str(local_aws.endpoint), "iam", "ListRoles").having(origin=FOREIGN[0])
        assert sign(roles, key).send().cors == []
    finally:
        s3.delete_bucket(Bucket=name)


HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "localhost:1",
    "127.0.0.1.evil.example:{port}",
    "evillocalhost:{port}",
    "127.0.0.1:{port}.evil.example",
    "127.0.0.1:{port}@evil.example",
    "{bucket}.evil.example:{port}",
    "{bucket}.s3.amazonaws.com",
    "",
)


def test_it_answers_to_loopback_names_only(asked: Call, local_aws: LocalStatus, bucket: str) -> None:
    """A page may have its own name point here (DNS rebinding). The right key would not help."""
    for host in HOSTS:
        named = asked.having(host=host.format(port=local_aws.port, bucket=bucket))
        for method in ("GET", "OPTIONS", "POST"):
            call = replace(named, method=method)
            for sent in (call, call.having(origin=KNOWN), sign(call, the_key(local_aws))):
                reply = sent.send()
                assert reply.status in (400, 403), sent
                assert b"photo" not in reply.body


@pytest.mark.parametrize("name", ["localhost", "{bucket}.localhost", "{bucket}.s3.localhost", "LocalHost"])
def test_loopback_names_open_nothing_by_themselves(local_aws: LocalStatus, bucket: str, name: str) -> None:
    host = f"{name.format(bucket=bucket)}:{local_aws.port}"
    path = "/photo" if name.startswith("{bucket}.s3") else f"/{bucket}/photo"
    call = Call("GET", f"127.0.0.1:{local_aws.port}", path, "s3", {"Host": host})
    assert call.send().status == 403
    assert call.having(authorization="x").send().status == 400
    assert sign(call, the_key(local_aws)).send().body == b"photo"


def test_preflights_of_another_user_of_the_machine_get_no_further(
    local_aws: LocalStatus, bucket: str
) -> None:
    """Whoever is no browser may claim any origin: a preflight is answered at the door."""
    asks = {"Origin": KNOWN, "Access-Control-Request-Method": "GET"}
    paths = ("/", f"/{bucket}/photo", "/_ministack/config", "/2015-03-31/functions/", "/restapis")
    host = f"127.0.0.1:{local_aws.port}"
    replies = send_as_stranger([Call("OPTIONS", host, path, "s3", asks) for path in paths])
    assert {(reply.status, reply.body) for reply in replies} == {(200, b"")}
    assert not any(code in reply.body for reply in replies for code in CODES)
