"""`imageproc download` and `forget`: photos out of the stack, and out of the world."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imageproc.cli import completion, options
from imageproc.cli.asking import confirm, have_typed
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, size
from imageproc.cli.selection import PhotoOptions, refuse_both, selection
from imageproc.presentation.text import number_text, photos_text

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
@click.option("--yes", is_flag=True, help="Replace the FILE if it is there, without asking.")
@selection()
def download(
    connection: Connection,
    names: tuple[str, ...],
    folder: Path | None,
    archive: str | None,
    sheet: str | None,
    thumbnails: bool,
    keep_location: bool,
    yes: bool,
    selection: PhotoOptions,
) -> None:
    """Write photos: an ALBUM (name or ID), each PHOTO (an ID or a name), or a selection.

    They go into a folder (--to), or into one file: a zip with metadata.csv and metadata.json, or a contact
    sheet. With an ALBUM, --user says whose it is, and conditions choose among its photos. Where a photo was
    taken is left out, unless --keep-location is given: the place, and what else a file has beside picture and
    EXIF, such as maker's notes or thermal data, which may tell it. The picture stays bit by bit.
    """
    if sum(one is not None for one in (folder, archive, sheet)) != 1:
        raise click.UsageError("Say where to: one of --to DIR, --zip FILE and --contact-sheet FILE.")
    if not yes:
        _keep_what_is_there(archive or sheet)
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


def _keep_what_is_there(file: str | None) -> None:
    """Ask before a file is replaced. Raises ClickException unless the answer is yes."""
    if file and file != "-" and Path(file).expanduser().exists():
        confirm(f"{file} is there already. Replace it?", "nothing was written")


def _report(path: str, written: Written) -> None:
    """Print what was written, and what was left out: then the exit code is 1."""
    for one in written.left_out:
        errors.print(f"Left out: {one.photo_id}: {one.cause}")
    (errors if path == "-" else console).print(
        f"{path}  {photos_text(written.photos)}, {size(written.size)}", soft_wrap=True
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
    """Erase each PHOTO (an ID or a name), or a selection: versions, thumbnails, records.

    --user alone means all that this user uploaded, and the user's albums. What would be erased is shown
    first, and nothing brings it back. An interrupted erasure is finished by running it again.
    """
    refuse_both(selection, bool(photo_ids), "photos")
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
    if not yes:
        have_typed(f"Type {word} to erase all this", word, "nothing was erased")
    for one in connection.workbench.privacy.erase(found):
        errors.print(f"Erased {one.photo_id}")
    console.print(f"Erased: {_counted(found)}.")
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
    """Return the photos that are named, or selected: of albums also those that meet the conditions.

    Raises UsageError for photos with conditions, and for neither.
    """
    what, workbench = "albums or photos", connection.workbench
    if not names:
        refuse_both(selection, False, what)
        return selection.among(workbench)
    conditions = dict(selection.conditions)
    user = conditions.pop("user", None)
    others = replace(selection, conditions=conditions)
    if not others.given:
        return _named(workbench, names, user)
    known = list(_albums(workbench, user))
    if "album" in conditions or any(not _called(known, name) for name in names):
        refuse_both(others, True, what)
    meant = [album.id for name in names for album in _called(known, name)]
    return replace(others, conditions={**conditions, "album_id": meant}).among(workbench)


def _albums(workbench: Workbench, user: str | None) -> Iterable[Album]:
    return workbench.albums.of(user) if user else workbench.albums


def _called(albums: Iterable[Album], name: str) -> list[Album]:
    """Return the albums of this name or ID."""
    return [album for album in albums if name in (album.id, album.name)]


def _album_of(workbench: Workbench, names: tuple[str, ...], selection: PhotoOptions) -> Album | None:
    """Return the album if it is all that is meant."""
    conditions = dict(selection.conditions)
    user, album = conditions.pop("user", None), conditions.pop("album", None)
    if len(names) == 1:
        return next(iter(_called(_albums(workbench, user), names[0])), None)
    return workbench.albums.get(album, user) if album and not (names or conditions) else None


def _photos_of(workbench: Workbench, album: Album) -> Iterable[Photo]:
    """Return an album's photos as the table has them, in its order if it has one."""
    if not album.sort_order:
        return workbench.photos.in_album(album)
    workbench.catalog.sync()
    return album.photos


def _named(workbench: Workbench, names: Iterable[str], user: str | None) -> Iterator[Photo]:
    """Yield the photos that the names mean: an album's first, else the one photo. No photo comes twice."""
    albums = list(_albums(workbench, user))
    seen = set[str]()
    for name in names:
        matching = _called(albums, name)
        meant = [photo for album in matching for photo in _photos_of(workbench, album)]
        for photo in meant if matching else [_photo(workbench, name)]:
            if photo.id not in seen:
                seen.add(photo.id)
                yield photo


def _photo(workbench: Workbench, name: str) -> Photo:
    """Return the photo of this name, which is no album's. Raises PhotoNotFoundError."""
    from imageproc.errors import AlbumNotFoundError, PhotoNotFoundError

    try:
        return workbench.photos.find(name)
    except PhotoNotFoundError as error:
        if workbench.photos.where(id_or_name=name).count():
            raise  # several
        try:
            workbench.albums.get(name)
        except AlbumNotFoundError as other:
            fix = error.fix if "Did you mean" in error.fix else other.fix
        raise PhotoNotFoundError(f"There is no album and no photo {name!r}.", fix) from error


def _show(found: Erasure) -> None:
    for one in found.photos[:_NAMES]:
        record = "and its record" if one.record else "without a record"
        console.print(f"  {one.photo_id}: {number_text(len(one.versions), 'version')}, {record}")
    if len(found.photos) > _NAMES:
        console.print(f"  and {number_text(len(found.photos) - _NAMES, 'more photo')}")
    for album in found.albums:
        console.print(f"  album {album.name} ({album.id})")
    if len(found.in_place) == 1:
        console.print(
            f"  1 original is not the stack's, and stays where it is: {found.in_place[0].address}",
            soft_wrap=True,
        )
    elif found.in_place:
        console.print(f"  {len(found.in_place):,} originals are not the stack's, and stay where they are")
    console.print(f"In all: {_counted(found)}, {size(found.size)}. Nothing brings them back.")


def _counted(found: Erasure) -> str:
    """Return how much is erased, without what there is none of."""
    counts = {"photo": len(found.photos), "version": found.versions, "album": len(found.albums)}
    return ", ".join(number_text(count, what) for what, count in counts.items() if count)
