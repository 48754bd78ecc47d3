"""`imageproc export`, `evaluate` and `compare`: photos as a data set, and labels measured by one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from imageproc.cli import options
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, print_json, print_table
from imageproc.cli.selection import PhotoOptions, selection
from imageproc.presentation.text import photos_text

if TYPE_CHECKING:
    from imageproc import Comparison, Evaluation, RecognitionComparison

_FORMATS = ("coco", "yolo", "voc", "csv", "parquet")
_FOLDER = click.Path(path_type=Path, file_okay=False)
_WORST = 10


def _settings(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, list[float]]:
    """Read `MinConfidence=55,70`."""
    found = {}
    for one in given:
        name, _, values = one.partition("=")
        try:
            found[name] = [float(value) for value in values.split(",")]
        except ValueError as error:
            raise click.BadParameter(f"{one!r} is not like MinConfidence=55,70.") from error
    return found


@click.command()
@options.connection
@click.argument("form", metavar="FORMAT", type=click.Choice(_FORMATS))
@click.argument("folder", metavar="DIR", type=_FOLDER)
@selection()
@click.option("--no-photos", is_flag=True, help="Only the labels.")
@click.option("--confidence", type=float, default=0.0, metavar="PERCENT", help="Only labels so confident.")
@click.option("--keep-location", is_flag=True, help="Keep where the photos were taken.")
def export(
    connection: Connection,
    form: str,
    folder: Path,
    selection: PhotoOptions,
    no_photos: bool,
    confidence: float,
    keep_location: bool,
) -> None:
    """Write all photos, or a selection, with their labels into DIR as a data set, and without places.

    FORMAT is coco, yolo, voc, csv or parquet. DIR is new or empty.
    """
    connection.announce()
    made = selection.among(connection.workbench).export(
        form, folder, photos=not no_photos, min_confidence=confidence, keep_location=keep_location
    )
    for one in made.left_out:
        errors.print(f"Left out: {one.photo_id}: {one.cause}", soft_wrap=True)
    kept = ", which the format has no place for" if made.without_box and form in ("yolo", "voc") else ""
    labels = f"labels: {made.boxes:,} with a box, {made.without_box:,} without one{kept}"
    console.print(f"{made.folder}: {photos_text(made.photos)}, {labels}.", soft_wrap=True)
    if made.left_out:
        raise click.exceptions.Exit(1)


@click.command()
@options.connection
@click.argument("truth", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@selection()
@click.option("--machine", is_flag=True, help="Judge what was recognised, not what people made of it.")
@click.option(
    "--confidence", type=float, default=0.0, metavar="PERCENT", help="Of the table by label; by default 0."
)
@options.as_json
def evaluate(
    connection: Connection,
    truth: Path | None,
    selection: PhotoOptions,
    machine: bool,
    confidence: float,
    as_json: bool,
) -> None:
    """Measure the labels of all photos, or of a selection, by the data set in DIR.

    DIR is a folder or a file in one of the formats of `export`. Photos are known by their files' names.
    Without DIR the truth is what people corrected.
    """
    found = selection.among(connection.workbench).evaluate(truth, machine=machine)
    if as_json:
        for row in found.rows():
            print_json(row)
        return
    _print_tables(found, confidence)


@click.command()
@options.connection
@click.argument("settings", metavar="[NAME=VALUE,VALUE…]", nargs=-1, callback=_settings)
@click.option("--truth", metavar="DIR", type=click.Path(path_type=Path), help="A data set to measure by.")
@click.option(
    "--rekognition", metavar="REGION", help="Ask Amazon Rekognition of this region; it costs money."
)
@click.option("--rekognition-profile", metavar="NAME", help="The profile of the account that pays.")
@click.option(
    "--max-usd",
    type=float,
    default=0.0,
    metavar="AMOUNT",
    help="The most that this may cost; by default nothing.",
)
@selection()
@options.as_json
def compare(
    connection: Connection,
    settings: dict[str, list[float]],
    truth: Path | None,
    rekognition: str | None,
    rekognition_profile: str | None,
    max_usd: float,
    selection: PhotoOptions,
    as_json: bool,
) -> None:
    """Say what other settings of MinConfidence and MaxLabels would give for photos: MinConfidence=55,70,85.

    Stored labels tell it of settings that are stricter than the stack's. Precision and recall are by --truth,
    as of `evaluate`, or by what people corrected. Nothing is recognised or changed.

    With --rekognition, and without settings, the recorded labels are compared with those that Amazon
    Rekognition gives the same photos, if that costs no more than --max-usd; else it says what it would cost.
    """
    if bool(settings) == bool(rekognition):
        raise click.UsageError(
            "Give settings to compare, such as MinConfidence=55,70, or --rekognition REGION."
        )
    workbench = connection.workbench
    view = selection.among(workbench)
    found: Comparison | RecognitionComparison
    if rekognition:
        other = connection.beside(rekognition_profile, rekognition)
        found = workbench.compare_recognition(view, other, truth=truth, max_usd=max_usd)
    else:
        found = workbench.compare(view, settings, truth=truth)
    if as_json:
        for row in found.rows():
            print_json(row)
        return
    columns, rows = found.table()
    print_table([name.upper() for name in columns], rows, "")
    for note in found.notes():
        console.print(note, soft_wrap=True)


def _print_tables(found: Evaluation, confidence: float) -> None:
    from imageproc.client.photos.evaluation import ranked, shown

    heads = ("RIGHT", "WRONG", "MISSED", "PRECISION", "RECALL", "F1")
    rows = [(f"{one:g} %", *shown(found.overall(one))) for one in found.thresholds]
    print_table(("CONFIDENCE", *heads), rows, "")
    console.print()
    labels = [(name, *shown(score)) for name, score in ranked(found.by_label(confidence))]
    print_table(("LABEL", *heads), labels, "No labels are judged.")
    for (true, said), count in list(found.confusion(confidence).items())[:_WORST]:
        console.print(f"{count:,} × {true} was taken for {said}", soft_wrap=True)
    mistakes = found.mistakes(confidence)[:_WORST]
    if mistakes:
        rows = [(one.photo_id, ", ".join(one.wrong), ", ".join(one.missed)) for one in mistakes]
        console.print()
        print_table(("WORST PHOTOS", "WRONG", "MISSED"), rows, "")
    console.print()
    rest = f" {len(found.unmatched):,} files of the data set are none of them." if found.unmatched else ""
    console.print(f"{photos_text(found.photos).capitalize()} judged.{rest}", soft_wrap=True)
