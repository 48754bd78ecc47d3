from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from imageproc.deployment.packaging import wheels
from imageproc.errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Sequence

WHEEL = b"a wheel"


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    path = tmp_path / "lambda.txt"
    path.write_text(f"thing==1.0 \\\n    --hash=sha256:{hashlib.sha256(WHEEL).hexdigest()}\n")
    return path


class Pip:
    """Writes the wheel where the command says."""

    def __init__(self, content: bytes = WHEEL) -> None:
        self.commands: list[Sequence[str]] = []
        self.content = content

    def __call__(self, command: Sequence[str]) -> None:
        self.commands.append(command)
        folder = Path(command[list(command).index("--dest") + 1])
        (folder / "thing-1.0-py3-none-any.whl").write_bytes(self.content)


def test_wheels_are_downloaded_once(requirements: Path, tmp_path: Path) -> None:
    pip = Pip()

    first = wheels.wheels(requirements, "3.14", "arm64", cache=tmp_path, run=pip)
    second = wheels.wheels(requirements, "3.14", "arm64", cache=tmp_path, run=pip)

    assert first == second
    assert len(pip.commands) == 1


def test_other_pins_pythons_and_processors_have_their_own_wheels(requirements: Path, tmp_path: Path) -> None:
    pip = Pip()

    for version, architecture in (("3.14", "arm64"), ("3.13", "arm64"), ("3.14", "x86_64")):
        wheels.wheels(requirements, version, architecture, cache=tmp_path, run=pip)
    requirements.write_text(requirements.read_text() + "# changed\n")
    wheels.wheels(requirements, "3.14", "arm64", cache=tmp_path, run=pip)

    assert len(pip.commands) == 4


def test_a_spoiled_wheel_in_the_cache_is_downloaded_anew(requirements: Path, tmp_path: Path) -> None:
    pip = Pip()
    (found,) = wheels.wheels(requirements, "3.14", "arm64", cache=tmp_path, run=pip)
    found.write_bytes(b"spoiled")

    (again,) = wheels.wheels(requirements, "3.14", "arm64", cache=tmp_path, run=pip)

    assert again.read_bytes() == WHEEL


def test_an_interrupted_download_leaves_no_cache(requirements: Path, tmp_path: Path) -> None:
    def interrupted(command: Sequence[str]) -> None:
        Pip()(command)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wheels.wheels(requirements, "3.14", "arm64", cache=tmp_path, run=interrupted)

    assert not list(tmp_path.rglob("*.whl"))


def test_too_few_wheels_are_noticed(requirements: Path, tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="only nothing"):
        wheels.wheels(requirements, "3.14", "arm64", cache=tmp_path, run=lambda _: None)


def test_pip_is_told_lambdas_platform_and_to_check_hashes(tmp_path: Path) -> None:
    command = wheels.pip_command(Path("lambda.txt"), "3.14", "arm64", tmp_path)

    assert command[:3] == [sys.executable, "-m", "pip"]
    assert "--require-hashes" in command
    assert "manylinux_2_28_aarch64" in command
    assert "manylinux2014_aarch64" in command
    assert command[command.index("--python-version") + 1] == "3.14"


def test_an_interpreter_without_pip_is_told_how_to_get_it() -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('/usr/bin/python: No module named pip')"]

    with pytest.raises(PackagingError, match="ensurepip"):
        wheels.run_pip(command)


def test_what_pip_said_is_shown() -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such host')"]

    with pytest.raises(PackagingError, match=r"could not download.*\n.*no such host"):
        wheels.run_pip(command)


def test_the_requirements_of_the_layer_are_found() -> None:
    pins = wheels.requirements_file().read_text()

    assert "pillow==" in pins
    assert "piexif==" in pins


def test_the_cache_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert wheels.cache_folder() == tmp_path / "imageproc"
