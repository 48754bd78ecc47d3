"""Executions: listed, asked for, and their pages in the console."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest

from imageproc.client.executions import Executions
from imageproc.client.target import AWS, LOCAL, Target
from imageproc.client.workbench import Workbench
from imageproc.errors import AwsError
from tests.client.conftest import DEFINITION, Backend


@pytest.fixture
def executions(backend: Backend) -> Executions:
    return backend.workbench.executions


def test_executions_are_listed_of_all_statuses_or_of_one(backend: Backend, executions: Executions) -> None:
    running, ended = backend.start("running"), backend.start("ended")
    backend.end(ended)
    assert {one.arn for one in executions} == {running, ended}
    (one,) = executions.all("ABORTED")
    assert (one.arn, one.name, one.status) == (ended, "ended", "ABORTED")
    assert [one.arn for one in executions.all("RUNNING")] == [running]


def test_an_execution_takes_as_long_as_from_its_start_to_its_end(
    backend: Backend, executions: Executions
) -> None:
    arn = backend.start()
    assert executions.get(arn).seconds is None
    backend.end(arn)
    one = executions.get(arn)
    assert one.stopped is not None
    assert one.seconds == (one.stopped - one.started).total_seconds()


def test_only_executions_since_then_are_listed_and_no_page_after_them_is_read(
    backend: Backend, executions: Executions
) -> None:
    backend.start("earlier")
    later = backend.start("later")
    starts = {one.name: one.started for one in executions}
    assert [one.arn for one in executions.since(starts["later"])] == [later]
    assert len(list(executions.since(starts["earlier"]))) == 2
    assert list(executions.since(datetime.now(UTC) + timedelta(days=1))) == []


def test_an_executions_status_is_asked_for_and_one_that_is_not_known_is_missing(
    backend: Backend, executions: Executions
) -> None:
    arn = backend.start()
    assert executions.status(arn) == "RUNNING"
    backend.end(arn)
    assert executions.status(arn) == "ABORTED"
    assert executions.status(f"{arn}-gone") == "MISSING"
    with pytest.raises(AwsError) as told:
        executions.get(f"{arn}-gone")
    assert told.value.code == "ExecutionDoesNotExist"


def test_a_status_that_may_not_be_asked_for_is_an_error_and_not_missing(
    backend: Backend, executions: Executions
) -> None:
    arn = backend.start()
    backend.refuse("stepfunctions", "DescribeExecution")
    with pytest.raises(AwsError, match="Asking for the execution's state failed"):
        executions.status(arn)


def test_the_definition_is_read_once_and_names_the_functions(
    backend: Backend, executions: Executions
) -> None:
    asked: list[str] = []
    backend.stack.client("stepfunctions").meta.events.register(
        "before-call.sfn", lambda model, **_: asked.append(model.name)
    )
    assert executions.definition() == DEFINITION
    assert executions.functions() == ["imageproc-ExtractImageMetadata"]
    assert asked == ["DescribeStateMachine"]


def test_an_executions_steps_come_from_its_history(backend: Backend, executions: Executions) -> None:
    arn = backend.start()
    (step,) = executions.steps(arn)  # moto's history is the same for all
    assert (step.name, step.type, step.input, step.seconds) == ("A State", "Pass", {}, 0.0)
    with pytest.raises(AwsError):
        executions.steps(f"{arn}-gone")


@pytest.mark.parametrize(
    ("arn", "page"),
    [
        ("arn:aws:states:eu-west-1:1:execution:m:x", "https://eu-west-1.console.aws.amazon.com/states/home"),
        ("arn:aws-cn:states:cn-north-1:1:execution:m:x", "https://cn-north-1.console.amazonaws.cn/states/"),
    ],
)
def test_an_execution_on_aws_has_a_page_in_the_console(arn: str, page: str) -> None:
    session = boto3.Session(region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    url = Workbench(Target(AWS, session)).executions.console_url(arn)
    assert url is not None
    assert url.startswith(page)
    assert url.endswith(f"/executions/details/{arn}")
    local = Target(LOCAL, session, "http://127.0.0.1:1")
    assert Workbench(local).executions.console_url(arn) is None
