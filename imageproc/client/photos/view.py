"""Views: photos by what they are, to be counted, looked through, and taken into data frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never, overload

from imageproc.catalog import answers, export
from imageproc.catalog.arguments import condition_of
from imageproc.catalog.conditions import AnyOf, all_of
from imageproc.catalog.fields import expression
from imageproc.catalog.new_files import given_path
from imageproc.catalog.outline import Outline, outline
from imageproc.catalog.selection import Listed, Order, Selection
from imageproc.client.photos.calls import called
from imageproc.client.photos.duplicates import (
    Duplicates,
    SimilarPhoto,
    find_duplicates,
    find_similar,
)
from imageproc.client.photos.labelled_view import LabelledView
from imageproc.client.photos.photo import Photo, on_sheet
from imageproc.client.photos.projection import find_projection
from imageproc.client.photos.rarity import LabelRarity, find_rarity
from imageproc.client.photos.search import parse
from imageproc.errors import InvalidArgumentError, PhotoNotFoundError
from imageproc.presentation import html
from imageproc.presentation.text import cut_in_the_middle, photos_text

if TYPE_CHECKING:
    import pandas as pd

    from imageproc.client.albums import AlbumLike
    from imageproc.client.photos import Photos
    from imageproc.client.photos.exports import File, Written
    from imageproc.client.photos.moves import Copied, Moved, NotCopied, NotMoved
    from imageproc.client.photos.photo import PhotoLike

_LONGEST = 200
"""Characters of the calls that made a view; of more the middle is left out."""

Time = str | int | date | datetime
"""2014, '2014-05', '2014-05-31', '2014-05-31 10:20', a date or a datetime."""


@dataclass(frozen=True)
class PhotoView(LabelledView):
    """Some of a stack's photos, in an order: built first, and asked of the catalog when it is looked at.

    Each question is answered from what the table had half a second ago at most, and with all that this
    workbench has written or seen finish before; a photo of a view is as it was then, and `photo.refresh()` as
    it is now. Raises QueryError for an unknown field or tag,
    CatalogError, AwsError.
    """

    photos: Photos
    """Those of the stack."""
    selection: Selection = field(default_factory=Selection)
    """What is asked of the catalog."""
    hidden: frozenset[str] = frozenset()
    """Labels that are neither shown nor counted: those that the view's album hides."""
    written: str = field(default="photos", compare=False)
    """The calls that made it, as Python, cut if they are long."""

    def where(self, *unnamed: Never, **conditions: Any) -> PhotoView:
        """Return those of these photos that meet all of these conditions; see `Photos.where`."""
        if unnamed:
            raise InvalidArgumentError(
                f"where is not told what {unnamed[0]!r} is.",
                "Name it: where(tag='Dog'), say, or search('dog').",
            )
        hidden, told = self.hidden, dict(conditions)
        if conditions.get("album") is not None:
            found = self.photos.album(conditions.pop("album"), _owner(conditions.get("user")))
            conditions["album_id"], hidden = found.id, hidden | found.hidden_labels
            told["album"] = found.name
        written = called(self.written, "where", **told) if told else self.written
        return self._with(self.selection.where(condition_of(conditions)), written, hidden)

    def search(self, text: str) -> PhotoView:
        """Return those that a line of text asks for: see `imageproc.client.photos.search`.

        Raises QueryError for what cannot be read, and as `where` does.
        """
        return parse(text).understood(self).apply(self)

    def between(self, begin: Time | None, end: Time | None) -> PhotoView:
        """Return those that were taken in between, both included; None is no limit."""
        return self.where(taken=(begin, end))

    def sort_by(self, field: str, *more: str, descending: bool = False) -> PhotoView:
        """Return the same photos in another order. What lacks the field comes last either way.

        Raises QueryError for an unknown field, with the nearest names.
        """
        for one in (field, *more):
            expression(one)
        options = {"descending": True} if descending else {}
        written = called(self.written, "sort_by", field, *more, **options)
        order = tuple(Order(one, descending) for one in (field, *more))
        return self._with(self.selection.sorted_by(order), written)

    def in_order(self, ids: Iterable[str]) -> PhotoView:
        """Return those of these photos that have these IDs, in this order."""
        wanted = tuple(dict.fromkeys(ids))
        written = called(self.written, "in_order", list(wanted))
        return self._with(self.where(id=wanted).selection.sorted_by((Listed(wanted),)), written)

    def limit(self, count: int) -> PhotoView:
        """Return the first so many."""
        selection = self.selection.part(0, _whole("limit", count))
        return self._with(selection, called(self.written, "limit", count))

    def sample(self, count: int, seed: int = 0) -> PhotoView:
        """Return so many, chosen by chance: the same photos for the same seed, wherever it is asked."""
        selection = self.selection.sample(_whole("sample", count), seed)
        return self._with(
            selection, called(self.written, "sample", count, **({"seed": seed} if seed else {}))
        )

    def __or__(self, other: PhotoView) -> PhotoView:
        """Return the photos of either view, in this one's order."""
        both = AnyOf((self.selection.as_condition(), self._other(other).as_condition()))
        written = f"({self.written} | {other.written})"
        return self._with(Selection(both, self.selection.order), written, self.hidden & other.hidden)

    def __and__(self, other: PhotoView) -> PhotoView:
        """Return the photos of both views, in this one's order."""
        both = all_of(self.selection.as_condition(), self._other(other).as_condition())
        written = f"({self.written} & {other.written})"
        return self._with(Selection(both, self.selection.order), written, self.hidden | other.hidden)

    def __invert__(self) -> PhotoView:
        """Return all of the stack's other photos."""
        return self._with(self.selection.inverted(), f"(~{self.written})", frozenset())

    def __len__(self) -> int:
        """Return how many there are."""
        return self.count()

    def count(self) -> int:
        """Return how many there are."""
        return self.photos.catalog.ask(answers.count, self.selection)

    def __iter__(self) -> Iterator[Photo]:
        """Yield the photos in order, from the catalog: DynamoDB is not asked for each."""
        rows = self.photos.catalog.rows(self.selection)
        return (self.photos.of_row(row, self.hidden) for row in rows)

    @overload
    def __getitem__(self, index: int) -> Photo: ...
    @overload
    def __getitem__(self, index: slice) -> PhotoView: ...
    def __getitem__(self, index: int | slice) -> Photo | PhotoView:
        """Return one photo, or a view of a part. Raises IndexError, InvalidArgumentError for steps."""
        if isinstance(index, slice):
            return self._slice(index)
        if not hasattr(index, "__index__"):
            raise InvalidArgumentError(f"A view has no photo {index!r}.", "Give its number, or a slice.")
        start = index if index >= 0 else index + len(self)
        for photo in self[start : start + 1] if start >= 0 else ():
            return photo
        raise IndexError(f"there is no photo {index} in the view")

    def first(self) -> Photo:
        """Return the first photo. Raises PhotoNotFoundError if there is none."""
        for photo in self.limit(1):
            return photo
        raise PhotoNotFoundError("The view has no photos.")

    def ids(self) -> list[str]:
        """Return the photos' IDs, in order."""
        return self.photos.catalog.ask(answers.ids, self.selection)

    def outline(self, limit: int) -> Outline:
        """Return the first photos' IDs, shapes, times and places, in order: what a gallery is laid out by."""
        return self.photos.catalog.ask(outline, self.selection.part(0, _whole("limit", limit)))

    def facets(self, field: str) -> dict[Any, int]:
        """Return a field's values, each with its number of photos, the most frequent first.

        None stands for the photos that lack it. `field` is a column of `to_frame`, or `year`, `month`, `day`,
        `hour`, `has_place`, `has_date`. Raises QueryError for an unknown one, with the nearest names.
        """
        return self.photos.catalog.ask(answers.facets, self.selection, field)

    def tags(self) -> dict[str, int]:
        """Return the labels and their parents, each with its number of photos, the most frequent first."""
        found = self.photos.catalog.ask(answers.tags, self.selection)
        return {tag: photos for tag, photos in found.items() if tag not in self.hidden}

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each photo, in order: flat columns, of times, categories and numbers.

        `taken` is the time on the clock where the photo was taken; `taken_offset` is that clock's offset, and
        `taken_utc` the moment, where EXIF has an offset. Raises ResourcesMissingError without pandas.
        """
        return self.photos.catalog.ask(answers.frame, self.selection, self.hidden)

    def labels_frame(self) -> pd.DataFrame:
        """Return a row for each box of each label, and one for a label without boxes, in no fixed order.

        Confidences are in percent; boxes are fractions of the upright picture's sides. `by` is the person who
        added or renamed a label, missing if it was recognised.
        """
        return self.photos.catalog.ask(answers.labels_frame, self.selection, self.hidden)

    def to_parquet(self, path: Path | str) -> Path:
        """Write the columns of `to_frame` as Parquet, and return the path; missing folders are made.

        Raises DownloadError.
        """
        written = given_path(path)
        with self.photos.catalog.unlocked() as database:
            answers.write_parquet(database, self.selection, written, self.hidden)
        return written

    def to_csv(self, path: Path | str) -> Path:
        """Write the columns of `to_frame` as CSV, and return the path; missing folders are made.

        Raises DownloadError. Text that a spreadsheet would take for a formula gets an apostrophe before it.
        """
        written = given_path(path)
        with self.photos.catalog.unlocked() as database:
            answers.write_csv(database, self.selection, written, self.hidden)
        return written

    def to_zip(self, file: File, *, thumbnails: bool = False, keep_location: bool = False) -> Written:
        """Write the photos, or their thumbnails, with their metadata into a zip. See `Photos.write_zip`."""
        return self.photos.write_zip(self, file, thumbnails=thumbnails, keep_location=keep_location)

    def to_contact_sheet(
        self, file: File, *, title: str = "Photos", note: str = "", keep_location: bool = False
    ) -> Written:
        """Write a page of the photos to give away: one HTML file. See `Photos.write_contact_sheet`."""
        return self.photos.write_contact_sheet(
            self, file, title=title, note=note, keep_location=keep_location
        )

    def move_to(self, album: AlbumLike) -> list[Moved | NotMoved]:
        """Move the photos to another album; return what came of each. See `Photos.move`."""
        return list(self.photos.move(self, album))

    def copy_to(self, album: AlbumLike) -> list[Copied | NotCopied]:
        """Copy the photos into another album; return what came of each. See `Photos.copy`."""
        return list(self.photos.copy(self, album))

    def duplicates(self, kind: str = "exact", *, threshold: int | None = None) -> Duplicates:
        """Return groups of these photos that are the same, the one to keep first: see `Duplicates`.

        `"exact"`: files of the same content. `"near"`: pictures whose perceptual hashes differ in at most
        `threshold` of 144 bits (by default 38) from another one of the group: resized, recompressed,
        brightened, a little cropped. Nothing is deleted. Raises InvalidArgumentError,
        ResourcesMissingError without NumPy.
        """
        return find_duplicates(self, kind, threshold)

    def label_rarity(self) -> LabelRarity:
        """Return these photos by how rare their labels are among them, the odd ones out first.

        See `LabelRarity`. It goes by the labels that count and are not hidden; others are counted.
        """
        return find_rarity(self)

    def similar_to(
        self,
        what: Path | PhotoLike,
        n: int = 12,
        *,
        by: str | None = None,
        threshold: int | None = None,
    ) -> list[SimilarPhoto]:
        """Return the `n` of these photos that are most like a photo or a file here (a Path), likest first.

        By `"embedding"` they show like things: the cosine of what EfficientNet-Lite3 makes of them is 0.45 or
        more. By `"hash"` they look alike: their perceptual hashes differ in at most `threshold` of 144 bits,
        by default 56. Without `by` it is by embedding where the photo has one, and among those that have one
        (the template's parameter Similarity), and otherwise by hash; `threshold` is the hash's.

        Raises InvalidArgumentError for a photo that lacks what it is compared by, ModelsMissingError if a
        file's embedding cannot be made here, DownloadError or ImageRejectedError for a file that cannot be
        read, and as `Photos.find` does.
        """
        return find_similar(self, what, _whole("n", n), threshold, by)

    def projection(self, *, notify: Callable[[float], object] = lambda _: None) -> pd.DataFrame:
        """Return `id`, `x` and `y` of each photo that has an embedding: photos of like things lie near.

        x and y are from -1 to 1; what they are says nothing, only which photos are near each other does. The
        same photos lie the same: it takes seconds the first time, and is kept. `notify` is told the share
        that is done, from 0 to 1; what it raises ends the work. Raises InvalidArgumentError for more than
        20,000 photos, ResourcesMissingError without pandas, NumPy or openTSNE.
        """
        return find_projection(self, notify)

    def sql(self, query: str) -> pd.DataFrame:
        """Return what a SELECT in DuckDB's SQL gives.

        `photos` has the columns of `to_frame` (without `taken_utc`) and `labels` those of `labels_frame`, of
        this view's photos. Raises QueryError for anything else, and for what DuckDB refuses.
        """
        return self.photos.catalog.ask(answers.ask, self.selection, query, self.hidden)

    def athena_sql(self) -> str:
        """Return the query for the columns of `to_frame` as Athena takes it, over `workbench.catalog.export`.

        Raises QueryError.
        """
        return self.photos.catalog.ask(export.athena_sql, self.selection)

    @property
    def is_whole(self) -> bool:
        """Whether these are all photos, in their own order."""
        return self.written == "photos"

    def __repr__(self) -> str:
        """Return what is asked for, and how many these photos were when the catalog was asked last.

        The count is left out where it would have to be waited for.
        """
        known = self.photos.catalog.known_count(self.selection)
        return f"<PhotoView {self.written}{'' if known is None else f': {photos_text(known)}'}>"

    @html.or_why_not
    def _repr_html_(self) -> str:
        """Return what is asked for, how many photos that are, and the first ones' thumbnails, for Jupyter."""
        return self.contact_sheet("Photos" if self.is_whole else self.written)

    def contact_sheet(self, title: str) -> str:
        """Return a title, the count, and the first 24 photos' thumbnails, names and tags, as HTML."""
        cards = on_sheet(list(self.limit(html.MAX_PICTURES)), self.selection.labels)
        return html.contact_sheet(title, cards, self.count())

    def _slice(self, index: slice) -> PhotoView:
        if index.step not in (None, 1):
            raise InvalidArgumentError("A view has no steps.", "Slice it as [from:to].")
        if (index.start or 0) < 0 or (index.stop or 0) < 0:
            index = slice(*index.indices(len(self)))
        start = index.start or 0
        count = None if index.stop is None else max(0, index.stop - start)
        written = f"{self.written}[{start or ''}:{'' if index.stop is None else index.stop}]"
        return self._with(self.selection.part(start, count), written)

    def _other(self, other: object) -> Selection:
        if not isinstance(other, PhotoView) or other.photos is not self.photos:
            raise InvalidArgumentError(
                f"A view cannot be put together with {other!r}.", "Only views of one workbench can be."
            )
        return other.selection

    def _with(self, selection: Selection, written: str, hidden: frozenset[str] | None = None) -> PhotoView:
        hidden = self.hidden if hidden is None else hidden
        written = cut_in_the_middle(written, _LONGEST)
        return replace(self, selection=selection, hidden=hidden, written=written)


def _owner(user: Any) -> str | None:
    """Return whose album is meant, if one user is named."""
    return user if isinstance(user, str) else None


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidArgumentError(f"{name} cannot be {value!r}.", "Give 0 or a greater whole number.")
    return value
