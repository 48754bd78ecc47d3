"""`imageproc albums`, `move` and `copy`: albums listed, changed and deleted, and photos between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from imageproc.cli import completion, options
from imageproc.cli.asking import confirm, have_typed
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, print_json, print_table, short_name
from imageproc.cli.selection import PhotoOptions, refuse_both, selection
from imageproc.core.record import without_digest
from imageproc.errors import AlbumNotFoundError
from imageproc.presentation.text import photos_text, there_text

if TYPE_CHECKING:
    from imageproc import Album, Photo, Workbench

_user = click.option("--user", help="Whose album it is.", shell_complete=completion.users)
_to = click.option("--to", "target", required=True, metavar="ALBUM", help="The album, by its name or ID.")
_to_user = click.option(
    "--to-user",
    metavar="USER",
    help="Whose album that is, where several users have one of its name.",
    shell_complete=completion.users,
)
_HOW_TO_MAKE_ONE = "`imageproc albums create NAME` makes one."
_album = click.argument("name", metavar="ALBUM", shell_complete=completion.albums)


@click.group(invoke_without_command=True)
@options.connection
@click.option("--user", help="Only this user's albums.", shell_complete=completion.users)
@options.as_json
@click.pass_context
def albums(context: click.Context, connection: Connection, user: str | None, as_json: bool) -> None:
    """List the albums; `create` makes one, `edit` and `delete` change one."""
    if context.invoked_subcommand:
        given = [
            name
            for name in context.params
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        ]
        if given:
            raise click.UsageError(f"Options go behind `{context.invoked_subcommand}`.")
        return
    known = connection.workbench.albums
    found = sorted(known.of(user) if user else known, key=lambda album: -album.created)
    photos = connection.workbench.photos.where().facets("album_id")
    if as_json:
        for album in found:
            print_json({**_attributes(album), "photos": photos.get(album.id, 0)})
        return
    rows = [
        (
            short_name(one.name),
            f"{photos.get(one.id, 0):,}",
            one.user,
            _local_time(one.created),
            one.id,
            " ".join(one.description.split()),
        )
        for one in found
    ]
    columns = ("ALBUM", "PHOTOS", "USER", "CREATED", "ID", "DESCRIPTION")
    print_table(columns, rows, "There are no albums.", names=True)


@albums.command()
@options.connection
@click.argument("name", metavar="NAME")
@_user
@click.option("--description", metavar="TEXT", help="A text about it.")
@options.as_json
def create(
    connection: Connection, name: str, user: str | None, description: str | None, as_json: bool
) -> None:
    """Make the album NAME, without photos; one that is there already stays as it is.

    `upload --album` makes it by itself; `move` and `copy` need one that is there.
    """
    connection.announce()
    known, name = connection.workbench.albums, name.strip()
    there = {one.id for one in known.of(user)}
    album = known.get_or_create(name, user)
    if description is not None and album.id not in there:
        album = known.describe(album, description)
    if as_json:
        print_json(_attributes(album))
        return
    said = "There already, and not changed" if album.id in there else "Made"
    console.print(f"{said}: the album {album.name} of {album.user}.", soft_wrap=True)


@albums.command()
@options.connection
@_album
@_user
@click.option("--name", "new_name", metavar="NAME", help="Another name; its ID stays.")
@click.option("--description", metavar="TEXT", help="A text about it; empty for none.")
@click.option("--cover", metavar="PHOTO", help="The photo that stands for it; empty for its first.")
@click.option(
    "--sort",
    metavar="FIELD",
    help="What its photos are sorted by, -FIELD the greatest first; empty for the newest upload first.",
    shell_complete=completion.fields,
)
@options.as_json
def edit(
    connection: Connection,
    name: str,
    user: str | None,
    new_name: str | None,
    description: str | None,
    cover: str | None,
    sort: str | None,
    as_json: bool,
) -> None:
    """Rename or describe ALBUM (its name or ID), choose its cover, or sort it."""
    if new_name is description is cover is sort is None:
        raise click.UsageError("Give what to change: --name, --description, --cover or --sort.")
    connection.announce()
    known = connection.workbench.albums
    before = album = known.get(name, user)
    if cover is not None:
        album = known.set_cover(album, _of_album(connection.workbench, album, cover) if cover else None)
    if sort is not None:
        album = known.sort_by(album, sort.removeprefix("-") or None, descending=sort.startswith("-"))
    if description is not None:
        album = known.describe(album, description)
    if new_name is not None:
        album = known.rename(album, new_name)
    if as_json:
        print_json(_attributes(album))
        return
    for change in _changes(before, album) or ["nothing: it is so already"]:
        console.print(f"{before.name}: {change}.", soft_wrap=True)


@albums.command()
@options.connection
@_album
@_user
@click.option("--move-to", "target", metavar="ALBUM", help="Move its photos into this album first.")
@click.option("--forget", is_flag=True, help="Erase its photos for good first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(
    connection: Connection, name: str, user: str | None, target: str | None, forget: bool, yes: bool
) -> None:
    """Delete ALBUM (its name or ID). If it has photos, say what becomes of them.

    Interrupted, it is finished by running it again: the album goes last. It stays if photos came meanwhile.
    """
    connection.announce()
    workbench = connection.workbench
    album = workbench.albums.get(name, user)
    into = workbench.albums.get(target, album.user) if target else None
    count = sum(1 for _ in workbench.photos.in_album(album))
    if count and not (into or forget):
        raise click.UsageError(f"{album.name} has {photos_text(count)}: give --move-to ALBUM, or --forget.")
    if not yes:
        _ask(album, into, count)
    done = workbench.albums.delete(
        album, move_to=into, forget=forget, notify=lambda photo: errors.print(photo, soft_wrap=True)
    )
    became = f", {photos_text(done)} {f'moved to {into.name}' if into else 'erased'}" if done else ""
    console.print(f"Deleted: the album {album.name}{became}.", soft_wrap=True)


@click.command()
@options.connection
@click.argument("photo_ids", metavar="[PHOTO]...", nargs=-1, shell_complete=completion.photos)
@_to
@_to_user
@selection()
def move(
    connection: Connection,
    photo_ids: tuple[str, ...],
    target: str,
    to_user: str | None,
    selection: PhotoOptions,
) -> None:
    """Move each PHOTO (an ID or a name), or a selection, to another album.

    Only the record's album changes: the file keeps its key and its user, and nothing is processed again.
    """
    from imageproc import NotMoved

    chosen, album = _chosen(connection, photo_ids, (target, to_user), selection)
    came = list(connection.workbench.photos.move(chosen, album))
    refused = [one for one in came if isinstance(one, NotMoved)]
    done = [one.already_there for one in came if not isinstance(one, NotMoved)]
    _report(_came(f"Moved to {album.name}", done), "Not moved", refused)


@click.command()
@options.connection
@click.argument("photo_ids", metavar="[PHOTO]...", nargs=-1, shell_complete=completion.photos)
@_to
@_to_user
@selection()
def copy(
    connection: Connection,
    photo_ids: tuple[str, ...],
    target: str,
    to_user: str | None,
    selection: PhotoOptions,
) -> None:
    """Copy each PHOTO (an ID or a name), or a selection, into another album.

    A copy is a photo of its own: S3 copies the file, and it is processed, and costs, as an upload does.
    """
    from imageproc import NotCopied

    chosen, album = _chosen(connection, photo_ids, (target, to_user), selection)
    came = list(connection.workbench.photos.copy(chosen, album))
    refused = [one for one in came if isinstance(one, NotCopied)]
    done = [one.already_there for one in came if not isinstance(one, NotCopied)]
    _report(_came(f"Copied to {album.name}", done), "Not copied", refused)


def _came(said: str, already_there: Sequence[bool]) -> str:
    """Return how many photos came, and how many were there."""
    there = sum(already_there)
    return f"{said}: {photos_text(len(already_there) - there)}{there_text(there)}."


def _chosen(
    connection: Connection,
    photo_ids: tuple[str, ...],
    target: tuple[str, str | None],
    selection: PhotoOptions,
) -> tuple[Iterable[Photo | str], Album]:
    refuse_both(selection, bool(photo_ids), "photos")
    connection.announce()
    workbench = connection.workbench
    try:
        album = workbench.albums.get(*target)
    except AlbumNotFoundError as error:
        raise AlbumNotFoundError(error.cause, f"{error.fix} {_HOW_TO_MAKE_ONE}".strip()) from error
    return photo_ids or list(selection.among(workbench)), album


def _report(text: str, refusal: str, refused: Iterable[Any]) -> None:
    """Print what came of photos; the exit code is 1 if some were refused."""
    failed = False
    for one in refused:
        failed = True
        errors.print(f"{refusal}: {one.photo_id}: {one.cause}", soft_wrap=True)
    console.print(text, soft_wrap=True)
    if failed:
        raise click.exceptions.Exit(1)


def _ask(album: Album, into: Album | None, count: int) -> None:
    """Ask before an album is deleted. Raises ClickException for another answer."""
    if not count or into:
        what = f"Move {photos_text(count)} to {into.name} and delete" if into and count else "Delete"
        confirm(f"{what} the album {album.name}?", "nothing was changed")
        return
    console.print(f"{photos_text(count).capitalize()} with all versions, thumbnails and records go for good.")
    have_typed(f"Type the album's name, {album.name}, to erase all this", album.name, "nothing was erased")


def _of_album(workbench: Workbench, album: Album, photo: str) -> Photo:
    """Return the album's photo of this ID, or name: other albums may have one of the same name."""
    named = [one for one in workbench.photos.in_album(album) if photo in (one.id, one.name)]
    return named[0] if len(named) == 1 else workbench.photos.find(photo)


def _attributes(album: Album) -> dict[str, Any]:
    """Return an album under the stored names."""
    more = {"description": album.description, "coverPhotoID": album.cover_id, "sortOrder": album.sort_order}
    known = {"albumID": album.id, "userID": album.user, "name": album.name, "creationTime": album.created}
    return known | {name: value for name, value in more.items() if value}


def _changes(before: Album, after: Album) -> list[str]:
    """Return in words what is different."""
    cover = (after.cover_id or "").rpartition("/")[2]
    order, descending = (after.sort_order or "").removeprefix("-"), (after.sort_order or "").startswith("-")
    how = "in descending order" if descending else "in ascending order"
    said = {
        "name": f"renamed to {after.name}",
        "description": f"described as {after.description!r}"
        if after.description
        else "without a description",
        "cover_id": f"its cover is {without_digest(cover)}" if cover else "its first photo is its cover",
        "sort_order": f"sorted by {order} {how}" if order else "the newest upload comes first",
    }
    return [text for name, text in said.items() if getattr(before, name) != getattr(after, name)]


def _local_time(epoch_s: int) -> str:
    return f"{datetime.fromtimestamp(epoch_s, UTC).astimezone():%Y-%m-%d %H:%M}"
