"""Photos as the parts show them: a card, and the opened photo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imageproc import Photo, Status
from imageproc.presentation.boxes import LabelledBox, labelled_boxes
from imageproc.presentation.facts import Fact, facts, first_tags, problem, said_by, tag_confidences
from imageproc.presentation.text import printable
from imageproc.widgets.parts.gallery import Card
from imageproc.widgets.parts.photo_viewer import FactGroup, ViewedPhoto
from imageproc.widgets.tones import Tone

PHOTO_TONES = {
    Status.UPLOADED: Tone.WAITING,
    Status.PROCESSING: Tone.RUNNING,
    Status.SUCCEEDED: Tone.SUCCESS,
    Status.INCOMPLETE: Tone.WARNING,
    Status.REJECTED: Tone.ERROR,
    Status.FAILED: Tone.ERROR,
}

GROUPS = {
    "Taken": ("Taken",),
    "Description": ("Description", "Artist", "Copyright"),
    "Camera": ("Camera", "Lens", "Software"),
    "Exposure": (
        *("Exposure time", "Aperture", "Sensitivity", "Focal length", "Exposure bias", "Exposure program"),
        *("Exposure mode", "Metering", "White balance", "Flash", "Digital zoom"),
    ),
    "Place": ("Place",),
    "File": (
        "Format",
        "Dimensions",
        "Orientation",
        "File size",
        "Truncated",
        "Content hash",
        "ID",
        "Original",
    ),
    "Processing": ("Status", "Error", "Missing", "Uploaded", "User", "Album", "Labelled by"),
}
"""Facts by what they are about; others come last."""

_CARD_TAGS = 3


def card(photo: Photo, asked: Iterable[str] = ()) -> Card:
    """Return the photo's card; labels that were asked for come first."""
    done = photo.status is Status.SUCCEEDED
    status = ("Truncated" if photo.truncated else "") if done else photo.status.capitalize()
    why = problem(photo)
    confidences = dict(tag_confidences(photo))
    names = map(printable, first_tags(photo, _CARD_TAGS, asked))
    return Card(
        id=photo.id,
        name=printable(photo.name),
        note=f"{status}: {why}" if status and why else status,
        tone=Tone.WARNING if done and photo.truncated else PHOTO_TONES[photo.status],
        tags=tuple((name, confidences.get(name)) for name in names),
        thumbnail=photo.thumbnail_key is not None,
        said=tuple(said_by(photo)),
    )


def viewed(photo: Photo, number: int, total: int, album: str = "") -> ViewedPhoto:
    """Return the opened photo: the one with a number from 0, of so many, in an album of this name."""
    return ViewedPhoto(
        id=photo.id,
        name=printable(photo.name),
        album=printable(album),
        place=(photo.place.latitude, photo.place.longitude) if photo.place else None,
        position=f"{number + 1:,} of {total:,}",
        previous=number > 0,
        next=number + 1 < total,
        tags=tuple(tag_confidences(photo)),
        boxes=tuple(map(_box, labelled_boxes(photo.labels))),
        said=said_by(photo),
        corrections=tuple(printable(str(one)) for one in photo.corrections),
        groups=tuple(grouped(_named(fact, album) for fact in facts(photo))),
    )


def grouped(found: Iterable[Fact]) -> list[FactGroup]:
    """Return facts by what they are about."""
    group_of = {name: title for title, names in GROUPS.items() for name in names}
    groups: dict[str, list[tuple[str, str, str]]] = {title: [] for title in (*GROUPS, "Other")}
    for fact in found:
        groups[group_of.get(fact.name, "Other")].append((fact.name, fact.value, fact.href))
    return [FactGroup(title, tuple(rows)) for title, rows in groups.items() if rows]


def _named(fact: Fact, album: str) -> Fact:
    return Fact("Album", f"{printable(album)} ({fact.value})") if album and fact.name == "Album" else fact


def summary(photos: Sequence[Photo], asked: Iterable[str] = ()) -> list[tuple[str, str, str]]:
    """Return a table row for each photo: name, status and tags."""
    cards = [card(photo, asked) for photo in photos]
    return [(c.name, c.note or "Succeeded", ", ".join(name for name, _ in c.tags)) for c in cards]


def _box(one: LabelledBox) -> tuple[str, float, float, float, float]:
    """Return the part of a box that lies in the picture."""
    left, right = _span(one.box.left, one.box.width)
    top, bottom = _span(one.box.top, one.box.height)
    return one.name, left, top, right - left, bottom - top


def _span(start: float, length: float) -> tuple[float, float]:
    first, last = sorted(min(1.0, max(0.0, end)) for end in (start, start + length))
    return first, last


GONE = Card("", "This photo is gone", "Gone", Tone.WAITING, thumbnail=False)
"""In the place of a photo that was erased since the photos were found."""
