"""Duplicates and similar photos: what is found, and which one of a group to keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, overload

from imageproc.catalog import duplicates, similarity
from imageproc.catalog.conditions import Expression, text
from imageproc.catalog.duplicates import FoundDuplicates, FoundGroup
from imageproc.client.native_messages import no_native_messages
from imageproc.client.photos.photo import on_sheet
from imageproc.core.perceptual_hash import BITS
from imageproc.errors import DownloadError, InvalidArgumentError, ModelsMissingError, PhotoNotFoundError
from imageproc.presentation import html
from imageproc.presentation.markup import Markup
from imageproc.presentation.text import number_text, photos_text

if TYPE_CHECKING:
    from imageproc.catalog.selection import Selection
    from imageproc.client.photos.photo import Photo, PhotoLike
    from imageproc.client.photos.view import PhotoView

NEAR = 38
"""Bits of 144 in which near duplicates differ at most. Measured: docs/how-to/find-duplicates.md."""

LIKE = 56
"""Bits of 144 in which similar photos differ at most; any two photos differ in 72, give or take 6."""

ALIKE = 0.45
"""The least cosine of similar photos' embeddings. Of any two photos it is 0.31, and 0.45 or more of one pair
in twenty (157 photos of tests and of COCO)."""

_SHOWN = 8
"""Groups whose thumbnails a notebook shows."""

_AT_ONCE = 200
"""Groups whose photos are read at a time."""

_ADD_HASH = "Process it again: imageproc reprocess PHOTO --only thumbnail."
_ADD_EMBEDDING = (
    "Deploy the stack with -p Similarity=Enabled, and process it again: "
    "imageproc reprocess PHOTO --only embedding."
)


@dataclass(frozen=True)
class SimilarPhoto:
    """A photo that looks like another one."""

    photo: Photo
    similarity: float
    """1 is the same: the cosine of their embeddings or, by hash, the share of its bits that agree."""
    distance: int | None = None
    """In how many of 144 bits their perceptual hashes differ; None if embeddings were compared."""


@dataclass(frozen=True)
class DuplicateGroup:
    """Photos that are the same or nearly so."""

    photos: tuple[Photo, ...]
    """The one to keep first."""
    distances: tuple[int, ...]
    """In how many of 144 bits each looks different from the first."""

    @property
    def kept(self) -> Photo:
        """The one that is suggested to be kept: most pixels, taken earliest, most EXIF, the largest file."""
        return self.photos[0]

    @property
    def others(self) -> tuple[Photo, ...]:
        """All but the one that is suggested to be kept."""
        return self.photos[1:]


@dataclass(frozen=True)
class Duplicates(Sequence[DuplicateGroup]):
    """Groups of the same photos, the largest first. A group's photos are read when it is looked at."""

    view: PhotoView
    """The photos that were looked at."""
    found: FoundDuplicates
    """The groups by IDs."""

    @property
    def examined(self) -> int:
        """How many photos were looked at."""
        return self.found.photos

    @property
    def without_hash(self) -> int:
        """Photos that could not be compared: processing them again adds the hash, unless they are empty."""
        return self.found.without_hash

    @property
    def spare(self) -> list[str]:
        """The IDs of all but the one to keep of each group."""
        return [one for group in self.found.groups for one in group.ids[1:]]

    def __len__(self) -> int:
        """Return how many groups there are."""
        return len(self.found.groups)

    @overload
    def __getitem__(self, index: int) -> DuplicateGroup: ...
    @overload
    def __getitem__(self, index: slice) -> list[DuplicateGroup]: ...
    def __getitem__(self, index: int | slice) -> DuplicateGroup | list[DuplicateGroup]:
        """Return a group, or several. Photos that were forgotten since are left out.

        So are groups of which none is left; of a single one, PhotoNotFoundError is raised.
        """
        if isinstance(index, slice):
            return self._read(self.found.groups[index])
        for group in self._read([self.found.groups[index]]):
            return group
        raise PhotoNotFoundError(
            f"All photos of group {index} were forgotten since.", "Look for duplicates again."
        )

    def __iter__(self) -> Iterator[DuplicateGroup]:
        """Yield the groups."""
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]

    def __repr__(self) -> str:
        """Return one line for people."""
        spare = f"{photos_text(len(self.spare))} to spare of {self.examined:,}"
        without = f", {self.without_hash:,} without a hash" if self.without_hash else ""
        return f"<Duplicates: {number_text(len(self), 'group')}, {spare}{without}>"

    @html.or_why_not
    def _repr_html_(self) -> Markup:
        """Return the first groups' thumbnails, the one to keep first in each, for Jupyter."""
        shown = self[:_SHOWN]
        left = len(self) - len(shown)
        more = [f"and {number_text(left, 'more group')}"] if left else []
        sheets = [
            html.contact_sheet(f"Keep {group.kept.name}:", on_sheet(group.photos), len(group.photos))
            for group in shown
        ]
        return Markup("").join([html.notes([repr(self).strip("<>")]), *sheets, html.notes(more)])

    def _read(self, groups: Sequence[FoundGroup]) -> list[DuplicateGroup]:
        wanted = [one for group in groups for one in group.ids]
        photos = {photo.id: photo for photo in self.view.photos.where(id=wanted)}
        found = []
        for group in groups:
            known = [
                (photos[one], bits)
                for one, bits in zip(group.ids, group.distances, strict=True)
                if one in photos
            ]
            if not known:
                continue
            found.append(DuplicateGroup(tuple(one for one, _ in known), tuple(bits for _, bits in known)))
        return found


def find_duplicates(view: PhotoView, kind: str, threshold: int | None) -> Duplicates:
    """Return the groups of a view's photos. See `PhotoView.duplicates`."""
    catalog = view.photos.catalog
    if kind == "near":
        bits = _bits(NEAR if threshold is None else threshold)
        return Duplicates(view, catalog.ask(duplicates.near, view.selection, bits))
    if kind != "exact":
        raise InvalidArgumentError(f"Duplicates cannot be {kind!r}.", "They are 'exact' or 'near'.")
    if threshold is not None:
        raise InvalidArgumentError("Exact duplicates have no threshold.", "Give it with 'near'.")
    return Duplicates(view, catalog.ask(duplicates.exact, view.selection))


def find_similar(
    view: PhotoView, what: Path | PhotoLike, count: int, threshold: int | None, by: str | None
) -> list[SimilarPhoto]:
    """Return those of a view that are most like a photo or a file. See `PhotoView.similar_to`."""
    if by not in (None, "embedding", "hash"):
        raise InvalidArgumentError(f"Photos are not compared by {by!r}.", "By 'embedding', or by 'hash'.")
    if by == "embedding" and threshold is not None:
        raise InvalidArgumentError("A threshold is of the hash's bits.", "Give it with by='hash'.")
    photo = None if isinstance(what, Path) else view.photos.find(what)
    selection = view.selection if photo is None else view.selection.where(_other_than(photo))
    if by != "hash" and threshold is None:
        embedding = _embedding_of(view, photo or what, asked=by is not None)
        if embedding is not None:
            return _read_alike(view, selection, embedding, count)
    look = _look_of_photo(photo) if photo else _look_of_file(Path(str(what)))
    bits_apart = _bits(LIKE if threshold is None else threshold)
    found = view.photos.catalog.ask(duplicates.similar, selection, look, count, bits_apart)
    photos = {one.id: one for one in view.photos.where(id=[one for one, _ in found])}
    return [SimilarPhoto(photos[one], 1 - bits / BITS, bits) for one, bits in found if one in photos]


def _other_than(photo: Photo) -> Expression:
    return Expression(f"id <> {text(photo.id)}")


def _read_alike(view: PhotoView, selection: Selection, embedding: bytes, count: int) -> list[SimilarPhoto]:
    found = view.photos.catalog.ask(similarity.alike, selection, embedding, count, ALIKE)
    photos = {one.id: one for one in view.photos.where(id=[one for one, _ in found])}
    return [SimilarPhoto(photos[one], cosine) for one, cosine in found if one in photos]


def _embedding_of(view: PhotoView, what: Photo | Path | str, *, asked: bool) -> bytes | None:
    """Return what to compare by; None, unless it is asked for, if that is to be the hash."""
    catalog = view.photos.catalog
    try:
        if not isinstance(what, Path | str):
            found = what.embedding or catalog.ask(similarity.embedding_of, what.id)
            if found is None and asked:
                raise InvalidArgumentError(f"{what.name} has no embedding to compare by.", _ADD_EMBEDDING)
            return found
        return _embedding_of_file(Path(what)) if asked or catalog.ask(similarity.has_embeddings) else None
    except ModelsMissingError:
        if asked:
            raise
        return None


def _embedding_of_file(path: Path) -> bytes:
    from imageproc.core.embedding import embedder  # here: it loads LiteRT

    data = _read_file(path)
    with no_native_messages():  # LiteRT tells of its delegate
        loaded = embedder()
    return loaded.embed(data)


def _read_file(path: Path) -> bytes:
    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        raise DownloadError(f"{path} cannot be read: {error.strerror or error}.") from error


def _look_of_file(path: Path) -> str:
    from imageproc.core.thumbnail import make_thumbnail  # here: it loads Pillow

    look = make_thumbnail(_read_file(path)).perceptual_hash
    if look is None:
        raise InvalidArgumentError(f"Nothing can be seen in {path.name}: it is like any empty picture.")
    return look


def _look_of_photo(photo: Photo) -> str:
    look = photo.perceptual_hash or photo.refresh().perceptual_hash
    if look is None:
        raise InvalidArgumentError(f"{photo.name} has no perceptual hash to compare by.", _ADD_HASH)
    return look


def _bits(threshold: int) -> int:
    if not isinstance(threshold, int) or isinstance(threshold, bool) or not 0 <= threshold < BITS:
        raise InvalidArgumentError(f"threshold cannot be {threshold!r}.", f"Give bits from 0 to {BITS - 1}.")
    return threshold
