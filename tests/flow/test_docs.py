"""What the README and the page of commands say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imageproc.cli.commands import _COMMANDS
from imageproc.deployment.template import read_sources
from imageproc.local import LocalStatus
from tests import pictures
from tests.flow.conftest import Backend

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = (ROOT / "docs" / "commands.md").read_text()


def test_every_command_is_documented() -> None:
    assert {name for name in _COMMANDS if not re.search(rf"`(imageproc )?{name}\b", COMMANDS)} == set()


def test_every_documented_command_exists() -> None:
    rows = [line.split(" | ")[0] for line in COMMANDS.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(?:imageproc )?([a-z]+)\b", row)}
    assert named <= set(_COMMANDS)


@pytest.mark.parametrize("page", ["security.md", "security-rules.md"])
def test_what_the_security_pages_name_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    assert [path for path in re.findall(r"tests/[\w/-]+(?:\.\w+)?", text) if not (ROOT / path).exists()] == []
    assert [
        path for path in re.findall(r"\]\(([^)#:]+)\)", text) if not (ROOT / "docs" / path).exists()
    ] == []
    commands = re.findall(r"`?imageproc ([a-z]+)\b", text)
    assert set(commands) <= set(_COMMANDS)
    template = read_sources().template
    parameters = re.findall(r"`([A-Z][A-Za-z]+[a-z][A-Z][A-Za-z]+)(?:=\w+)?`", text)
    assert [name for name in parameters if f"\n  {name}:\n" not in template] == []


def test_the_python_of_the_readme_works(
    backend: Backend,
    local_aws: LocalStatus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = README[README.index("```python") + len("```python") :].partition("```")[0]
    code = code.replace('open_target("local")', f'open_target("local"), "{backend.stack.name}"')
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(local_aws.state_dir))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.jpg").write_bytes(pictures.jpeg(model="EOS R5"))

    exec(compile(code, "README.md", "exec"), {})

    assert "EOS R5" in capsys.readouterr().out
