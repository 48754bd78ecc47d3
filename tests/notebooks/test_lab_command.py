"""`imageproc lab` stops with JupyterLab what it started, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imageproc.local import LocalAws
from imageproc.local.recognition import SWITCH
from tests.browser.conftest import free_port, wait_for


@contextmanager
def lab(state_dir: Path, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command until JupyterLab answers."""
    port = free_port()
    folders = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    script = "from imageproc.cli import main; main()"
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=test"]
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
