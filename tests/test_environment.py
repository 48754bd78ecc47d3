"""The environment is named once, in pyproject.toml, and pinned once, in requirements/: nothing drifts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
REQUESTED = {
    "jupyterlab",
    "ipywidgets",
    "boto3",
    "pillow",
    "piexif",
    "matplotlib",
    "papermill",
    "pytest",
    "moto",
}


@pytest.fixture(scope="module")
def project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(name: str, python: str = "3.12") -> dict[str, str]:
    """Return the versions that a requirement file pins for a Python version on Linux."""
    found = {}
    for line in (ROOT / "requirements" / name).read_text().splitlines():
        match = re.match(r"([a-z0-9._-]+)==(\S+)(?: ; (.*?))? \\$", line)
        if match and _applies(match[3], python):
            found[match[1]] = match[2]
    return found


def _applies(marker: str | None, python: str) -> bool:
    environment = {"python_full_version": f"{python}.0", "python_version": python, "sys_platform": "linux"}
    return marker is None or Marker(marker).evaluate(
        {**environment, "platform_system": "Linux", "os_name": "posix"}
    )


def conda() -> dict[str, str]:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][-1]["pip"]
    pinned = [Requirement(entry) for entry in entries if not entry.startswith("--")]
    return {one.name: str(one.specifier).removeprefix("==") for one in pinned}


def test_conda_users_get_the_locked_versions(project: Any) -> None:
    locked = pins("dev.txt")
    assert {name: locked[name] for name in conda()} == conda()


def test_conda_users_get_what_the_project_needs(project: Any) -> None:
    extras = project["project"]["optional-dependencies"].values()
    needed = [*project["project"]["dependencies"], *(one for extra in extras for one in extra)]
    assert {Requirement(one).name for one in needed} | REQUESTED == set(conda())


LOCKS = sorted(path.name for path in (ROOT / "requirements").glob("*.txt") if path.name != "constraints.txt")


@pytest.mark.parametrize("name", LOCKS)
def test_locks_have_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "index-url" not in text


def test_the_layer_holds_the_versions_that_the_environment_has() -> None:
    locked = pins("dev.txt")
    assert pins("lambda.txt") == {name: locked[name] for name in ("pillow", "piexif")}


def test_the_development_environment_holds_the_workbenchs() -> None:
    assert pins("workbench.txt").items() <= pins("dev.txt").items()
    assert pins("install.txt").items() <= pins("dev.txt").items()


def test_the_demo_needs_a_part_of_the_workbench_and_is_spared_the_rest() -> None:
    assert pins("demo.txt").items() < pins("workbench.txt").items()
    assert not {"jupyterlab", "matplotlib", "pandas"} & set(pins("demo.txt"))


def test_the_command_line_imports_nothing_that_the_demo_does_not_install() -> None:
    script = f"""
import sys, importlib.metadata, importlib.abc
pinned = {sorted(pins("demo.txt", "3.11"))!r} + ["imageproc"]
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        owners = {{one.lower().replace("_", "-") for one in OWNERS.get(name.partition(".")[0], ())}}
        if owners and not owners & set(pinned):
            raise ModuleNotFoundError(f"no module {{name}}")
OWNERS = importlib.metadata.packages_distributions()
sys.meta_path.insert(0, Missing())
from imageproc.cli import commands, imageproc
for name in commands._COMMANDS:
    assert imageproc.get_command(None, name)
"""
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("settings", "installers", "exit_code"),
    [
        ("", ["uv"], 0),
        ("", ["uv", "pip"], 1),
        ("[global]\nindex-url = https://example.com/simple", ["pip"], 0),
        ("[install]\nno-index = 1", ["pip"], 0),
    ],
)
def test_uv_installs_unless_pip_is_told_of_another_index_or_it_fails(
    settings: str, installers: list[str], exit_code: int, tmp_path: Path
) -> None:
    for name in ("requirements", ".venv/bin"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "requirements" / "install.sh", tmp_path / "requirements")
    (tmp_path / "pip.conf").write_text(settings)
    python = f'test "$3" = config && exec {sys.executable} "$@"; echo pip'
    pretended = {"uv": f"echo uv; exit {exit_code}", "python": python}
    for name, script in pretended.items():
        program = tmp_path / ".venv" / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    command = ["sh", "requirements/install.sh", ".venv/bin/python", "-r", "some.txt"]
    environment = {"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    assert subprocess.check_output(command, cwd=tmp_path, env=environment, text=True).split() == installers


def test_ministack_and_boto3_move_together(project: Any) -> None:
    ministack = project["project"]["optional-dependencies"]["local"][0]
    assert pins("workbench.txt")["botocore"] == pins("workbench.txt")["boto3"]
    assert ministack == f"ministack=={pins('workbench.txt')['ministack']}"
