"""`imageproc upload`: files and folders become photos."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from imageproc.cli import options
from imageproc.cli.following import follow
from imageproc.cli.options import Place
from imageproc.cli.output import console, errors, print_json, size
from imageproc.client.albums import Album
from imageproc.client.stack import Stack
from imageproc.client.uploads import (
    Failed,
    Progress,
    Refused,
    Sent,
    Upload,
    Uploads,
    check_name,
)


@click.command()
@options.place
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--user", default=getpass.getuser, show_default="your login name", help="Whose photos they are."
)
@click.option("--album", default="Photos", show_default=True, help="The album's name; it is made if need be.")
@click.option("--follow", "wait", is_flag=True, help="Wait until they are processed.")
@click.option("--again", is_flag=True, help="Also send files that are in the bucket already.")
@click.option(
    "--no-check", is_flag=True, help="Send files that are no JPEG or PNG; the pipeline will reject them."
)
@options.as_json
def upload(
    place: Place,
    paths: tuple[Path, ...],
    user: str,
    album: str,
    wait: bool,
    again: bool,
    no_check: bool,
    as_json: bool,
) -> None:
    """Upload PATHS, files and folders, into an album."""
    place.announce()
    if not album:
        raise click.BadParameter("An album needs a name.", param_hint="--album")
    check_name(user)
    into = place.workbench.albums.named(user, album)
    ready, refused = _prepared(place.workbench.prepare(paths, into, check=not no_check))
    sent, failed = send(place.stack, into, ready, again=again)
    if as_json:
        for one in sent:
            print_json(
                {"file": str(one.upload.path), "imageID": one.upload.object_id, "sent": not one.already_there}
            )
    else:
        _summarise(sent, len(refused), len(failed), album)
    if wait:
        follow(place.stack, {one.upload.object_id: one.version for one in sent})
    if refused or failed:
        raise click.exceptions.Exit(1)


def send(
    stack: Stack, album: Album, ready: list[Upload], *, again: bool = False
) -> tuple[list[Sent], list[Failed]]:
    """Send files with one progress bar for all; say which failed."""
    sent: list[Sent] = []
    failed: list[Failed] = []
    columns = (TextColumn("Uploading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("files", total=sum(upload.size for upload in ready))
        for event in Uploads(stack, album.user, album.id).send(ready, again=again):
            if isinstance(event, Progress):
                bar.advance(task, event.sent)
            elif isinstance(event, Sent):
                sent.append(event)
                bar.advance(task, event.upload.size if event.already_there else 0)
            else:
                failed.append(event)
                bar.console.print(f"Not uploaded: {event.upload.path}: {event.cause}")
    return sent, failed


def _prepared(found: Iterable[Upload | Refused]) -> tuple[list[Upload], list[Refused]]:
    """Return the files that can be sent, and the others, which are told."""
    ready: list[Upload] = []
    refused: list[Refused] = []
    for one in found:
        if isinstance(one, Upload):
            ready.append(one)
        else:
            refused.append(one)
            errors.print(f"Not sent: {one.path}: {one.cause}")
    return ready, refused


def _summarise(sent: list[Sent], refused: int, failed: int, album: str) -> None:
    new = [one for one in sent if not one.already_there]
    parts = [f"{len(new)} uploaded ({size(sum(one.upload.size for one in new))}) into the album {album}"]
    parts += [f"{len(sent) - len(new)} there already"] if len(sent) > len(new) else []
    parts += [f"{refused} not sent"] if refused else []
    parts += [f"{failed} failed: run the same command again"] if failed else []
    console.print(", ".join(parts) + ".")
