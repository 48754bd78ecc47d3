"""Each check of this machine, as it passes and as it fails; and the command that shows them."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from imageproc import Workbench
from imageproc.cli import imageproc
from imageproc.client.doctor import machine
from imageproc.client.doctor.checks import Check, Outcome
from imageproc.local import LocalAws, LocalStatus

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory that does not exist yet."""
    state = tmp_path / "state"
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(state))
    monkeypatch.delenv("IMAGEPROC_TARGET", raising=False)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(9, 0, 9_000_000_000))
    return state


def checks(stack: str = "imageproc") -> dict[str, Check]:
    return {one.name: one for one in Workbench.examine(stack_name=stack)}


def running(monkeypatch: pytest.MonkeyPatch, state: Path, port: int) -> None:
    status = LocalStatus(True, state, f"http://127.0.0.1:{port}", 1, port)
    monkeypatch.setattr(LocalAws, "status", lambda _: status)


def test_a_machine_on_which_nothing_runs_is_fine_and_stays_as_it_is(state: Path) -> None:
    found = checks()
    assert list(found) == ["Python", "local AWS", "recognition", "port", "disk", "stack name", "stack"]
    assert {name for name, one in found.items() if one.outcome is Outcome.PROBLEM} == set()
    assert found["local AWS"].outcome is Outcome.OK
    assert "Commands start it" in found["local AWS"].found
    assert found["stack"].outcome is Outcome.UNKNOWN
    assert not state.exists()


def test_an_old_python_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    assert checks()["Python"].outcome is Outcome.PROBLEM


def test_without_the_local_aws_installed_the_command_for_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda _: None)
    found = checks()["local AWS"]
    assert (found.outcome, found.fix) == (Outcome.PROBLEM, "pip install 'imageproc[local]'")


def test_a_state_directory_of_somebody_else_is_a_problem(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: state.stat().st_uid + 1)
    found = checks()["local AWS"]
    assert found.outcome is Outcome.PROBLEM
    assert "belongs to another user" in found.found


def test_an_unclean_stop_is_told(state: Path) -> None:
    state.mkdir()
    (state / "unclean").touch()
    found = checks()["local AWS"]
    assert found.outcome is Outcome.WARNING
    assert "last stop was not clean" in found.found


def test_missing_models_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imageproc.local.recognition.models.missing_packages", lambda: ["ai_edge_litert"])
    found = checks()["recognition"]
    assert (found.outcome, found.fix) == (Outcome.WARNING, "pip install 'imageproc[recognition]'")


def test_a_local_aws_that_answers_and_one_that_does_not(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        running(monkeypatch, state, port)
        assert machine._port().outcome is Outcome.OK
    found = machine._port()
    assert (found.outcome, "imageproc local stop" in found.fix) == (Outcome.PROBLEM, True)
    assert "runs at" in machine._local_aws().found


def test_a_machine_without_free_ports_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert checks()["port"].outcome is Outcome.PROBLEM


@pytest.mark.parametrize(
    ("free", "outcome"),
    [(3_000_000_000, Outcome.OK), (1_000_000_000, Outcome.WARNING), (100_000_000, Outcome.PROBLEM)],
)
def test_a_full_disk_is_told_before_it_is_full(
    free: int, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(9, 0, free))
    found = checks()["disk"]
    assert (found.outcome, bool(found.fix)) == (outcome, outcome is not Outcome.OK)


def test_a_stack_name_is_checked_here_too() -> None:
    assert checks("9")["stack name"].outcome is Outcome.PROBLEM


def test_the_command_prints_a_table_and_fails_only_on_a_problem() -> None:
    answer = CliRunner().invoke(imageproc, ["doctor"])
    assert answer.exit_code == 0
    assert "CHECK" in answer.output
    assert "Commands start it" in " ".join(answer.output.split())
    answer = CliRunner().invoke(imageproc, ["doctor", "--stack-name", "9", "--json"])
    assert answer.exit_code == 1
    found = [json.loads(line) for line in answer.output.splitlines()]
    (problem,) = (one for one in found if one["outcome"] == "problem")
    assert problem["check"] == "stack name"
    assert set(problem) == {"check", "outcome", "found", "fix"}


def test_the_command_says_what_keeps_aws_from_being_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    answer = CliRunner().invoke(imageproc, ["doctor", "--target", "aws"])
    assert answer.exit_code == 1
    assert "No region is set. Give --region" in " ".join(answer.output.split())
