"""How `imageproc lab` starts JupyterLab, which refuses to run as root unless it is told to."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

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
