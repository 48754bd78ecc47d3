"""`imageproc download` and `forget`: photos out of the stack, and out of the world."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imageproc.cli import completion, options
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, size
from imageproc.cli.selection import PhotoOptions, refuse_both, selection

if TYPE_CHECKING:
    from imageproc import Album, Downloaded, Erasure, NotDownloaded, Photo, Workbench, Written

_NAMES = 20
"""How many photos are named before it is asked."""

_REMAINS = (
    "Not erased, because AWS keeps it for its own time: log entries (the stack's LogRetentionDays), "
    "execution histories (90 days), the tables' backups (35 days), events in the dead-letter queue "
    "(14 days). Files that were downloaded and notebooks that show photos are yours to delete."
)


@click.command()
@options.connection
@click.argument("names", metavar="[ALBUM|PHOTO]...", nargs=-1, shell_complete=completion.albums_and_photos)
@click.option(
    "--to",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write into; made if need be.",
)
@click.option("--zip", "archive", metavar="FILE", help="One zip with their metadata; - for standard output.")
@click.option("--contact-sheet", "sheet", metavar="FILE", help="One HTML page of thumbnails to give away.")
@click.option("--thumbnails", is_flag=True, help="The thumbnails instead of the originals.")
@click.option("--keep-location", is_flag=True, help="The files as they were uploaded, place and all.")
@selection()
def download(
    connection: Connection,
    names: tuple[str, ...],
    folder: Path | None,
    archive: str | None,
    sheet: str | None,
    thumbnails: bool,
    keep_location: bool,
    selection: PhotoOptions,
) -> None:
    """Write photos: an ALBUM (name or ID), each PHOTO (an ID or its end), or a selection.

    They go into a folder (--to), or into one file: a zip with metadata.csv and metadata.json, or a contact
    sheet. With an ALBUM, --user says whose it is. Where a photo was taken is left out, unless
    --keep-location is given; the picture stays bit by bit.
    """
    if sum(one is not None for one in (folder, archive, sheet)) != 1:
        raise click.UsageError("Say where to: one of --to DIR, --zip FILE and --contact-sheet FILE.")
    chosen, photos = _chosen(connection, names, selection), connection.workbench.photos
    if archive:
        out = sys.stdout.buffer if archive == "-" else archive
        _report(archive, photos.write_zip(chosen, out, thumbnails=thumbnails, keep_location=keep_location))
    elif sheet:
        album = _album_of(connection.workbench, names, selection)
        title, note = (album.name, album.description) if album else ("Photos", "")
        _report(
            sheet,
            photos.write_contact_sheet(chosen, sheet, title=title, note=note, keep_location=keep_location),
        )
    elif folder:
        _download(photos.download(chosen, folder, thumbnails=thumbnails, keep_location=keep_location))


def _report(path: str, written: Written) -> None:
    """Print what was written, and what was left out: then the exit code is 1."""
    for one in written.left_out:
        errors.print(f"Left out: {one.photo_id}: {one.cause}")
    (errors if path == "-" else console).print(
        f"{path}  {written.photos:,} photos, {size(written.size)}", soft_wrap=True
    )
    if written.left_out:
        raise click.exceptions.Exit(1)


def _download(events: Iterable[Downloaded | NotDownloaded]) -> None:
    from imageproc import NotDownloaded

    failed = 0
    for one in events:
        if isinstance(one, NotDownloaded):
            failed += 1
            errors.print(f"Not downloaded: {one.photo_id}: {one.cause}")
        else:
            console.print(f"{one.path}  {size(one.size)}", soft_wrap=True)
    if failed:
        raise click.exceptions.Exit(1)


@click.command()
@options.connection
@click.argument("photo_ids", metavar="[PHOTO]...", nargs=-1, shell_complete=completion.photos)
@selection()
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(connection: Connection, photo_ids: tuple[str, ...], selection: PhotoOptions, yes: bool) -> None:
    """Erase each PHOTO (an ID, or its end), or a selection: versions, thumbnails, records.

    --user alone means all that this user uploaded, and the user's albums. What would be erased is shown
    first, and nothing brings it back. An interrupted erasure is finished by running it again.
    """
    refuse_both(selection, bool(photo_ids), fix="Name the photos, or select them: --user, --tag, --taken …")
    connection.announce()
    found, word = _to_erase(connection.workbench, photo_ids, selection)
    if found.empty and found.not_found:
        raise found.not_found[0]
    for missing in found.not_found:
        errors.print(f"Left out: {missing}")
    if found.empty:
        console.print("There is nothing to erase.")
        return
    _show(found)
    if not yes and click.prompt(f"Type {word} to erase all this", err=True) != word:
        raise click.ClickException("The answer differs: nothing was erased.")
    for one in connection.workbench.privacy.erase(found):
        errors.print(f"Erased {one.photo_id}")
    console.print(
        f"Erased: {len(found.photos)} photos, {found.versions} versions, {len(found.albums)} albums."
    )
    console.print(_REMAINS, style="dim")


def _to_erase(
    workbench: Workbench, photo_ids: tuple[str, ...], selection: PhotoOptions
) -> tuple[Erasure, str]:
    """Return what is to be erased, and the word that confirms it."""
    privacy = workbench.privacy
    if photo_ids:
        return privacy.of_photos(photo_ids), "forget"
    if selection.limit is None and list(selection.conditions) == ["user"]:
        user = selection.conditions["user"]
        return privacy.of_user(user), user
    return privacy.of_photos(selection.among(workbench)), "forget"


def _chosen(connection: Connection, names: tuple[str, ...], selection: PhotoOptions) -> Iterable[Photo]:
    """Return the photos that are named, or selected. Raises UsageError for both and for neither."""
    fix = "Name albums or photos, or select photos: --album, --tag, --taken …"
    if not names:
        refuse_both(selection, named=False, fix=fix)
        return selection.among(connection.workbench)
    conditions = dict(selection.conditions)
    user = conditions.pop("user", None)
    refuse_both(PhotoOptions(conditions, limit=selection.limit), named=True, fix=fix)
    return _named(connection.workbench, names, user)


def _album_of(workbench: Workbench, names: tuple[str, ...], selection: PhotoOptions) -> Album | None:
    """Return the album if it is all that is meant."""
    conditions = dict(selection.conditions)
    user, album = conditions.pop("user", None), conditions.pop("album", None)
    if len(names) == 1:
        known = workbench.albums.of(user) if user else workbench.albums
        return next((one for one in known if names[0] in (one.id, one.name)), None)
    return workbench.albums.get(album, user) if album and not (names or conditions) else None


def _photos_of(workbench: Workbench, album: Album) -> Iterable[Photo]:
    """Return an album's photos as the table has them, in its order if it has one."""
    if not album.sort_order:
        return workbench.photos.in_album(album)
    workbench.catalog.sync()
    return album.photos


def _named(workbench: Workbench, names: Iterable[str], user: str | None) -> Iterator[Photo]:
    """Yield the photos that the names mean: an album's first, else the one photo. No photo comes twice."""
    albums = list(workbench.albums.of(user) if user else workbench.albums)
    seen = set[str]()
    for name in names:
        matching = [album for album in albums if name in (album.id, album.name)]
        meant = [photo for album in matching for photo in _photos_of(workbench, album)]
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
    if len(found.in_place) == 1:
        console.print(
            f"  1 original is not the stack's, and stays where it is: {found.in_place[0].address}",
            soft_wrap=True,
        )
    elif found.in_place:
        console.print(f"  {len(found.in_place):,} originals are not the stack's, and stay where they are")
    total = f"{len(found.photos)} photos, {found.versions} versions, {size(found.size)}"
    console.print(f"In all: {total}, {len(found.albums)} albums. Nothing brings them back.")
