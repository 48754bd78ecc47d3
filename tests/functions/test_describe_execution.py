from __future__ import annotations

import json
import time
from typing import Any

import pytest

from imageproc.core.keys import express_prefix
from imageproc.errors import ServiceRefusedError
from imageproc.functions import describe_execution
from tests.functions.conftest import Backend


def test_the_answer_is_step_functions_own_as_json(backend: Backend) -> None:
    started = backend.stepfunctions.start_execution(
        stateMachineArn=backend.state_machine_arn, name="one", input='{"a": 1}'
    )
    answer = json.loads(
        json.dumps(describe_execution.handler({"executionArn": started["executionArn"]}, None))
    )
    assert answer["executionArn"] == started["executionArn"]
    assert answer["status"] == "RUNNING"
    assert answer["input"] == '{"a": 1}'
    assert answer["startDate"].endswith("Z")
    assert "ResponseMetadata" not in answer


@pytest.mark.parametrize("arn", ["", "arn:aws:states:eu-west-1:123456789012:execution:other:one"])
def test_executions_of_other_state_machines_are_refused(backend: Backend, arn: str) -> None:
    with pytest.raises(ServiceRefusedError, match="not an execution of this stack"):
        describe_execution.handler({"executionArn": arn}, None)


def describe_express(backend: Backend, **stored: str | int) -> dict[str, Any]:
    """What it says of the Express execution that a record names."""
    arn = f"{express_prefix(backend.state_machine_arn)}one:2f0c"
    values = {"imageID": "cat.jpg", "executionArn": arn, **stored}
    item: Any = {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in values.items()
    }
    backend.dynamodb.put_item(TableName=backend.table, Item=item)
    answer = describe_execution.handler({"executionArn": arn}, None)
    assert (answer["executionArn"], answer["name"]) == (arn, "one")
    return answer


def test_an_express_execution_is_told_of_by_the_record_that_names_it(backend: Backend) -> None:
    now = round(time.time() * 1000)
    answer = describe_express(backend, status="PROCESSING", executionStartTime=now)
    assert answer["status"] == "RUNNING"
    assert "stopDate" not in answer
    answer = describe_express(backend, status="SUCCEEDED", executionStartTime=1000, changeTime=2500)
    assert answer["status"] == "SUCCEEDED"
    assert (answer["startDate"], answer["stopDate"]) == (
        "1970-01-01T00:00:01.000Z",
        "1970-01-01T00:00:02.500Z",
    )
    assert answer["redriveStatus"] == "NOT_REDRIVABLE"


def test_an_express_execution_that_failed_has_the_state_machines_error_and_the_records_cause(
    backend: Backend,
) -> None:
    error: Any = {"M": {"step": {"S": "Rekognition"}, "name": {"S": "X"}, "cause": {"S": "why"}}}
    arn = f"{express_prefix(backend.state_machine_arn)}one:2f0c"
    item = {"imageID": {"S": "a"}, "executionArn": {"S": arn}, "status": {"S": "FAILED"}, "error": error}
    backend.dynamodb.put_item(TableName=backend.table, Item=item)
    answer = describe_execution.handler({"executionArn": arn}, None)
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "ProcessingFailed", "why")


def test_an_express_execution_that_no_record_names_is_refused(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    arn = f"{express_prefix(backend.state_machine_arn)}one:2f0c"
    with pytest.raises(ServiceRefusedError, match="started again since"):
        describe_execution.handler({"executionArn": arn}, None)
    assert waited, "the index is a moment behind the table"
