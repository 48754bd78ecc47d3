"""How `imageproc lab` starts JupyterLab, which refuses to run as root unless it is told to."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from imageproc import Workbench
from imageproc.cli import lab


class Started:
    def __init__(self, command: list[str], **_: Any) -> None:
        commands.append(command)

    def wait(self) -> int:
        return 0


commands: list[list[str]] = []


@pytest.mark.parametrize(
    ("user", "options", "expected", "said"),
    [
        (0, ["--no-browser"], ["--allow-root", "--no-browser"], 1),
        (0, ["--allow-root"], ["--allow-root"], 0),
        (1000, ["--no-browser"], ["--no-browser"], 0),
    ],
)
def test_root_is_allowed_and_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    user: int,
    options: list[str],
    expected: list[str],
    said: int,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(subprocess, "Popen", Started)
    commands.clear()

    assert lab._jupyterlab(tmp_path, options) == 0

    assert [command[3:] for command in commands] == [expected]
    assert capsys.readouterr().out.count("You are root: JupyterLab is started with --allow-root.") == said


@pytest.mark.parametrize(
    ("before", "after", "stopped"), [(None, 7, True), (None, 8, False), (None, None, False), (7, 7, False)]
)
def test_only_what_it_started_is_stopped(
    monkeypatch: pytest.MonkeyPatch, before: int | None, after: int | None, stopped: bool
) -> None:
    """A local AWS that was killed and started by `imageproc local start` is somebody else's."""
    pid, stops = before, list[int | None]()
    local = SimpleNamespace(
        status=lambda: SimpleNamespace(pid=pid, running=pid is not None), stop=lambda: stops.append(pid)
    )
    monkeypatch.setattr(lab, "local_aws", lambda: local)

    def start(*_: Any, **__: Any) -> None:
        nonlocal pid
        pid = pid or 7

    monkeypatch.setattr(Workbench, "open", start)
    with lab._local_aws():
        pid = after
    assert stops == [after] * stopped
