"""`imageproc photos`, `tags`, `facets` and `show`: what there is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from imageproc.cli import completion, options
from imageproc.cli.escaping import say
from imageproc.cli.options import Connection
from imageproc.cli.output import Reasons, console, print_json, print_table, short_name, status
from imageproc.cli.selection import PhotoOptions, refuse_both, selection
from imageproc.core.attributes import (
    CHANGE_SHARD,
    CHANGE_TIME,
    EMBEDDING,
    ERROR,
    EXPIRY_TIME,
    LABEL_CORRECTIONS,
    LABELS,
    MISSING,
    SEQUENCER,
    TAGS,
    UPLOAD_TIME,
)
from imageproc.core.record import EMBEDDING_BYTES, StepError
from imageproc.presentation.facts import camera, first_tags

if TYPE_CHECKING:
    from imageproc import Label, Photo, PhotoView, Workbench

_FIRST = (
    *("imageID", "status", ERROR, MISSING, "creationTime", "latitude", "longitude"),
    *(TAGS, LABELS, LABEL_CORRECTIONS, "exifMake", "exifModel", "exifLensModel"),
    *("imageFormat", "dimensions", "fileSize"),
)
"""What people ask first of a record."""

_INTERNAL = (CHANGE_SHARD, CHANGE_TIME, EXPIRY_TIME, SEQUENCER)
"""What only the table's index and its functions need: --json has it."""

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@options.connection
@selection()
@click.option("--count", is_flag=True, help="Print how many there are, and nothing else.")
@options.as_json
@click.option("--csv", type=_FILE, metavar="FILE", help="Write a row for each photo into a file.")
@click.option("--parquet", type=_FILE, metavar="FILE", help="The same as Parquet, with types.")
def photos(
    connection: Connection,
    selection: PhotoOptions,
    count: bool,
    as_json: bool,
    csv: Path | None,
    parquet: Path | None,
) -> None:
    """List the photos, or those that meet all conditions, the newest upload first.

    An option that is given several times has alternatives: --tag Dog --tag Cat finds both.
    """
    if sum(map(bool, (count, as_json, csv, parquet))) > 1:
        raise click.UsageError("Give one of --count, --json, --csv and --parquet.")
    if Path("-") in (csv, parquet):
        raise click.UsageError("--csv and --parquet write a file: name it. --json prints the photos.")
    workbench = connection.workbench
    found = selection.among(workbench)
    if count:
        say(str(found.count()))
    elif as_json:
        for photo in found:
            print_json(_attributes(photo))
    elif csv or parquet:
        written = found.to_csv(csv) if csv else found.to_parquet(str(parquet))
        console.print(f"{written}: {found.count():,} photos", soft_wrap=True)
    else:
        print_photos(found, found.selection.labels)
        if "album" in selection.conditions:
            _print_cost(workbench, found)


def print_photos(chosen: Iterable[Photo], asked: Sequence[str] = ()) -> None:
    """Print photos as a table, and below it why some of them failed or lack something.

    Of each photo's labels those that were `asked` for come first.
    """
    reasons = Reasons()
    rows = (
        (
            short_name(photo.name),
            status(photo),
            _taken(photo),
            camera(photo),
            _place(photo),
            ", ".join(first_tags(photo, 4, asked)),
        )
        for photo in reasons.of(chosen)
    )
    columns = ("PHOTO", "STATUS", "TAKEN", "CAMERA", "PLACE", "TAGS")
    print_table(columns, rows, "There are no such photos.", names=True)
    for reason, count in reasons.counts.items():
        console.print()
        console.print(reason)
        names = reasons.names[reason]
        more = f" and {count - len(names):,} more" if count > len(names) else ""
        console.print(", ".join(names) + more, style="dim", soft_wrap=True)


def _print_cost(workbench: Workbench, found: PhotoView) -> None:
    """Print in a line what these photos cost on AWS, if there are any."""
    from imageproc.costs.words import brief

    estimate = workbench.cost(found)
    if estimate.photos:
        console.print()
        console.print(Text(brief(estimate, local=workbench.target.is_local)[1]), style="dim")


@click.command()
@options.connection
@selection(part=False)
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Only the so many most frequent.")
@options.as_json
def tags(connection: Connection, selection: PhotoOptions, limit: int | None, as_json: bool) -> None:
    """Count the photos by what was recognised: labels and their parents, the most frequent first."""
    _print_counts("tag", selection.among(connection.workbench).tags(), limit, as_json)


@click.command()
@options.connection
@click.argument("field", shell_complete=completion.fields)
@selection(part=False)
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Only the so many most frequent.")
@options.as_json
def facets(
    connection: Connection, field: str, selection: PhotoOptions, limit: int | None, as_json: bool
) -> None:
    """Count the photos by FIELD: camera, lens, album, year, month, hour, has_place and more.

    FIELD is a column of --csv and --parquet, or year, month, day, hour, has_place, has_date. What was
    recognised is counted by imageproc tags.
    """
    _print_counts(field, selection.among(connection.workbench).facets(field), limit, as_json)


def _print_counts(name: str, found: Mapping[Any, int], limit: int | None, as_json: bool) -> None:
    """Print values and how many photos have each; None is what lacks one."""
    pairs = list(found.items())[:limit]
    if as_json:
        for value, count in pairs:
            print_json({name: value, "photos": count})
        return
    rows = [("none" if value is None else str(value), f"{count:,}") for value, count in pairs]
    print_table((name.upper(), "PHOTOS"), rows, "There are no photos.")


@click.command()
@options.connection
@click.argument("photo_id", metavar="[PHOTO]", required=False, shell_complete=completion.photos)
@click.argument(
    "out", metavar="[OUT.png]", required=False, type=click.Path(path_type=Path, dir_okay=False, writable=True)
)
@click.option(
    "--boxes", is_flag=True, help="Write the photo to OUT.png, with what was recognised drawn on it."
)
@selection()
@options.as_json
def show(
    connection: Connection,
    photo_id: str | None,
    out: Path | None,
    boxes: bool,
    selection: PhotoOptions,
    as_json: bool,
) -> None:
    """Show what is recorded of PHOTO, an ID or a name that no other photo has, or of a selection.

    What people ask first comes first; --json has all attributes, internal ones as well.
    """
    if boxes != (out is not None):
        raise click.UsageError("--boxes goes with a file to write: imageproc show --boxes PHOTO OUT.png")
    refuse_both(selection, photo_id is not None, "photos")
    workbench = connection.workbench
    chosen = selection.among(workbench) if photo_id is None else [workbench.photos.find(photo_id)]
    for number, photo in enumerate(chosen):
        if out is not None:
            _write_boxes(photo, out)
        elif as_json:
            print_json(_attributes(photo))
        else:
            if number:
                console.print()
            _print_record(photo)


def _print_record(photo: Photo) -> None:
    told: dict[str, Iterable[str]] = {
        ERROR: [_error(photo.error)] if photo.error else (),
        MISSING: [f"{part}: {_error(error)}" for part, error in photo.missing.items()],
        UPLOAD_TIME: [f"{photo.uploaded:%Y-%m-%dT%H:%M:%SZ}"] if photo.uploaded else (),
        LABELS: map(_label, photo.labels),
        LABEL_CORRECTIONS: map(str, photo.corrections),
        EMBEDDING: [f"{EMBEDDING_BYTES:,} numbers"],
    }
    shown = {name: value for name, value in _attributes(photo).items() if name not in _INTERNAL}
    first = {name: shown.pop(name) for name in _FIRST if name in shown}
    for name, value in [*first.items(), *sorted(shown.items())]:
        lines = list(told.get(name, ()))
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        for index, line in enumerate(lines or [text]):
            console.print(f"{'' if index else name:<28}{line}", soft_wrap=True)


def _attributes(photo: Photo) -> dict[str, Any]:
    """Return what is stored of a photo, with the tags that count."""
    shown = photo.attributes
    return {**shown, TAGS: list(photo.tags)} if TAGS in shown or photo.tags else shown


def _error(error: StepError) -> str:
    return f"{error.step}: {error.name}: {error.cause}"


def _label(label: Label) -> str:
    """Return a label with where in the picture it is."""
    boxes = "; ".join(
        f"{box.left:.0%} from left, {box.top:.0%} from top, {box.width:.0%} × {box.height:.0%}"
        for box in label.boxes
    )
    said = f"by {label.by}" if label.by else f"{label.confidence:.0f} %"
    return f"{label.name} {said}" + (f": {boxes}" if boxes else "")


def _write_boxes(photo: Photo, out: Path) -> None:
    from imageproc.errors import ImageRejectedError
    from imageproc.presentation.boxes import draw_boxes, labelled_boxes

    try:
        drawn = draw_boxes(photo.read(), photo.labels)
        drawn.save(out, "PNG")
    except ImageRejectedError as error:
        raise click.ClickException(f"{photo.name}: {error}") from error
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or error}") from error
    console.print(f"{out}: {drawn.width} × {drawn.height} pixels, boxes: {len(labelled_boxes(photo.labels))}")


def _taken(photo: Photo) -> str:
    return f"{photo.taken:%Y-%m-%d %H:%M}" if photo.taken else ""


def _place(photo: Photo) -> str:
    return f"{photo.place.latitude:.3f} {photo.place.longitude:.3f}" if photo.place else ""
