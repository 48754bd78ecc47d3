"""What the README, the tutorial and the pages on security say is so."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from imageproc.cli.commands import _COMMANDS
from imageproc.deployment.template import read_sources
from imageproc.local import LocalStatus
from tests import pictures
from tests.flow.conftest import DONE, Backend

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("imageproc")
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    "page", ["explanation/security.md", "explanation/security-tests.md", "reference/security-rules.md"]
)
def test_what_the_security_pages_name_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    assert [path for path in re.findall(r"tests/[\w/-]+(?:\.\w+)?", text) if not (ROOT / path).exists()] == []
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


def test_the_tutorial_works(
    local_aws: LocalStatus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its commands one after the other, but for those that begin and end the local AWS, and those for AWS."""
    page, _, _ = (ROOT / "docs/tutorial/first-gallery.md").read_text().partition("## The same on AWS")
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(local_aws.state_dir))
    monkeypatch.setenv("IMAGEPROC_USER", "newcomer")
    folder = tmp_path / "Pictures"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(pictures.jpeg(model="EOS R5"))
    (folder / "two.jpg").write_bytes(pictures.jpeg(colour="red", model="EOS R5"))
    said: dict[str, str] = {}
    for kind, code in re.findall(r"```(console|python)\n(.*?)```", page, re.DOTALL):
        if kind == "python":
            exec(compile(code, "first-gallery.md", "exec"), {})
            continue
        for arguments in re.findall(r"^\$ imageproc (?!local )(.+)$", code, re.M):
            given = shlex.split(arguments.replace("~/Pictures", str(folder)))
            done = subprocess.run([COMMAND, *given], check=True, capture_output=True, text=True)
            said[given[0]] = done.stdout
    assert list(said) == ["deploy", "outputs", "upload", "photos", "tags", "failures", "destroy"]
    assert said["upload"].count(DONE) == 2
    assert said["photos"] == "0\n"  # neither has a date: the last of two
    python = capsys.readouterr().out
    assert "2 photos" in python
    assert "EOS R5" in python
    assert subprocess.run([COMMAND, "outputs"], check=False, capture_output=True).returncode == 1
