from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from imageproc.aws.clients import Aws
from imageproc.deployment import (
    CodeUploaded,
    Deployed,
    Event,
    Note,
    Plan,
    Request,
    SessionClients,
    apply,
    build,
    destroy,
    discard,
    package_template,
    plan,
)
from imageproc.deployment.plan.change_set import wait_for
from imageproc.deployment.plan.quotas import concurrency_warning
from imageproc.deployment.template import declared_parameters
from imageproc.errors import ParameterError, PlanDeclinedError, PlanRejectedError, StackStuckError

from .fakes import STACK_ID, FakeClients, FakeCloudFormation, FakeLambda, refusal

if TYPE_CHECKING:
    from boto3.session import Session

    from .conftest import Sleeper


OUTPUTS = "\nOutputs:\n"
SWITCHED = """
  Switched:
    Type: AWS::SNS::Topic
    Condition: SwitchedOn
    Properties:
      TopicName: !Sub "${AWS::StackName}-switched"
"""


def deploy(clients: SessionClients, request: Request) -> Deployed:
    last = list(apply(clients, plan(clients, request)))[-1]
    assert isinstance(last, Deployed)
    return last


def test_a_first_plan_adds_everything_and_touches_nothing(
    local_aws: SessionClients, local_request: Request
) -> None:
    told: list[Event] = []

    made = plan(local_aws, local_request, notify=told.append)

    assert made.kind == "CREATE"
    assert made.changed
    assert {each.action for each in made.changes} == {"Add"}
    assert sorted(each.logical_id for each in made.changes) == [
        "ImageMetadataDDBTable",
        "ImagingLayer",
        "Machine",
        "MachineRole",
        "PhotoRepoS3Bucket",
        "WorkLogGroup",
    ]
    assert [type(each) for each in told] == [Note, Note, CodeUploaded, CodeUploaded, CodeUploaded]
    tables = local_aws.client("dynamodb").list_tables()["TableNames"]
    assert not [name for name in tables if name.startswith(local_request.stack)]


def test_a_discarded_plan_leaves_no_stack_behind(local_aws: SessionClients, local_request: Request) -> None:
    made = plan(local_aws, local_request)
    discard(local_aws, made)

    stacks = local_aws.client("cloudformation").describe_stacks()["Stacks"]
    assert local_request.stack not in [each["StackName"] for each in stacks]
    buckets = local_aws.client("s3").list_buckets()["Buckets"]
    assert made.artifacts.bucket not in [each["Name"] for each in buckets]


def test_discarding_an_update_keeps_the_bucket_that_the_stack_runs_from(
    local_aws: SessionClients, local_request: Request
) -> None:
    bucket = deploy_and_plan_again(local_aws, local_request)

    buckets = local_aws.client("s3").list_buckets()["Buckets"]
    assert bucket in [each["Name"] for each in buckets]


def deploy_and_plan_again(clients: SessionClients, request: Request) -> str:
    deploy(clients, request)
    again = plan(clients, replace(request, parameters={"LogRetentionDays": "7"}))
    discard(clients, again)
    return again.artifacts.bucket


def test_the_bucket_for_the_code_is_not_made_without_a_yes(
    local_aws: SessionClients, local_request: Request
) -> None:
    with pytest.raises(PlanDeclinedError, match="was not made"):
        plan(local_aws, local_request, confirm=lambda _question: False)

    buckets = local_aws.client("s3").list_buckets()["Buckets"]
    assert not [each for each in buckets if each["Name"].startswith(local_request.stack)]


def test_initial_parameters_count_only_when_the_stack_is_made(
    local_aws: SessionClients, local_request: Request
) -> None:
    asking = replace(local_request, initial={"LogRetentionDays": "7"})
    deploy(local_aws, asking)
    assert log_retention(local_aws, local_request.stack) == "7"

    deploy(local_aws, replace(asking, parameters={"LogRetentionDays": "14"}))
    assert not plan(local_aws, asking).changed

    assert log_retention(local_aws, local_request.stack) == "14"


def log_retention(clients: SessionClients, name: str) -> str:
    stack = clients.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    values = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    return str(values["LogRetentionDays"])


def test_what_a_parameter_switches_off_goes_though_the_local_change_set_does_not_know(
    local_aws: SessionClients, local_request: Request
) -> None:
    assert local_request.sources is not None
    text = (
        local_request.sources.template.replace(
            "Never: !Equals [a, b]", 'SwitchedOn: !Equals [!Ref Switch, "on"]'
        )
        .replace("\nConditions:", '  Switch:\n    Type: String\n    Default: "on"\n\nConditions:')
        .replace(OUTPUTS, SWITCHED + OUTPUTS)
    )
    request = replace(local_request, sources=replace(local_request.sources, template=text))
    topics = f"{local_request.stack}-switched"
    deploy(local_aws, request)
    assert topics in str(local_aws.client("sns").list_topics()["Topics"])

    made = plan(local_aws, replace(request, parameters={"Switch": "off"}))
    list(apply(local_aws, made))

    assert (made.changed, made.change_set, made.changes) == (True, None, ())
    assert [str(each) for each in made.parameters] == ["Switch: on -> off"]
    assert topics not in str(local_aws.client("sns").list_topics()["Topics"])
    assert not plan(local_aws, request).changed


def test_a_stack_is_not_made_where_it_would_overwrite_kept_data(
    local_aws: SessionClients, local_request: Request
) -> None:
    table = deploy(local_aws, local_request).outputs["Table"]
    local_aws.client("dynamodb").put_item(TableName=table, Item={"imageID": {"S": "1"}})
    list(destroy(local_aws, local_request.stack, delete_data=False))

    with pytest.raises(StackStuckError, match=rf"{table}.*imageproc destroy --delete-data"):
        plan(local_aws, local_request)

    assert local_aws.client("dynamodb").scan(TableName=table)["Count"] == 1


def test_the_uploaded_template_needs_no_parameter(local_aws: SessionClients, local_request: Request) -> None:
    made = plan(local_aws, local_request)

    body = (
        local_aws.client("s3")
        .get_object(Bucket=made.artifacts.bucket, Key=made.artifacts.template_key)["Body"]
        .read()
        .decode()
    )
    assert f'"S3Bucket": "{made.artifacts.bucket}", "S3Key": "{made.artifacts.layer_key}"' in body


def test_a_template_packaged_without_a_bucket_names_the_files_beside_it(request_: Request) -> None:
    assert request_.sources is not None
    packages = build(request_.target)

    text = package_template(request_.sources, packages, None)

    assert f'Content: "{packages.layer.key}"' in text
    assert [each.name for each in declared_parameters(text) if each.default is None] == []


def test_a_changed_parameter_is_an_update_and_the_others_keep_their_values(
    local_aws: SessionClients, local_request: Request
) -> None:
    deploy(local_aws, replace(local_request, parameters={"DataRetention": "Retain"}))

    made = plan(local_aws, replace(local_request, parameters={"LogRetentionDays": "7"}))
    list(apply(local_aws, made))

    assert made.kind == "UPDATE"
    stack = local_aws.client("cloudformation").describe_stacks(StackName=local_request.stack)["Stacks"][0]
    values = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert (values["DataRetention"], values["LogRetentionDays"]) == ("Retain", "7")
    text = local_aws.client("cloudformation").get_template(StackName=local_request.stack)["TemplateBody"]
    assert "RetainExceptOnCreate" in str(text)


def test_the_bucket_that_the_stack_was_deployed_from_is_used_again(
    local_aws: SessionClients, local_request: Request
) -> None:
    local_aws.client("s3").create_bucket(Bucket="my-own")
    deploy(local_aws, replace(local_request, artifacts_bucket="my-own"))

    again = plan(local_aws, local_request)

    assert again.artifacts.bucket == "my-own"


def test_a_wrong_parameter_is_told_before_anything_is_made(
    local_aws: SessionClients, local_request: Request
) -> None:
    with pytest.raises(ParameterError, match="Colour"):
        plan(local_aws, replace(local_request, parameters={"Colour": "red"}))

    buckets = local_aws.client("s3").list_buckets()["Buckets"]
    assert not [each for each in buckets if each["Name"].startswith(local_request.stack)]


def rejected(fake: FakeCloudFormation, session: Session, request: Request, sleep: Sleeper) -> Plan:
    clients = FakeClients(cloudformation=fake, s3=session.client("s3"), sts=session.client("sts"))
    return plan(clients, request, sleep=sleep)


def planned(
    session: Session,
    request: Request,
    sleep: Sleeper,
    account: FakeLambda,
    status: str | None = "CREATE_COMPLETE",
) -> tuple[Plan, list[str]]:
    told: list[Event] = []
    fake = FakeCloudFormation(status)
    services: dict[str, Any] = {"s3": session.client("s3"), "sts": session.client("sts"), "lambda": account}
    clients = FakeClients(cloudformation=fake, **services)
    made = plan(clients, request, notify=told.append, sleep=sleep)
    return made, [each.text for each in told if isinstance(each, Note)]


def test_an_account_that_runs_too_few_functions_at_a_time_is_warned_of(
    session: Session, lenient_policy: None, request_: Request, sleep: Sleeper
) -> None:
    made, told = planned(session, request_, sleep, FakeLambda(10))

    (warning,) = made.warnings
    assert "may run 10 functions" in warning
    assert "BulkConcurrency=20 takes up to 40" in warning
    assert "deploy with BulkConcurrency=5." in warning
    assert warning in told


def test_a_photo_whose_embedding_is_made_takes_three_functions_at_a_time() -> None:
    account: dict[str, Any] = {"lambda": FakeLambda(59)}
    parameters = {"BulkConcurrency": "20", "DetectLabelsPerSecond": "5"}
    aws = Aws(FakeClients(**account))
    assert concurrency_warning(aws, parameters) is None
    warning = concurrency_warning(aws, parameters | {"Similarity": "Enabled"})
    assert warning
    assert "BulkConcurrency=20 takes up to 60" in warning
    assert "deploy with BulkConcurrency=19." in warning


@pytest.mark.parametrize(
    ("account", "parameters"),
    [
        (FakeLambda(40), {}),
        (FakeLambda(10), {"BulkConcurrency": "5"}),
        (FakeLambda(10), {"DetectLabelsPerSecond": "1"}),
        (FakeLambda(refusal("AccessDeniedException")), {}),
    ],
)
def test_nothing_is_said_of_an_account_that_runs_enough_or_may_not_be_looked_at(
    session: Session,
    lenient_policy: None,
    request_: Request,
    sleep: Sleeper,
    account: FakeLambda,
    parameters: dict[str, str],
) -> None:
    made, _ = planned(session, replace(request_, parameters=parameters), sleep, account)
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("status", "free", "parameters", "reserved"),
    [
        (None, 1000, {}, True),
        (None, 128, {}, True),
        (None, 127, {}, False),
        (None, 10, {}, False),
        (None, 1000, {"StartConcurrency": "5"}, False),
        (None, 1000, {"WorkflowType": "EXPRESS"}, False),
        ("CREATE_COMPLETE", 1000, {}, False),
    ],
)
def test_a_new_stack_lets_bursts_of_uploads_wait_if_the_account_can_reserve_functions_for_that(
    session: Session,
    lenient_policy: None,
    request_: Request,
    sleep: Sleeper,
    monkeypatch: pytest.MonkeyPatch,
    status: str | None,
    free: int,
    parameters: dict[str, str],
    reserved: bool,
) -> None:
    """Of the last hundred functions at a time Lambda lets none be reserved."""
    monkeypatch.setattr(Aws, "is_aws", True)
    request = replace(request_, parameters=parameters)
    _, told = planned(session, request, sleep, FakeLambda(free), status)
    assert any(text.startswith("28 of Lambda's functions") for text in told) is reserved


def test_nothing_to_change_is_a_plan_without_changes_and_without_a_change_set(
    session: Session, lenient_policy: None, request_: Request, sleep: Sleeper
) -> None:
    fake = FakeCloudFormation("CREATE_COMPLETE")
    fake.change_set = {
        "Status": "FAILED",
        "StatusReason": "The submitted information didn't contain changes.",
    }

    made = rejected(fake, session, request_, sleep)

    assert (made.changed, made.changes) == (False, ())
    assert fake.operations == ["create_change_set", "delete_change_set"]


def test_a_template_that_cloudformation_refuses_is_an_error_with_its_words(
    session: Session, lenient_policy: None, request_: Request, sleep: Sleeper
) -> None:
    refused = refusal("ValidationError", "Template format error: Unresolved resource dependencies [X]")
    fake = FakeCloudFormation(None, {"create_change_set": refused})

    with pytest.raises(PlanRejectedError, match="Unresolved resource dependencies"):
        rejected(fake, session, request_, sleep)


def test_a_change_set_that_fails_leaves_nothing_and_says_what_validation_found(
    session: Session, lenient_policy: None, request_: Request, sleep: Sleeper
) -> None:
    fake = FakeCloudFormation(None)
    fake.change_set = {
        "Status": "FAILED",
        "StatusReason": "The following validation failed: [AWS::EarlyValidation::PropertyValidation].",
    }
    fake.findings = [{"LogicalResourceId": "Machine", "ValidationStatusReason": "RoleArn is no ARN"}]

    with pytest.raises(PlanRejectedError, match=r"PropertyValidation\]\. Machine: RoleArn is no ARN"):
        rejected(fake, session, request_, sleep)

    assert fake.operations == ["create_change_set", "delete_change_set", "delete_stack"]


def test_a_change_set_is_waited_for(sleep: Sleeper) -> None:
    fake = FakeCloudFormation("CREATE_COMPLETE")
    statuses = iter(["CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_COMPLETE"])
    fake.describe_change_set = lambda **_: {"Status": next(statuses), "Changes": []}  # type: ignore[method-assign]

    assert wait_for(Aws(FakeClients(cloudformation=fake)), STACK_ID, "c", sleep) == ()
    assert len(sleep.slept) == 2


def test_discarding_keeps_a_stack_that_another_plan_waits_for() -> None:
    fake = FakeCloudFormation("REVIEW_IN_PROGRESS")
    fake.other_change_sets = ["arn:another"]
    where = Any
    made = Plan("demo", STACK_ID, "CREATE", where, "arn:change-set")  # type: ignore[arg-type]

    discard(FakeClients(cloudformation=fake), made)

    assert fake.operations == ["delete_change_set"]


def test_discarding_an_applied_plan_keeps_the_stack() -> None:
    fake = FakeCloudFormation("CREATE_COMPLETE", {"delete_change_set": refusal("ChangeSetNotFound")})
    made = Plan("demo", STACK_ID, "CREATE", Any, "arn:change-set")  # type: ignore[arg-type]

    discard(FakeClients(cloudformation=fake), made)

    assert "delete_stack" not in fake.operations
