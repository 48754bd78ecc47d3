"""`imageproc failures`: what failed, why, where, how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from imageproc.cli import options
from imageproc.cli.options import Connection
from imageproc.cli.output import console, print_json
from imageproc.cli.selection import PhotoOptions, selection
from imageproc.presentation.text import in_words, photos_text

if TYPE_CHECKING:
    from imageproc import FailureGroup

_NAMES = 3
"""How many photos of a group are named."""


@click.command()
@options.connection
@selection()
@options.as_json
def failures(connection: Connection, selection: PhotoOptions, as_json: bool) -> None:
    """Show what failed or is missing, in which step, why and how often: of all photos, or of a selection."""
    groups = connection.workbench.photos.failures(selection.among(connection.workbench))
    if as_json:
        for group in groups:
            print_json(_plain(group))
        return
    if not groups:
        console.print("Nothing failed.")
    for group in groups:
        _print_group(group)
    if any(group.retriable for group in groups):
        console.print("imageproc retry --all --step STEP runs them again.")
    waiting = connection.workbench.dead_letters.count()
    if waiting:
        console.print(f"{waiting} uploads could not be started: imageproc redrive --list shows them.")


def _print_group(group: FailureGroup) -> None:
    """Print what failed in a few lines, which are legible in a narrow terminal, too."""
    names = [photo.name for photo in group.photos[:_NAMES]]
    more = f" and {group.count - _NAMES} more" if group.count > _NAMES else ""
    lacks = f", no {group.part}" if group.part else ""
    console.print(
        f"{photos_text(group.count)} {in_words(group.status).lower()}{lacks}: {', '.join(names)}{more}"
    )
    console.print(f"  {group.step}: {group.name}: {group.causes[0][0]}")
    if len(group.causes) > 1:
        console.print(f"  and {len(group.causes) - 1} other causes")


def _plain(group: FailureGroup) -> dict[str, object]:
    return {
        "count": group.count,
        "status": group.status,
        "part": group.part,
        "step": group.step,
        "name": group.name,
        "causes": [{"cause": cause, "count": count} for cause, count in group.causes],
        "photos": [photo.id for photo in group.photos],
    }
