"""`imageproc failures`: what failed, why, where, how often."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from imageproc.cli import options
from imageproc.cli.options import Connection
from imageproc.cli.output import console, print_json
from imageproc.cli.selection import PhotoOptions, selection
from imageproc.presentation.text import in_words, number_text, photos_text

if TYPE_CHECKING:
    from imageproc import FailureGroup

_NAMES = 3
"""How many photos of a group are named."""
_CAUSES = 3
"""How many causes of a group are told."""


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
    if groups:
        console.print("imageproc show PHOTO tells all of one: a name as above, or an ID as --json has it.")
    if any(group.retriable for group in groups):
        console.print(
            "imageproc retry --all runs them again (--step: one step's), imageproc retry PHOTO one of them."
        )
    waiting = connection.workbench.dead_letters.count()
    if waiting:
        uploads = f"{waiting:,} upload{'' if waiting == 1 else 's'}"
        console.print(f"{uploads} could not be started: imageproc redrive --list shows them.")


def _print_group(group: FailureGroup) -> None:
    """Print what failed in a few lines, which are legible in a narrow terminal, too."""
    several = {name for name, count in Counter(one.name for one in group.photos).items() if count > 1}
    names = [one.id if one.name in several else one.name for one in group.photos[:_NAMES]]
    more = f" and {group.count - _NAMES} more" if group.count > _NAMES else ""
    lacks = f", no {group.part}" if group.part else ""
    heading = f"{photos_text(group.count)} {in_words(group.status).lower()}{lacks}"
    console.print(f"{heading}: {', '.join(names)}{more}", soft_wrap=True)
    for cause, count in group.causes[:_CAUSES]:
        times = f" ({photos_text(count)})" if len(group.causes) > 1 else ""
        console.print(f"  {group.step}: {group.name}: {cause}{times}")
    if (others := len(group.causes) - _CAUSES) > 0:
        console.print(f"  and {number_text(others, 'other cause')}: --json has all")
    if not group.retriable:
        console.print("  No other try can help.")


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
