"""Who gets in: the key of this local AWS, the roles of its functions, and nobody else."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
import uuid
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from imageproc.local import LocalStatus

    from .functions import Functions


@pytest.fixture
def bucket(local_aws: LocalStatus) -> str:
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    s3 = local_aws.session().client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="photo", Body=b"photo")
    return name


def _s3_as(local_aws: LocalStatus, access_key: str, secret: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=local_aws.endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=Config(signature_version="s3v4"),
    )


def _status_of(local_aws: LocalStatus, method: str, path: str, **headers: str) -> int:
    assert local_aws.port is not None
    connection = http.client.HTTPConnection("127.0.0.1", local_aws.port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("key", ["test", "000000000000", "123456789012", "AKIAUNKNOWN", "right key"])
def test_no_other_key_and_no_wrong_secret_gets_in(local_aws: LocalStatus, bucket: str, key: str) -> None:
    assert local_aws.credentials is not None
    s3 = _s3_as(local_aws, local_aws.credentials.access_key_id if key == "right key" else key, "test")
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="photo")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "photo"})
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(url)
    refused.value.close()


def test_a_presigned_url_gets_in(local_aws: LocalStatus, bucket: str) -> None:
    s3 = local_aws.session().client("s3")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "photo"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"photo"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/{bucket}"),
        ("GET", "/{bucket}/photo"),
        ("HEAD", "/{bucket}/photo"),
        ("PUT", "/new-bucket"),
        ("PUT", "/{bucket}/photo"),
        ("DELETE", "/{bucket}/photo"),
    ],
)
def test_unsigned_requests_are_refused(local_aws: LocalStatus, bucket: str, method: str, path: str) -> None:
    assert _status_of(local_aws, method, path.format(bucket=bucket) or "/") == 403


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("cloudformation", "list_stacks"),
        ("dynamodb", "list_tables"),
        ("iam", "list_users"),
        ("lambda", "list_functions"),
        ("s3", "list_buckets"),
        ("sqs", "list_queues"),
        ("stepfunctions", "list_state_machines"),
    ],
)
def test_unsigned_calls_are_refused(local_aws: LocalStatus, service: str, call: str) -> None:
    client = boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=local_aws.endpoint,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED),
    )
    with pytest.raises(ClientError):
        getattr(client, call)()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/ready"),
        ("GET", "/_ministack/lambda-code/anything"),
        ("POST", "/_ministack/health"),
        ("GET", "/_localstack/anything"),
    ],
)
def test_ministacks_own_pages_are_closed(local_aws: LocalStatus, method: str, path: str) -> None:
    assert _status_of(local_aws, method, path) == 403
    assert _status_of(local_aws, method, path, Authorization="anything") == 403


def test_it_answers_to_its_own_name_only(local_aws: LocalStatus) -> None:
    health = "/_ministack/health"
    assert _status_of(local_aws, "GET", health) == 200
    assert _status_of(local_aws, "GET", health, Host=f"localhost:{local_aws.port}") == 200
    assert _status_of(local_aws, "GET", health, Host="evil.example") == 403
    assert _status_of(local_aws, "GET", health, Host=f"evil.example:{local_aws.port}") == 403


def test_the_sessions_clients_and_resources_go_to_the_local_aws(
    local_aws: LocalStatus, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    session = local_aws.session()
    config = Config(retries={"total_max_attempts": 1})
    assert session.client("s3", config=config).head_bucket(Bucket=bucket)
    assert session.resource("s3").Object(bucket, "photo").get()["Body"].read() == b"photo"
    assert session.region_name == "us-east-1"


def test_a_key_of_a_version_needs_its_own_permission(functions: Functions, bucket: str) -> None:
    s3 = functions.session.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="photo", Body=b"version")["VersionId"]
    source = (
        "import boto3\n"
        "def handler(event, c): return boto3.client('s3').get_object(**event)['Body'].read().decode()\n"
    )
    event = {"Bucket": bucket, "Key": "photo", "VersionId": version}
    assert functions.invoke(functions.make(source, actions=["s3:GetObjectVersion"]), event) == "version"
    refused = functions.invoke(functions.make(source, actions=["s3:GetObject"]), event)
    assert refused["errorType"] == "AccessDenied"
