"""The environment is named once, in pyproject.toml, and pinned once, in requirements/: nothing drifts."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize(
    "name",
    ["workbench.txt", "dev.txt", "lambda.txt", "embedding.txt", "security.txt", "awscli.txt", "docs.txt"],
)
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


def test_ministack_and_boto3_move_together(project: Any) -> None:
    ministack = project["project"]["optional-dependencies"]["local"][0]
    assert pins("workbench.txt")["botocore"] == pins("workbench.txt")["boto3"]
    assert ministack == f"ministack=={pins('workbench.txt')['ministack']}"
