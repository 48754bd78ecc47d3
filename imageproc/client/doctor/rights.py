"""What whoever deploys must be allowed to do, and whether IAM says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imageproc.aws.translation import translated
from imageproc.client.doctor.checks import Check, Outcome
from imageproc.client.target import Target

_LAMBDA = "arn:{partition}:lambda:{region}:{account}:"
RIGHTS: dict[str, tuple[str, str]] = {
    "AWS::CloudFormation::Stack": (
        "arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/*",
        (
            "cloudformation: CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet "
            "DescribeStacks DescribeStackEvents ListStackResources GetTemplate DeleteStack"
        ),
    ),
    "AWS::CloudWatch::Alarm": (
        "arn:{partition}:cloudwatch:{region}:{account}:alarm:{stack}-doctor",
        "cloudwatch: PutMetricAlarm DeleteAlarms DescribeAlarms",
    ),
    "AWS::DynamoDB::Table": (
        "arn:{partition}:dynamodb:{region}:{account}:table/{stack}-doctor",
        "dynamodb: CreateTable DescribeTable UpdateTable UpdateContinuousBackups DeleteTable",
    ),
    "AWS::IAM::Role": (
        "arn:{partition}:iam::{account}:role/{stack}-doctor",
        "iam: CreateRole GetRole PassRole PutRolePolicy DeleteRolePolicy DeleteRole",
    ),
    "AWS::Lambda::Function": (
        _LAMBDA + "function:{stack}-doctor",
        (
            "lambda: CreateFunction GetFunction UpdateFunctionCode UpdateFunctionConfiguration "
            "PutFunctionConcurrency DeleteFunctionConcurrency "
            "InvokeFunction AddPermission RemovePermission PutFunctionEventInvokeConfig DeleteFunction"
        ),
    ),
    "AWS::Lambda::LayerVersion": (
        _LAMBDA + "layer:{stack}-imaging",
        "lambda: PublishLayerVersion",
    ),
    "AWS::Logs::LogGroup": (
        "arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{stack}-doctor",
        "logs: CreateLogGroup PutRetentionPolicy DeleteLogGroup",
    ),
    "AWS::S3::Bucket": (
        "arn:{partition}:s3:::{bucket}-doctor",
        (
            "s3: CreateBucket ListBucket PutBucketPolicy PutBucketVersioning PutBucketCORS "
            "PutEncryptionConfiguration PutLifecycleConfiguration PutBucketPublicAccessBlock "
            "PutBucketTagging DeleteBucket"
        ),
    ),
    "AWS::SQS::Queue": (
        "arn:{partition}:sqs:{region}:{account}:{stack}-doctor",
        "sqs: CreateQueue GetQueueAttributes SetQueueAttributes DeleteQueue",
    ),
    "AWS::StepFunctions::StateMachine": (
        "arn:{partition}:states:{region}:{account}:stateMachine:{stack}-doctor",
        "states: CreateStateMachine DescribeStateMachine UpdateStateMachine DeleteStateMachine",
    ),
}
"""What deploying, updating and destroying take, with a resource's ARN that stands for those to be made."""


def actions(rights: str) -> list[str]:
    """Return `s3: A B` as `s3:A` and `s3:B`."""
    service, _, names = rights.partition(": ")
    return [f"{service}:{name}" for name in names.split()]


def check_rights(target: Target, caller: str, stack: str) -> Check:
    """Ask IAM's own simulator about the caller's policies. Raises AwsError, AccessDeniedError among them.

    It takes iam:SimulatePrincipalPolicy, and iam:GetRole of an assumed role, whose ARN lacks its path.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    partition, account = caller.split(":")[1], caller.split(":")[4]
    if caller.endswith(":root"):
        return Check("rights", Outcome.OK, "This is the account's root user, whom no policy limits.")
    names = {"partition": partition, "account": account, "region": target.region}
    names |= {"stack": stack, "bucket": stack.lower()}
    with translated("Asking IAM for the rights to deploy"):
        source = _source(target, caller)
        denied = [
            action
            for arn, rights in RIGHTS.values()
            for action in _denied(target, source, arn.format(**names), actions(rights))
        ]
    if denied:
        fix = "Ask for these rights, or deploy with a profile that has them."
        return Check("rights", Outcome.PROBLEM, f"Denied: {', '.join(denied)}.", fix)
    return Check("rights", Outcome.OK, f"{caller} may do all that was asked about")


def _source(target: Target, caller: str) -> str:
    """Return the ARN whose policies count: a session's is its role's."""
    _, assumed, session = caller.partition(":assumed-role/")
    if not assumed:
        return caller
    role: str = target.client("iam").get_role(RoleName=session.split("/")[0])["Role"]["Arn"]
    return role


def _denied(target: Target, source: str, arn: str, wanted: list[str]) -> Iterator[str]:
    pages: Any = target.client("iam").get_paginator("simulate_principal_policy")
    for page in pages.paginate(PolicySourceArn=source, ActionNames=wanted, ResourceArns=[arn]):
        for one in page["EvaluationResults"]:
            if one["EvalDecision"] != "allowed":
                yield one["EvalActionName"]
