from __future__ import annotations

import json

import pytest

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
