"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imageproc.cli.commands import _COMMANDS
from imageproc.local import LocalStatus
from tests import pictures
from tests.flow.conftest import Backend

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_every_command_is_documented() -> None:
    table = README[README.index("## Commands") : README.index("## What is recorded")]
    assert {name for name in _COMMANDS if not re.search(rf"`(imageproc )?{name}\b", table)} == set()


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
