from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from imageproc.aws.clients import Aws
from imageproc.deployment import (
    DeploymentFailed,
    Emptied,
    Event,
    Note,
    Removed,
    Request,
    SessionClients,
    StackEvent,
    Swept,
    apply,
    destroy,
    inventory,
    outputs,
    plan,
)
from imageproc.deployment.inventory import buckets, log_group_names, tables
from imageproc.deployment.inventory.buckets import contents, empty
from imageproc.deployment.stack import Resource
from imageproc.deployment.stack.state import OUR_PARAMETERS
from imageproc.errors import ForeignStackError, ParameterError, SweepFailedError

from .fakes import FakeClients, FakeCloudFormation, FakeLogs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.session import Session

    from .conftest import Sleeper

OOPS = """
  Oops:
    Type: AWS::S3::Bucket
    DependsOn: [Machine, ImageMetadataDDBTable]
    Properties:
      BucketName: taken

Outputs:
"""


def doze(_seconds: float) -> None:
    """Wait just long enough for a server on this machine."""
    time.sleep(0.02)


def deploy(clients: SessionClients, request: Request) -> dict[str, str]:
    for _ in apply(clients, plan(clients, request, sleep=doze), sleep=doze):
        pass
    return outputs(clients, request.stack)


def fill(clients: SessionClients, bucket: str) -> None:
    s3 = clients.client("s3")
    for key in ("Incoming/a b+c%.jpg", "Incoming/ü/x.png"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"one")
        s3.put_object(Bucket=bucket, Key=key, Body=b"again")
    s3.delete_object(Bucket=bucket, Key="Incoming/ü/x.png")
    s3.create_multipart_upload(Bucket=bucket, Key="Incoming/unfinished.jpg")


def everything(clients: SessionClients) -> set[str]:
    """Return the names of all buckets, tables, log groups and living stacks."""
    return {
        *(each["Name"] for each in clients.client("s3").list_buckets()["Buckets"]),
        *clients.client("dynamodb").list_tables()["TableNames"],
        *(each["logGroupName"] for each in clients.client("logs").describe_log_groups()["logGroups"]),
        *(each["StackName"] for each in clients.client("cloudformation").describe_stacks()["Stacks"]),
    }


@pytest.fixture
def bystander(local_aws: SessionClients, local_request: Request) -> Iterator[Request]:
    """A stack whose name begins with the other one's: a prefix is not enough to tell them apart."""
    request = replace(local_request, stack=f"{local_request.stack}-2")
    deploy(local_aws, request)
    local_aws.client("logs").create_log_group(logGroupName=f"/aws/lambda/{local_request.stack}")
    yield request
    local_aws.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{local_request.stack}")
    list(destroy(local_aws, request.stack))


def test_everything_goes_and_what_was_there_before_stays(
    local_aws: SessionClients, local_request: Request, bystander: Request
) -> None:
    before = everything(local_aws)
    fill(local_aws, deploy(local_aws, local_request)["S3PhotoRepoBucket"])

    told = []
    for event in destroy(local_aws, local_request.stack):
        told.append(event)
        if isinstance(event, StackEvent) and event.of_stack and event.status == "DELETE_COMPLETE":
            # As a function's last line does, which arrives when its log group is gone.
            local_aws.client("logs").create_log_group(logGroupName=f"/aws/lambda/{local_request.stack}-Work")

    assert told[-1] == Swept(local_request.stack)
    assert everything(local_aws) == before
    assert {type(each) for each in told} == {Emptied, Removed, StackEvent, Swept}


def test_the_inventory_counts_what_would_go(local_aws: SessionClients, local_request: Request) -> None:
    made = deploy(local_aws, local_request)
    fill(local_aws, made["S3PhotoRepoBucket"])

    found = inventory(local_aws, local_request.stack)

    (bucket,) = found.own.buckets
    assert (bucket.name, bucket.objects, bucket.versions) == (made["S3PhotoRepoBucket"], 1, 5)
    assert (bucket.size, bucket.unfinished_uploads) == (2 * 3 + 2 * 5, 1)
    assert [each.name for each in found.own.tables] == [made["Table"]]
    assert [each.name for each in found.log_groups] == [f"/aws/lambda/{local_request.stack}-Work"]
    assert found.artifacts[0].ours
    assert found.data == (made["S3PhotoRepoBucket"], made["Table"])


def test_nothing_is_left_of_a_stack_that_never_was(local_aws: SessionClients) -> None:
    assert list(destroy(local_aws, "never-was")) == [Swept("never-was")]
    assert inventory(local_aws, "never-was").names() == ()


def test_a_plan_that_was_never_applied_is_removed(local_aws: SessionClients, local_request: Request) -> None:
    before = everything(local_aws)
    plan(local_aws, local_request)

    list(destroy(local_aws, local_request.stack))

    assert everything(local_aws) == before


@pytest.mark.parametrize("retention", ["Delete", "Retain"])
def test_data_can_be_kept_whatever_the_stack_says(
    local_aws: SessionClients, local_request: Request, retention: str
) -> None:
    before = everything(local_aws)
    made = deploy(local_aws, replace(local_request, parameters={"DataRetention": retention}))
    fill(local_aws, made["S3PhotoRepoBucket"])

    told = list(destroy(local_aws, local_request.stack, delete_data=False))

    data = (made["S3PhotoRepoBucket"], made["Table"])
    assert told[-1] == Swept(local_request.stack, (), data)
    assert everything(local_aws) - before == set(data)
    kept = contents(Aws(local_aws), made["S3PhotoRepoBucket"])
    assert kept is not None
    assert (kept.objects, kept.versions) == (1, 5)


def test_data_that_was_kept_is_found_and_removed_later(
    local_aws: SessionClients, local_request: Request
) -> None:
    before = everything(local_aws)
    made = deploy(local_aws, local_request)
    fill(local_aws, made["S3PhotoRepoBucket"])
    list(destroy(local_aws, local_request.stack, delete_data=False))

    data = (made["S3PhotoRepoBucket"], made["Table"])
    found = inventory(local_aws, local_request.stack)
    assert (found.data, found.kept(), found.names()) == (data, data, ())
    assert list(destroy(local_aws, local_request.stack)) == [Swept(local_request.stack, (), data)]
    assert everything(local_aws) - before == set(data)
    list(destroy(local_aws, local_request.stack, delete_data=True))

    assert everything(local_aws) == before


def test_a_stack_that_retains_its_data_does_so_unless_its_removal_is_asked_for(
    local_aws: SessionClients, local_request: Request
) -> None:
    before = everything(local_aws)
    made = deploy(local_aws, replace(local_request, parameters={"DataRetention": "Retain"}))
    fill(local_aws, made["S3PhotoRepoBucket"])
    data = (made["S3PhotoRepoBucket"], made["Table"])
    found = inventory(local_aws, local_request.stack)

    told = list(destroy(local_aws, local_request.stack))

    assert found.retained
    assert found.kept() == data
    assert not set(found.names()) & {f"bucket {data[0]}", f"table {data[1]}"}
    assert found.kept(delete_data=True) == ()
    assert told[-1] == Swept(local_request.stack, (), data)
    assert everything(local_aws) - before == set(data)


def test_a_retaining_stack_is_removed_with_its_data_if_that_is_asked_for(
    local_aws: SessionClients, local_request: Request
) -> None:
    before = everything(local_aws)
    made = deploy(local_aws, replace(local_request, parameters={"DataRetention": "Retain"}))
    fill(local_aws, made["S3PhotoRepoBucket"])

    assert list(destroy(local_aws, local_request.stack, delete_data=True))[-1] == Swept(local_request.stack)

    assert everything(local_aws) == before


@pytest.mark.parametrize("retention", ["Delete", "Retain"])
def test_it_can_be_interrupted_after_any_step_and_run_again(
    local_aws: SessionClients, local_request: Request, retention: str
) -> None:
    before = everything(local_aws)
    request = replace(local_request, parameters={"DataRetention": retention})
    steps = 0
    for cut in itertools.count(1, 4):
        fill(local_aws, deploy(local_aws, request)["S3PhotoRepoBucket"])
        wish = True if retention == "Retain" else None
        interrupted = destroy(local_aws, request.stack, delete_data=wish, sleep=doze)
        steps = len(list(itertools.islice(interrupted, cut)))
        interrupted.close()  # type: ignore[attr-defined]

        last = list(destroy(local_aws, request.stack, delete_data=wish, sleep=doze))[-1]

        assert last == Swept(request.stack)
        assert everything(local_aws) == before
        if steps < cut:
            break
    assert steps > 5


def test_of_a_bucket_that_the_user_named_only_our_own_objects_go(
    local_aws: SessionClients, local_request: Request
) -> None:
    s3 = local_aws.client("s3")
    bucket = f"{local_request.stack}-theirs"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="thesis.pdf", Body=b"")
    deploy(local_aws, replace(local_request, artifacts_bucket=bucket))

    list(destroy(local_aws, local_request.stack))

    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["thesis.pdf"]


def test_our_bucket_stays_if_somebody_put_something_else_into_it(
    local_aws: SessionClients, local_request: Request
) -> None:
    made = plan(local_aws, local_request)
    local_aws.client("s3").put_object(Bucket=made.artifacts.bucket, Key="thesis.pdf", Body=b"")

    told = list(destroy(local_aws, local_request.stack))

    assert isinstance(told[-1], Swept)
    assert any(isinstance(each, Note) and "it stays" in each.text for each in told)
    assert made.artifacts.bucket in everything(local_aws)


def test_a_failed_deployment_names_its_cause_and_the_next_one_works(
    local_aws: SessionClients, local_request: Request, sleep: Sleeper
) -> None:
    taken = f"{local_request.stack}-taken"
    local_aws.client("s3").create_bucket(Bucket=taken)
    assert local_request.sources is not None
    text = local_request.sources.template.replace("\nOutputs:\n", OOPS.replace("taken", taken))
    bad = replace(local_request, sources=replace(local_request.sources, template=text))

    with pytest.raises(DeploymentFailed) as caught:
        deploy(local_aws, bad)
    told: list[Event] = []
    again = plan(local_aws, local_request, notify=told.append)
    list(apply(local_aws, again))

    assert caught.value.logical_id == "Oops"
    assert caught.value.status == "ROLLBACK_COMPLETE"
    assert any(isinstance(each, Note) and "ROLLBACK_COMPLETE" in each.text for each in told)
    assert again.kind == "CREATE"
    assert taken not in [each.name for each in inventory(local_aws, local_request.stack).own.buckets]
    with pytest.raises(DeploymentFailed) as caught:
        deploy(local_aws, bad)
    assert (caught.value.logical_id, caught.value.status) == ("Oops", "UPDATE_ROLLBACK_COMPLETE")
    list(destroy(local_aws, local_request.stack))
    assert taken in everything(local_aws)


# ------------------------------------------------------------------ what the local AWS does not do


def fake_clients(session: Session, fake: FakeCloudFormation, logs: FakeLogs | None = None) -> FakeClients:
    others = {name: session.client(name) for name in ("s3", "sts", "dynamodb")}
    return FakeClients(cloudformation=fake, logs=logs or FakeLogs(), **others)


def test_a_photo_that_arrives_while_the_bucket_goes_does_not_stop_it(
    session: Session, sleep: Sleeper
) -> None:
    refused = [
        [("Photos", "DELETE_FAILED", "The bucket is not empty", "AWS::S3::Bucket"), ("demo", "DELETE_FAILED")]
    ]
    fake = FakeCloudFormation(
        "CREATE_COMPLETE", {"delete_stack": iter([refused, [[("demo", "DELETE_COMPLETE")]]])}
    )
    fake.tell(("Photos", "CREATE_COMPLETE", "", "AWS::S3::Bucket"), ("demo", "CREATE_COMPLETE"))

    told = list(destroy(fake_clients(session, fake), "demo", sleep=sleep))

    assert fake.operations == ["delete_stack", "delete_stack"]
    assert isinstance(told[-1], Swept)


def test_a_stack_that_cannot_be_deleted_names_the_resource(session: Session, sleep: Sleeper) -> None:
    story = [[("Role", "DELETE_FAILED", "Access denied"), ("demo", "DELETE_FAILED")]]
    fake = FakeCloudFormation("CREATE_COMPLETE", {"delete_stack": story})

    with pytest.raises(SweepFailedError, match="Role: Access denied"):
        list(destroy(fake_clients(session, fake), "demo", sleep=sleep))


def test_keeping_the_data_of_a_half_deleted_stack_lets_go_of_what_is_left(
    session: Session, sleep: Sleeper
) -> None:
    fake = FakeCloudFormation("DELETE_FAILED", {"delete_stack": [[("demo", "DELETE_COMPLETE")]]})
    fake.tell(
        ("Photos", "CREATE_COMPLETE", "", "AWS::S3::Bucket"),
        ("Photos", "DELETE_FAILED", "The bucket is not empty", "AWS::S3::Bucket"),
    )

    list(destroy(fake_clients(session, fake), "demo", delete_data=False, sleep=sleep))

    assert fake.calls[0][1]["RetainResources"] == ["Photos"]


def test_a_stack_of_other_origin_is_not_emptied(session: Session, sleep: Sleeper) -> None:
    fake = FakeCloudFormation("CREATE_COMPLETE")
    fake.parameters = {"Colour": "red"}
    clients = fake_clients(session, fake)

    with pytest.raises(ForeignStackError, match="left alone"):
        inventory(clients, "demo")
    with pytest.raises(ForeignStackError, match="left alone"):
        list(destroy(clients, "demo", sleep=sleep))

    assert fake.operations == []


class Generations(FakeCloudFormation):
    """A stack of the second generation; the first one's table was kept, and a foreign one's, too."""

    deleted = ("first", "foreign")

    def list_stacks(self, **_: Any) -> dict[str, Any]:
        created = {"first": 2, "foreign": 1}
        return {
            "StackSummaries": [
                {"StackName": "demo", "StackId": each, "CreationTime": created[each]} for each in self.deleted
            ]
        }

    def describe_stacks(self, **arguments: Any) -> dict[str, Any]:
        asked = arguments["StackName"]
        if asked not in self.deleted:
            return super().describe_stacks()
        names = OUR_PARAMETERS if asked == "first" else ()
        parameters = [{"ParameterKey": name, "ParameterValue": ""} for name in names]
        stack = {"StackName": "demo", "StackId": asked, "StackStatus": "DELETE_COMPLETE"}
        return {"Stacks": [{**stack, "Parameters": parameters}]}

    def list_stack_resources(self, **arguments: Any) -> dict[str, Any]:
        asked = arguments["StackName"]
        if asked not in self.deleted:
            return super().list_stack_resources()
        kept = {"LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table"}
        kept |= {"PhysicalResourceId": f"{asked}-table", "ResourceStatus": "DELETE_SKIPPED"}
        return {"StackResourceSummaries": [kept]}


def test_what_an_earlier_stack_of_that_name_kept_is_named_and_removed_only_if_asked_for(
    session: Session, sleep: Sleeper
) -> None:
    fake = Generations("CREATE_COMPLETE", {"delete_stack": [[("demo", "DELETE_COMPLETE")]]})
    clients = fake_clients(session, fake)
    for name in ("first-table", "foreign-table"):
        clients.client("dynamodb").create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "imageID", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "imageID", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )

    found = inventory(clients, "demo")
    swept = list(destroy(clients, "demo", sleep=sleep))[-1]
    again = list(destroy(clients, "demo", delete_data=True, sleep=sleep))[-1]

    assert (found.own.names, found.earlier.names, found.kept()) == ((), ("first-table",), ("first-table",))
    assert swept == Swept("demo", (), ("first-table",))
    assert again == Swept("demo")
    assert clients.client("dynamodb").list_tables()["TableNames"] == ["foreign-table"]


def test_a_running_operation_is_waited_for(session: Session) -> None:
    fake = FakeCloudFormation("UPDATE_IN_PROGRESS", {"delete_stack": [[("demo", "DELETE_COMPLETE")]]})

    def seconds(_duration: float) -> None:
        if fake.status == "UPDATE_IN_PROGRESS":
            fake.tell(("demo", "UPDATE_COMPLETE"))

    told = list(destroy(fake_clients(session, fake), "demo", sleep=seconds))

    assert isinstance(told[0], Note)
    assert fake.operations == ["delete_stack"]


def test_what_is_found_afterwards_is_an_error_and_not_overlooked(session: Session, sleep: Sleeper) -> None:
    class Immortal(FakeLogs):
        def delete_log_group(self, logGroupName: str) -> None:  # noqa: N803 - AWS's own name
            """Lambda makes it anew."""

    fake = FakeCloudFormation("CREATE_COMPLETE", {"delete_stack": [[("demo", "DELETE_COMPLETE")]]})
    fake.tell(("Work", "CREATE_COMPLETE", "", "AWS::Lambda::Function"), ("demo", "CREATE_COMPLETE"))
    clients = fake_clients(session, fake, Immortal("/aws/lambda/physical-Work"))

    with pytest.raises(SweepFailedError) as caught:
        list(destroy(clients, "demo", sleep=sleep))

    assert caught.value.left == ("log group /aws/lambda/physical-Work",)


class _StubbornS3:
    """Answers 200, and removes nothing: what DeleteObjects does without s3:DeleteObjectVersion."""

    meta = boto3.Session(region_name="eu-west-1").client("s3").meta

    def list_object_versions(self, **_: Any) -> dict[str, Any]:
        return {"Versions": [{"Key": "k", "VersionId": "v"}]}

    def delete_objects(self, **_: Any) -> dict[str, Any]:
        return {
            "Errors": [{"Key": "k", "VersionId": "v", "Code": "AccessDenied", "Message": "Access Denied"}]
        }


def test_objects_that_s3_refuses_to_remove_are_an_error(session: Session) -> None:
    clients = FakeClients(s3=_StubbornS3(), sts=session.client("sts"))

    with pytest.raises(
        SweepFailedError, match=r"did not remove 1 objects of b; the first is k: Access Denied"
    ):
        list(empty(Aws(clients), "b"))


def test_a_bucket_of_many_versions_is_emptied_batch_by_batch(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "_BATCH", 10)
    aws = Aws(SessionClients(session))
    aws.s3.create_bucket(Bucket="many", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for number in range(25):
        aws.s3.put_object(Bucket="many", Key=f"k{number}", Body=b"")

    told = list(empty(aws, "many"))

    assert told == [Emptied("many", 10), Emptied("many", 20), Emptied("many", 25)]
    left = contents(aws, "many")
    assert left is not None
    assert left.empty


def test_objects_that_stay_though_s3_says_nothing_do_not_make_it_wait_for_ever(session: Session) -> None:
    stubborn = _StubbornS3()
    stubborn.delete_objects = lambda **_: {}  # type: ignore[method-assign]
    clients = FakeClients(s3=stubborn, sts=session.client("sts"))

    with pytest.raises(SweepFailedError, match="without saying why"):
        list(empty(Aws(clients), "b"))


def test_a_missing_bucket_is_an_empty_one(session: Session) -> None:
    aws = Aws(SessionClients(session))

    assert list(empty(aws, "no-such-bucket")) == []
    assert contents(aws, "no-such-bucket") is None


def test_a_protected_table_is_removed(session: Session, sleep: Sleeper) -> None:
    aws = Aws(SessionClients(session))
    aws.dynamodb.create_table(
        TableName="records",
        AttributeDefinitions=[{"AttributeName": "imageID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "imageID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=True,
    )

    assert list(tables.delete_table(aws, "records", sleep)) == [Removed("table", "records")]
    assert tables.table(aws, "records") is None
    assert list(tables.delete_table(aws, "records", sleep)) == []


def test_log_groups_are_named_exactly() -> None:
    had = [
        Resource("F", "demo-F", "AWS::Lambda::Function", "CREATE_COMPLETE"),
        Resource("L", "/aws/lambda/demo-F", "AWS::Logs::LogGroup", "CREATE_COMPLETE"),
        Resource("S", "/aws/vendedlogs/states/demo-M", "AWS::Logs::LogGroup", "CREATE_COMPLETE"),
    ]

    assert log_group_names(had) == ("/aws/lambda/demo-F", "/aws/vendedlogs/states/demo-M")


@pytest.mark.parametrize("call", [destroy, inventory])
def test_a_name_that_no_stack_may_have_is_refused(call: Any) -> None:
    with pytest.raises(ParameterError):
        list(call(FakeClients(), "../x"))
