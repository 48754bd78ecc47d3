"""Commands as the pages show them: each exists, with its options."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from imageproc.cli import imageproc
from imageproc.cli.commands import _COMMANDS
from tests import test_docs

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / page for page in test_docs.PAGES]
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_LINE = re.compile(r"^\$ (?:imageproc|\.venv/bin/python -m tests\.recording) (.+)$", re.MULTILINE)


def shown(text: str) -> list[str]:
    """Return the arguments of `imageproc` in a page's console blocks."""
    return [line for block in _BLOCK.findall(text) for line in _LINE.findall(block.replace("\\\n", " "))]


def unknown(arguments: str) -> list[str]:
    """Return what the command line does not know of a command: its name, or options."""
    name, *rest = shlex.split(arguments, comments=True)
    if name not in _COMMANDS:
        return [name]
    found = imageproc.get_command(click.Context(imageproc), name)
    if isinstance(found, click.Group) and rest:
        found = found.get_command(click.Context(found), rest[0])
    options = (
        {option for one in found.params for option in (*one.opts, *one.secondary_opts)} if found else set()
    )
    return [f"{name} {word}" for word in rest if re.match(r"--?[a-z]", word) and word not in options]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_exist_with_their_options(page: Path) -> None:
    assert [each for line in shown(page.read_text()) for each in unknown(line)] == []


def test_a_command_that_is_not_there_is_noticed() -> None:
    page = "```console\n$ imageproc uplaod cat.jpg\n$ imageproc upload cat.jpg --folow   # waits\n```"
    assert [each for line in shown(page) for each in unknown(line)] == ["uplaod", "upload --folow"]


def test_the_page_of_commands_lists_all_and_no_others() -> None:
    text = (ROOT / "docs" / "reference" / "commands.md").read_text()
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in re.findall(r"(?:^\| |, )`(?:imageproc )?([a-z]+)\b", row)}
    assert listed == set(_COMMANDS)
