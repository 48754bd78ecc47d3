"""What was logged of a photo's execution. `tests/flow/test_logs.py` reads the logs of real ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imageproc.client.logs import STATE_MACHINE, LogEntry, Logs
from imageproc.errors import AwsError, PhotoNotFoundError
from tests.client.conftest import Backend

EXTRACT = "/aws/lambda/imageproc-ExtractImageMetadata"
START = "/aws/lambda/imageproc-ImageProcStartExecution"


@pytest.fixture
def logs(backend: Backend) -> Logs:
    return backend.workbench.logs


def log(backend: Backend, group: str, *lines: dict[str, Any] | str) -> None:
    """Write lines to a log group as the functions do."""
    client = backend.stack.client("logs")
    if not client.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        client.create_log_group(logGroupName=group)
        client.create_log_stream(logGroupName=group, logStreamName="one")
    now = int(datetime.now(UTC).timestamp() * 1000)
    events = [
        {"timestamp": now, "message": line if isinstance(line, str) else json.dumps(line)} for line in lines
    ]
    client.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


def line(run: str, message: str, after: float = 0, **more: Any) -> dict[str, Any]:
    time = datetime.now(UTC) + timedelta(seconds=after)
    return {"timestamp": time.isoformat(), "correlationId": run, "message": message, **more}


def of_functions(entries: list[LogEntry]) -> list[LogEntry]:
    return [entry for entry in entries if entry.source != STATE_MACHINE]


def test_one_execution_is_told_from_all_functions_by_time_and_no_other(backend: Backend, logs: Logs) -> None:
    arn = backend.start("cat-1")
    backend.photo("trip/cat.jpg", executionArn=arn)
    log(
        backend,
        EXTRACT,
        line("cat-1", "done", 2, level="INFO", requestId="r1", function="-", only=["tags"]),
        line("cat-2", "another photo's"),
        line("cat-2", "about cat-1, of another photo"),
    )
    log(backend, START, line("cat-1", "started", 1))

    entries = of_functions(logs.of_photo("cat.jpg"))

    assert [(one.source, one.message) for one in entries] == [
        ("ImageProcStartExecution", "started"),
        ("ExtractImageMetadata", "done"),
    ]
    assert {one.correlation_id for one in entries} == {"cat-1"}
    assert (entries[1].level, entries[1].request_id, entries[1].fields) == ("INFO", "r1", {"only": ["tags"]})


def test_lines_that_are_not_the_functions_own_are_left_out(backend: Backend, logs: Logs) -> None:
    arn = backend.start("cat-1")
    known = line("cat-1", "kept")
    log(
        backend,
        EXTRACT,
        'START RequestId: "cat-1"',
        '["cat-1"]',
        {"correlationId": "cat-1", "timestamp": "noon"},
        {"correlationId": "cat-1"},
        known,
    )
    assert [one.message for one in of_functions(logs.of_execution(arn))] == ["kept"]


def test_a_log_group_that_is_gone_leaves_the_others_and_the_steps(backend: Backend, logs: Logs) -> None:
    arn = backend.start("cat-1")
    log(backend, START, line("cat-1", "started"))
    entries = logs.of_execution(arn)
    assert [one.message for one in of_functions(entries)] == ["started"]
    assert {one.message for one in entries if one.source == STATE_MACHINE} >= {"A State entered"}


def test_lines_are_found_by_the_id_that_the_executions_input_gives(backend: Backend, logs: Logs) -> None:
    """It need not be the execution's name, if somebody started it by hand."""
    arn = backend.start("by-hand")
    given = json.dumps({"correlationId": "chosen"})
    backend.stack.client("stepfunctions").meta.events.register(
        "after-call.sfn.GetExecutionHistory",
        lambda parsed, **_: parsed["events"][0]["executionStartedEventDetails"].update(input=given),
    )
    log(backend, EXTRACT, line("chosen", "mine"), line("by-hand", "not mine"))
    assert [one.message for one in of_functions(logs.of_execution(arn))] == ["mine"]


def test_a_photo_that_was_never_started_is_told_with_where_to_look(backend: Backend, logs: Logs) -> None:
    backend.photo("cat.jpg")
    with pytest.raises(PhotoNotFoundError, match=r"No execution .* cat\.jpg yet\. Look at the dead-letter"):
        logs.of_photo("cat.jpg")


def test_an_execution_that_step_functions_no_longer_knows_is_an_error(backend: Backend, logs: Logs) -> None:
    with pytest.raises(AwsError) as told:
        logs.of_execution(backend.start() + "-gone")
    assert told.value.code == "ExecutionDoesNotExist"


def test_a_log_that_may_not_be_read_is_an_error(backend: Backend, logs: Logs) -> None:
    arn = backend.start()
    backend.refuse("logs", "FilterLogEvents", times=2)
    with pytest.raises(AwsError, match=f"Reading the log {EXTRACT} failed"):
        logs.of_execution(arn)
