"""Each check of an account, as it passes and as it fails."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cfnlint.data
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from imageproc.client.doctor.checks import Outcome
from imageproc.client.doctor.rights import RIGHTS, actions
from imageproc.deployment.stack.state import OUR_PARAMETERS
from tests.client.doctor.conftest import ACCOUNT, KEY, KEY_POLICY, Account, denied, raising
from tests.deployment.fakes import FakeLambda, refusal


def test_where_all_is_well_nothing_else_is_said(account: Account) -> None:
    found = account.checks(KmsKeyArn=KEY)
    assert list(found) == [
        *("credentials", "stack name", "stack", "code bucket", "Rekognition", "concurrency", "rights"),
        "KMS key",
    ]
    assert {one.outcome for one in found.values()} == {Outcome.OK}
    assert f"imageproc-artifacts-{ACCOUNT}-eu-west-1 will be made" in found["code bucket"].found
    assert "KMS key" not in account.checks()


def test_without_credentials_nothing_else_is_asked(account: Account) -> None:
    account.sts.get_caller_identity = raising(NoCredentialsError())
    (found,) = account.checks().values()
    assert (found.name, found.outcome) == ("credentials", Outcome.PROBLEM)
    assert "aws configure" in found.fix


def test_a_name_that_no_stack_may_have_is_a_problem(account: Account) -> None:
    found = account.checks("x" * 41)
    assert list(found) == ["credentials", "stack name"]
    assert found["stack name"].outcome is Outcome.PROBLEM
    assert "at most 40" in found["stack name"].found


@pytest.mark.parametrize(
    ("status", "outcome", "fix"),
    [
        ("CREATE_COMPLETE", Outcome.OK, ""),
        ("UPDATE_IN_PROGRESS", Outcome.WARNING, "Wait"),
        ("ROLLBACK_COMPLETE", Outcome.WARNING, "imageproc deploy asks"),
        ("UPDATE_ROLLBACK_FAILED", Outcome.WARNING, "imageproc deploy asks"),
    ],
)
def test_the_stack_that_is_there_is_looked_at(
    account: Account, status: str, outcome: Outcome, fix: str
) -> None:
    account.cloudformation.status = status
    account.cloudformation.parameters = {**dict.fromkeys(OUR_PARAMETERS, ""), "BulkConcurrency": "600"}
    account.cloudformation.parameters["DetectLabelsPerSecond"] = "5"
    found = account.checks()
    assert (found["stack"].outcome, found["stack"].fix.startswith(fix)) == (outcome, True)
    # The stack's parameters count, unless others would be given.
    assert found["concurrency"].outcome is Outcome.WARNING
    assert account.checks(BulkConcurrency="10")["concurrency"].outcome is Outcome.OK
    assert (
        "up to 30;" in account.checks(BulkConcurrency="10", Similarity="Enabled")["concurrency"].found + ";"
    )


def test_somebody_elses_stack_of_that_name_is_a_problem(account: Account) -> None:
    account.cloudformation.status, account.cloudformation.parameters = "CREATE_COMPLETE", {"Mine": "1"}
    found = account.checks()["stack"]
    assert found.outcome is Outcome.PROBLEM
    assert "not made by imageproc" in found.found


def test_a_bucket_of_another_account_is_a_problem(account: Account) -> None:
    account.s3.head_bucket = raising(denied("HeadBucket"))
    found = account.checks()["code bucket"]
    assert found.outcome is Outcome.PROBLEM
    assert "belongs to another account" in found.found
    account.s3.head_bucket = lambda **_: {}
    assert account.checks()["code bucket"].found.endswith("is there")


def test_a_region_without_rekognition_is_a_problem_and_others_are_named(account: Account) -> None:
    account.rekognition.list_collections = raising(EndpointConnectionError(endpoint_url="https://none"))
    found = account.checks()["Rekognition"]
    assert found.outcome is Outcome.PROBLEM
    assert "without tags" in found.found
    assert "us-east-1" in found.fix


def test_a_refusal_of_rekognition_is_an_answer_too(account: Account) -> None:
    account.rekognition.list_collections = raising(denied("ListCollections"))
    assert account.checks()["Rekognition"].outcome is Outcome.OK


def test_a_region_that_is_not_enabled_is_a_problem(account: Account) -> None:
    account.rekognition.list_collections = raising(refusal("UnrecognizedClientException"))
    assert account.checks()["Rekognition"].outcome is Outcome.PROBLEM


@pytest.mark.parametrize(
    ("free", "outcome", "said"),
    [
        (40, Outcome.OK, "40 functions"),
        (10, Outcome.WARNING, "-p BulkConcurrency=5"),
        (1, Outcome.WARNING, "-p BulkConcurrency=1"),
        (denied("GetAccountSettings"), Outcome.UNKNOWN, "lambda:GetAccountSettings"),
        (refusal("ServiceException"), Outcome.PROBLEM, "ServiceException"),
    ],
)
def test_lambdas_quota_is_compared_with_what_bulk_processing_takes(
    account: Account, free: Any, outcome: Outcome, said: str
) -> None:
    account.lambda_ = FakeLambda(free)
    found = account.checks()["concurrency"]
    assert found.outcome is outcome
    assert said in found.found + found.fix


def test_rights_that_iam_denies_are_named(account: Account) -> None:
    account.denied = {"iam:PassRole", "s3:PutBucketPolicy"}
    found = account.checks()["rights"]
    assert (found.outcome, found.found) == (Outcome.PROBLEM, "Denied: iam:PassRole, s3:PutBucketPolicy.")


def test_iam_is_asked_about_names_that_the_stack_would_make(account: Account) -> None:
    account.checks("Photos")
    resources = {arn for one in account.asked for arn in one["ResourceArns"]}
    assert f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/Photos-doctor" in resources
    assert "arn:aws:s3:::photos-doctor" in resources  # buckets' names are lower-case
    assert {one["PolicySourceArn"] for one in account.asked} == {account.caller}


def test_a_sessions_rights_are_its_roles(account: Account) -> None:
    account.caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/ann"
    assert account.checks()["rights"].outcome is Outcome.OK
    assert {one["PolicySourceArn"] for one in account.asked} == {f"arn:aws:iam::{ACCOUNT}:role/team/Deployer"}


def test_the_root_user_is_limited_by_no_policy(account: Account) -> None:
    account.caller = f"arn:aws:iam::{ACCOUNT}:root"
    assert account.checks()["rights"].outcome is Outcome.OK
    assert account.asked == []


def test_rights_that_may_not_be_looked_at_are_not_known_and_hinder_nothing(account: Account) -> None:
    account.iam.get_paginator = lambda _: SimpleNamespace(paginate=raising(denied("SimulatePrincipalPolicy")))
    found = account.checks(KmsKeyArn=KEY)
    assert found["rights"].outcome is Outcome.UNKNOWN
    assert found["KMS key"].outcome is Outcome.OK


def test_the_rights_are_those_of_what_the_template_makes_and_exist() -> None:
    """A new kind of resource needs its rights named; no right may be misspelt."""
    template = (Path(__file__).parents[3] / "cloudformation" / "image-processing.yaml").read_text()
    made = {line.split()[1] for line in template.splitlines() if line.startswith("    Type: AWS::")}
    with_another = {
        "AWS::S3::BucketPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::IAM::Policy",
        "AWS::Lambda::Permission",
        "AWS::Lambda::EventInvokeConfig",
    }
    only_if_asked_for = {
        "AWS::CloudWatch::Dashboard",
        "AWS::Cognito::IdentityPool",
        "AWS::Cognito::IdentityPoolRoleAttachment",
    }
    assert made - with_another - only_if_asked_for == set(RIGHTS) - {"AWS::CloudFormation::Stack"}
    file = Path(cfnlint.data.__path__[0]) / "AdditionalSpecs" / "Policies.json"
    known = json.loads(file.read_text())
    for _, rights in RIGHTS.values():
        for action in actions(rights):
            service, _, name = action.partition(":")
            assert name.lower() in known[service]["Actions"], action


@pytest.mark.parametrize(("missing", "index"), [("s3, dynamodb, sqs, lambda", 1), ("logs", 2)])
def test_a_key_whose_policy_leaves_a_service_out_is_a_problem(
    account: Account, missing: str, index: int
) -> None:
    account.key_policy = [one for one in KEY_POLICY if one is not KEY_POLICY[index]]
    found = account.checks(KmsKeyArn=KEY)["KMS key"]
    assert (found.outcome, found.found) == (Outcome.PROBLEM, f"Its policy does not let {missing} use it.")
    assert "docs/explanation/security.md" in found.fix


def test_a_key_for_some_services_alone_is_a_problem(account: Account) -> None:
    some = {"StringEquals": {"kms:ViaService": "s3.*.amazonaws.com"}}
    account.key_policy[1] = {**KEY_POLICY[1], "Condition": some}
    found = account.checks(KmsKeyArn=KEY)["KMS key"]
    assert found.found == "Its policy does not let dynamodb, sqs, lambda use it."


def test_a_key_that_cannot_be_used_is_a_problem(account: Account) -> None:
    account.key_state = "PendingDeletion"
    assert "is PendingDeletion" in account.checks(KmsKeyArn=KEY)["KMS key"].found
    elsewhere = KEY.replace("eu-west-1", "us-east-1")
    found = account.checks(KmsKeyArn=elsewhere)["KMS key"]
    assert (found.outcome, "another region" in found.found) == (Outcome.PROBLEM, True)
    account.kms.describe_key = raising(denied("DescribeKey"))
    assert account.checks(KmsKeyArn=KEY)["KMS key"].outcome is Outcome.UNKNOWN
