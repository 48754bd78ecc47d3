"""A signature is good for the one request that it was made for, of a key that is good now."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.credentials import Credentials

from .signing import Call, call_of, sign
from .test_doors import admitted, is_refusal, replace_secret, the_key

if TYPE_CHECKING:
    from imageproc.local import LocalStatus

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def bucket(local_aws: LocalStatus) -> str:
    name = f"replays-{uuid.uuid4().hex[:8]}"
    s3 = local_aws.session().client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="photo", Body=b"photo")
    return name


@pytest.fixture
def put(local_aws: LocalStatus, bucket: str) -> Call:
    """A signed upload that somebody saw."""
    call = call_of(str(local_aws.endpoint), "s3", "PutObject", Bucket=bucket, Key="photo", Body=b"seen")
    return sign(call, the_key(local_aws))


def test_the_same_request_again_is_the_same_request(put: Call) -> None:
    """As on AWS, which takes it for 15 minutes, too: SDKs try again with the same signature."""
    assert [put.send().status, put.send().status] == [200, 200]


def test_no_other_request_has_its_signature(local_aws: LocalStatus, bucket: str, put: Call) -> None:
    path = put.target.partition("?")[0]
    others = {
        "body": replace(put, body=b"other"),
        "no body": replace(put, body=b""),
        "key": replace(put, target=f"/{bucket}/other"),
        "encoded key": replace(put, target=f"{path}%2Fother"),
        "longer path": replace(put, target=f"{path}/other"),
        "query": replace(put, target=f"{path}?tagging"),
        "method": replace(put, method="DELETE", body=b""),
        "header": put.having(x_amz_tagging="a=b"),
        "copy": put.having(x_amz_copy_source=f"{bucket}/other"),
        "service": put.having(x_amz_target="DynamoDB_20120810.ListTables"),
        "host": put.having(host=f"localhost:{local_aws.port}"),
        "unsigned body": put.having(x_amz_content_sha256="UNSIGNED-PAYLOAD"),
        "date": put.having(x_amz_date="20300101T000000Z"),
        "twice": put.having(authorization=f"{put.headers['Authorization']}, {put.headers['Authorization']}"),
    }
    replies = {name: other.send() for name, other in others.items()}
    assert {n: r for n, r in replies.items() if b"XAmzContentSHA256Mismatch" not in r.body} == {
        n: r for n, r in replies.items() if n not in ("body", "no body")
    }
    assert admitted({n: r for n, r in replies.items() if n not in ("body", "no body")}) == {}
    s3 = local_aws.session().client("s3")
    assert s3.get_object(Bucket=bucket, Key="photo")["Body"].read() == b"photo"
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["photo"]


def test_an_address_of_a_photo_opens_nothing_else(local_aws: LocalStatus, bucket: str) -> None:
    photo = call_of(str(local_aws.endpoint), "s3", "GetObject", Bucket=bucket, Key="photo")
    signed = sign(photo, the_key(local_aws), query=True)
    assert signed.send().body == b"photo"
    role = {"content_type": FORM}
    others = {
        "key": replace(signed, target=signed.target.replace("/photo", "/other")),
        "bucket": replace(signed, target=signed.target.replace("/photo", "")),
        "subresource": replace(signed, target=f"{signed.target}&acl"),
        "method": replace(signed, method="DELETE"),
        "post": replace(signed, method="POST"),
        "action": replace(signed, body=b"Action=ListRoles&Version=2010-05-08").having(**role),
        "target": signed.having(x_amz_target="DynamoDB_20120810.ListTables"),
        "longer": replace(signed, target=signed.target.replace("X-Amz-Expires=300", "X-Amz-Expires=3000")),
    }
    assert admitted({name: other.send() for name, other in others.items()}) == {}
    assert signed.send().body == b"photo"


def test_version_2_is_refused(local_aws: LocalStatus, bucket: str) -> None:
    """AWS takes it for no bucket that was made since 2020; and it signs too little."""
    key = the_key(local_aws)
    s3 = boto3.client(
        "s3",
        endpoint_url=local_aws.endpoint,
        aws_access_key_id=key.access_key,
        aws_secret_access_key=key.secret_key,
        region_name="us-east-1",
    )
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "photo"})
    assert "AWSAccessKeyId" in url
    host = f"127.0.0.1:{local_aws.port}"
    assert is_refusal(Call("GET", host, url.partition(host)[2], "s3").send())


def test_temporary_keys_need_their_token(local_aws: LocalStatus) -> None:
    sts = local_aws.session().client("sts")
    first, second = (sts.get_session_token()["Credentials"] for _ in range(2))
    call = call_of(str(local_aws.endpoint), "sts", "GetCallerIdentity")
    key = Credentials(first["AccessKeyId"], first["SecretAccessKey"], first["SessionToken"])
    for query in (False, True):
        assert sign(call, key, query=query).send().status == 200
        for wrong in (
            Credentials(key.access_key, key.secret_key),
            Credentials(key.access_key, key.secret_key, second["SessionToken"]),
            Credentials(key.access_key, second["SecretAccessKey"], first["SessionToken"]),
            Credentials(second["AccessKeyId"], key.secret_key, key.token),
            Credentials(the_key(local_aws).access_key, the_key(local_aws).secret_key, key.token),
        ):
            assert is_refusal(sign(call, wrong, query=query).send())


def test_a_users_key_is_good_until_it_is_turned_off(local_aws: LocalStatus) -> None:
    iam, name = local_aws.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    key = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    call = call_of(str(local_aws.endpoint), "sts", "GetCallerIdentity")
    assert name.encode() in sign(call, key).send().body
    assert is_refusal(sign(call, replace_secret(key, "wrong")).send())
    iam.update_access_key(UserName=name, AccessKeyId=made["AccessKeyId"], Status="Inactive")
    assert is_refusal(sign(call, key).send())
    iam.delete_access_key(UserName=name, AccessKeyId=made["AccessKeyId"])
    assert is_refusal(sign(call, key).send())


@pytest.mark.parametrize(
    "path",
    [
        "/_ministack/reset",
        "/%5Fministack/reset",
        "/_ministack/config",
        "/_ministack/eks-auth/x",
        "/_localstack/health",
        "/_aws/sqs/messages?QueueUrl=x",
        "/_aws/ses",
        "/_ministack/cfn-signal/x",
        "/_ministack/cfn-response/x",
        "/_ministack/cfn-response/",
        "/_ministack/rds/iam-auth",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_ministacks_own_pages_are_closed_to_the_right_key_too(
    local_aws: LocalStatus, method: str, path: str
) -> None:
    call = Call(method, f"127.0.0.1:{local_aws.port}", path, "s3")
    assert is_refusal(call.send())
    assert is_refusal(sign(call, the_key(local_aws)).send())


def test_who_still_sends_gets_the_answer_too(local_aws: LocalStatus, bucket: str) -> None:
    """And no broken connection, which would say nothing."""
    call = Call("PUT", f"127.0.0.1:{local_aws.port}", f"/{bucket}/large", "s3", {}, bytes(30_000_000))
    assert is_refusal(call.send())
    assert is_refusal(sign(call, replace_secret(the_key(local_aws), "wrong")).send())


def test_a_header_that_comes_twice_is_refused(local_aws: LocalStatus) -> None:
    """One of the two would be signed, and the other be heeded."""
    call = sign(call_of(str(local_aws.endpoint), "sts", "GetCallerIdentity"), the_key(local_aws))
    assert call.send().status == 200
    for name in ("Authorization", "X-Amz-Date", "Content-Type"):
        assert is_refusal(replace(call, headers={**call.headers, name.lower(): "x"}).send()), name
