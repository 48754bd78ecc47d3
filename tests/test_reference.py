"""The generated reference has everything that is public: names, commands, parameters, outputs, errors."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
from pathlib import Path
from types import ModuleType

import click
import pytest
from cfnlint.decode.cfn_yaml import loads

import imageproc
from imageproc import errors, widgets
from imageproc.cli.commands import imageproc as command_line
from imageproc.deployment.template import read_sources

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    script: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    folder = tmp_path_factory.mktemp("reference")
    script.main(folder)
    return {path.stem: path.read_text() for path in folder.iterdir()}


def headings(page: str) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", page, re.M))


def test_every_public_name_has_a_heading(pages: dict[str, str]) -> None:
    for module, page in ((imageproc, "python"), (widgets, "widgets")):
        assert {name for name in module.__all__ if not name.startswith("_")} <= headings(pages[page])


def test_every_public_member_of_the_facade_has_a_heading(pages: dict[str, str]) -> None:
    members = {name for name in vars(imageproc.Workbench) if not name.startswith("_")}
    found = {one.removeprefix("Workbench.").removesuffix("()") for one in headings(pages["python"])}
    assert members - found == set()


def test_every_command_and_option_is_there(pages: dict[str, str]) -> None:
    page = pages["commands"]

    def look(command: click.Command, context: click.Context) -> None:
        section = page.partition(f" {context.command_path}\n")[2].partition("\n#")[0]
        assert section, context.command_path
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.opts[0] in section, f"{context.command_path} {parameter.opts}"
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                look(inner, click.Context(inner, info_name=name, parent=context))

    look(command_line, click.Context(command_line, info_name="imageproc"))


def test_every_parameter_and_output_is_there_with_what_it_is(pages: dict[str, str]) -> None:
    template = json.loads(json.dumps(loads(read_sources().template)))
    cells = [
        line.strip("| ").split(" | ") for line in pages["template"].splitlines() if line.startswith("| `")
    ]
    rows = {first.strip("`"): rest[-1] for first, *rest in cells}
    assert set(rows) == {*template["Parameters"], *template["Outputs"]}
    assert [name for name, text in rows.items() if not text] == []


def test_every_error_is_there_with_its_usual_fix(pages: dict[str, str]) -> None:
    page = pages["errors"]
    kinds = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, Exception)]
    assert {kind.__name__ for kind in kinds} <= headings(page)
    for kind in kinds:
        section = page.partition(f"# {kind.__name__}\n")[2].partition("\n#")[0]
        assert ("*Fix:*" in section) == bool(vars(kind).get("default_fix")), kind.__name__
