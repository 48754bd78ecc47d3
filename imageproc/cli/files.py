"""`imageproc inspect` and `imageproc thumbnail`: the pipeline's own code on files, with no AWS at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from imageproc.cli import options
from imageproc.cli.escaping import say
from imageproc.cli.output import console, print_json
from imageproc.core.metadata import read_metadata
from imageproc.core.thumbnail import make_thumbnail
from imageproc.errors import ImageRejectedError


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.as_json
def inspect(files: tuple[Path, ...], as_json: bool) -> None:
    """Print what would be recorded of FILES: format, size, camera, time and place.

    A file that would be rejected is printed with the reason, and the next one follows; the exit code is
    1 then.
    """
    failed = False
    for path in files:
        found = _inspected(path)
        failed |= "error" in found
        if as_json:
            print_json({"file": str(path), **found})
        else:
            _print(path, found)
    if failed:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path, dir_okay=False))
def thumbnail(source: Path, target: Path) -> None:
    """Write to OUT the thumbnail that would be made of the photo IN."""
    try:
        made = make_thumbnail(source.read_bytes())
        target.write_bytes(made.data)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    except ImageRejectedError as error:
        raise click.ClickException(f"{source}: {type(error).__name__}: {error}") from error
    cut = ", of a file that lacks its end" if made.truncated else ""
    say(f"{target}: {made.format}, {made.width} × {made.height} pixels{cut}")


def _inspected(path: Path) -> dict[str, Any]:
    try:
        if path.exists() and not path.is_file():
            raise IsADirectoryError(None, "It is not a regular file")
        with path.open("rb") as file:
            return read_metadata(file, path.stat().st_size).attributes()
    except ImageRejectedError as error:
        return {"error": {"name": type(error).__name__, "cause": str(error)}}
    except OSError as error:
        return {"error": {"name": type(error).__name__, "cause": error.strerror or str(error)}}


def _print(path: Path, found: Mapping[str, Any]) -> None:
    console.print(str(path), style="bold")
    for name, value in found.items():
        console.print("  ", f"{name:<28}{_shown(value)}", sep="")


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return str(value)
