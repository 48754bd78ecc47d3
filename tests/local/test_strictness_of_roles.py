"""Roles that services assume are enforced, and state machines hand on as much as AWS's do."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from .functions import Functions

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

ACCOUNT = "us-east-1:000000000000"
ECHO = "def handler(event, context): return event\n"
LIMIT = 262_144


class Machines:
    """Makes state machines and executes them."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        self.client = functions.session.client("stepfunctions")

    def make(self, states: dict[str, Any], *actions: str, resource: str = "*") -> str:
        role = self.functions.role(*actions, service="states.amazonaws.com", resource=resource)
        made = self.client.create_state_machine(
            name=f"machine-{uuid.uuid4().hex[:8]}",
            roleArn=role,
            definition=json.dumps({"StartAt": next(iter(states)), "States": states}),
        )
        return made["stateMachineArn"]

    def execute(self, machine: str, input_: Any = None) -> DescribeExecutionOutputTypeDef:
        arn = self.client.start_execution(stateMachineArn=machine, input=json.dumps(input_ or {}))
        deadline = time.monotonic() + 20
        while (found := self.client.describe_execution(executionArn=arn["executionArn"])) is not None:
            if found["status"] != "RUNNING":
                return found
            assert time.monotonic() < deadline
            time.sleep(0.05)
        raise AssertionError


@pytest.fixture
def machines(functions: Functions) -> Machines:
    return Machines(functions)


def task(function: str) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:lambda:{ACCOUNT}:function:{function}", "End": True}


def test_a_machine_is_told_of_a_throttle_by_the_name_that_it_retries(machines: Machines) -> None:
    function = machines.functions.make(ECHO)
    machines.functions.session.client("lambda").put_function_concurrency(
        FunctionName=function, ReservedConcurrentExecutions=0
    )
    ended = machines.execute(machines.make({"Task": task(function)}, "lambda:InvokeFunction"))
    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.TooManyRequestsException")
    assert "Status Code: 429" in ended["cause"]


@pytest.mark.parametrize("form", ["arn", "optimized"])
def test_a_machine_invokes_what_its_role_may(machines: Machines, form: str) -> None:
    function = machines.functions.make(ECHO)
    state = task(function)
    arn = state["Resource"]
    if form == "optimized":
        state["Resource"] = "arn:aws:states:::lambda:invoke"
        state["Parameters"] = {"FunctionName": function, "Payload": {}}
    may = machines.make({"Task": state}, "lambda:InvokeFunction", resource=arn)
    assert machines.execute(may)["status"] == "SUCCEEDED"

    other = machines.make({"Task": state}, "lambda:InvokeFunction", resource=f"{arn}-2")
    ended = machines.execute(other)
    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.AWSLambdaException")
    assert f"is not authorized to perform: lambda:InvokeFunction on resource: {arn} " in ended["cause"]
    assert "Error Code: AccessDeniedException" in ended["cause"]
    events = machines.client.get_execution_history(executionArn=ended["executionArn"])["events"]
    (failed,) = [one["taskFailedEventDetails"] for one in events if one["type"] == "TaskFailed"]
    assert (failed["error"], failed["cause"]) == (ended["error"], ended["cause"])


def test_what_the_functions_own_policy_allows_needs_no_role(machines: Machines) -> None:
    function = machines.functions.make(ECHO)
    machine = machines.make({"Task": task(function)}, "s3:GetObject")
    role = machines.client.describe_state_machine(stateMachineArn=machine)["roleArn"]
    machines.functions.session.client("lambda").add_permission(
        FunctionName=function, StatementId="role", Action="lambda:InvokeFunction", Principal=role
    )
    assert machines.execute(machine)["status"] == "SUCCEEDED"


@pytest.mark.parametrize("form", ["startExecution", "startExecution.sync:2"])
def test_a_machine_starts_what_its_role_may(machines: Machines, form: str) -> None:
    inner = machines.make({"Only": {"Type": "Pass", "End": True}})
    outer = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:{form}",
        "Parameters": {"StateMachineArn": inner, "Input": {}},
        "End": True,
    }
    may = machines.make({"Outer": outer}, "states:StartExecution", resource=inner)
    assert machines.execute(may)["status"] == "SUCCEEDED"
    ended = machines.execute(machines.make({"Outer": outer}, "lambda:InvokeFunction"))
    assert ended["error"] == "StepFunctions.AWSStepFunctionsException"
    assert f"states:StartExecution on resource: {inner} " in ended["cause"]


def test_a_machine_within_a_machine_acts_by_its_own_role(machines: Machines) -> None:
    function = machines.functions.make(ECHO)
    inner = machines.make({"Task": task(function)}, "s3:GetObject")
    outer = {
        "Start": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": inner, "Input": {}},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Mine"}],
            "End": True,
        },
        "Mine": task(function),
    }
    ended = machines.execute(machines.make(outer, "states:StartExecution", "lambda:InvokeFunction"))
    assert ended["status"] == "SUCCEEDED", "afterwards its own role counts again"
    assert json.loads(ended["output"])["Error"] == "Lambda.AWSLambdaException"


@pytest.mark.parametrize("read", ["listObjectsV2", "getObject"])
@pytest.mark.parametrize(
    ("lacking", "error"),
    [
        (None, None),
        ("s3:ListBucket", "States.ItemReaderFailed"),
        ("s3:GetObject", "States.ItemReaderFailed"),
        ("states:StartExecution", "StepFunctions.AWSStepFunctionsException"),
        ("s3:PutObject", "States.ResultWriterFailed"),
    ],
)
def test_a_distributed_map_reads_starts_and_writes_what_its_role_may(
    machines: Machines, lacking: str | None, error: str | None, read: str
) -> None:
    s3, bucket = machines.functions.session.client("s3"), f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="in/list.jsonl", Body=b'{"Key": "1"}\n{"Key": "2"}\n')
    readers = {
        "listObjectsV2": {"Parameters": {"Bucket": bucket, "Prefix": "in/"}},
        "getObject": {
            "ReaderConfig": {"InputType": "JSONL"},
            "Parameters": {"Bucket": bucket, "Key": "in/list.jsonl"},
        },
    }
    states = {"Only": {"Type": "Pass", "End": True}}
    each = {
        "Type": "Map",
        "ItemReader": {"Resource": f"arn:aws:states:::s3:{read}", **readers[read]},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Only",
            "States": states,
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": bucket, "Prefix": "out"},
        },
        "End": True,
    }
    reading = {"listObjectsV2": "s3:ListBucket", "getObject": "s3:GetObject"}
    actions = {reading[read], "states:StartExecution", "s3:PutObject"}
    error = None if lacking in set(reading.values()) - actions else error
    ended = machines.execute(machines.make({"Each": each}, *actions - {lacking}))
    assert (ended["status"], ended.get("error")) == ("FAILED" if error else "SUCCEEDED", error)


@pytest.mark.parametrize(
    "size", [LIMIT, pytest.param(LIMIT + 1, id="one more"), pytest.param(-LIMIT, id="in two bytes each")]
)
def test_a_task_returns_256_kib_at_most(machines: Machines, size: int) -> None:
    text = f"'x' * {size - 2}" if size > 0 else f"'ü' * {LIMIT // 2}"
    function = machines.functions.make(f"def handler(event, context): return {text}\n")
    resource = task(function)["Resource"]
    states = {
        "Task": {
            **task(function),
            "Catch": [
                {"ErrorEquals": ["States.ALL"], "Next": "All"},
            ],
        },
        "All": {"Type": "Pass", "End": True},
    }
    ended = machines.execute(machines.make(states, "lambda:InvokeFunction"))
    if size == LIMIT:
        assert ended["status"] == "SUCCEEDED"
        return
    assert (ended["status"], ended["error"]) == ("FAILED", "States.DataLimitExceeded"), "ALL is not all"
    assert resource in ended["cause"]
    states["Task"]["Catch"] = [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "All"}]
    assert machines.execute(machines.make(states, "lambda:InvokeFunction"))["status"] == "SUCCEEDED"


def test_a_states_output_and_input_have_256_kib_at_most(machines: Machines) -> None:
    half = "x" * (LIMIT // 2)
    grown = {"Type": "Pass", "ResultPath": "$.more", "Parameters": {"half.$": "$.half"}, "End": True}
    doubled = {
        "Type": "Pass",
        "Parameters": {"one.$": "$.half", "two.$": "$.half"},
        "ResultPath": None,
        "End": True,
    }
    assert machines.execute(machines.make({"Small": grown}), {"half": "x"})["status"] == "SUCCEEDED"
    for state in (grown, doubled):
        ended = machines.execute(machines.make({"Large": state}), {"half": half})
        assert (ended.get("error"), "'Large'" in ended.get("cause", "")) == ("States.DataLimitExceeded", True)


def test_an_execution_takes_256_kib_at_most(machines: Machines) -> None:
    machine = machines.make({"Only": {"Type": "Pass", "End": True}})
    assert machines.execute(machine, "x" * (LIMIT - 2))["status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="ValidationException"):
        machines.execute(machine, "x" * (LIMIT - 1))


MAY_NOT_TRACE = "The provided execution role does not have permissions to call PutTraceSegments on XRAY"
ACTIVE: Any = {"TracingConfig": {"Mode": "Active"}}


def test_a_traced_function_needs_the_permission_to_send_traces(functions: Functions) -> None:
    client = functions.session.client("lambda")
    with pytest.raises(ClientError, match=MAY_NOT_TRACE) as caught:
        functions.make(ECHO, **ACTIVE)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    traced = functions.make(ECHO, actions=["xray:PutTraceSegments"], **ACTIVE)
    plain = functions.make(ECHO)
    for change in (ACTIVE, {"Role": functions.role("xray:PutTraceSegments"), **ACTIVE}):
        if "Role" in change:
            client.update_function_configuration(FunctionName=plain, **change)
        else:
            with pytest.raises(ClientError, match=MAY_NOT_TRACE):
                client.update_function_configuration(FunctionName=plain, **change)
    with pytest.raises(ClientError, match=MAY_NOT_TRACE):
        client.update_function_configuration(FunctionName=traced, Role=functions.role())


def test_a_stacks_traced_function_needs_the_permission_to_send_traces(functions: Functions) -> None:
    stacks, name = functions.session.client("cloudformation"), f"stack-{uuid.uuid4().hex[:8]}"
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "provided.al2023",
            "Handler": "app.handler",
            "Role": functions.role(),
            "Code": {"ZipFile": "x"},
            **ACTIVE,
        },
    }
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Traced": function}}))
    deadline = time.monotonic() + 20
    while (status := stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]).endswith("PROGRESS"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    reasons = [
        one.get("ResourceStatusReason", "")
        for one in stacks.describe_stack_events(StackName=name)["StackEvents"]
    ]
    assert status == "ROLLBACK_COMPLETE"
    assert any(MAY_NOT_TRACE in reason for reason in reasons)
