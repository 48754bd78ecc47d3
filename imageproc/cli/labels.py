"""`imageproc label`: labels corrected, corrections undone, and labels hidden in an album."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imageproc.cli import completion, options
from imageproc.cli.options import Command, Connection
from imageproc.cli.output import console, errors
from imageproc.cli.selection import PhotoOptions, refuse_both, selection
from imageproc.core.close_names import close_names, did_you_mean
from imageproc.presentation.text import photos_text

if TYPE_CHECKING:
    from imageproc import Album, Corrected, NotCorrected, Photo


class _LabelGroup(click.Group):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say what is written in which order if a photo or a label comes first, say."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            if close_names(error.command_name, self.commands):
                raise
            raise click.UsageError(
                f"There is no command {error.command_name!r}; there are: {', '.join(self.commands)}. "
                "The command comes first, then the label, then the photos: imageproc label add Kitty cat.jpg",
                ctx,
            ) from None


@click.group(cls=_LabelGroup)
def label() -> None:
    """Correct labels of photos; what people say is kept beside what was recognised."""


def _photos(command: Command) -> Command:
    """Give a command photos, by name or selected."""
    named = click.argument("photo_ids", metavar="[PHOTO]...", nargs=-1, shell_complete=completion.photos)
    return named(selection()(command))


_by = click.option(
    "--by", metavar="USER", help="Who says it; by default IMAGEPROC_USER, else your log-in name."
)
_label = click.argument("wanted", metavar="LABEL", shell_complete=completion.labels)
_album = click.option(
    "--album",
    required=True,
    metavar="ALBUM",
    help="The album (name or ID).",
    shell_complete=completion.albums,
)
_user = click.option("--user", help="Whose album it is.", shell_complete=completion.users)


@label.command()
@options.connection
@_label
@_by
@_photos
def add(connection: Connection, wanted: str, by: str | None, **meant: Any) -> None:
    """Say that each PHOTO (an ID or a name), or a selection, has LABEL; it may be there already."""
    chosen = _chosen(connection, **meant)
    _report(f"{wanted} added", connection.workbench.photos.add_label(chosen, wanted, user=by))


@label.command()
@options.connection
@_label
@_by
@_photos
def remove(connection: Connection, wanted: str, by: str | None, **meant: Any) -> None:
    """Say that each PHOTO, or a selection, does not have LABEL."""
    chosen = _chosen(connection, **meant)
    photos = connection.workbench.photos
    if not _report(f"{wanted} removed", photos.remove_label(chosen, wanted, user=by)):
        _warn_of_unknown(wanted, photos.where().tags(), "No photo")


@label.command()
@options.connection
@_label
@click.argument("to", metavar="NEW")
@_by
@_photos
def rename(connection: Connection, wanted: str, to: str, by: str | None, **meant: Any) -> None:
    """Say that what each PHOTO, or a selection, has under LABEL is NEW.

    It keeps its boxes. What was found only as a parent of LABEL goes.
    """
    chosen = _chosen(connection, **meant)
    photos = connection.workbench.photos
    if not _report(f"{wanted} renamed to {to}", photos.rename_label(chosen, wanted, to, user=by)):
        _warn_of_unknown(wanted, photos.where().tags(), "No photo")


@label.command()
@options.connection
@click.option("--label", "wanted", metavar="LABEL", help="The last correction of this label.")
@_photos
def undo(connection: Connection, wanted: str | None, **meant: Any) -> None:
    """Undo the last correction of each PHOTO, or of a selection, whoever made it."""
    chosen = _chosen(connection, **meant)
    _report("Undone", connection.workbench.photos.undo_corrections(chosen, wanted))


@label.command("import")
@options.connection
@click.argument("truth", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@selection()
@_by
def import_(connection: Connection, truth: Path, selection: PhotoOptions, by: str | None) -> None:
    """Correct all photos, or a selection, so that they have just those labels that the data set in DIR says.

    DIR is a folder or a file in one of the formats of `export`. Labels that are no class of it stay.
    """
    connection.announce()
    _report("Corrected", selection.among(connection.workbench).import_labels(truth, user=by))


@label.command()
@options.connection
@_label
@_album
@_user
def hide(connection: Connection, wanted: str, album: str, user: str | None) -> None:
    """Neither show nor count LABEL in an album; its photos keep it, and are found by it."""
    albums = connection.workbench.albums
    found = albums.get(album, user)
    changed = albums.hide_label(found, _spelled(found, wanted))
    console.print(f"Hidden in {changed.name}: {', '.join(sorted(changed.hidden_labels))}.", soft_wrap=True)


@label.command()
@options.connection
@_label
@_album
@_user
def show(connection: Connection, wanted: str, album: str, user: str | None) -> None:
    """Show a hidden LABEL in an album again."""
    albums = connection.workbench.albums
    found = albums.get(album, user)
    changed = albums.show_label(found, wanted)
    was = changed.hidden_labels < found.hidden_labels
    hidden = f" Hidden: {', '.join(sorted(changed.hidden_labels))}." if changed.hidden_labels else ""
    said = f"{wanted} {'is shown again' if was else 'was not hidden'} in {changed.name}."
    console.print(f"{said}{hidden}", soft_wrap=True)


def _spelled(album: Album, wanted: str) -> str:
    """Return a label as the album's photos have it; warn if none of them has it."""
    known = album.photos.tags()
    found = [one for one in known if one.casefold() == wanted.casefold()]
    if found or wanted in album.hidden_labels:
        return wanted if wanted in known or not found else found[0]
    _warn_of_unknown(wanted, known, f"No photo in {album.name}")
    errors.print("It is hidden all the same, for photos to come: label show takes that back.", soft_wrap=True)
    return wanted


def _warn_of_unknown(wanted: str, known: Mapping[str, int], nobody: str) -> None:
    """Say that no photo has the label, if that is so, and what may be meant."""
    if wanted.casefold() in map(str.casefold, known):
        return
    near = close_names(wanted, known)
    meant = f" {did_you_mean(near)}" if near else ""
    errors.print(f"{nobody} has the label {wanted!r}.{meant}", soft_wrap=True)


def _chosen(
    connection: Connection, photo_ids: tuple[str, ...], selection: PhotoOptions
) -> Iterable[Photo | str]:
    refuse_both(selection, bool(photo_ids), "photos")
    connection.announce()
    return photo_ids or list(selection.among(connection.workbench))


def _report(text: str, outcomes: Iterable[Corrected | NotCorrected]) -> int:
    """Print what came of the photos, and return how many were changed.

    The exit code is 1 if some could not be corrected.
    """
    from imageproc import NotCorrected

    done, same, refused = 0, 0, 0
    for one in outcomes:
        if isinstance(one, NotCorrected):
            refused += 1
            errors.print(f"Not corrected: {one.photo_id}: {one.cause}", soft_wrap=True)
        else:
            done, same = done + (not one.unchanged), same + one.unchanged
    rest = f", {photos_text(same)} unchanged" if same else ""
    console.print(f"{text}: {photos_text(done)}{rest}.", soft_wrap=True)
    if refused:
        raise click.exceptions.Exit(1)
    return done
