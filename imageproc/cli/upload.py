"""`imageproc upload`: files and folders become photos."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from imageproc.cli import completion, options
from imageproc.cli.following import exit_code, follow, waiting_text
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, print_json, size
from imageproc.cli.repeats import Repeats
from imageproc.errors import ImageprocError

if TYPE_CHECKING:
    from imageproc import Album, PreparedFile, RefusedFile, Uploaded, UploadFailed, Workbench


@click.command()
@options.connection
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@options.user
@click.option(
    "--album",
    default="Photos",
    show_default=True,
    help="The album's name; it is created if need be.",
    shell_complete=completion.albums,
)
@click.option(
    "--follow",
    "wait",
    is_flag=True,
    help="Wait until they are processed; the exit code is 1 if one does not succeed.",
)
@click.option("--again", is_flag=True, help="Also send files that are in the bucket already.")
@click.option(
    "--allow-duplicates",
    is_flag=True,
    help="Also send files whose content the album has under another name.",
)
@click.option(
    "--no-check", is_flag=True, help="Send files that are not JPEG or PNG; the pipeline will reject them."
)
@click.option(
    "--outage-timeout",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    help="Seconds to wait while AWS does not answer or the credentials have expired.",
)
@options.as_json
def upload(
    connection: Connection,
    paths: tuple[str, ...],
    user: str,
    album: str,
    wait: bool,
    again: bool,
    allow_duplicates: bool,
    no_check: bool,
    outage_timeout: float,
    as_json: bool,
) -> None:
    """Upload PATHS, files and folders, into an album."""
    _check(paths, album)
    connection.announce()
    workbench = connection.workbench
    open_album = cache(partial(workbench.albums.get_or_create, album, user))
    ready, refused = _prepared(workbench.uploads.prepare(paths, open_album, check=not no_check))
    if not ready:
        raise click.ClickException(f"Nothing was uploaded: {_not_sent(len(refused))}.")
    into = open_album()
    sent, failed = send(
        workbench,
        into,
        ready,
        again=again,
        allow_duplicates=allow_duplicates,
        outage_timeout_s=outage_timeout,
    )
    if as_json:
        for one in sent:
            print_json({"file": str(one.file.path), "imageID": one.photo_id, "sent": not one.already_there})
    else:
        _summarise(sent, len(refused), len(failed), into, _moved(workbench, into, sent))
        if not wait and any(not one.already_there for one in sent):
            console.print("A photo is listed as soon as its processing begins; --follow waits for its end.")
    ended = exit_code(workbench, follow(workbench, sent, outage_timeout)) if wait else 0
    if refused or failed or ended:
        raise click.exceptions.Exit(1)


def _check(paths: tuple[str, ...], album: str) -> None:
    """Refuse typing errors before anything is started."""
    from imageproc.client.uploads.files import given_paths

    if not album:
        raise click.BadParameter("An album needs a name.", param_hint="--album")
    for path in given_paths(paths):
        if not path.exists():
            raise click.BadParameter(f"There is no file or folder {path}.", param_hint="PATHS")


def send(
    workbench: Workbench, album: Album, ready: list[PreparedFile], **options: Any
) -> tuple[list[Uploaded], list[UploadFailed]]:
    """Send files with one progress bar for all; say which failed, and on an interrupt what was sent.

    `options` are those of `Uploads.send`.
    """
    from imageproc import Uploaded, UploadFailed, UploadPaused, UploadProgress, UploadResumed

    sent: list[Uploaded] = []
    failed: list[UploadFailed] = []
    repeats = Repeats("Not uploaded", errors.print)
    columns = (TextColumn("Uploading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("files", total=sum(file.size for file in ready))
        try:
            for event in workbench.uploads.send(ready, album, **options):
                match event:
                    case UploadProgress():
                        bar.advance(task, event.sent)
                    case Uploaded():
                        sent.append(event)
                        bar.advance(task, event.file.size if event.already_there else 0)
                    case UploadFailed():
                        failed.append(event)
                        repeats.tell(str(event.file.path), event.cause, within=event.file.path.name)
                    case UploadPaused() | UploadResumed():
                        bar.console.print(waiting_text(event, "the upload goes on"))
        except KeyboardInterrupt:
            known = f"{len(sent):,} of {len(ready):,} files are known to be uploaded"
            errors.print(f"{known}. Run it again for the others: what is there is not sent twice.")
            raise
    repeats.end()
    return sent, failed


def _prepared(
    found: Iterable[PreparedFile | RefusedFile],
) -> tuple[list[PreparedFile], list[RefusedFile]]:
    """Return the files that can be sent, and the others, which are named."""
    from imageproc import PreparedFile

    ready: list[PreparedFile] = []
    refused: list[RefusedFile] = []
    with errors.status("Looking at the files") as status:
        for one in found:
            if isinstance(one, PreparedFile):
                ready.append(one)
                status.update(f"Looking at the files: {len(ready):,}")
            else:
                refused.append(one)
                errors.print(f"Not sent: {one.path}: {one.cause}")
    return ready, refused


def _not_sent(refused: int) -> str:
    return "the file cannot be sent" if refused == 1 else f"none of the {refused:,} files can be sent"


def _moved(workbench: Workbench, album: Album, sent: list[Uploaded]) -> Counter[str]:
    """Return how many of the files that were there already are in which other albums now."""
    from imageproc.client.photos.moves import moved_away

    there = [one.photo_id for one in sent if one.already_there]
    with contextlib.suppress(ImageprocError):  # the files are uploaded all the same
        return Counter(moved_away(workbench.photos, album, there).values() if there else ())
    return Counter()


def _summarise(sent: list[Uploaded], refused: int, failed: int, album: Album, moved: Counter[str]) -> None:
    new = [one for one in sent if not one.already_there]
    for one in sent:
        if one.there_as:
            console.print(f"Already there as {one.there_as}: {one.file.path}", soft_wrap=True)
    parts = [f"{len(new)} uploaded ({size(sum(one.file.size for one in new))}) into the album {album.name}"]
    if there := len(sent) - len(new) - moved.total():
        parts.append(f"{there} there already")
    parts += [f"{count} uploaded before and moved to {name} since" for name, count in moved.items()]
    parts += [f"{refused} not sent"] if refused else []
    parts += [f"{failed} failed: run the same command again"] if failed else []
    console.print(", ".join(parts) + ".")
