"""Photos followed to their end, with a line for each that is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from imageproc.cli.output import brief, console, short_name, status

if TYPE_CHECKING:
    from imageproc import Photo, Uploaded, Workbench


def follow(workbench: Workbench, photos: Sequence[Uploaded | str]) -> list[Photo]:
    """Wait until these uploads, or photos by their IDs, are finished; print each, and return them.

    Raises FollowTimeoutError if nothing like the usual speed is seen; the photos continue nevertheless.
    """
    done: list[Photo] = []
    columns = (TextColumn("Processing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("photos", total=len(photos))
        for photo in workbench.photos.follow(photos, notify=bar.console.print):
            if photo.status.finished:
                done.append(photo)
                bar.advance(task)
                bar.console.print(status(photo), Text(short_name(photo.name)), Text(brief(photo)))
    return done
