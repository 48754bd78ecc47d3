"""Nothing that steers a terminal comes out of a photo, a name or an error, to a terminal or into a pipe."""

from __future__ import annotations

import ast
import errno
import io
import json
import os
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress
from rich.text import Text

import imageproc.cli
from imageproc.cli import output
from imageproc.cli.escaping import escaped, escaped_json
from imageproc.cli.problems import explained
from tests import pictures
from tests.cli.test_files import run

HOSTILE = "a\x9b31mred\x1b[31m\u202egpj.exe\u2066\u200b\r\x07\x85\ufeff"
FOLDER = Path(imageproc.cli.__file__).parent


def steering(text: str) -> set[str]:
    return {one for one in text if not one.isprintable() and one != "\n"}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / f"{HOSTILE}.jpg"
    path.write_bytes(pictures.jpeg(make=HOSTILE.encode(), model="EOS R5"))
    return path


def test_a_full_disk_is_no_defect(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, explained():
        raise OSError(errno.ENOSPC, "No space left on device")
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("Error: There is no space left where this is written.")


@pytest.mark.parametrize("arguments", [["inspect"], ["inspect", "--json"]])
def test_a_listing_escapes_names_and_exif(photo: Path, arguments: list[str]) -> None:
    answer = run(*arguments, photo, photo.with_name(f"{HOSTILE}.missing"))
    assert steering(answer.stdout + answer.stderr) == set()
    assert "9b" in answer.stdout
    assert "202e" in answer.stdout


def test_json_has_the_same_value(photo: Path) -> None:
    assert json.loads(run("inspect", "--json", photo).stdout)["file"] == str(photo)


@pytest.mark.parametrize(
    "arguments",
    [
        ["thumbnail", f"{HOSTILE}.jpg", "out.jpg"],
        ["run", HOSTILE],
        ["cost", "-p", HOSTILE],
        ["inspect", f"--{HOSTILE}"],
        [HOSTILE],
    ],
    ids=lambda arguments: arguments[0][:9],
)
def test_an_error_is_escaped(arguments: list[str]) -> None:
    answer = run(*arguments)
    assert answer.returncode != 0
    assert "202e" in answer.stderr
    assert steering(answer.stdout + answer.stderr) == set()


@pytest.mark.parametrize("error", [click.UsageError(HOSTILE), TimeoutError(HOSTILE), RuntimeError(HOSTILE)])
def test_an_error_of_any_kind_is_escaped(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), explained():
        raise error
    shown = capsys.readouterr().err
    assert "202e" in shown
    assert steering(shown) == set()


def test_on_a_terminal_the_only_control_sequences_are_our_own_colours() -> None:
    terminal = output._Console(file=io.StringIO(), force_terminal=True, width=300, highlight=False)
    with Progress(console=terminal, transient=True) as bar:
        bar.console.print(HOSTILE, Text(HOSTILE, "red"), Text.assemble("a", (HOSTILE, "bold")))
    with terminal.status("Removing...") as spinner:
        spinner.update(f"Removed {HOSTILE}")
    assert isinstance(terminal.file, io.StringIO)
    assert "\\u202e" in terminal.file.getvalue()
    assert steering(terminal.file.getvalue()) <= {"\x1b", "\r"}
    assert "\x1b[31mred" not in terminal.file.getvalue().replace("\x1b[31ma", "")


@given(st.text())
def test_what_is_escaped_prints_and_can_be_told_from_other_texts(text: str) -> None:
    assert steering(escaped(text, keep="\n")) == set()
    assert "\n" not in escaped(text), "a name makes no line of its own"


@given(st.recursive(st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_an_escaped_line_of_json_prints_and_has_the_same_value(value: object) -> None:
    line = escaped_json(json.dumps(value, ensure_ascii=False))
    assert line.isprintable()
    assert json.loads(line) == value


def test_a_file_name_that_is_no_text_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.jpg")
    path.write_bytes(b"no photo")
    for option in ([], ["--json"]):
        answer = run("inspect", *option, path)
        assert "udcff" in answer.stdout
        assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_commands_print_in_no_other_way(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    used = {
        ast.unparse(call) for call in calls if ast.unparse(call).split(".")[-1] in {"echo", "secho", "write"}
    }
    used |= {ast.unparse(call) for call in calls if ast.unparse(call) in {"print", "Console", "rich.print"}}
    # What shells.py says, shells read; all names in it print (tests/cli/test_completion.py).
    assert used <= ({"click.echo"} if path.stem in {"escaping", "output", "shells"} else set())
