"""`imageproc download` and `forget`: photos out of the stack, and out of the world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from imageproc import Erasure, NotDownloaded, Photo, Workbench
from imageproc.cli import options
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, size

_NAMES = 20
"""How many photos are named before it is asked."""

_REMAINS = (
    "Not erased, because AWS keeps it for its own time: log entries (the stack's LogRetentionDays), "
    "execution histories (90 days), the tables' backups (35 days), events in the dead-letter queue "
    "(14 days). Files that were downloaded and notebooks that show photos are yours to delete."
)


@click.command()
@options.connection
@click.argument("names", metavar="ALBUM|PHOTO...", nargs=-1, required=True)
@click.option(
    "--to",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write into; made if need be.",
)
@click.option("--user", help="Whose albums they are.")
@click.option("--thumbnails", is_flag=True, help="The thumbnails instead of the originals.")
@click.option("--keep-location", is_flag=True, help="The files as they were uploaded, place and all.")
def download(
    connection: Connection,
    names: tuple[str, ...],
    folder: Path,
    user: str | None,
    thumbnails: bool,
    keep_location: bool,
) -> None:
    """Write photos into a folder: all of an ALBUM (name or ID), or each PHOTO (an ID or its end).

    Where a photo was taken is left out, unless --keep-location is given; the picture stays bit by bit.
    """
    failed = 0
    chosen = _named(connection.workbench, names, user)
    for one in connection.workbench.photos.download(
        chosen, folder, thumbnails=thumbnails, keep_location=keep_location
    ):
        if isinstance(one, NotDownloaded):
            failed += 1
            errors.print(f"Not downloaded: {one.photo_id}: {one.cause}")
        else:
            console.print(f"{one.path}  {size(one.size)}", soft_wrap=True)
    if failed:
        raise click.exceptions.Exit(1)


@click.command()
@options.connection
@click.argument("photo_ids", metavar="[PHOTO]...", nargs=-1)
@click.option("--user", help="All that this user uploaded, and the user's albums.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(connection: Connection, photo_ids: tuple[str, ...], user: str | None, yes: bool) -> None:
    """Erase each PHOTO (an ID, or its end), or all of a user: versions, thumbnails, records, albums.

    What would be erased is shown first, and nothing brings it back. An interrupted erasure is finished by
    running it again.
    """
    if bool(photo_ids) == (user is not None):
        raise click.UsageError("Name the photos, or give --user.")
    connection.announce()
    privacy = connection.workbench.privacy
    found = privacy.of_photos(photo_ids) if user is None else privacy.of_user(user)
    if found.empty and found.not_found:
        raise found.not_found[0]
    for missing in found.not_found:
        errors.print(f"Left out: {missing}")
    if found.empty:
        console.print("There is nothing to erase.")
        return
    _show(found)
    word = user if user is not None else "forget"
    if not yes and click.prompt(f"Type {word} to erase all this", err=True) != word:
        raise click.ClickException("The answer differs: nothing was erased.")
    for one in privacy.erase(found):
        errors.print(f"Erased {one.photo_id}")
    console.print(
        f"Erased: {len(found.photos)} photos, {found.versions} versions, {len(found.albums)} albums."
    )
    console.print(_REMAINS, style="dim")


def _named(workbench: Workbench, names: Iterable[str], user: str | None) -> Iterator[Photo]:
    """Yield the photos that the names mean: an album's first, else the one photo. No photo comes twice."""
    albums = list(workbench.albums.of(user) if user else workbench.albums)
    seen = set[str]()
    for name in names:
        matching = [album for album in albums if name in (album.id, album.name)]
        meant = [photo for album in matching for photo in workbench.photos.in_album(album)]
        for photo in meant if matching else [workbench.photos.find(name)]:
            if photo.id not in seen:
                seen.add(photo.id)
                yield photo


def _show(found: Erasure) -> None:
    for one in found.photos[:_NAMES]:
        record = "and its record" if one.record else "without a record"
        console.print(f"  {one.photo_id}: {len(one.versions)} versions, {record}")
    if len(found.photos) > _NAMES:
        console.print(f"  and {len(found.photos) - _NAMES} more photos")
    for album in found.albums:
        console.print(f"  album {album.name} ({album.id})")
    total = f"{len(found.photos)} photos, {found.versions} versions, {size(found.size)}"
    console.print(f"In all: {total}, {len(found.albums)} albums. Nothing brings them back.")
