"""Photos followed to their end, with a line for each that is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from imageproc.cli.output import brief, console, status
from imageproc.client.photos import Photo, Photos, Version
from imageproc.client.stack import Stack


def follow(stack: Stack, photos: Mapping[str, Version | None]) -> list[Photo]:
    """Wait until these uploads (by object ID; None: whichever) are done, print each, and return them.

    Raises TimeoutError if nothing like the usual speed is seen; the photos go on nevertheless.
    """
    done: list[Photo] = []
    bar = Progress(
        TextColumn("Processing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("photos", total=len(photos))
        for photo in _followed(stack, photos, bar.console.print):
            if photo.status.finished:
                done.append(photo)
                bar.advance(task)
                bar.console.print(status(photo), photo.file_name, brief(photo))
    return done


def _followed(
    stack: Stack, photos: Mapping[str, Version | None], notify: Callable[[str], object]
) -> Iterator[Photo]:
    versions = {photo_id: version for photo_id, version in photos.items() if version}
    return Photos(stack).follow(photos, versions=versions, notify=notify)
