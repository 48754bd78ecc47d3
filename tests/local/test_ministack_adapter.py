"""What the adapter relies on in MiniStack, and what it makes of it.

When a new MiniStack breaks a test here, the adapter is the place to look.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import threading
import time
import tomllib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

import imageproc
from imageproc.local import ministack_adapter
from imageproc.local.layers import unpack_once
from imageproc.local.ministack_adapter import INTERNALS, MINISTACK_VERSION, checkpoints, settled_status

from .functions import PARENTS, Functions, zipped

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from imageproc.local import LocalAws, LocalStatus

_PYPROJECT = Path(imageproc.__file__).parents[1] / "pyproject.toml"


def _check(before: str = "") -> subprocess.CompletedProcess[str]:
    """Run the check in a process of its own: MiniStack changes the process that imports it."""
    code = f"from imageproc.local import ministack_adapter as adapter\n{before}\nadapter.check()"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_installed_ministack_is_the_one_it_is_written_for() -> None:
    assert importlib.metadata.version("ministack") == MINISTACK_VERSION
    project = tomllib.loads(_PYPROJECT.read_text())["project"]
    assert f"ministack=={MINISTACK_VERSION}" in project["optional-dependencies"]["local"]


def test_every_internal_is_there_with_its_parameters() -> None:
    checked = _check()
    assert checked.returncode == 0, checked.stderr


def test_the_list_of_internals_names_all_that_the_adapter_touches() -> None:
    source = "".join(path.read_text() for path in Path(ministack_adapter.__file__).parent.glob("*.py"))
    for _, name, _ in INTERNALS:
        assert source.count(name) >= 2, f"{name} is listed but not used"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("adapter.internals.MINISTACK_VERSION = '0.1'", "its version is "),
        ("import ministack.core.lambda_runtime as m; del m.reset", "lambda_runtime.reset is missing"),
        (
            "import ministack.services.lambda_svc as m; m.release_worker = lambda a, b: None",
            "lambda_svc.release_worker takes ('a', 'b') instead of ('worker',)",
        ),
    ],
)
def test_another_ministack_is_refused_with_what_differs(change: str, complaint: str) -> None:
    checked = _check(change)
    assert checked.returncode != 0
    assert "IncompatibleMiniStackError" in checked.stderr
    assert complaint in checked.stderr
    assert f"pip install ministack=={'0.1' if '0.1' in change else MINISTACK_VERSION}" in checked.stderr


def test_no_other_module_touches_ministack() -> None:
    adapter = Path(ministack_adapter.__file__).parent
    touching = {
        path.parent.name
        for path in adapter.parent.rglob("*.py")
        if "from ministack" in (text := path.read_text()) or "import ministack." in text
    }
    assert touching == {adapter.name}


def test_callers_wait_instead_of_starting_ever_more_processes(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEPROC_WORKERS", "3")
    monkeypatch.setenv("IMAGEPROC_WORKERS_PER_FUNCTION", "2")
    status = own_aws.start()
    functions = Functions(status.session())
    source = "import time\ndef handler(event, c): time.sleep(0.1); return event\n"
    names = [functions.make(source) for _ in range(2)]
    client, answers, most = functions.session.client("lambda"), [], 0

    def invoke(number: int) -> None:
        payload = client.invoke(FunctionName=names[number % 2], Payload=str(number).encode())["Payload"]
        answers.append(json.loads(payload.read()))

    threads = [threading.Thread(target=invoke, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    server = psutil.Process(status.pid)
    while any(thread.is_alive() for thread in threads):
        most = max(most, len(server.children(recursive=True)) - PARENTS)
        time.sleep(0.01)
    assert sorted(answers) == list(range(20))
    assert 2 <= most <= 4  # three work at a time; an idle one of the other function may be left


def test_a_function_may_wait_for_another_when_all_places_are_taken(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEPROC_WORKERS", "1")
    functions = Functions(own_aws.start().session())
    inner = functions.make("def handler(e, c): return 'inner'\n")
    outer = functions.make(
        "import boto3, json, time\n"
        "client = boto3.client('lambda')\n"
        "def handler(name, c):\n"
        "    start = time.time()\n"
        "    payload = client.invoke(FunctionName=name)['Payload']\n"
        "    return [json.loads(payload.read()), time.time() - start]\n",
        actions=["lambda:InvokeFunction"],
    )
    answer, seconds = functions.invoke(outer, inner)
    assert answer == "inner"
    assert seconds < 4  # it did not wait until nothing moved


def test_a_zip_is_unpacked_once_and_whole_or_not_at_all(tmp_path: Path) -> None:
    content = zipped({"python/a.py": "A = 1\n"})
    first = unpack_once(content, tmp_path)
    (first / "mark").touch()
    assert unpack_once(content, tmp_path) == first
    assert (first / "mark").exists()
    with pytest.raises(Exception, match="File is not a zip file"):
        unpack_once(b"no zip", tmp_path)
    assert list(tmp_path.iterdir()) == [first]


@pytest.fixture
def version(functions: Functions) -> dict[str, Any]:
    """A version of ten bytes that is not the latest."""
    s3, bucket = functions.session.client("s3"), f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789", ChecksumAlgorithm="SHA256")
    s3.put_object(Bucket=bucket, Key="k", Body=b"other")
    return {"Bucket": bucket, "Key": "k", "VersionId": first["VersionId"]}


@pytest.mark.parametrize(
    ("span", "part", "content_range"),
    [("2-4", b"234", "bytes 2-4/10"), ("8-99", b"89", "bytes 8-9/10"), ("-3", b"789", "bytes 7-9/10")],
)
def test_a_range_of_a_version_is_served(
    functions: Functions, version: dict[str, Any], span: str, part: bytes, content_range: str
) -> None:
    answer = functions.session.client("s3").get_object(**version, Range=f"bytes={span}")
    assert (answer["Body"].read(), answer["ContentRange"]) == (part, content_range)
    assert (answer["ContentLength"], answer["VersionId"]) == (len(part), version["VersionId"])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206


@pytest.mark.parametrize("span", [{}, {"Range": "bytes=2-4"}])
def test_a_version_is_served_with_the_headers_that_are_asked_for(
    functions: Functions, version: dict[str, Any], span: dict[str, Any]
) -> None:
    """A browser saves a photo's file only if the answer says so."""
    wanted: dict[str, Any] = {
        "ResponseContentDisposition": "attachment; filename=cat.jpg",
        "ResponseContentType": "image/jpeg",
    }
    answer = functions.session.client("s3").get_object(**version, **span, **wanted)
    said = answer["ContentDisposition"], answer["ContentType"]
    assert said == tuple(wanted.values())


@pytest.mark.skipif(not hasattr(psutil.Process, "io_counters"), reason="this system does not count reads")
def test_of_a_large_object_no_more_than_the_range_is_read(
    local_aws: LocalStatus, functions: Functions, version: dict[str, Any]
) -> None:
    s3, server = functions.session.client("s3"), psutil.Process(local_aws.pid)
    large = os.urandom(40_000_000)
    put = s3.put_object(Bucket=version["Bucket"], Key="large", Body=large)
    which: list[Any] = [{}, {"VersionId": put["VersionId"]}]
    for named in which:
        before = server.io_counters().read_chars
        for start in range(0, 39_000_000, 1_000_000):
            span = f"bytes={start}-{start + 999}"
            answer = s3.get_object(Bucket=version["Bucket"], Key="large", Range=span, **named)
            assert answer["Body"].read() == large[start : start + 1000]
            assert answer["ContentRange"] == f"bytes {start}-{start + 999}/40000000"
        assert server.io_counters().read_chars - before < 4_000_000, "of 39 kB that were asked for"


def test_a_range_beyond_a_version_is_refused(functions: Functions, version: dict[str, Any]) -> None:
    s3 = functions.session.client("s3")
    with pytest.raises(s3.exceptions.ClientError, match="InvalidRange"):
        s3.get_object(**version, Range="bytes=10-20")


def test_the_bytes_of_versions_are_on_disk_and_not_in_memory(
    local_aws: LocalStatus, functions: Functions, version: dict[str, Any]
) -> None:
    s3, server = functions.session.client("s3"), psutil.Process(local_aws.pid)
    photos = [os.urandom(8_000_000) for _ in range(12)]
    before = server.memory_info().rss
    sent = [s3.put_object(Bucket=version["Bucket"], Key="large", Body=photo) for photo in photos]
    assert server.memory_info().rss - before < 60_000_000, "12 x 8 MB were sent"
    for photo, put in zip(photos, sent, strict=True):
        answer = s3.get_object(Bucket=version["Bucket"], Key="large", VersionId=put["VersionId"])
        assert answer["Body"].read() == photo


def test_the_history_of_an_ended_execution_is_on_disk_and_survives_a_restart(own_aws: LocalAws) -> None:
    status = own_aws.start()
    role = Functions(status.session()).role("lambda:InvokeFunction", service="states.amazonaws.com")
    states = {f"P{n}": {"Type": "Pass", "Result": "x" * 1000, "Next": f"P{n + 1}"} for n in range(60)}
    ended = _run(status, role, {**states, "P60": {"Type": "Pass", "End": True}})
    before = _history(status, ended["executionArn"])
    own_aws.stop()

    saved = own_aws.state_dir / "services"
    assert ended["executionArn"] not in (saved / "stepfunctions.json").read_text()
    assert not any((saved / name).stat().st_mode & 0o077 for name in ("histories.jsonl", "settled.sqlite"))
    again = own_aws.start()
    described = again.session().client("stepfunctions").describe_execution(executionArn=ended["executionArn"])
    assert _plain(described) == _plain(ended)
    assert _history(again, ended["executionArn"]) == before
    assert [event["id"] for event in before] == list(range(1, 125))
    assert before[-1]["type"] == "ExecutionSucceeded"
    other = _run(again, role, {"Only": {"Type": "Pass", "End": True}})
    assert len(_history(again, other["executionArn"])) == 4
    assert _history(again, ended["executionArn"]) == before


def _plain(answer: Any) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _history(status: LocalStatus, arn: str) -> list[Any]:
    pages = status.session().client("stepfunctions").get_paginator("get_execution_history")
    return [event for page in pages.paginate(executionArn=arn) for event in page["events"]]


def test_a_policy_that_demands_tls_lets_local_requests_pass(functions: Functions) -> None:
    s3, bucket = functions.session.client("s3"), f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    source = "import boto3\ndef handler(b, c): boto3.client('s3').put_object(Bucket=b, Key='k', Body=b'')\n"
    assert functions.invoke(functions.make(source, actions=["s3:PutObject"]), bucket) is None


def _run(local_aws: LocalStatus, role: str, states: dict[str, Any]) -> DescribeExecutionOutputTypeDef:
    client = local_aws.session().client("stepfunctions")
    machine = client.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}",
        roleArn=role,
        definition=json.dumps({"StartAt": next(iter(states)), "States": states}),
    )["stateMachineArn"]
    arn = client.start_execution(stateMachineArn=machine)["executionArn"]
    deadline = time.monotonic() + 20
    while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_a_state_machine_catches_a_functions_error_by_its_class(
    local_aws: LocalStatus, functions: Functions
) -> None:
    name = functions.make("class NotMineError(Exception): pass\ndef handler(e, c): raise NotMineError('x')\n")
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    caught = [{"ErrorEquals": ["NotMineError"], "ResultPath": "$.error", "Next": "Caught"}]
    states = {
        "Task": {"Type": "Task", "Resource": arn, "Catch": caught, "End": True},
        "Caught": {"Type": "Pass", "OutputPath": "$.error.Error", "End": True},
    }
    role = functions.role("lambda:InvokeFunction", service="states.amazonaws.com")
    assert json.loads(_run(local_aws, role, states)["output"]) == "NotMineError"


def test_a_task_does_not_time_out_in_the_queue(local_aws: LocalStatus, functions: Functions) -> None:
    name = functions.make("import time\ndef handler(e, c): time.sleep(1.5)\n")
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    states = {"Task": {"Type": "Task", "Resource": arn, "TimeoutSeconds": 1, "End": True}}
    role = functions.role("lambda:InvokeFunction", service="states.amazonaws.com")
    assert _run(local_aws, role, states)["status"] == "SUCCEEDED"


def test_what_a_deleted_state_machine_executed_does_not_go_on_beside_the_next_of_its_name(
    local_aws: LocalStatus, functions: Functions
) -> None:
    name = f"machine-{uuid.uuid4().hex[:8]}"
    dynamodb, client = local_aws.session().client("dynamodb"), local_aws.session().client("stepfunctions")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    update = {"TableName": name, "Key": {"id": {"S.$": "$.id"}}, "UpdateExpression": "REMOVE nothing"}
    write = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:updateItem", "Parameters": update}
    caught = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Again"}]
    branch = {"Write": write | {"Catch": caught, "End": True}, "Again": write | {"End": True}}
    states = {
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Parallel"},
        "Parallel": {"Type": "Parallel", "Branches": [{"StartAt": "Write", "States": branch}], "End": True},
    }
    role = functions.role("dynamodb:UpdateItem", service="states.amazonaws.com")

    def start(photo: str) -> str:
        definition = json.dumps({"StartAt": "Wait", "States": states})
        arn = client.create_state_machine(name=name, roleArn=role, definition=definition)["stateMachineArn"]
        client.start_execution(stateMachineArn=arn, input=json.dumps({"id": photo}))
        return arn

    client.delete_state_machine(stateMachineArn=start("before"))
    start("after")
    deadline = time.monotonic() + 20
    while not (found := dynamodb.scan(TableName=name)["Items"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert found == [{"id": {"S": "after"}}]


def test_a_silent_function_that_is_warm_answers_within_a_tenth_of_a_second(functions: Functions) -> None:
    """MiniStack itself waits 50 ms for log lines; 40 more would mean delayed acknowledgements."""
    name = functions.make("def handler(e, c): pass\n")
    functions.invoke(name)
    times = list[float]()
    while len(times) < 20 and min(times, default=1) >= 0.09:  # other tests run beside it
        start = time.perf_counter()
        functions.invoke(name)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.09


@pytest.mark.parametrize(
    ("status", "settled"),
    [
        ("CREATE_IN_PROGRESS", "ROLLBACK_FAILED"),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED"),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("DELETE_IN_PROGRESS", "DELETE_FAILED"),
        ("REVIEW_IN_PROGRESS", "REVIEW_IN_PROGRESS"),
        ("CREATE_COMPLETE", "CREATE_COMPLETE"),
    ],
)
def test_a_stack_with_which_nothing_goes_on_is_not_in_progress(status: str, settled: str) -> None:
    assert settled_status(status) == settled


def test_a_stack_that_has_changed_is_saved_soon_though_saving_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise a kill takes the stack away that was ready seconds ago."""
    saved: list[list[tuple[str]]] = []
    stacks: list[tuple[str]] = [("CREATE_IN_PROGRESS",)]

    def save() -> None:
        saved.append(list(stacks))
        time.sleep(0.5)  # ten seconds' pause

    monkeypatch.setattr(checkpoints, "save", save)
    monkeypatch.setattr(checkpoints, "_stacks", lambda: list(stacks))
    monkeypatch.setattr(checkpoints, "_CHECKPOINT_SECONDS", 0.05)
    requests = iter(range(1_000_000))
    thread = checkpoints.Checkpoints(lambda: next(requests))
    thread.start()
    time.sleep(1)
    assert saved == [[("CREATE_IN_PROGRESS",)]], "requests alone wait for the pause to end"
    stacks[:] = [("CREATE_COMPLETE",)]
    time.sleep(1)
    thread.stop()
    assert saved[1:] == [[("CREATE_COMPLETE",)]]


KEYS_COMPARED = """
from ministack.services import dynamodb
from imageproc.local.ministack_adapter import queries

evaluate = dynamodb._evaluate_condition
queries.compare_keys_directly()
directly = dynamodb._evaluate_condition
values, names = {":s": {"S": "a"}, ":t": {"N": "5"}, ":u": {"N": "6"}}, {"#t": "t"}
items = [{"s": {"S": shard}, "t": {"N": time}} for shard in "ab" for time in ("4", "5", "5.0", "10")]
for condition in (
    *("s = :s", "s = :s AND t >= :t", "s = :s AND #t < :t", "s = :s AND t > :t", "t <= :t AND s = :s"),
    *("s = :s AND t BETWEEN :t AND :u", "s = :s and t = :t", "s = :s AND begins_with(s, :s)"),
):
    for item in (*items, {"s": {"S": "a"}}, {}):
        asked = (condition, item, values, names, "KeyConditionExpression")
        assert evaluate(*asked) == directly(*asked), (condition, item)
print("compared")
"""


QUERIES_NARROWED = """
import asyncio, json
from ministack.services import dynamodb
from imageproc.local.ministack_adapter import items, queries

def ask(action, **request):
    headers = {"x-amz-target": f"DynamoDB_20120810.{action}"}
    request = json.dumps(request).encode()
    status, _, body = asyncio.run(dynamodb.handle_request("POST", "/", headers, request, {}))
    assert status == 200, body
    return json.loads(body)

types = {"id": "S", "part": "S", "time": "N"}
index = [{"AttributeName": "part", "KeyType": "HASH"}, {"AttributeName": "time", "KeyType": "RANGE"}]
ask(
    "CreateTable", TableName="table", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
    GlobalSecondaryIndexes=[
        {"IndexName": "index", "KeySchema": index, "Projection": {"ProjectionType": "ALL"}}
    ],
)
for number, time in enumerate(("5", "4", "5.0", "10", "-1", "4.5", None)):
    key = {"time": {"N": time}} if time else {}
    ask("PutItem", TableName="table", Item={"id": {"S": str(number)}, "part": {"S": "ab"[number % 2]}} | key)

def pages(**asked):
    start = {}
    while True:
        yield (page := ask("Query", TableName="table", IndexName="index", **asked, **start))
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

filtered = {"FilterExpression": "id <> :id"}
kinds = ({}, {"Limit": 1}, {"ScanIndexForward": False}, {"Limit": 2, "ScanIndexForward": False}, filtered)

def answers():
    for condition in (*(f"AND #t {operator} :t" for operator in (">=", ">", "<", "=")),
                      "AND #t BETWEEN :t AND :u"):
        for least in ("4", "5", "99"):
            for part in "abc":
                for more in kinds:
                    values = {":s": {"S": part}, ":t": {"N": least}}
                    values |= {":u": {"N": "100"}} if ":u" in condition else {}
                    values |= {":id": {"S": "2"}} if "FilterExpression" in more else {}
                    yield from pages(
                        KeyConditionExpression=f"part = :s {condition}", ExpressionAttributeValues=values,
                        ExpressionAttributeNames={"#t": "time"}, **more,
                    )
    for more in kinds[:-1]:
        values = {":s": {"S": "a"}}
        yield from pages(KeyConditionExpression="part = :s", ExpressionAttributeValues=values, **more)

before = list(answers())
items.pack_all_items()
queries.query_page_by_page()
queries._AT_FIRST = 1
evaluated, evaluate = [], dynamodb._evaluate_condition
dynamodb._evaluate_condition = lambda *asked, **more: evaluated.append(asked[1]) or evaluate(*asked, **more)
assert list(answers()) == before
print(sum(len(one["Items"]) for one in before), len(evaluated))

# Written, moved to another number or partition, left without a number, removed: after the keys were sorted.
for number, part, time in (("9", "a", "7"), ("0", "a", "11"), ("2", "b", "6"), ("4", "a", None)):
    key = {"time": {"N": time}} if time else {}
    ask("PutItem", TableName="table", Item={"id": {"S": number}, "part": {"S": part}} | key)
ask("DeleteItem", TableName="table", Key={"id": {"S": "3"}})
after = list(answers())
dynamodb._tables["table"].pop("_index_members")
assert list(answers()) == after != before
"""


SCANS_NARROWED = """
import asyncio, json
from ministack.services import dynamodb
from imageproc.local.ministack_adapter import scans

def ask(action, **request):
    headers = {"x-amz-target": f"DynamoDB_20120810.{action}"}
    request = json.dumps({"TableName": "table", **request}).encode()
    status, _, body = asyncio.run(dynamodb.handle_request("POST", "/", headers, request, {}))
    assert status == 200, body
    return json.loads(body)

names = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "part")]
keys = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "part", "KeyType": "RANGE"}]
ask("CreateTable", BillingMode="PAY_PER_REQUEST", KeySchema=keys, AttributeDefinitions=names)
for number in range(60):
    size = 30_000 if number % 7 else 300_000
    item = {"id": {"S": f"{number * 37 % 41:02}"}, "part": {"S": str(number)}, "text": {"S": "x" * size}}
    ask("PutItem", Item=item)

def pages(asked):
    for more in asked:
        start = {}
        while True:
            page = ask("Scan", **more, **start)
            yield [one["part"] for one in page["Items"]], page.get("LastEvaluatedKey")
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

kinds = [{}, {"Limit": 7}, *({"Segment": one, "TotalSegments": 3} for one in range(3))]
before, looked = list(pages(kinds)), []
scans._AT_FIRST = 2
scans.scan_page_by_page()
assert list(pages(kinds)) == before
paginate = dynamodb._paginate_evaluated_items
dynamodb._paginate_evaluated_items = lambda *asked: looked.append(len(asked[0])) or paginate(*asked)
list(pages(kinds[1:2]))
print(len(before), max(looked))
"""


def test_scans_answer_the_same_though_fewer_records_are_looked_at() -> None:
    command = [sys.executable, "-c", SCANS_NARROWED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages, most = map(int, done.stdout.split())
    assert pages > 15
    assert most < 30, "the whole table was looked at"


def test_queries_answer_the_same_though_less_is_sorted() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUERIES_NARROWED], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found, compared = map(int, done.stdout.split())
    assert found > 0
    assert compared < 600, "nothing was left out"


def test_keys_compare_as_ministack_compares_them() -> None:
    done = subprocess.run([sys.executable, "-c", KEYS_COMPARED], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("compared\n", 0), done.stderr


TIMED_OUT = """
import json, time
from ministack.services import cloudwatch_logs, stepfunctions as sf
from imageproc.local.ministack_adapter import express
express.LIMIT_S = 0.4
express.run_express_workflows()
cloudwatch_logs._create_log_group({"logGroupName": "log"})
states = {"Wait": {"Type": "Wait", "Seconds": 1, "Next": "Done"}, "Done": {"Type": "Succeed"}}
arn = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
sf._state_machines[arn] = {
    "stateMachineArn": arn, "name": "m", "type": "EXPRESS", "roleArn": "",
    "definition": json.dumps({"StartAt": "Wait", "States": states}),
    "loggingConfiguration": {"Level": "ALL", "Destinations": [{"CloudWatchLogsLogGroup": {
        "LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:log:*"}}]},
}
sf._start_execution({"stateMachineArn": arn, "name": "one", "input": "{}"})
time.sleep(2)
answer = cloudwatch_logs._filter_log_events({"logGroupName": "log"})
lines = [json.loads(one["message"]) for one in json.loads(answer[2])["events"]]
print([line["type"] for line in lines], len(sf._executions), {"input" in line["details"] for line in lines})
"""


def test_an_express_execution_ends_when_its_time_is_over_and_its_log_alone_tells_of_it() -> None:
    done = subprocess.run([sys.executable, "-c", TIMED_OUT], capture_output=True, text=True, check=False)
    types, left, data = "['ExecutionStarted', 'WaitStateEntered', 'ExecutionTimedOut']", 0, {False}
    assert done.stdout.strip().splitlines()[-1] == f"{types} {left} {data}", done.stderr
