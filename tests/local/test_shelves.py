"""Executions that have ended and log lines are on disk, and answer as those in memory do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.local.saved_state import run_with_state

if TYPE_CHECKING:
    from pathlib import Path

BEGINNING = """
import json, time
from ministack import app
from ministack.core import persistence
from ministack.services import cloudwatch_logs, lambda_svc, stepfunctions
from imageproc.local.ministack_adapter import checkpoints, histories, logs

def ask(operation, **request):
    status, _, body = operation(request)
    return json.loads(body) if status == 200 else [status, json.loads(body)["__type"]]

def install():
    histories.keep_executions_on_disk()
    logs.keep_logs_on_disk()

def saved(name):
    checkpoints.save()
    return open(f"{persistence.STATE_DIR}/{name}.json").read()

MACHINE, GROUP = "arn:aws:states:us-east-1:000000000000:stateMachine:machine", "/aws/lambda/function"
"""

EXECUTIONS = """
def told():
    listed = ask(stepfunctions._list_executions, stateMachineArn=MACHINE)["executions"]
    told = [
        [ask(read, executionArn=one["executionArn"]) for one in listed]
        for read in (stepfunctions._describe_execution, stepfunctions._get_execution_history)
    ]
    return [sorted(part, key=json.dumps) for part in (listed, *told)]
"""

ENDED = """
install()
states = {
    "Which": {"Type": "Choice", "Default": "Good", "Choices": [
        {"Variable": "$.go", "StringEquals": "wrong", "Next": "Bad"},
        {"Variable": "$.go", "StringEquals": "on", "Next": "Long"}]},
    "Good": {"Type": "Pass", "Result": {"all": "well"}, "End": True},
    "Bad": {"Type": "Fail", "Error": "Bad", "Cause": "It was asked for."},
    "Long": {"Type": "Wait", "Seconds": 600, "End": True},
}
ask(stepfunctions._create_state_machine, name="machine", roleArn="arn:aws:iam::000000000000:role/role",
    definition=json.dumps({"StartAt": "Which", "States": states}))
for go in ("well", "wrong", "on", "stopped"):
    given = {"name": go, "input": json.dumps({"go": "on" if go == "stopped" else go})}
    arn = ask(stepfunctions._start_execution, stateMachineArn=MACHINE, **given)["executionArn"]
ask(stepfunctions._stop_execution, executionArn=arn)
time.sleep(2)
before, text = told(), saved("stepfunctions")
assert told() == before
assert [name for name in ("well", "wrong", "on") if f":machine:{name}" in text] == ["on"]
in_memory = {key[-1].rpartition(":")[2] for key in stepfunctions._executions._data._in_memory()}
assert in_memory <= {"on", "stopped"}, in_memory
again = ask(stepfunctions._start_execution, stateMachineArn=MACHINE, name="well", input="{}")
assert again == [400, "ExecutionAlreadyExists"], again
print(json.dumps(before))
"""

LOADED = """
install()
app._load_persisted_state()
before, text = told(), saved("stepfunctions")
assert told() == before and ":machine:" not in text.replace("stateMachine:machine", ""), "ended are in memory"
ask(stepfunctions._delete_state_machine, stateMachineArn=MACHINE)
assert told() == [[], [], []]
print(json.dumps(before))
"""

LOGS = """
def lines(**asked):
    found = ask(cloudwatch_logs._filter_log_events, logGroupName=GROUP, **asked)
    return [one["message"] for one in found["events"]]

def invoke(text):
    function = {"config": {"FunctionName": "function"}}
    lambda_svc._emit_lambda_logs(function, "request", text, False, 3)

def told():
    streams = ask(cloudwatch_logs._describe_log_streams, logGroupName=GROUP)["logStreams"]
    pages = [ask(cloudwatch_logs._get_log_events, logGroupName=GROUP, logStreamName=one["logStreamName"])
             for one in streams]
    return [streams, pages, ask(cloudwatch_logs._describe_log_groups), lines(), lines(filterPattern="secon")]
"""

LOGGED = """
install()
invoke("first")
time.sleep(0.01)
between = int(time.time() * 1000)
time.sleep(0.01)
invoke("second\\nof two")
ask(cloudwatch_logs._create_log_stream, logGroupName=GROUP, logStreamName="own")
ask(cloudwatch_logs._put_log_events, logGroupName=GROUP, logStreamName="own",
    logEvents=[{"timestamp": between, "message": "own"}])
before, text = told(), saved("cloudwatch_logs")
assert told() == before
assert '"own"' in text and '"first"' not in text
assert [lines(endTime=between - 1), lines(startTime=between + 1)][0][1] == "first"
assert lines(startTime=between, endTime=between) == ["own"]
assert lines(startTime=between + 1)[1:3] == ["second", "of two"]
assert lines(startTime=between + 10**6) == []
(stream,) = [one["logStreamName"] for one in told()[0] if one["storedBytes"] == before[0][0]["storedBytes"]]
ask(cloudwatch_logs._put_log_events, logGroupName=GROUP, logStreamName=stream,
    logEvents=[{"timestamp": between, "message": "late"}])
assert "late" in lines()
before, _ = told(), saved("cloudwatch_logs")
print(json.dumps(before))
"""

LOGS_LOADED = """
install()
app._load_persisted_state()
before = told()
saved("cloudwatch_logs")
assert told() == before
ask(cloudwatch_logs._delete_log_group, logGroupName=GROUP)
invoke("anew")
assert lines()[1:-2] == ["anew"]
saved("cloudwatch_logs")
print(json.dumps(before))
"""


def _run(folder: Path, code: str) -> Any:
    return run_with_state(folder, BEGINNING + code)


def test_executions_that_have_ended_are_on_disk_and_answer_as_before(tmp_path: Path) -> None:
    listed, described, histories = _run(tmp_path, EXECUTIONS + ENDED)
    assert [len(part) for part in (listed, described, histories)] == [4, 4, 4]
    ended = {one["name"]: one["output"] for one in described}
    assert ended["well"] == json.dumps({"all": "well"})
    assert "It was asked for." in ended["wrong"]
    after = _run(tmp_path, EXECUTIONS + LOADED)
    steady = [[one for one in part if "machine:on" not in json.dumps(one)] for part in after[:2]]
    assert steady == [
        [one for one in part if "machine:on" not in json.dumps(one)] for part in (listed, described)
    ]
    assert [one for one in after[2] if one in histories] == [one for one in histories if one in after[2]]
    (told,) = [one["events"][-1] for one in after[2] if one not in histories]
    interrupted = next(one for one in after[1] if one["name"] == "on")
    assert interrupted["status"] == "FAILED"
    assert interrupted["cause"].startswith("The local AWS was killed while this execution ran")
    assert told["type"] == "ExecutionFailed"
    assert told["executionFailedEventDetails"]["cause"] == interrupted["cause"]


def test_lines_of_functions_are_on_disk_and_are_found_by_time(tmp_path: Path) -> None:
    before = _run(tmp_path, LOGS + LOGGED)
    assert len(before[0]) == 3
    assert "second" in before[4]
    assert _run(tmp_path, LOGS + LOGS_LOADED) == before
