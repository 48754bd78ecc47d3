"""What is to be imported, and what became of each file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from imageproc.client.albums import AlbumLike
from imageproc.costs import Bill, Estimate
from imageproc.presentation import html
from imageproc.presentation.text import bytes_text, photos_text

if TYPE_CHECKING:
    from imageproc.client.imports.source import Source


class ImportOutcome(StrEnum):
    """What became of a file."""

    IMPORTED = "imported"
    THERE = "there"
    """The album has its content already: nothing was sent."""
    SKIPPED = "skipped"
    """It is not a photo that can be processed: trying again does not help."""
    FAILED = "failed"
    """AWS or the network failed; trying again may help."""


@dataclass(frozen=True)
class ImportEntry:
    """A file of the source, and what became of it: a line of the manifest."""

    path: str
    """Within the source."""
    outcome: ImportOutcome
    cause: str = ""
    """Why it was skipped, or failed."""
    photo_id: str = ""
    album: str = ""
    """The album's name."""
    size: int = 0
    """Bytes."""


@dataclass(frozen=True)
class PlannedAlbum:
    """An album that photos are to be imported into."""

    name: str
    new: bool
    """Whether it is created then."""
    photos: int = 0
    size: int = 0
    """Bytes of its photos."""
    there: int = 0
    """How many of them it seems to have: photos of the same name and size.

    In place, pointers that have not changed; none are seen where a key of KMS encrypts them.
    """
    size_there: int = 0
    """Bytes of these."""


@dataclass(frozen=True, repr=False)
class ImportPlan:
    """What a source has, what of it would be imported, and what that costs: by names and sizes alone."""

    source: str
    user: str
    albums: tuple[PlannedAlbum, ...]
    skipped: Mapping[str, int]
    """How many files would be skipped, by cause."""
    estimate: Estimate
    """Of the photos that are missing or unprocessed: as photos, wherever they come from.

    In place processed by a bulk run, and not stored again.
    """
    reading: Bill
    """What finding them and looking into them costs beside: requests to the source's bucket."""
    seconds: float
    """How long processing these takes at least: the stack asks for so many labels a second."""
    origin: Source
    """Where the files are read."""
    album: AlbumLike | None = None
    """The album that was asked for; without one each folder has its own."""
    in_place: bool = False
    """Whether the photos stay in their bucket."""
    unprocessed: int = 0
    """How many of those that are there, in place, have not been processed: an import was broken off."""

    @property
    def photos(self) -> int:
        """How many files may be photos, by name and size."""
        return sum(one.photos for one in self.albums)

    @property
    def size(self) -> int:
        """Bytes of these."""
        return sum(one.size for one in self.albums)

    @property
    def there(self) -> int:
        """How many of them seem to be in their album."""
        return sum(one.there for one in self.albums)

    @property
    def missing(self) -> int:
        """How many of them seem to be missing there."""
        return self.photos - self.there

    @property
    def files(self) -> int:
        """How many files the source has."""
        return self.photos + sum(self.skipped.values())

    def __repr__(self) -> str:
        """Return one line for people."""
        return f"<ImportPlan {self.source}: {photos_text(self.photos)}, {self.missing:,} of them missing>"

    def _repr_html_(self) -> str:
        """Return the albums and what would be skipped as tables, for Jupyter."""
        albums = (
            (one.name, "new" if one.new else "", one.photos, bytes_text(one.size), one.there)
            for one in self.albums
        )
        once = self.estimate.processing.total + self.reading.total
        title = f"{self.source}: {photos_text(self.missing)} to import, about {once:,.2f} USD on AWS"
        skipped = ((cause, f"{count:,}") for cause, count in self.skipped.items())
        return html.tables(
            [
                (title, ("Album", "", "Photos", "Size", "There"), albums),
                ("Skipped", ("Cause", "Files"), skipped),
            ]
        )
