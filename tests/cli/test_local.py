"""`imageproc local`: what it says of faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from imageproc.cli import imageproc
from imageproc.local import LocalAws, LocalStatus
from imageproc.local.faults import Fault, write


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(tmp_path))
    return tmp_path


def says(*arguments: str) -> str:
    return CliRunner().invoke(imageproc, ["local", *arguments]).output


@pytest.mark.parametrize("faults", [True, False])
def test_the_status_says_whether_faults_can_be_injected_and_which_are(
    state: Path, monkeypatch: pytest.MonkeyPatch, faults: bool
) -> None:
    found = LocalStatus(True, state, "http://127.0.0.1:1", 1, 1, faults=faults)
    monkeypatch.setattr("imageproc.cli.local._described", lambda _: "It runs.")
    monkeypatch.setattr(LocalAws, "status", lambda _: found)
    assert ("It takes faults. Injected now: nothing." in says("status")) is faults
    write(state / "faults.json", [Fault("lab", "Rekognition", "denied", "ever", 2)])
    assert ("Injected now: Rekognition: denied (ever), 2 photos." in says("status")) is faults


def test_faults_are_asked_for_at_the_start(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(LocalAws, "start", lambda _, faults=False, **__: asked.append(faults))
    monkeypatch.setattr("imageproc.cli.local.Workbench.open", lambda *_, **__: None)
    says("start")
    assert asked == []
    says("start", "--faults")
    assert asked == [True]
