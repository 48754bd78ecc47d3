"""`imageproc logs`: one photo's whole run."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.text import Text

from imageproc.cli import completion, options
from imageproc.cli.escaping import escaped
from imageproc.cli.options import Connection
from imageproc.cli.output import console, print_json

if TYPE_CHECKING:
    from imageproc import LogEntry

_STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
_HIDDEN = ("stackTrace", "_aws", "objectID", "versionId")
"""Fields that the lines for people leave out; --json has them."""


@click.command()
@options.connection
@click.argument("photo_id", metavar="PHOTO", shell_complete=completion.photos)
@options.as_json
def logs(connection: Connection, photo_id: str, as_json: bool) -> None:
    """Show what was logged of PHOTO's last run, from the upload's event to the last step, by time."""
    workbench = connection.workbench
    photo = workbench.photos.find(photo_id)
    for entry in workbench.logs.of_photo(photo):
        if as_json:
            print_json(asdict(entry))
        else:
            console.print(_line(entry), soft_wrap=True)
    url = workbench.executions.console_url(photo.execution_arn) if photo.execution_arn else None
    if url and not as_json:
        console.print(url, soft_wrap=True)


def _line(entry: LogEntry) -> Text:
    line = Text(f"{entry.time.astimezone():%H:%M:%S.%f}"[:-3])
    line.append(f"  {entry.level:<8}", _STYLES.get(entry.level, "dim"))
    shown = {name: value for name, value in entry.fields.items() if name not in _HIDDEN}
    rest = " ".join(f"{name}={_text(value)}" for name, value in shown.items())
    line.append(escaped(f"{entry.source:<26}{entry.message}  {rest}".rstrip()))
    return line


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
