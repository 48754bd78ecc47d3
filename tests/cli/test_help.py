from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from imageproc.cli import imageproc
from imageproc.cli.commands import _COMMANDS

EXPECTED = {
    "deploy",
    "outputs",
    "upload",
    "import",
    "photos",
    "tags",
    "facets",
    "show",
    "similar",
    "rarest",
    "duplicates",
    "albums",
    "label",
    "export",
    "evaluate",
    "move",
    "copy",
    "download",
    "forget",
    "cost",
    "lab",
    "notebooks",
    "run",
    "app",
    "executions",
    "failures",
    "logs",
    "redrive",
    "reprocess",
    "retry",
    "reconcile",
    "destroy",
    "package",
    "inspect",
    "thumbnail",
    "local",
    "demo",
    "doctor",
    "compare",
    "completion",
}
WITHOUT_TARGET = {
    "lab",
    "notebooks",
    "run",
    "app",
    "inspect",
    "thumbnail",
    "package",
    "label",  # each way to correct them does
    "local",
    "demo",
    "completion",
}


def command(name: str) -> click.Command:
    found = imageproc.get_command(click.Context(imageproc), name)
    assert found is not None
    return found


def options(name: str) -> set[str]:
    return {option for parameter in command(name).params for option in parameter.opts}


def test_all_commands_are_there() -> None:
    assert set(_COMMANDS) == EXPECTED
    local: Any = command("local")
    assert set(local.commands) == {"start", "stop", "status", "reset", "logs"}
    albums: Any = command("albums")
    assert set(albums.commands) == {"create", "edit", "delete"}


def test_each_way_to_correct_labels_says_where_and_has_help() -> None:
    label = command("label")
    assert isinstance(label, click.Group)
    assert set(label.commands) == {"add", "remove", "rename", "undo", "import", "hide", "show"}
    for one in label.commands.values():
        assert one.help
        named = {parameter.opts[0] for parameter in one.params}
        assert named >= {"--target", "--profile", "--region", "--stack-name", "--album"}
        assert all(parameter.help for parameter in one.params if isinstance(parameter, click.Option))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_command_and_option_has_help(name: str) -> None:
    answer = CliRunner().invoke(imageproc, [name, "--help"])
    assert answer.exit_code == 0
    assert command(name).help
    for parameter in command(name).params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.show_default, parameter.name


@pytest.mark.parametrize("name", sorted(EXPECTED - WITHOUT_TARGET))
def test_commands_on_a_stack_say_where(name: str) -> None:
    assert options(name) >= {"--target", "--profile", "--region", "--stack-name"}


@pytest.mark.parametrize(
    "name",
    [
        *("outputs", "photos", "tags", "facets", "cost", "show", "albums", "executions", "inspect"),
        *("upload", "doctor"),
    ],
)
def test_listings_speak_json(name: str) -> None:
    assert "--json" in options(name)
