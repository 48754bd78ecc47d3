from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from imageproc.local import (
    LocalAws,
    LocalStatus,
    NotRunningError,
    StartError,
    StateDirectoryError,
    default_state_dir,
)
from imageproc.local.processes import function_processes
from imageproc.local.state import StateDir
from imageproc.local.worker_gate import Limits

from .functions import PARENTS, Functions
from .strangers import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable

_SLEEPS = "import time\ndef handler(event, c): time.sleep(event)\n"


def _wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not become so"
        time.sleep(0.05)


def _kill(status: LocalStatus) -> None:
    assert status.pid is not None
    os.kill(status.pid, signal.SIGKILL)


def test_what_does_not_run_says_so(own_aws: LocalAws) -> None:
    status = own_aws.status()
    assert status == LocalStatus(running=False, state_dir=own_aws.state_dir)
    with pytest.raises(NotRunningError, match="imageproc local start"):
        status.session()
    with pytest.raises(NotRunningError):
        _ = status.client_config
    own_aws.stop()
    own_aws.reset()
    assert list(own_aws.logs()) == []
    assert not own_aws.state_dir.exists()


def test_starting_again_finds_the_running_one(local_aws: LocalStatus) -> None:
    said: list[str] = []
    again = LocalAws(local_aws.state_dir).start(progress=said.append)
    assert again == local_aws == LocalAws(local_aws.state_dir).status()
    assert again.running
    assert said == [], "commands that find it running are not to say so each time"


def test_processes_that_start_it_at_the_same_time_get_one(own_aws: LocalAws) -> None:
    code = (
        "import sys, pathlib; from imageproc.local import LocalAws;"
        "print(LocalAws(pathlib.Path(sys.argv[1])).start().pid)"
    )
    command = [sys.executable, "-c", code, str(own_aws.state_dir)]
    with ThreadPoolExecutor(4) as pool:
        runs = list(
            pool.map(lambda _: subprocess.run(command, capture_output=True, text=True, check=True), range(4))
        )
    assert {int(run.stdout) for run in runs} == {own_aws.status().pid}


def test_it_outlives_the_process_that_started_it_and_is_no_child_of_it(own_aws: LocalAws) -> None:
    status = own_aws.start()
    server = psutil.Process(status.pid)
    assert os.getpid() not in {parent.pid for parent in server.parents()}
    assert os.getsid(server.pid) != os.getsid(0)


def test_it_keeps_its_port_its_key_and_its_state_when_started_again(own_aws: LocalAws) -> None:
    first = own_aws.start()
    first.session().client("s3").create_bucket(Bucket="kept")
    own_aws.stop()
    assert not own_aws.status().running
    second = own_aws.start()
    assert second.client_config == first.client_config
    assert second.pid != first.pid
    assert [b["Name"] for b in second.session().client("s3").list_buckets()["Buckets"]] == ["kept"]


def test_it_takes_another_port_when_its_own_is_taken(own_aws: LocalAws) -> None:
    first = own_aws.start()
    own_aws.stop()
    assert first.port is not None
    import socket

    with socket.create_server(("127.0.0.1", first.port)):
        assert own_aws.start().port != first.port


def test_a_killed_one_has_its_state_when_started_again(own_aws: LocalAws) -> None:
    functions = Functions(own_aws.start().session())
    s3, dynamodb = functions.session.client("s3"), functions.session.client("dynamodb")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="Incoming/ü 1.jpg", Body=b"photo", Metadata={"userid": "u"})
    dynamodb.create_table(
        TableName="records",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "imageID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "imageID", "AttributeType": "S"}],
    )
    dynamodb.put_item(TableName="records", Item={"imageID": {"S": "1"}})
    name = functions.make("def handler(e, c): return 'still here'\n")
    # A checkpoint comes every two seconds, and one more after the last request.
    saved = own_aws.state_dir / "services" / "lambda.json"
    _wait_until(lambda: saved.exists() and name in saved.read_text())
    time.sleep(2.5)
    _kill(own_aws.status())

    again = Functions(own_aws.start().session())
    found = again.session.client("s3").get_object(Bucket="photos", Key="Incoming/ü 1.jpg")
    assert (found["Body"].read(), found["Metadata"]) == (b"photo", {"userid": "u"})
    assert again.session.client("dynamodb").scan(TableName="records")["Count"] == 1
    assert again.invoke(name) == "still here"


def test_an_unclean_stop_is_known_until_somebody_has_made_up_for_it(own_aws: LocalAws) -> None:
    def healing() -> bool:
        with own_aws.recovery() as mine:
            return mine

    own_aws.start()
    own_aws.stop()
    assert not own_aws.was_cut_off()
    own_aws.start()
    assert not own_aws.is_unclean(), "after a clean stop"
    assert not healing()

    _kill(own_aws.status())
    own_aws.start()
    own_aws.stop()
    own_aws.start()
    assert own_aws.is_unclean(), "a clean stop later makes up for nothing"
    with contextlib.suppress(RuntimeError), own_aws.recovery() as mine:
        assert mine
        assert not healing(), "one at a time"
        raise RuntimeError
    with own_aws.recovery() as mine:
        assert mine, "who failed did not do it"
        _kill(own_aws.status())
        own_aws.start()
    assert healing(), "it was killed meanwhile"
    assert not own_aws.is_unclean()


@pytest.mark.parametrize("end", [LocalAws.stop, lambda local: _kill(local.status())], ids=["stop", "kill"])
def test_function_processes_end_with_it(own_aws: LocalAws, end: Callable[[LocalAws], None]) -> None:
    functions = Functions(own_aws.start().session())
    idle, busy = functions.make(_SLEEPS), functions.make(_SLEEPS)
    functions.invoke(idle, 0)
    client = functions.session.client("lambda")
    client.invoke(FunctionName=busy, InvocationType="Event", Payload=b"60")
    state = StateDir(own_aws.state_dir)
    _wait_until(lambda: len(function_processes(state)) == 2 + PARENTS)
    end(own_aws)
    _wait_until(lambda: not function_processes(state), seconds=4)


def test_a_starting_one_ends_what_an_earlier_one_left(own_aws: LocalAws) -> None:
    own_aws.start()
    own_aws.stop()
    left = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        env={**os.environ, "IMAGEPROC_FUNCTION_OF": str(own_aws.state_dir)},
    )
    other = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        env={**os.environ, "IMAGEPROC_FUNCTION_OF": "/somewhere/else"},
    )
    try:
        _wait_until(lambda: left.pid in {p.pid for p in function_processes(StateDir(own_aws.state_dir))})
        own_aws.start()
        assert left.wait(5) == -signal.SIGTERM
        assert other.poll() is None
    finally:
        for process in (left, other):
            process.kill()
            process.wait()


def test_reset_deletes_everything_it_wrote_and_nothing_else(own_aws: LocalAws) -> None:
    first = own_aws.start()
    first.session().client("s3").create_bucket(Bucket="gone")
    (own_aws.state_dir / "notes.txt").write_text("mine")
    own_aws.reset()
    assert not own_aws.status().running
    left = {path.name for path in own_aws.state_dir.iterdir()}
    assert left == {"README.txt", "notes.txt", "server.lock", "start.lock"}
    second = own_aws.start()
    assert second.session().client("s3").list_buckets()["Buckets"] == []
    assert second.credentials != first.credentials


def test_only_its_owner_may_read_its_files(local_aws: LocalStatus) -> None:
    assert stat.S_IMODE(local_aws.state_dir.stat().st_mode) == 0o700
    for name in ("state.json", "credentials.json", "server.log", "server.lock"):
        assert stat.S_IMODE((local_aws.state_dir / name).stat().st_mode) == 0o600, name


def test_it_listens_on_this_machine_only(local_aws: LocalStatus) -> None:
    Functions(local_aws.session()).invoke(Functions(local_aws.session()).make(_SLEEPS), 0)
    server = psutil.Process(local_aws.pid)
    before = server.children(recursive=True)  # other tests' functions come and go meanwhile
    listening = [
        connection.laddr
        for process in (server, *before)
        for connection in net_connections(process)
        if connection.status == psutil.CONN_LISTEN
    ]
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert local_aws.port in {address.port for address in listening}
    # The others are the Runtime APIs of the function processes: no more than one for each, also of those
    # that are just being started.
    starting = Limits.from_environment().total
    assert len(listening) <= 1 + len({*before, *server.children(recursive=True)}) + starting


def net_connections(process: psutil.Process) -> list[Any]:
    """Return a process's connections; none if it has ended."""
    try:
        return process.net_connections("inet")
    except psutil.NoSuchProcess:
        return []


def test_the_log_can_be_read_and_followed(own_aws: LocalAws) -> None:
    status = own_aws.start()
    assert any(f"Running on {status.endpoint}" in line for line in own_aws.logs())
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(own_aws.logs(follow=True)))
    reader.start()
    status.session().client("s3").create_bucket(Bucket="in-the-log")
    own_aws.stop()
    reader.join(10)
    assert not reader.is_alive()
    assert any("shutting down" in line for line in lines)


def test_a_stopped_ones_log_ends_without_a_traceback(own_aws: LocalAws) -> None:
    own_aws.start().session().client("s3").list_buckets()
    own_aws.stop()

    assert not [line for line in own_aws.logs() if "Traceback" in line or "Bad file descriptor" in line]


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_state_directory_that_is_a_file_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    local = LocalAws(tmp_path / name)

    for call in (local.status, local.start, local.stop):
        with pytest.raises(StateDirectoryError, match=r"cannot be used: .*Set IMAGEPROC_STATE_DIR"):
            call()


def test_a_failed_start_shows_the_end_of_the_log(own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEPROC_WORKERS", "many")
    with pytest.raises(StartError, match="IMAGEPROC_WORKERS must be a whole number"):
        own_aws.start()
    assert not own_aws.status().running
    monkeypatch.delenv("IMAGEPROC_WORKERS")
    assert own_aws.start().running


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    for name in ("README.txt", "thesis.txt"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "services").mkdir()
    local = LocalAws(tmp_path)
    with pytest.raises(StateDirectoryError, match="holds something other than a local AWS"):
        local.start()
    with pytest.raises(StateDirectoryError, match="nothing was deleted"):
        local.reset()
    local.stop()
    assert {path.name for path in tmp_path.iterdir()} == {"README.txt", "thesis.txt", "services"}


def test_a_directory_that_is_just_being_made_is_no_objection(own_aws: LocalAws) -> None:
    own_aws.state_dir.mkdir()
    (own_aws.state_dir / "start.lock").touch()
    assert own_aws.start().running


def test_a_stale_record_is_not_taken_for_a_running_server(own_aws: LocalAws) -> None:
    first = own_aws.start()
    _kill(first)
    _wait_until(lambda: not own_aws.status().running)
    record = own_aws.state_dir / "state.json"
    # As if the process ID had been given to another process: this one.
    record.write_text(record.read_text().replace(str(first.pid), str(os.getpid())))
    assert not own_aws.status().running
    own_aws.stop()


def test_the_users_aws_settings_do_not_reach_functions(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "users-key")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    status = own_aws.start()
    functions = Functions(status.session())
    name = functions.make("import os\ndef handler(e, c): return dict(os.environ)\n")
    environment = functions.invoke(name)
    assert environment["AWS_ENDPOINT_URL"] == status.endpoint
    assert not {"AWS_PROFILE", "HTTP_PROXY"} & environment.keys()
    assert "users-key" not in environment.values()
    assert status.pid is not None
    assert not {"AWS_PROFILE", "HTTP_PROXY"} & psutil.Process(status.pid).environ().keys()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"IMAGEPROC_STATE_DIR": "/a/b", "XDG_STATE_HOME": "/x"}, "/a/b"),
        ({"XDG_STATE_HOME": "/x"}, "/x/imageproc/local-aws"),
        ({"HOME": "/home/u"}, "/home/u/.local/state/imageproc/local-aws"),
        ({"HOME": "/home/u", "IMAGEPROC_STATE_DIR": "~/here"}, "/home/u/here"),
    ],
)
def test_the_state_directory_is_the_users(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name in ("IMAGEPROC_STATE_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert default_state_dir() == Path(expected)


@pytest.mark.parametrize(
    "name", ["README.txt", "server.log", "credentials.json", "state.json", "access.jsonl"]
)
def test_links_that_another_user_left_are_not_followed(tmp_path: Path, name: str) -> None:
    """In a folder that all may write to, somebody else may have made the state directory first."""
    if os.getuid() != 0:
        pytest.skip("only root may make files of another user")
    folder, victim = tmp_path / "state", tmp_path / "victim"
    folder.mkdir()
    folder.chmod(0o777)
    victim.write_text("mine")
    (folder / name).symlink_to(victim)
    os.chown(folder / name, NOBODY, NOBODY, follow_symlinks=False)
    for use in (LocalAws(folder).start, LocalAws(folder).status):
        with pytest.raises(StateDirectoryError, match=f"{name} belongs to another user"):
            use()
    assert victim.read_text() == "mine"


def test_a_state_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    """Its local AWS would get the photos."""
    if os.getuid() != 0:
        pytest.skip("only root may make files of another user")
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    os.chown(folder, NOBODY, NOBODY)
    link = tmp_path / "link"
    link.symlink_to(folder)
    for path in (folder, link):
        for use in (LocalAws(path).start, LocalAws(path).status):
            with pytest.raises(StateDirectoryError, match="belongs to another user"):
                use()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert list(folder.iterdir()) == []


def test_a_link_to_a_folder_of_ones_own_is_followed_and_reset_leaves_what_it_points_to(
    own_aws: LocalAws, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "kept").write_text("mine")
    own_aws.start()
    own_aws.stop()
    objects = own_aws.status().state_dir / "objects"
    assert not objects.exists() or not any(objects.iterdir())
    if objects.exists():
        objects.rmdir()
    objects.symlink_to(disk)
    s3 = own_aws.start().session().client("s3")
    s3.create_bucket(Bucket="linked")
    s3.put_object(Bucket="linked", Key="photo", Body=b"photo")
    assert s3.get_object(Bucket="linked", Key="photo")["Body"].read() == b"photo"
    own_aws.reset()
    assert (disk / "kept").read_text() == "mine"
    assert not objects.is_symlink()
