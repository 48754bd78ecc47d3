"""Targets: which one is meant, and what is said of one that cannot be used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from imageproc.client.target import AWS, LOCAL, Target, open_target
from imageproc.errors import AccessDeniedError, CredentialsMissingError, TargetError
from tests.client.conftest import REGION


@pytest.fixture
def no_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration of whoever runs the tests."""
    for name in (
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_DEFAULT_PROFILE",
        "IMAGEPROC_TARGET",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def test_a_service_has_one_client_for_all_threads(target: Target) -> None:
    with ThreadPoolExecutor(8) as pool:
        clients = set(map(id, pool.map(lambda _: target.client("s3"), range(50))))
    assert len(clients) == 1
    assert target.client("sqs") is not target.client("s3")
    assert target.signer() is target.signer()
    assert target.signer() is not target.client("s3")


@pytest.mark.parametrize(("name", "tries"), [(AWS, 5), (LOCAL, 2)])
def test_a_call_is_tried_as_often_as_the_target_deserves(
    session: boto3.Session, name: str, tries: int
) -> None:
    config = Target(name, session, "http://127.0.0.1:1").client("s3").meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": tries}


def test_aws_without_a_region_is_told_with_the_fix(no_profile: None) -> None:
    with pytest.raises(TargetError, match=r"No region is set\. Give --region, or set AWS_REGION"):
        Target.aws()


def test_a_profile_that_does_not_exist_is_told_with_the_fix(no_profile: None) -> None:
    with pytest.raises(CredentialsMissingError, match=r"\(nobodys\) could not be found\. Name a profile"):
        Target.aws("nobodys", REGION)


def test_aws_is_opened_with_a_region(no_profile: None) -> None:
    target = open_target("aws", region=REGION)
    assert (target.name, target.region, target.is_local, target.endpoint_url) == (AWS, REGION, False, None)


def test_the_environment_names_the_target_if_nobody_else_does(
    no_profile: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEPROC_TARGET", "aws")
    assert open_target(region=REGION).name == AWS


def test_a_target_that_does_not_exist_is_told_with_those_that_do(no_profile: None) -> None:
    with pytest.raises(TargetError, match=r"'azure' is not a target\. Choose local or aws\."):
        open_target("azure")


def test_a_local_aws_that_does_not_run_is_told_with_the_fix(
    no_profile: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(tmp_path / "none"))
    with pytest.raises(TargetError, match=r"does not run\. Start it with: imageproc local start"):
        open_target()


def test_a_target_says_where_it_is(session: boto3.Session) -> None:
    assert str(Target(LOCAL, session, "http://127.0.0.1:4566")) == "the local AWS at http://127.0.0.1:4566"
    target = Target(AWS, session, profile="work")
    with Stubber(target.client("sts")) as stubber:
        stubber.add_response("get_caller_identity", {"Account": "123456789012"})
        for _ in range(2):  # AWS is asked once
            assert str(target) == "AWS account 123456789012 in eu-west-1, profile work"


def test_an_account_that_cannot_be_asked_for_is_an_error_with_its_cause(session: boto3.Session) -> None:
    target = Target(AWS, session)
    with Stubber(target.client("sts")) as stubber:
        stubber.add_client_error("get_caller_identity", "AccessDenied", "no")
        with pytest.raises(AccessDeniedError, match=r"Asking whose account this is failed: .*no"):
            _ = target.account


def key_of(target: Target) -> str:
    held = target.session.get_credentials()
    assert held is not None
    return str(held.access_key)


def _keys(path: Path, secret: str) -> None:
    lines = (
        "[default]",
        f"aws_access_key_id = {secret}",
        "aws_secret_access_key = s",
        "aws_session_token = t",
    )
    path.write_text("\n".join(lines))


def test_session_credentials_that_were_renewed_in_their_file_are_those_of_clients_that_exist(
    no_profile: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    _keys(tmp_path / "credentials", "OLD")
    target = Target.aws(region=REGION)
    s3 = target.client("s3")
    _keys(tmp_path / "credentials", "NEW")
    assert "Credential=OLD" in s3.generate_presigned_url("list_buckets").replace(
        "AWSAccessKeyId", "Credential"
    )
    target.reread_credentials()
    assert "Credential=NEW" in s3.generate_presigned_url("list_buckets").replace(
        "AWSAccessKeyId", "Credential"
    )
    (tmp_path / "credentials").unlink()
    target.reread_credentials()
    assert key_of(target) == "NEW"


def test_credentials_that_were_given_are_not_replaced_by_those_of_a_file(
    no_profile: None, tmp_path: Path
) -> None:
    _keys(tmp_path / "credentials", "ANOTHERS")
    target = Target(AWS, boto3.Session("GIVEN", "secret", region_name=REGION))
    target.reread_credentials()
    assert key_of(target) == "GIVEN"
