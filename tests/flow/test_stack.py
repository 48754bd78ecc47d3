"""The stack as a whole: deployed again, failed, consolidated, removed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from imageproc.cli import imageproc
from imageproc.client.listeners import Listeners
from imageproc.client.target import DEFAULT_STACK, Target
from imageproc.client.workbench import Workbench
from imageproc.deployment import (
    DeploymentFailed,
    Request,
    Swept,
    apply,
    build,
    destroy,
    inventory,
    local_target,
    package_template,
    plan,
)
from imageproc.deployment.packaging.archive import package
from imageproc.deployment.template import read_sources
from imageproc.errors import AwsError, StackMissingError
from imageproc.local import LocalAws, LocalStatus, runtime_bootstrap
from imageproc.local.recognition import SWITCH
from tests import pictures
from tests.flow.conftest import Backend, deploy, target_of

Run = Callable[..., Result]


@pytest.fixture
def target(own_aws: LocalAws) -> Target:
    """A local AWS that holds nothing yet."""
    return target_of(own_aws.start())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A local AWS for tests that mind no other stacks."""
    local = LocalAws(tmp_path_factory.mktemp("stacks") / "state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SWITCH, "off")
        target = target_of(local.start())
    yield target
    local.reset()


@pytest.fixture
def run(target: Target, own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, on the local AWS that holds nothing yet."""
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(own_aws.state_dir))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("IMAGEPROC_STACK", raising=False)
    return lambda *arguments: CliRunner().invoke(imageproc, list(arguments))


def resources(target: Target) -> list[str]:
    """Return the types of the stack's resources."""
    pages = target.client("cloudformation").get_paginator("list_stack_resources")
    listed = pages.paginate(StackName=DEFAULT_STACK)
    return [one["ResourceType"] for page in listed for one in page["StackResourceSummaries"]]


def everything(target: Target) -> dict[str, Any]:
    """Return all there is in an account."""
    cloudformation = target.client("cloudformation")
    stacks = cloudformation.describe_stacks()["Stacks"]
    return {
        "stacks": [one["StackName"] for one in stacks if one["StackStatus"] != "DELETE_COMPLETE"],
        "buckets": [one["Name"] for one in target.client("s3").list_buckets()["Buckets"]],
        "tables": target.client("dynamodb").list_tables()["TableNames"],
        "functions": [one["FunctionName"] for one in target.client("lambda").list_functions()["Functions"]],
        "log groups": [
            one["logGroupName"] for one in target.client("logs").describe_log_groups()["logGroups"]
        ],
        "roles": [one["RoleName"] for one in target.client("iam").list_roles()["Roles"]],
        "state machines": target.client("stepfunctions").list_state_machines()["stateMachines"],
        "queues": target.client("sqs").list_queues().get("QueueUrls", []),
        "layers": target.client("lambda").list_layers()["Layers"],
    }


def test_a_second_deployment_changes_nothing(backend: Backend) -> None:
    request = Request(backend.stack.name, local_target(runtime_bootstrap()), {"TestClientAccess": "Enabled"})
    planned = plan(backend.stack.target, request)
    assert not planned.changed
    assert [type(event).__name__ for event in apply(backend.stack.target, planned)] == ["Deployed"]


def test_what_is_open_goes_on_with_a_stack_that_was_removed_and_deployed_again(target: Target) -> None:
    deploy(target, "again")
    opened = Backend(Workbench(target, "again"))
    opened.put("trip/first.jpg", pictures.jpeg())
    opened.ended("trip/first.jpg")
    photos = opened.workbench.photos
    assert [photo.name for photo in photos] == ["first.jpg"]
    unread = Workbench(replace(target, _clients={}, gone=Listeners()), "again")  # as another process
    before = unread.stack.bucket

    list(Workbench(target, "again").stack.destroy(delete_data=True))
    with pytest.raises(StackMissingError):
        len(photos)

    deploy(target, "again")
    anew = Backend(Workbench(target, "again"))
    anew.put("trip/second.jpg", pictures.jpeg())
    anew.ended("trip/second.jpg")
    [photo] = photos
    assert photo.name == "second.jpg"
    assert photo.read_thumbnail()

    assert anew.stack.bucket != before
    with pytest.raises(AwsError, match=r"Reload the page, or run the cell again: .* or removed"):
        unread.photos.read("trip/second.jpg")
    assert unread.photos.read("trip/second.jpg")


def test_what_a_stack_made_and_held_is_gone_after_its_removal(target: Target, own_aws: LocalAws) -> None:
    before = everything(target)
    deploy(target, "whole")
    whole = Backend(Workbench(target, "whole"))
    name = "trip/holiday-4711.jpg"
    whole.put(name, pictures.jpeg())
    whole.put(name, pictures.png())
    whole.ended(name)
    assert whole.executions_of(name)
    target.client("s3").delete_object(Bucket=whole.stack.bucket, Key=f"Incoming/{name}")

    *_, swept = destroy(target, "whole")

    assert swept == Swept("whole")
    assert inventory(target, "whole").names() == ()
    assert everything(target) == before
    own_aws.stop()
    assert not [path for path in files(own_aws) if b"holiday-4711" in path.read_bytes()]
    with closing(sqlite3.connect(own_aws.state_dir / "services" / "settled.sqlite")) as settled:
        assert settled.execute("SELECT * FROM settled").fetchall() == [], "log lines and executions"


def files(local: LocalAws) -> Iterator[Path]:
    """Yield what a local AWS has on disk, but for its own log, which goes when it is reset."""
    return (path for path in local.state_dir.rglob("*") if path.is_file() and path.name != "server.log")


def test_a_consolidated_role_works_too(shared: Target) -> None:
    before = roles(shared)
    deploy(shared, "consolidated", RoleStrategy="Consolidated")
    made = roles(shared) - before
    assert made
    assert not [role for role in made if "ExtractImageMetadataRole" in role]
    backend = Backend(Workbench(shared, "consolidated"))
    backend.put("x.jpg", pictures.jpeg())
    assert backend.ended("x.jpg")["x.jpg"].thumbnail


def roles(target: Target) -> set[str]:
    return {one["RoleName"] for one in target.client("iam").list_roles()["Roles"]}


def test_a_stack_may_have_a_key_and_an_access_log_of_its_owners(shared: Target) -> None:
    """That it deploys and works; the local AWS neither encrypts nor logs."""
    key = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
    before = keys_of_log_groups(shared)
    shared.client("s3").create_bucket(Bucket="my-logs")
    deploy(shared, "own", KmsKeyArn=key, AccessLogsBucket="my-logs")
    after = keys_of_log_groups(shared)
    assert {after[name] for name in after.keys() - before.keys()} == {key}
    own = Backend(Workbench(shared, "own"))
    own.put("x.jpg", pictures.jpeg())
    assert own.ended("x.jpg")["x.jpg"].thumbnail


def keys_of_log_groups(target: Target) -> dict[str, str]:
    pages = target.client("logs").get_paginator("describe_log_groups").paginate()
    return {one["logGroupName"]: one.get("kmsKeyId", "") for page in pages for one in page["logGroups"]}


def update_as_others_do(target: Target, stack: str, text: str) -> None:
    """Update the stack as the AWS CLI and the console do, which keep the present value of each parameter."""
    cloudformation, bucket = target.client("cloudformation"), "code-of-others"
    target.client("s3").put_object(Bucket=bucket, Key="template.yaml", Body=text.encode())
    present = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]
    cloudformation.update_stack(
        StackName=stack,
        TemplateURL=f"{target.endpoint_url}/{bucket}/template.yaml",
        Parameters=[{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in present],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


def test_an_update_that_keeps_all_parameters_deploys_the_changed_code_and_layer(shared: Target) -> None:
    deploy(shared, "updated")
    functions = shared.client("lambda")

    def running() -> tuple[str, str]:
        found = functions.get_function_configuration(FunctionName="updated-ExtractImageMetadata")
        return found["CodeSha256"], found["Layers"][0]["Arn"]

    before = running()
    shared.client("s3").create_bucket(Bucket="code-of-others")
    built = build(local_target(runtime_bootstrap()))
    changed = replace(
        built,
        functions=package({**built.functions.files, "imageproc/core/changed.py": b""}, "functions/"),
        layer=package({**built.layer.files, "python/changed.py": b""}, "layer/"),
    )
    for one in (changed.functions, changed.layer):
        shared.client("s3").put_object(Bucket="code-of-others", Key=one.key, Body=one.data)
    update_as_others_do(shared, "updated", package_template(read_sources(), changed, "code-of-others"))

    after = running()
    assert (after[0] != before[0], after[1] != before[1]) == (True, True)


def test_a_retention_that_the_template_was_not_packaged_for_is_refused(shared: Target) -> None:
    """The parameter alone would leave the policies as they are, and lose the data with the stack."""
    text = package_template(read_sources(), build(local_target(runtime_bootstrap())), "anywhere")
    wanted = [{"ParameterKey": "DataRetention", "ParameterValue": "Retain"}]
    shared.client("s3").create_bucket(Bucket="templates")
    shared.client("s3").put_object(Bucket="templates", Key="template.yaml", Body=text.encode())
    with pytest.raises(ClientError, match="DataRetention"):
        shared.client("cloudformation").create_stack(
            StackName="retained",
            TemplateURL=f"{shared.endpoint_url}/templates/template.yaml",
            Parameters=wanted,
            Capabilities=["CAPABILITY_IAM"],
        )


def test_a_deployment_that_fails_names_the_resource_and_the_next_one_works(
    local_aws: LocalStatus, fresh: str
) -> None:
    target, name = target_of(local_aws), f"fails-{fresh}"
    sources = read_sources()
    broken = sources.template.replace(
        "      Bucket: !Ref PhotoRepoS3Bucket\n      FunctionArn:",
        "      Bucket: not-there\n      FunctionArn:",
    )
    assert broken != sources.template
    request = Request(name, local_target(runtime_bootstrap()), sources=replace(sources, template=broken))

    with pytest.raises(DeploymentFailed) as failed:
        list(apply(target, plan(target, request)))

    assert failed.value.logical_id == "S3EventTrigger"
    assert "not-there" in failed.value.reason
    assert deploy(target, name).changed, "what was rolled back is removed and made anew"
    list(destroy(target, name))


def test_guests_can_be_shut_out_of_a_running_stack(target: Target, run: Run) -> None:
    assert run("deploy").exit_code == 0
    assert "IdentityPool" in str(resources(target))

    planned = run("deploy", "--plan", "-p", "TestClientAccess=Disabled")
    assert "TestClientAccess: Enabled -> Disabled" in planned.stdout
    assert "IdentityPool" in str(resources(target))
    assert "is deployed" in run("deploy", "-p", "TestClientAccess=Disabled").stdout

    assert "IdentityPool" not in str(resources(target))
    assert "up to date" in run("deploy").stdout, "what was disabled stays so"


def test_a_removal_says_what_is_kept_why_and_how_it_goes(run: Run) -> None:
    assert run("deploy", "-p", "DataRetention=Retain").exit_code == 0

    first, second = (" ".join(run("destroy", "--yes").stdout.split()) for _ in range(2))

    assert "because of DataRetention=Retain (--delete-data removes it, too)" in first
    assert "Kept: " in first
    assert "because an earlier removal kept it (--delete-data removes it, too)" in second
    assert "There is nothing else left" in second
    assert "left data" in str(run("deploy").exception)
    assert "Left: nothing." in run("destroy", "--yes", "--delete-data").stdout
    assert "There is nothing left" in run("destroy", "--yes").stdout


def test_data_cannot_be_both_kept_and_deleted(run: Run) -> None:
    assert run("destroy", "--yes", "--keep-data", "--delete-data").exit_code == 2
