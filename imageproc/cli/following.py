"""Photos followed to their end, with a line for each that is done, and an exit code for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from imageproc.cli.output import brief, console, errors, short_name, status
from imageproc.core.record import Status
from imageproc.errors import AwsError, RecognitionUnavailableError
from imageproc.presentation.text import photos_text

if TYPE_CHECKING:
    from imageproc import Photo, Uploaded, UploadPaused, UploadResumed, Workbench
    from imageproc.client.uploads.outage import Outage


def follow(
    workbench: Workbench, photos: Sequence[Uploaded | str], outage_timeout_s: float | None = None
) -> list[Photo]:
    """Wait until these uploads, or photos by their IDs, are finished; print each, and return them.

    While AWS does not answer or the credentials have expired, it waits so many seconds, by default as an
    upload does.

    Raises FollowTimeoutError if nothing like the usual speed is seen; the photos continue nevertheless.
    Raises AwsError.
    """
    done: list[Photo] = []
    waiting: dict[str, Uploaded | str] = {
        one if isinstance(one, str) else one.photo_id: one for one in photos
    }
    columns = (TextColumn("Processing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("photos", total=len(waiting))
        outage = _outage(workbench, bar.console.print, outage_timeout_s)
        while True:
            try:
                for photo in workbench.photos.follow(list(waiting.values()), notify=bar.console.print):
                    if photo.status.finished:
                        waiting.pop(photo.id, None)
                        done.append(photo)
                        bar.advance(task)
                        bar.console.print(status(photo), Text(short_name(photo.name)), Text(brief(photo)))
            except AwsError as error:
                if not outage.outlast(error):
                    raise
            else:
                return done


def _outage(workbench: Workbench, tell: Callable[[str], object], timeout_s: float | None) -> Outage:
    from imageproc import Cancellation
    from imageproc.client.uploads.outage import TIMEOUT_S, Outage

    def told(event: UploadPaused | UploadResumed) -> None:
        tell(waiting_text(event, "the photos are followed on"))

    def probe() -> object:
        return workbench.albums.of()

    limit = TIMEOUT_S if timeout_s is None else timeout_s
    return Outage(workbench.stack.target, probe, told, Cancellation(), limit)


def waiting_text(event: UploadPaused | UploadResumed, then: str) -> str:
    """Return what is said of an outage: that it has begun, or that it is over, and what happens `then`."""
    from imageproc import UploadResumed

    if isinstance(event, UploadResumed):
        return f"AWS answers again: {then}."
    return f"Waiting: {event.cause} It goes on by itself; Ctrl+C ends it."


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
