"""`imageproc lab` stops with JupyterLab what it started, and nothing else; strangers get nothing of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imageproc.local import LocalAws
from imageproc.local.recognition import SWITCH
from tests.browser.conftest import free_port, wait_for
from tests.stranger import KERNEL_PORTS, listening, needs_root


@contextmanager
def lab(state_dir: Path, home: Path, port: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command until JupyterLab answers."""
    port = port or free_port()
    folders = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    script = "from imageproc.cli import main; main()"
    options = ["--no-browser", f"--port={port}", "--IdentityProvider.token=test"]
    process = subprocess.Popen(
        [sys.executable, "-c", script, "lab", "--folder", str(home / "notebooks"), *options],
        env={**os.environ, **folders, "IMAGEPROC_STATE_DIR": str(state_dir), SWITCH: "off"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/api", process)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("ran_before", [False, True])
def test_the_local_aws_ends_with_jupyterlab_unless_it_ran_before(
    own_aws: LocalAws, tmp_path: Path, ran_before: bool
) -> None:
    if ran_before:
        own_aws.start()
    with lab(own_aws.state_dir, tmp_path) as process:
        assert own_aws.status().running
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    deadline = time.monotonic() + 20
    while own_aws.status().running is not ran_before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert own_aws.status().running is ran_before


def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, method=method, headers={"Content-Length": "0", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b""


@pytest.fixture(scope="module")
def own_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int, Path]]:
    """JupyterLab as the command starts it: its address, its process, and its folder of what runs."""
    home, port = tmp_path_factory.mktemp("jupyter"), free_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(SWITCH, "off")
        local = LocalAws(home / "state")
        try:
            with lab(local.state_dir, home, port) as process:
                yield f"http://127.0.0.1:{port}", process.pid, home / "runtime"
                process.terminate()
                process.wait(60)
        finally:
            local.reset()


TOKEN = {"Authorization": "token test"}
FOREIGN = [{"Host": "photos.example"}, {"Origin": "http://photos.example"}, {"Origin": "null"}]


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
@pytest.mark.parametrize(
    "path", ["/lab", "/api/contents", "/api/kernels", "/files/01_deploy.ipynb", "/login"]
)
def test_a_foreign_host_or_origin_is_refused_though_it_knows_the_token(
    own_lab: tuple[str, int, Path], path: str, foreign: dict[str, str]
) -> None:
    url = own_lab[0] + path
    assert ask(url, **TOKEN)[0] == 200
    assert ask(url, **foreign, **TOKEN)[0] == 403
    assert ask(f"{url}?token=test", **foreign)[0] == 403


@pytest.mark.parametrize("path", ["/api/contents", "/api/kernels", "/api/sessions", "/api/terminals"])
def test_without_the_token_nothing_is_told_or_started(own_lab: tuple[str, int, Path], path: str) -> None:
    for method in ("GET", "POST"):
        assert ask(own_lab[0] + path, method)[0] == 403
        assert ask(own_lab[0] + path, method, Authorization="token wrong")[0] == 403


@needs_root
def test_another_user_of_the_machine_hears_nothing_and_reads_nothing(own_lab: tuple[str, int, Path]) -> None:
    url, process, runtime = own_lab
    status, kernel = ask(f"{url}/api/kernels", "POST", **TOKEN)
    assert status == 201
    restart = f"{url}/api/kernels/{json.loads(kernel)['id']}/restart"
    with listening(runtime, process) as got:
        assert ask(restart, "POST", **TOKEN)[0] == 200
    assert got["tried"] >= 4
    assert got["ports"] > KERNEL_PORTS, "there is something to listen to"
    assert (got["files"], got["messages"]) == ([], 0)
