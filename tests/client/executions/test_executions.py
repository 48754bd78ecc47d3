"""Executions: listed, asked for, and their pages in the console."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from imageproc.client.executions import Executions
from imageproc.client.target import AWS, LOCAL, Target
from imageproc.client.workbench import Workbench
from imageproc.errors import (
    AccessDeniedError,
    AwsError,
    InvalidArgumentError,
    PhotoNotFoundError,
    RetryError,
)
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


def test_an_execution_is_named_by_itself_its_arn_or_its_photo(
    backend: Backend, executions: Executions
) -> None:
    arn = backend.start()
    photo = backend.photo("a.jpg", "PROCESSING", executionArn=arn)
    (execution,) = executions
    for named in (arn, execution, photo):
        assert executions.get(named).arn == arn
        assert executions.status(named) == "RUNNING"
        assert [step.name for step in executions.steps(named)] == ["A State"]
    with pytest.raises(PhotoNotFoundError, match=r"No execution was started for new\.jpg yet"):
        executions.steps(backend.photo("new.jpg", "UPLOADED"))
    nothing: Any
    for nothing in (7, None, "", "a.jpg"):
        with pytest.raises(InvalidArgumentError, match="An execution cannot be"):
            executions.get(nothing)


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


EXPRESS = "arn:aws:states:eu-west-1:123456789012:express:photos:one:2f0c"


@pytest.mark.parametrize(
    ("status", "age_s", "said"),
    [
        ("PROCESSING", 10, "RUNNING"),
        ("PROCESSING", 400, "TIMED_OUT"),
        ("SUCCEEDED", 400, "SUCCEEDED"),
        ("REJECTED", 10, "FAILED"),
    ],
)
def test_an_express_execution_stands_where_its_photo_does(
    backend: Backend, executions: Executions, status: str, age_s: float, said: str
) -> None:
    began = round((time.time() - age_s) * 1000)
    photo = backend.photo("a.jpg", status, executionArn=EXPRESS, executionStartTime=began)
    assert executions.status(photo) == said
    told = executions.of_photo(photo)
    assert told is not None
    assert told.started.timestamp() == pytest.approx(began / 1000)
    assert (told.stopped is None) is (status == "PROCESSING")


def test_a_photo_whose_express_execution_was_cut_off_is_left_behind_and_another_is_not(
    backend: Backend,
) -> None:
    now = round(time.time() * 1000)
    backend.photo("cut.jpg", "PROCESSING", executionArn=EXPRESS, executionStartTime=now - 400_000)
    running = backend.photo("runs.jpg", "PROCESSING", executionArn=EXPRESS, executionStartTime=now)
    with pytest.raises(RetryError, match="is being processed"):
        backend.workbench.photos.retry(running)
    assert [one.photo_id for one in backend.workbench.photos.reconcile()] == ["cut.jpg"]


def test_a_standard_execution_is_not_told_of_by_the_record(backend: Backend, executions: Executions) -> None:
    photo = backend.photo("a.jpg", "PROCESSING", executionArn=backend.start())
    assert executions.of_photo(photo) is None
    assert executions.status(photo) == "RUNNING"


def test_the_log_of_an_express_workflow_lists_what_it_began_newest_first(
    backend: Backend, executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Executions, "are_express", True)
    logs, group = backend.stack.client("logs"), f"/aws/vendedlogs/states/{backend.stack.name}-ImageProc"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="states")
    now = round(time.time() * 1000)
    events = [
        ("old", "ExecutionStarted", now - 3_600_000),
        ("ended", "ExecutionStarted", now - 3_000),
        ("ended", "ExecutionFailed", now - 2_000),
        ("runs", "ExecutionStarted", now - 1_000),
    ]
    prefix = EXPRESS.rpartition(":one:")[0]
    lines = [
        {
            "timestamp": at,
            "message": json.dumps(
                {
                    "id": "1",
                    "type": kind,
                    "details": {},
                    "previous_event_id": "0",
                    "event_timestamp": str(at),
                    "execution_arn": f"{prefix}:{name}:2f0c",
                }
            ),
        }
        for name, kind, at in events
    ]
    logs.put_log_events(logGroupName=group, logStreamName="states", logEvents=lines)
    group_made = {"logGroups": [{"creationTime": now - 4_000_000}]}
    monkeypatch.setattr(logs, "describe_log_groups", lambda **_: group_made)
    assert [(one.name, one.status) for one in executions] == [
        ("runs", "RUNNING"),
        ("ended", "FAILED"),
        ("old", "TIMED_OUT"),
    ]
    assert [one.name for one in executions.all("FAILED")] == ["ended"]
    since = datetime.fromtimestamp((now - 10_000) / 1000, UTC)
    assert [one.name for one in executions.since(since)] == ["runs", "ended"]
    assert executions.get(f"{prefix}:ended:2f0c").seconds == 1.0
    with pytest.raises(AwsError, match="no record and no log"):
        executions.get(f"{prefix}:none:2f0c")
    assert executions.status(f"{prefix}:none:2f0c") == "MISSING"
    assert executions.status(f"{prefix}:ended:2f0c") == executions.get(f"{prefix}:ended:2f0c").status


def test_a_log_of_express_workflows_that_may_not_be_looked_for_names_the_permission(
    backend: Backend, executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Executions, "are_express", True)

    def refuse(**_: object) -> None:
        error: Any = {"Error": {"Code": "AccessDeniedException", "Message": "logs:DescribeLogGroups"}}
        raise ClientError(error, "DescribeLogGroups")

    monkeypatch.setattr(backend.stack.client("logs"), "describe_log_groups", refuse)
    with pytest.raises(AccessDeniedError, match="logs:DescribeLogGroups"):
        list(executions)
