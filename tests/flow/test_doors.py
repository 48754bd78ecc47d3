"""What guests, and whoever has a form for one photo, may not make of it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import urllib3
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from imageproc.client.albums import Album
from imageproc.client.uploads.browser import PresignedPost
from imageproc.client.workbench import Workbench
from imageproc.local.state import ACCOUNT_ID
from tests import pictures
from tests.flow.access import roles_of
from tests.flow.conftest import Backend
from tests.flow.guests import Guest
from tests.local.signing import Call, sign

PHOTO = pictures.jpeg()


@pytest.fixture
def guest(backend: Backend) -> Guest:
    return Guest.of(backend.stack)


def presigned(backend: Backend, name: str, user: str = "ann", album: str = "a1") -> PresignedPost:
    workbench = Workbench(backend.stack.target, backend.stack.name)
    uploads = workbench.uploads.from_browser(Album(album, user, "Cats", 0))
    found = uploads.presigned_post(name, len(PHOTO), "image/jpeg", None, PHOTO[:32])
    assert isinstance(found, PresignedPost)
    return found


def post(url: str, fields: dict[str, str], data: bytes = PHOTO, headers: dict[str, str] | None = None) -> Any:
    form: dict[str, Any] = {**fields, "file": ("photo.jpg", data)}
    return urllib3.request("POST", url, fields=form, headers=headers)


def forgeries(backend: Backend, fresh: str) -> Iterator[tuple[str, PresignedPost, dict[str, str], bytes]]:
    """Yield what somebody could do with a form of a photo of ann's that was not meant."""
    mine = presigned(backend, f"{fresh} mine.jpg")
    other = presigned(backend, f"{fresh} other.jpg", "bob", "b1")
    fields = mine.fields
    yield "larger", mine, fields, PHOTO + b"x"
    yield "smaller", mine, fields, PHOTO[:-1]
    yield "empty", mine, fields, b""
    yield "another type", mine, {**fields, "Content-Type": "image/png"}, PHOTO
    yield "no type", mine, {n: v for n, v in fields.items() if n != "Content-Type"}, PHOTO
    yield "another prefix", mine, {**fields, "key": f"Thumbnails/{fresh}"}, PHOTO
    yield "outside", mine, {**fields, "key": f"Incoming/../{fresh}"}, PHOTO
    yield "the file's own name", mine, {**fields, "key": "Incoming/${filename}"}, PHOTO
    yield "longer key", mine, {**fields, "key": f"{fields['key']}x"}, PHOTO
    yield "another user's photo", mine, {**fields, "key": other.fields["key"]}, PHOTO
    yield "another user", mine, {**fields, "x-amz-meta-userid": "bob"}, PHOTO
    yield "another album", mine, {**fields, "x-amz-meta-albumid": "b1"}, PHOTO
    yield "no user", mine, {n: v for n, v in fields.items() if n != "x-amz-meta-userid"}, PHOTO
    yield "more metadata", mine, {**fields, "x-amz-meta-admin": "1"}, PHOTO
    yield "public", mine, {**fields, "acl": "public-read"}, PHOTO
    yield "tagged", mine, {**fields, "tagging": "<Tagging/>"}, PHOTO
    yield "redirected", mine, {**fields, "success_action_redirect": "http://evil.example"}, PHOTO
    yield "another's policy", mine, {**fields, "policy": other.fields["policy"]}, PHOTO
    yield "another's signature", mine, {**fields, "x-amz-signature": other.fields["x-amz-signature"]}, PHOTO
    yield "another bucket", mine, {**fields, "bucket": "other"}, PHOTO
    for name in ("policy", "x-amz-signature", "x-amz-credential", "x-amz-date", "x-amz-algorithm"):
        yield f"no {name}", mine, {n: v for n, v in fields.items() if n != name}, PHOTO


def test_a_form_is_good_for_its_one_photo(backend: Backend, fresh: str) -> None:
    s3, bucket = backend.stack.client("s3"), backend.stack.bucket
    before = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    answers = {}
    for name, mine, fields, data in forgeries(backend, fresh):
        answers[name] = post(mine.url, fields, data).status
    assert {name: status for name, status in answers.items() if status not in (400, 403)} == {}
    assert len(answers) == 25
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])] == before
    mine = presigned(backend, f"{fresh} mine.jpg")
    assert post(mine.url, mine.fields).status == 204, "what it was made for"


def test_a_form_can_be_sent_to_its_bucket_only(backend: Backend, fresh: str) -> None:
    mine = presigned(backend, f"{fresh} mine.jpg")
    base, bucket = mine.url.rpartition("/")[0], backend.stack.bucket
    for path in ("", "nowhere", f"{bucket}/key", "2015-03-31/functions", "_ministack/reset", f"{bucket}?acl"):
        assert post(f"{base}/{path}", mine.fields).status in (400, 403), path
    target = {"X-Amz-Target": "DynamoDB_20120810.ListTables"}
    answer = post(mine.url, mine.fields, headers=target)
    assert b"TableNames" not in answer.data, "a form is a form"


def test_a_policy_that_any_prefix_of_a_guest_allows_stays_within_the_guests_rights(
    guest: Guest, backend: Backend, fresh: str
) -> None:
    """A guest may sign what it likes: what is done with it is done by the guest."""
    s3, bucket = guest.client("s3"), backend.stack.bucket
    for key, status in ((f"Incoming/{fresh}", 204), (f"Thumbnails/{fresh}", 403), (fresh, 403)):
        form = s3.generate_presigned_post(bucket, key)
        assert post(form["url"], form["fields"]).status == status, key
        shorter = {name: value for name, value in form["fields"].items() if name != "x-amz-security-token"}
        assert post(form["url"], shorter).status in (400, 403)


def test_guests_become_nobody_else(guest: Guest, backend: Backend) -> None:
    sts = guest.client("sts")
    attempts: dict[str, Callable[[], Any]] = {}
    arns = [f"arn:aws:iam::{ACCOUNT_ID}:role/{name}" for name in roles_of(backend.stack)]
    assert len(arns) > 10
    for arn in (*arns, f"arn:aws:iam::{ACCOUNT_ID}:root"):
        attempts[f"assume {arn}"] = partial(sts.assume_role, RoleArn=arn, RoleSessionName="guest")
        attempts[f"web {arn}"] = partial(
            sts.assume_role_with_web_identity,
            RoleArn=arn,
            RoleSessionName="guest",
            WebIdentityToken="e30.x",
        )
        attempts[f"saml {arn}"] = partial(
            sts.assume_role_with_saml,
            RoleArn=arn,
            PrincipalArn=f"arn:aws:iam::{ACCOUNT_ID}:saml-provider/x",
            SAMLAssertion="PHNhbWw+",
        )
    attempts["session"] = sts.get_session_token
    attempts["federation"] = partial(sts.get_federation_token, Name="guest", Policy=_ALL)
    identities = guest.client("cognito-identity")
    identity = identities.get_id(IdentityPoolId=backend.stack.outputs["CognitoIdentityPool"])["IdentityId"]
    for arn in arns:
        attempts[f"custom {arn}"] = partial(
            identities.get_credentials_for_identity, IdentityId=identity, CustomRoleArn=arn
        )
    got = {}
    for name, attempt in attempts.items():
        with contextlib.suppress(ClientError):
            got[name] = attempt()
    others = {name: answer for name, answer in got.items() if not _is_guest(backend, guest, answer)}
    assert others == {}


def test_guests_find_no_other_way_in(guest: Guest, backend: Backend) -> None:
    """Rightly signed by a guest: MiniStack's pages, and requests that two readers would take differently."""
    host = str(backend.stack.target.endpoint_url).removeprefix("http://")
    frozen = guest.session.get_credentials()
    assert frozen is not None
    key = Credentials(frozen.access_key, frozen.secret_key, frozen.token)
    targets = ("DynamoDB_20120810.ListTables", "AWSStepFunctions.ListStateMachines")
    for service in ("s3", "sts", "lambda", "dynamodb"):
        for path in ("/_ministack/reset", "/%5Fministack/reset", "/_aws/sqs/messages", "//_ministack/reset"):
            assert sign(Call("POST", host, path, service), key).send().status in (400, 403)
        for path in ("/?Action=ListRoles&Version=2010-05-08", "/2015-03-31/functions/", "/restapis", "/"):
            reply = sign(Call("GET", host, path, service), key).send()
            assert reply.status in (400, 403, 404), (service, path)
        for target in targets:
            call = Call("POST", host, "/", service, {"X-Amz-Target": target}, b"{}")
            assert sign(call, key).send().status in (400, 403)
    own = sign(Call("GET", host, "/", "s3"), key)
    header, root = own.headers["Authorization"], backend.stack.target.session.get_credentials()
    assert root is not None
    claimed = f"{root.access_key}/{time.strftime('%Y%m%d')}/us-east-1/s3/aws4_request"
    for both in (
        replace(own, target=f"/?X-Amz-Credential={claimed}"),
        replace(own, target=f"/?AWSAccessKeyId={root.access_key}&Signature=x&Expires=9999999999"),
        own.having(authorization=header.replace("Credential=", f"Credential={claimed} ,Credential=")),
        own.having(authorization=header.replace(key.access_key, root.access_key)),
    ):
        assert both.send().status in (400, 403)


_ALL = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


def _is_guest(backend: Backend, guest: Guest, answer: Any) -> bool:
    """Say whether these are credentials of the guests' own role."""
    keys = answer["Credentials"]
    host = str(backend.stack.target.endpoint_url).removeprefix("http://")
    secret = keys.get("SecretKey") or keys["SecretAccessKey"]
    key = Credentials(keys["AccessKeyId"], secret, keys["SessionToken"])
    call = Call("POST", host, "/", "sts", {"Content-Type": "application/x-www-form-urlencoded"})
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    who = guest.client("sts").get_caller_identity()["Arn"].rpartition("/")[0]
    return who.encode() in sign(replace(call, body=body), key).send().body
