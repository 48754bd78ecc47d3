"""`imageproc photos`, `show` and `albums`: what is there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from imageproc.cli import options
from imageproc.cli.options import Place
from imageproc.cli.output import console, print_json, print_table, reasons, status
from imageproc.client import spending
from imageproc.client.albums import Albums
from imageproc.client.boxes import boxes_of, draw_boxes
from imageproc.client.errors import ClientError
from imageproc.client.photos import Photo, Photos
from imageproc.core.errors import ImageRejectedError
from imageproc.core.record import LABELS, Status
from imageproc.costs.words import brief

_NAMES = 8
"""How many photos are named below a reason."""


@click.command()
@options.place
@click.option("--user", help="The album's owner; with --album.")
@click.option("--album", help="Only the photos of this album (name or ID).")
@click.option(
    "--status",
    "wanted",
    type=click.Choice([status.value for status in Status], case_sensitive=False),
    help="Only photos of this status.",
)
@options.as_json
def photos(place: Place, user: str | None, album: str | None, wanted: str | None, as_json: bool) -> None:
    """List the photos, the newest first."""
    found = found_photos(place, user, album)
    chosen = [photo for photo in found if wanted is None or photo.status == wanted]
    chosen.sort(key=lambda photo: -photo.upload_time)
    if as_json:
        for photo in chosen:
            print_json(photo.record)
        return
    print_photos(chosen)
    if album is not None and chosen:
        _print_cost(place, chosen)


def print_photos(chosen: Sequence[Photo]) -> None:
    """Print photos as a table, and below it why some of them failed or lack something."""
    rows = [
        (
            photo.file_name,
            status(photo),
            _taken(photo),
            _camera(photo),
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


def _print_cost(place: Place, chosen: Sequence[Photo]) -> None:
    """Say below an album what its photos cost on AWS."""
    found = spending.of_photos(place.target, place.stack_name, chosen)
    console.print()
    console.print(brief(found, local=place.target.is_local)[1], style="dim")


@click.command()
@options.place
@click.argument("photo_id", metavar="PHOTO")
@click.argument(
    "out", metavar="[OUT.png]", required=False, type=click.Path(path_type=Path, dir_okay=False, writable=True)
)
@click.option(
    "--boxes", is_flag=True, help="Write the photo to OUT.png, with what was recognised drawn on it."
)
@options.as_json
def show(place: Place, photo_id: str, out: Path | None, boxes: bool, as_json: bool) -> None:
    """Show all that is recorded of PHOTO: an ID, or its end if no other photo's ends so."""
    if boxes != (out is not None):
        raise click.UsageError("--boxes goes with a file to write: imageproc show --boxes PHOTO OUT.png")
    photo = Photos(place.stack).find(photo_id)
    if out is not None:
        _write_boxes(place, photo, out)
    elif as_json:
        print_json(photo.record)
    else:
        _print_record(photo)


def _print_record(photo: Photo) -> None:
    for name in sorted(photo.record):
        value = photo.record[name]
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        console.print(f"{name:<28}{text}")


def _write_boxes(place: Place, photo: Photo, out: Path) -> None:
    labels = photo.record.get(LABELS, ())
    try:
        drawn = draw_boxes(Photos(place.stack).original(photo), labels)
        drawn.save(out, "PNG")
    except ImageRejectedError as error:
        raise click.ClickException(f"{photo.name}: {error}") from error
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or error}") from error
    console.print(f"{out}: {drawn.width} × {drawn.height} pixels, boxes: {len(boxes_of(labels))}")


@click.command()
@options.place
@click.option("--user", help="Only this user's albums.")
@options.as_json
def albums(place: Place, user: str | None, as_json: bool) -> None:
    """List the albums."""
    kept = Albums(place.stack)
    found = sorted(kept.of(user) if user else kept.all(), key=lambda album: -album.created)
    if as_json:
        for album in found:
            print_json(
                {"albumID": album.id, "userID": album.user, "name": album.name, "creationTime": album.created}
            )
        return
    rows = [(album.name, album.user, _local_time(album.created), album.id) for album in found]
    print_table(("ALBUM", "USER", "MADE", "ID"), rows, "There are no albums.")


def found_photos(place: Place, user: str | None, album: str | None) -> Iterable[Photo]:
    """Yield all photos, a user's, or those of the albums of a name or ID. Raises ClientError for no album."""
    kept = Photos(place.stack)
    if album is None:
        return (
            kept.all()
            if user is None
            else (photo for photo in kept.all() if photo.record.get("userID") == user)
        )
    known = Albums(place.stack)
    matching = [one for one in (known.of(user) if user else known.all()) if album in (one.id, one.name)]
    if not matching:
        raise ClientError(f"There is no album {album!r}; `imageproc albums` lists them.")
    return (photo for one in matching for photo in kept.in_album(one.id))


def _taken(photo: Photo) -> str:
    return str(photo.record.get("creationTime", ""))[:16].replace("T", " ")


def _camera(photo: Photo) -> str:
    make, model = photo.record.get("exifMake", ""), photo.record.get("exifModel", "")
    return str(model) if str(model).startswith(str(make)) else f"{make} {model}".strip()


def _place(photo: Photo) -> str:
    geo = photo.record.get("geo")
    return f"{geo['latitude']:.3f} {geo['longitude']:.3f}" if geo else ""


def _local_time(epoch_s: int) -> str:
    return f"{datetime.fromtimestamp(epoch_s, UTC).astimezone():%Y-%m-%d %H:%M}"
