"""The judges themselves, on templates that were spoilt: each objects. Skipped unless they are installed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.judge import simulations
from tests.judge.__main__ import objections
from tests.judge.requests import needed
from tests.judge.resolve import Deployment, packaged
from tests.judge.rules import complaints, read_reasons
from tests.judge.verdict import HERE, absent, judge

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        absent() is not None or not (HERE / "node_modules").exists(), reason="make judge installs the judges"
    ),
]


@pytest.fixture
def template() -> Any:
    return copy.deepcopy(packaged())


def statement(template: Any, policy: str, sid: str) -> Any:
    statements = template["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    return next(one for one in statements if one["Sid"] == sid)


def wider_action(template: Any) -> None:
    statement(template, "StoreImageMetadataPolicy", "WriteRecords")["Action"] = "dynamodb:*"


def wider_resource(template: Any) -> None:
    statement(template, "GenerateThumbnailPolicy", "ReadUploads")["Resource"] = "arn:aws:s3:::*"


def no_such_action(template: Any) -> None:
    statement(template, "BeginPhotoPolicy", "WriteRecords")["Action"] = ["dynamodb:Update"]


def missing_function(template: Any) -> None:
    statement(template, "StateMachinePolicy", "InvokeFunctions")["Resource"].pop()


def missing_rule(template: Any) -> None:
    statement(template, "BulkStateMachinePolicy", "HearOfEnds")["Action"].remove("events:PutTargets")


def traced_without_right(template: Any) -> None:
    statement(template, "RekognitionPolicy", "Trace")["Effect"] = "Deny"


def any_account(template: Any) -> None:
    role = template["Resources"]["StateMachineRole"]["Properties"]["AssumeRolePolicyDocument"]
    del role["Statement"][0]["Condition"]


def plain_http(template: Any) -> None:
    statement(template, "PhotoRepoBucketPolicy", "TlsOnly")["Condition"] = {
        "Bool": {"aws:SecureTransport": "true"}
    }


def any_bucket(template: Any) -> None:
    permission = template["Resources"]["StartExecutionPermission"]["Properties"]
    permission["SourceArn"] = "arn:aws:s3:::*"


def dead_end(template: Any) -> None:
    machine = template["Resources"]["ImageProcStateMachine"]["Properties"]
    choice = machine["DefinitionString"]["Fn::If"]
    choice[:] = [one.replace('"Next":"ParallelProcessing"', '"Next":"Nowhere"') for one in choice]


def no_encryption(template: Any) -> None:
    del template["Resources"]["StartExecutionDeadLetterQueue"]["Properties"]["SqsManagedSseEnabled"]
    template["Resources"]["StartExecutionDeadLetterQueue"]["Properties"]["SqsManagedSseEnabled"] = False


SPOILT: dict[Callable[[Any], None], str] = {
    wider_action: "must be denied, is Allowed: StoreImageMetadataFunction: dynamodb:",
    wider_resource: "must be denied, is Allowed: GenerateThumbnailFunction: s3:GetObjectVersion",
    no_such_action: "must be allowed, is ImplicitlyDenied: BeginPhotoFunction: dynamodb:UpdateItem",
    missing_function: "must be allowed, is ImplicitlyDenied: ImageProcStateMachine: lambda:InvokeFunction",
    missing_rule: "must be allowed, is ImplicitlyDenied: BulkStateMachine: events:PutTargets",
    traced_without_right: "must be allowed, is ExplicitlyDenied: RekognitionFunction: xray:PutTraceSegments",
    any_account: "must be denied, is Allowed: states.amazonaws.com: sts:AssumeRole",
    plain_http: "must be denied, is Allowed: ExtractImageMetadataFunction: s3:GetObjectVersion",
    any_bucket: "must be denied, is Allowed: s3.amazonaws.com: lambda:InvokeFunction",
    dead_end: "ImageProcStateMachine, EXPRESS: MISSING_TRANSITION_TARGET",
    no_encryption: "AwsSolutions-SQS2 fails for StartExecutionDeadLetterQueue, without a reason",
}


def test_each_spoilt_template_is_objected_to(template: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """All in one run of Node: each is spoilt in a place of its own, so each has objections of its own."""
    for spoil in SPOILT:
        spoil(template)
    open_key = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*", "Action": "kms:*"}
    monkeypatch.setattr(simulations, "key_policy", lambda: {"Version": "2012-10-17", "Statement": [open_key]})
    verdict = judge(template)
    found = [*objections(verdict), *complaints(verdict.answers, read_reasons())]
    for spoil, objection in SPOILT.items():
        assert any(objection in one for one in found), f"nobody objects to {spoil.__name__}"
    key = "must be denied, is Allowed: ImageProcStartExecutionFunction: kms:ScheduleKeyDeletion"
    assert any(key in one for one in found)


def test_everything_that_a_definition_invokes_is_asked_about(template: Any) -> None:
    deployment = Deployment(template)
    invoked = {one.resource for one in needed(deployment) if one.who.endswith("StateMachine")}
    functions = {deployment.name(name, "Arn") for name in deployment.resources if name.endswith("Function")}
    starts = {deployment.name(name, "Arn") for name in _not_invoked()}
    assert functions - invoked == starts


def _not_invoked() -> set[str]:
    return {"ImageProcStartExecutionFunction", "DescribeExecutionFunction", "CreateS3EventTriggerFunction"}
