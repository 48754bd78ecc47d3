"""Photos followed to their end, with a line for each that is done, and an exit code for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from imageproc.cli.output import brief, console, errors, short_name, status
from imageproc.core.record import Status
from imageproc.errors import RecognitionUnavailableError
from imageproc.presentation.text import photos_text

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


def exit_code(workbench: Workbench, photos: Sequence[Photo]) -> int:
    """Return 1 if one of the photos is not complete, which is said, else 0.

    Labels that a local AWS does not make, because recognition is off or not installed, are not missed.
    """
    local = workbench.stack.target.is_local
    bad = [
        one for one in photos if one.status is not Status.SUCCEEDED and not (local and _is_unlabelled(one))
    ]
    if bad:
        errors.print(
            f"{photos_text(len(bad))} of {len(photos):,} did not succeed: `imageproc failures` says why."
        )
    return int(bool(bad))


def _is_unlabelled(photo: Photo) -> bool:
    names = {error.name for error in photo.missing.values()}
    return photo.status is Status.INCOMPLETE and names == {RecognitionUnavailableError.__name__}
