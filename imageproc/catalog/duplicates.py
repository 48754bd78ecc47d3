"""Photos of a selection that are the same, nearly the same, or like another one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imageproc.catalog.fields import FIELDS
from imageproc.catalog.hamming import groups_of
from imageproc.core.perceptual_hash import distance, words
from imageproc.core.record import Status

if TYPE_CHECKING:
    from imageproc.catalog.database import Database
    from imageproc.catalog.selection import Selection

_EXIF = ("make", "model", "lens_model", "exposure_time", "f_number", "sensitivity", "focal_length")
_EXIF_TOO = ("latitude", "taken_offset", "artist", "copyright", "description")
_FACTS = " + ".join(f"CAST({name} IS NOT NULL AS INTEGER)" for name in (*_EXIF, *_EXIF_TOO))

BEST_FIRST = (
    "width * height DESC NULLS LAST, taken NULLS LAST, "
    f"{_FACTS} DESC, file_size DESC NULLS LAST, uploaded NULLS LAST, id"
)
"""Which to keep: most pixels, taken earliest, most EXIF, the largest file, the first upload."""


@dataclass(frozen=True)
class FoundGroup:
    """Photos that are the same or nearly so, the one to keep first."""

    ids: tuple[str, ...]
    distances: tuple[int, ...]
    """In how many of 144 bits each differs from the first."""


@dataclass(frozen=True)
class FoundDuplicates:
    """The groups of a selection, the largest first."""

    groups: tuple[FoundGroup, ...]
    photos: int
    """How many were looked at."""
    without_hash: int
    """Those of them that cannot be compared: they were processed before hashes were made, or not at all."""


@dataclass(frozen=True)
class _Known:
    """What is known of a photo."""

    id: str
    content: str | None
    look: str | None
    rejected: bool
    """Whether it is no photo, and will never have a hash."""


def exact(database: Database, selection: Selection) -> FoundDuplicates:
    """Return groups of photos whose files have the same content."""
    photos = _known(database, selection)
    contents: dict[str, list[_Known]] = {}
    for photo in photos:
        if photo.content:
            contents.setdefault(photo.content, []).append(photo)
    return _found(contents.values(), photos, sum(not (photo.content or photo.rejected) for photo in photos))


def near(database: Database, selection: Selection, threshold: int) -> FoundDuplicates:
    """Return groups of photos that differ in at most so many bits from one of their group, or not at all.

    Raises ResourcesMissingError without NumPy.
    """
    photos = _known(database, selection)
    # What was processed before there were hashes looks like another file of the same content.
    same = {photo.content: photo.look for photo in photos if photo.content and photo.look}
    photos = [replace(photo, look=photo.look or same.get(photo.content or "")) for photo in photos]
    looks = list(dict.fromkeys(photo.look for photo in photos if photo.look))
    group_of = dict(zip(looks, groups_of(looks, threshold), strict=True))
    # An empty picture has no perceptual hash: only its content says that it is there twice.
    groups: dict[int | str, list[_Known]] = {}
    for photo in photos:
        key = group_of[photo.look] if photo.look else photo.content
        if key is not None:
            groups.setdefault(key, []).append(photo)
    return _found(groups.values(), photos, sum(not (photo.look or photo.rejected) for photo in photos))


def similar(
    database: Database, selection: Selection, look: str, count: int, threshold: int
) -> list[tuple[str, int]]:
    """Return the IDs of the photos that look most like a perceptual hash, and the bits that differ."""
    differing = " + ".join(
        f"CAST(bit_count(xor({column}, {word})) AS INTEGER)"
        for column, word in zip(("hash_high", "hash_middle", "hash_low"), words(look), strict=True)
    )
    condition = selection.as_condition().sql(database.names)
    found = database.rows(
        f"SELECT id, {differing} AS distance FROM records WHERE ({condition}) "
        f"AND hash_low IS NOT NULL AND distance <= {int(threshold)} "
        f"ORDER BY distance, id LIMIT {int(count)}"
    )
    return [(photo_id, int(bits_apart)) for photo_id, bits_apart in found]


def _known(database: Database, selection: Selection) -> list[_Known]:
    """Return the photos, the best of any group first."""
    condition = selection.as_condition().sql(database.names)
    rejected = f"COALESCE({FIELDS['status']} = '{Status.REJECTED}', FALSE)"
    columns = f"id, {FIELDS['content_hash']}, {FIELDS['perceptual_hash']}, {rejected}"
    found = database.rows(f"SELECT {columns} FROM records WHERE {condition} ORDER BY {BEST_FIRST}")
    return [_Known(*row) for row in found]


def _found(groups: Iterable[Sequence[_Known]], photos: Sequence[_Known], without: int) -> FoundDuplicates:
    several = [_group(group) for group in groups if len(group) > 1]
    several.sort(key=lambda group: (-len(group.ids), group.ids))
    return FoundDuplicates(tuple(several), len(photos), without)


def _group(photos: Sequence[_Known]) -> FoundGroup:
    kept = photos[0].look
    distances = (distance(kept, photo.look) if kept and photo.look else 0 for photo in photos)
    return FoundGroup(tuple(photo.id for photo in photos), tuple(distances))
