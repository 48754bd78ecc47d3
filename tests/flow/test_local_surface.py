"""What the local AWS shows to others on the same machine: nothing but refusals."""

from __future__ import annotations

import contextlib
import stat
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from imageproc.errors import TargetError
from imageproc.local import LocalStatus
from imageproc.local.faults import Fault, write
from tests import pictures
from tests.flow.conftest import DONE, Backend
from tests.secrets_in_use import holding, keys_in_use


@pytest.fixture
def busy(backend: Backend, local_aws: LocalStatus, fresh: str) -> LocalStatus:
    """The local AWS when all that it starts has been started: functions, their runtimes, recognition."""
    backend.put(f"{fresh}.jpg", pictures.jpeg())
    backend.execution(backend.ended(f"{fresh}.jpg")[f"{fresh}.jpg"])
    return local_aws


def test_it_listens_on_loopback_only_and_its_functions_and_recognition_nowhere(busy: LocalStatus) -> None:
    server = psutil.Process(busy.pid)
    addresses = set[tuple[int, str]]()
    for process in (server, *server.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):  # a function's process may just have ended
            listening = [one for one in process.net_connections("inet") if one.status == psutil.CONN_LISTEN]
            addresses |= {(process.pid, one.laddr.ip) for one in listening}
    assert addresses == {(server.pid, "127.0.0.1")}
    assert len(server.children()) > 1, "functions run"


def test_recognition_refuses_unsigned_calls(busy: LocalStatus) -> None:
    request = urllib.request.Request(
        str(busy.endpoint),
        data=b'{"Image": {"Bytes": ""}}',
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "RekognitionService.DetectLabels",
        },
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value as answer:
        assert answer.code in (400, 403)
        assert b"MissingAuthenticationToken" in answer.read()


def test_state_is_its_owners_alone(busy: LocalStatus) -> None:
    """The directory shuts everybody out; what holds data would do so alone, too."""
    folder = busy.state_dir
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    unpacked_code = folder / "tmp"
    open_to_others = [
        path
        for path in folder.rglob("*")
        if not path.is_relative_to(unpacked_code) and path.name != "README.txt"
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_to_others == []
    assert {"credentials.json", "state.json", "server.log"} <= {path.name for path in folder.iterdir()}


def test_keys_are_in_no_log_no_output_and_no_parameter(busy: LocalStatus, backend: Backend) -> None:
    keys = keys_in_use(busy)
    assert len(keys) > 3, "the functions' keys are known, too"
    stack = backend.stack.client("cloudformation").describe_stacks(StackName=backend.stack.name)
    logs, said = backend.stack.client("logs"), str(stack)
    for group in logs.describe_log_groups()["logGroups"]:
        said += str(logs.filter_log_events(logGroupName=group["logGroupName"])["events"])
    functions = backend.stack.client("lambda")
    for function in functions.list_functions()["Functions"]:
        said += str(function)
    for execution in backend.stack.client("stepfunctions").list_executions(
        stateMachineArn=backend.stack.state_machine_arn
    )["executions"]:
        said += execution["executionArn"]
    assert "START" in said or "REPORT" in said or "INFO" in said, "there are log lines"
    assert [key[:4] for key in keys if key in said] == []
    assert list(holding(busy.state_dir, keys, "*.log", "*.log.1", "state.json", "*.jsonl")) == []


def test_a_key_in_a_log_would_be_found(busy: LocalStatus, tmp_path: Path) -> None:
    assert busy.credentials is not None
    log = tmp_path / "run" / "x.log"
    log.parent.mkdir()
    log.write_text(f"signed with {busy.credentials.secret_access_key}")
    found = list(holding(tmp_path, keys_in_use(busy), "*.log"))
    # At the run's end all that it wrote is looked through.
    log.unlink()
    assert found == [log]


def test_without_the_switch_a_fault_in_its_file_does_nothing(
    backend: Backend, local_aws: LocalStatus, fresh: str
) -> None:
    photo, file = f"{fresh}/x.jpg", local_aws.state_dir / "faults.json"
    write(file, [Fault(backend.stack.name, "ExtractImageMetadata", "denied", "ever", 1000)])
    try:
        backend.put(photo, pictures.jpeg())
        assert backend.ended(photo)[photo].status is DONE
    finally:
        file.unlink()
    assert not (local_aws.state_dir / "requests.jsonl").exists()
    with pytest.raises(TargetError, match="started without faults"):
        _ = backend.workbench.faults
