"""`imageproc photos`, `show` and `albums`: what there is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.text import Text

from imageproc import Label, Photo, Status, Workbench
from imageproc.cli import options
from imageproc.cli.options import Connection
from imageproc.cli.output import console, print_json, print_table, reasons, status
from imageproc.core.attributes import LABELS
from imageproc.costs.words import brief
from imageproc.errors import ImageRejectedError
from imageproc.presentation.boxes import draw_boxes, labelled_boxes
from imageproc.presentation.facts import camera

_NAMES = 8
"""How many photos are named below a reason."""


@click.command()
@options.connection
@click.option("--user", help="Whose album it is; with --album.")
@click.option("--album", help="Only the photos of this album (name or ID).")
@click.option(
    "--status",
    "wanted",
    type=click.Choice([status.value for status in Status], case_sensitive=False),
    help="Only photos of this status.",
)
@options.as_json
def photos(
    connection: Connection, user: str | None, album: str | None, wanted: str | None, as_json: bool
) -> None:
    """List the photos, the newest first."""
    workbench = connection.workbench
    found = found_photos(workbench, user, album)
    chosen = [photo for photo in found if wanted is None or photo.status == wanted]
    chosen.sort(key=lambda photo: -photo.uploaded.timestamp() if photo.uploaded else 0.0)
    if as_json:
        for photo in chosen:
            print_json(photo.attributes)
        return
    print_photos(chosen)
    if album is not None and chosen:
        console.print()
        estimate = workbench.cost(chosen)
        console.print(Text(brief(estimate, local=workbench.target.is_local)[1]), style="dim")


def print_photos(chosen: Sequence[Photo]) -> None:
    """Print photos as a table, and below it why some of them failed or lack something."""
    rows = [
        (
            photo.name,
            status(photo),
            _taken(photo),
            camera(photo),
            _place(photo),
            ", ".join(photo.tags[:4]),
        )
        for photo in chosen
    ]
    print_table(("PHOTO", "STATUS", "TAKEN", "CAMERA", "PLACE", "TAGS"), rows, "There are no photos.")
    for reason, names in reasons(chosen).items():
        console.print()
        console.print(reason)
        shown = ", ".join(names[:_NAMES]) + (
            f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        )
        console.print(shown, style="dim")


@click.command()
@options.connection
@click.argument("photo_id", metavar="PHOTO")
@click.argument(
    "out", metavar="[OUT.png]", required=False, type=click.Path(path_type=Path, dir_okay=False, writable=True)
)
@click.option(
    "--boxes", is_flag=True, help="Write the photo to OUT.png, with what was recognised drawn on it."
)
@options.as_json
def show(connection: Connection, photo_id: str, out: Path | None, boxes: bool, as_json: bool) -> None:
    """Show all that is recorded of PHOTO: an ID, or its end if no other photo's ends so."""
    if boxes != (out is not None):
        raise click.UsageError("--boxes goes with a file to write: imageproc show --boxes PHOTO OUT.png")
    photo = connection.workbench.photos.find(photo_id)
    if out is not None:
        _write_boxes(photo, out)
    elif as_json:
        print_json(photo.attributes)
    else:
        _print_record(photo)


def _print_record(photo: Photo) -> None:
    for name, value in sorted(photo.attributes.items()):
        lines = [_label(one) for one in photo.labels] if name == LABELS else []
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for index, line in enumerate(lines or [text]):
            console.print(f"{'' if index else name:<28}{line}")


def _label(label: Label) -> str:
    """Return a label with where in the picture it is."""
    boxes = "; ".join(
        f"{box.left:.0%} from left, {box.top:.0%} from top, {box.width:.0%} × {box.height:.0%}"
        for box in label.boxes
    )
    return f"{label.name} {label.confidence:.0f} %" + (f": {boxes}" if boxes else "")


def _write_boxes(photo: Photo, out: Path) -> None:
    try:
        drawn = draw_boxes(photo.read(), photo.labels)
        drawn.save(out, "PNG")
    except ImageRejectedError as error:
        raise click.ClickException(f"{photo.name}: {error}") from error
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or error}") from error
    console.print(f"{out}: {drawn.width} × {drawn.height} pixels, boxes: {len(labelled_boxes(photo.labels))}")


@click.command()
@options.connection
@click.option("--user", help="Only this user's albums.")
@options.as_json
def albums(connection: Connection, user: str | None, as_json: bool) -> None:
    """List the albums."""
    known = connection.workbench.albums
    found = sorted(known.of(user) if user else known, key=lambda album: -album.created)
    if as_json:
        for album in found:
            print_json(
                {"albumID": album.id, "userID": album.user, "name": album.name, "creationTime": album.created}
            )
        return
    rows = [(album.name, album.user, _local_time(album.created), album.id) for album in found]
    print_table(("ALBUM", "USER", "CREATED", "ID"), rows, "There are no albums.")


def found_photos(workbench: Workbench, user: str | None, album: str | None) -> Iterable[Photo]:
    """Yield all photos, a user's, or an album's. Raises AlbumNotFoundError."""
    if album is not None:
        return workbench.photos.in_album(album, user)
    return (photo for photo in workbench.photos if user is None or photo.user == user)


def _taken(photo: Photo) -> str:
    return f"{photo.taken:%Y-%m-%d %H:%M}" if photo.taken else ""


def _place(photo: Photo) -> str:
    return f"{photo.place.latitude:.3f} {photo.place.longitude:.3f}" if photo.place else ""


def _local_time(epoch_s: int) -> str:
    return f"{datetime.fromtimestamp(epoch_s, UTC).astimezone():%Y-%m-%d %H:%M}"
