from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from imageproc.aws.clients import Aws, SessionClients
from imageproc.deployment import artifacts, packaging
from imageproc.deployment.artifacts.bucket import tls_only
from imageproc.deployment.events import CodeUploaded, Event, Note
from imageproc.deployment.template import read_sources
from imageproc.errors import BucketTakenError, ParameterError

from .fakes import FakeClients, refusal

if TYPE_CHECKING:
    from boto3.session import Session

    from imageproc.deployment import BuildTarget

BUCKET = "demo-artifacts-123456789012-eu-west-1"


@pytest.fixture
def aws(session: Session) -> Aws:
    return Aws(SessionClients(session))


def test_the_bucket_is_named_after_stack_account_and_region() -> None:
    assert artifacts.default_bucket("demo", "123456789012", "eu-west-1") == BUCKET


def test_names_of_any_stack_fit_and_differ() -> None:
    stacks = ["demo", "Demo", "DEMO", "d" * 40, "d" * 39 + "e", "a-" * 19 + "b", "a-" * 19 + "c"]

    names = [artifacts.default_bucket(stack, "123456789012", "ap-southeast-2") for stack in stacks]

    assert len(set(names)) == len(stacks)
    assert all(len(name) <= 63 and "--" not in name.replace("a-", "") for name in names)


@pytest.mark.parametrize("name", ["1demo", "de_mo", "", "démo", "d" * 41, 5, None])
def test_names_that_no_stack_may_have_are_refused(name: Any) -> None:
    with pytest.raises(ParameterError, match=r"cannot be a stack's name.*at most 40"):
        artifacts.check_stack_name(name)


def test_the_longest_function_name_fits_under_the_longest_stack_name() -> None:
    suffixes = re.findall(r'FunctionName: !Sub "\$\{AWS::StackName\}(.*)"', read_sources().template)

    assert artifacts.MAX_STACK_NAME + max(map(len, suffixes)) == 64


@pytest.mark.parametrize("name", ["AB", "a.b.c", "-abc", "abc-", "a" * 64, "ab"])
def test_names_that_no_bucket_may_have_are_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="cannot be the artifacts bucket's name"):
        artifacts.check_bucket_name(name)


def test_a_bucket_is_made_private_encrypted_and_ours(aws: Aws) -> None:
    told: list[Event] = []

    name = artifacts.ensure_bucket(aws, "demo", notify=told.append)

    assert name == BUCKET
    assert isinstance(told[0], Note)
    block = aws.s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    assert len(block) == 4
    assert aws.s3.get_bucket_encryption(Bucket=name)
    policy = json.loads(aws.s3.get_bucket_policy(Bucket=name)["Policy"])
    assert policy == json.loads(tls_only(name, "aws"))
    assert artifacts.is_ours(aws, name, "demo") is True
    assert artifacts.is_ours(aws, name, "other") is False


def test_an_existing_bucket_is_used_as_it_is(aws: Aws) -> None:
    artifacts.ensure_bucket(aws, "demo")
    told: list[Event] = []

    assert artifacts.ensure_bucket(aws, "demo", notify=told.append) == BUCKET
    assert told == []


def test_an_interrupted_creation_is_finished(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    artifacts.ensure_bucket(aws, "demo")

    assert artifacts.is_ours(aws, BUCKET, "demo") is True


def test_a_bucket_with_somebodys_files_is_never_claimed(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws.s3.put_object(Bucket=BUCKET, Key="thesis.pdf", Body=b"")

    artifacts.ensure_bucket(aws, "demo")

    assert artifacts.is_ours(aws, BUCKET, "demo") is None


def test_a_named_bucket_must_exist(aws: Aws) -> None:
    with pytest.raises(ParameterError, match="There is no bucket my-own"):
        artifacts.ensure_bucket(aws, "demo", "my-own")


def test_a_named_bucket_is_not_claimed(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket="my-own", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    assert artifacts.ensure_bucket(aws, "demo", "my-own") == "my-own"
    assert artifacts.is_ours(aws, "my-own", "demo") is None


class _TakenS3:
    def head_bucket(self, **_: Any) -> None:
        raise refusal("403", "Forbidden", "HeadBucket")


class _RaceS3:
    def head_bucket(self, **_: Any) -> None:
        raise refusal("404", "Not Found", "HeadBucket")

    def create_bucket(self, **_: Any) -> None:
        raise refusal("BucketAlreadyExists", "taken", "CreateBucket")


class _Sts:
    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}


@pytest.mark.parametrize("s3", [_TakenS3(), _RaceS3()])
def test_a_bucket_of_another_account_is_an_error_that_says_so(s3: Any, session: Session) -> None:
    clients = FakeClients(s3=s3, sts=_Sts(), cloudformation=session.client("cloudformation"))

    with pytest.raises(BucketTakenError, match=f"{BUCKET} belongs to another account"):
        artifacts.ensure_bucket(Aws(clients), "demo")


def test_nothing_is_uploaded_twice(
    aws: Aws, target: BuildTarget, small_layer: None, lenient_policy: None
) -> None:
    bucket = artifacts.ensure_bucket(aws, "demo")
    packages = packaging.build(target, artifacts.key_prefix("demo"))
    told: list[Event] = []

    first = artifacts.upload(aws, bucket, packages, "template", "demo", told.append)
    again = artifacts.upload(aws, bucket, packages, "template", "demo", told.append)
    changed = artifacts.upload(aws, bucket, packages, "another template", "demo", told.append)

    assert first == again
    assert first.template_key != changed.template_key
    assert [type(each) for each in told] == [CodeUploaded] * 4
    stored = aws.s3.get_object(Bucket=bucket, Key=first.functions_key)["Body"].read()
    assert stored == packages.functions.data


def test_templates_are_read_by_virtual_host_on_aws_and_by_path_elsewhere(session: Session) -> None:
    local = Aws(SessionClients(session, "http://127.0.0.1:4566"))

    assert (
        Aws(SessionClients(session)).object_url("b", "k/x.yaml")
        == "https://b.s3.eu-west-1.amazonaws.com/k/x.yaml"
    )
    assert local.object_url("b", "k/x.yaml") == "http://127.0.0.1:4566/b/k/x.yaml"
