"""`imageproc duplicates`, `similar` and `rarest`: which photos are the same, look alike, or stand out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imageproc.cli import completion, options
from imageproc.cli.options import Connection
from imageproc.cli.output import console, print_json, print_table_of_ids, size
from imageproc.cli.selection import PhotoOptions, selection
from imageproc.presentation.facts import difference
from imageproc.presentation.text import alike_text, labels_text, photos_text

if TYPE_CHECKING:
    from imageproc import Duplicates, Photo

_COLUMNS = ("", "LOOKS", "PIXELS", "TAKEN", "SIZE", "PHOTO")
_LABELS = 3
"""Of a photo, the rarest."""
_BITS = click.IntRange(0, 143)


@click.command()
@options.connection
@click.option(
    "--kind",
    type=click.Choice(("exact", "near")),
    default="exact",
    show_default=True,
    help="near: also what was resized, recompressed, brightened or cropped a little.",
)
@click.option(
    "--threshold",
    type=_BITS,
    metavar="BITS",
    help="With --kind near: of 144 bits so many may differ; by default 38.",
)
@selection()
@options.as_json
def duplicates(
    connection: Connection, kind: str, threshold: int | None, selection: PhotoOptions, as_json: bool
) -> None:
    """List photos that are there more than once, in groups, the one to keep first.

    Nothing is deleted: `imageproc forget` erases the photos that you name.
    """
    if threshold is not None and kind == "exact":
        raise click.UsageError("--threshold goes with --kind near.")
    found = selection.among(connection.workbench).duplicates(kind, threshold=threshold)
    if as_json:
        for group in found.found.groups:
            pairs = zip(group.ids[1:], group.distances[1:], strict=True)
            others = [{"imageID": one, "distance": bits} for one, bits in pairs]
            print_json({"keep": group.ids[0], "others": others})
        return
    print_table_of_ids(_COLUMNS, _rows(found), f"None of {photos_text(found.examined)} is there twice.")
    _summarise(found, kind)


def _rows(found: Duplicates) -> Iterator[tuple[str, ...]]:
    for number, group in enumerate(found):
        if number:
            yield ("",) * len(_COLUMNS)
        for photo, bits in zip(group.photos, group.distances, strict=True):
            kept = photo is group.kept
            looks = "" if kept else difference(photo, group.kept, bits)
            yield "keep" if kept else "", looks, *_facts(photo)


def _summarise(found: Duplicates, kind: str) -> None:
    if found.without_hash:
        what = "perceptual hash" if kind == "near" else "content hash"
        console.print(
            f"{photos_text(found.without_hash)} could not be compared, for want of a {what}. Such a photo "
            "cannot be decoded (imageproc failures names it), has nothing to be seen in it, or was processed "
            "by an older version: then imageproc reprocess --only thumbnail adds it, for the same photos."
        )
    if found:
        groups = "1 group" if len(found) == 1 else f"{len(found):,} groups"
        console.print(
            f"{groups}: {photos_text(len(found.spare))} of {found.examined:,} could go. Nothing was deleted; "
            "imageproc forget PHOTO erases one."
        )


@click.command()
@options.connection
@click.argument("photo", metavar="PHOTO|FILE", shell_complete=completion.photos)
@click.option(
    "--by",
    type=click.Choice(["embedding", "hash"]),
    help="Like things, by embedding, or the same look, by hash; by default embeddings where there are some.",
)
@click.option(
    "--threshold",
    type=_BITS,
    metavar="BITS",
    help="Of the hash's 144 bits so many may differ; by default 56.",
)
@selection(part=False)
@click.option(
    "--limit", type=click.IntRange(min=0), default=12, show_default=True, metavar="N", help="At most so many."
)
@options.as_json
def similar(
    connection: Connection,
    photo: str,
    by: str | None,
    threshold: int | None,
    selection: PhotoOptions,
    limit: int,
    as_json: bool,
) -> None:
    """List the photos that are most like PHOTO, or like a FILE of this machine, the likest first.

    Only those are listed that are like it: by embedding with a cosine of 0.45 or more, where 1 is the same.
    """
    view = selection.among(connection.workbench)
    path = Path(photo).expanduser()
    found = view.similar_to(path if path.is_file() else photo, limit, by=by, threshold=threshold)
    if as_json:
        for one in found:
            told = {"imageID": one.photo.id, "similarity": round(one.similarity, 3)}
            print_json(told if one.distance is None else {**told, "distance": one.distance})
        return
    rows = ((alike_text(one.similarity, one.distance), *_facts(one.photo)) for one in found)
    print_table_of_ids(_COLUMNS[1:], rows, _nothing_like_it(by))


def _nothing_like_it(by: str | None) -> str:
    from imageproc.client.photos.duplicates import ALIKE, LIKE

    if by == "hash":
        return f"No other photo looks like it: {LIKE} bits may differ, or as many as --threshold says."
    return (
        f"No other photo is like it: of none has the embedding a cosine of {ALIKE} or more with its own. "
        "--by hash goes by how they look."
    )


@click.command()
@options.connection
@selection(part=False)
@click.option(
    "--limit", type=click.IntRange(min=0), default=12, show_default=True, metavar="N", help="At most so many."
)
@options.as_json
def rarest(connection: Connection, selection: PhotoOptions, limit: int, as_json: bool) -> None:
    """List the odd ones out of all photos, or of a selection: those whose labels are the rarest among them.

    They show what is rare, or what was recognised wrongly. Rarity goes from 0, where all have all of its
    labels, to 1, where no other has one.
    """
    found = selection.among(connection.workbench).label_rarity()
    shown = found[:limit]
    if as_json:
        for one in shown:
            print_json({"imageID": one.photo.id, "rarity": one.rarity, "labels": one.labels})
        return
    rows = ((f"{one.rarity:.2f}", _rarest(one.labels), one.photo.id) for one in shown)
    columns = ("RARITY", "LABELS, WITH HOW MANY PHOTOS HAVE EACH", "PHOTO")
    print_table_of_ids(columns, rows, "No photo has a label.")
    if found.without_labels:
        console.print(f"{photos_text(found.without_labels).capitalize()} without labels.", soft_wrap=True)


def _rarest(labels: Mapping[str, int]) -> str:
    more = " …" if len(labels) > _LABELS else ""
    return labels_text(dict(islice(labels.items(), _LABELS))) + more


def _facts(photo: Photo) -> tuple[str, ...]:
    """Return a photo's size in pixels, its time, its size in bytes, and its ID, which `forget` takes."""
    pixels = f"{photo.upright.width} × {photo.upright.height}" if photo.upright else ""
    taken = f"{photo.taken:%Y-%m-%d %H:%M}" if photo.taken else ""
    return pixels, taken, "" if photo.file_size is None else size(photo.file_size), photo.id
