"""Write the reference's pages from the code: `python scripts/reference.py FOLDER`.

Python from docstrings and signatures, commands from click, parameters and outputs from the template, errors
from their tree: what is public cannot be missing, and what is documented exists.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from cfnlint.decode.cfn_yaml import loads

import imageproc
from imageproc import errors, widgets
from imageproc.cli.commands import imageproc as command_line
from imageproc.deployment.template import read_sources
from imageproc.errors import ImageprocError

Lines = Iterator[str]

_WIDEST = 88
"""Characters of parameters in one line."""


def main(folder: Path) -> None:
    """Write all pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text("\n".join(page()) + "\n")


def python_page() -> Lines:
    """Yield the public names of `imageproc`."""
    yield "# Python"
    yield "\nWhat `imageproc` offers by name. Everything else may change without notice."
    yield from _names(imageproc)


def widgets_page() -> Lines:
    """Yield the public names of `imageproc.widgets`."""
    yield "# Widgets"
    yield "\nWhat `imageproc.widgets` offers by name: parts know no AWS, panels work with a workbench."
    yield from _names(widgets)


def commands_page() -> Lines:
    """Yield every command with its arguments and options."""
    yield "# Commands and options"
    context = click.Context(command_line, info_name="imageproc")
    yield from _command(command_line, context)


def template_page() -> Lines:
    """Yield the template's parameters and outputs."""
    template = json.loads(json.dumps(loads(read_sources().template)))
    yield "# Template\n\n## Parameters\n"
    yield "| parameter | default | allowed | |\n| --- | --- | --- | --- |"
    for name, one in template["Parameters"].items():
        allowed = [f"`{value}`" for value in one.get("AllowedValues", [])]
        limits = [f"{one[limit]}" for limit in ("MinValue", "MaxValue") if limit in one]
        cells = [f"`{name}`", f"`{one['Default']}`" if one.get("Default", "") != "" else "none"]
        cells += [", ".join(allowed) or " to ".join(limits) or one["Type"], one["Description"]]
        yield _row(cells)
    yield "\n## Outputs\n\n| output | |\n| --- | --- |"
    for name, one in template["Outputs"].items():
        yield _row([f"`{name}`", one.get("Description", "")])


def errors_page() -> Lines:
    """Yield every error: what it means, and what to do."""
    yield "# Errors"
    yield "\nEach has a `cause`, which says what happened, and a `fix`. The fix below is the usual one;"
    yield "where there is none, the message has one for the case."
    for depth, kind in _tree(ImageprocError, 0):
        yield f"\n{'#' * min(depth + 2, 4)} {kind.__name__}\n"
        yield from _text(inspect.getdoc(kind))
        if fix := vars(kind).get("default_fix"):
            yield f"\n*Fix:* {_plain(fix)}"


PAGES: dict[str, Callable[[], Lines]] = {
    "python": python_page,
    "widgets": widgets_page,
    "commands": commands_page,
    "template": template_page,
    "errors": errors_page,
}
"""By file name."""


def _names(module: ModuleType) -> Lines:
    for name in sorted(one for one in module.__all__ if not one.startswith("__")):
        value = getattr(module, name)
        yield f"\n## {name}\n"
        if inspect.isclass(value) or inspect.isfunction(value):
            yield from _callable(value, name)
        else:
            yield f"`{value!r}`"
        if inspect.isclass(value):
            yield from _members(value)


def _callable(value: Any, name: str) -> Lines:
    if signature := _signature(value):
        yield f"```python\n{name}{signature}\n```\n"
    yield from _text(inspect.getdoc(value))


def _members(kind: type) -> Lines:
    """Yield the public members that this package defines, its own bases' among them."""
    members = {
        name: member
        for base in reversed(kind.__mro__)
        if base.__module__.startswith("imageproc")
        for name, member in vars(base).items()
        if not name.startswith("_")
    }
    for name, member in members.items():
        member = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if isinstance(member, property | cached_property):
            yield f"\n### {kind.__name__}.{name}\n"
            yield from _text(inspect.getdoc(member))
        elif inspect.isfunction(member):
            yield f"\n### {kind.__name__}.{name}()\n"
            yield from _callable(member, name)


def _signature(value: Any) -> str:
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    public = [one for one in signature.parameters.values() if one.name != "self" and one.name[0] != "_"]
    shown = [_bare(str(one)) for one in public]
    keyword_only = [one.kind is one.KEYWORD_ONLY for one in public]
    if True in keyword_only and not any(one.kind is one.VAR_POSITIONAL for one in public):
        shown.insert(keyword_only.index(True), "*")
    inside, result = ", ".join(shown), signature.return_annotation
    if len(inside) > _WIDEST:
        inside = "\n    " + ",\n    ".join(shown) + ",\n"
    return f"({inside})" + ("" if inspect.isclass(value) else f" -> {_bare(str(result))}")


def _bare(text: str) -> str:
    """Return a parameter as it is written: annotations are kept as text."""
    text = re.sub(r" at 0x[0-9a-f]+|<function .*?>|<factory>", "…", text)
    return re.sub(r"(^|: )'([^']*)'", r"\1\2", text)


def _command(command: click.Command, context: click.Context) -> Lines:
    yield f"\n{'#' * min(context.command_path.count(' ') + 2, 4)} {context.command_path}\n"
    yield f"```console\n$ {command.get_usage(context).removeprefix('Usage: ')}\n```\n"
    yield from _text(inspect.cleandoc(command.help or ""))
    rows = [record for one in command.get_params(context) if (record := one.get_help_record(context))]
    if rows:
        yield "\n| option | |\n| --- | --- |"
        yield from (_row([f"`{names}`", text]) for names, text in rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _command(inner, click.Context(inner, info_name=name, parent=context))


def _tree(kind: type[ImageprocError], depth: int) -> Iterator[tuple[int, type[ImageprocError]]]:
    yield depth, kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _tree(below, depth + 1)


def _text(text: str | None) -> Lines:
    """Yield a docstring as Markdown: examples and drawings become code."""
    for block in re.split(r"\n\s*\n", inspect.cleandoc(text or "")):
        if block.lstrip().startswith(">>>"):
            example = re.sub(r"  # doctest: .*", "", block)
            yield f"```python\n{example}\n```\n"
        elif block.startswith("    "):
            yield f"```text\n{inspect.cleandoc(block)}\n```\n"
        else:
            yield _plain(block) + "\n"


def _plain(text: str) -> str:
    """Return text in which only code is markup."""
    parts = re.split(r"(`[^`]*`)", text.replace("::\n", ":\n"))
    return "".join(one if one.startswith("`") else re.sub(r"([<*_|\[\]$])", r"\\\1", one) for one in parts)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", " ".join(cell.split())) for cell in cells) + " |"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
