"""A photo: its record, and what can be done with it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from imageproc.core.corrections import without
from imageproc.core.record import PhotoRecord
from imageproc.core.record_codec import encode
from imageproc.errors import ImageprocError, InvalidArgumentError
from imageproc.presentation import html
from imageproc.presentation.facts import summary

if TYPE_CHECKING:
    from imageproc.client.photos import Photos
    from imageproc.client.photos.duplicates import SimilarPhoto
    from imageproc.client.photos.labelling import Outcome
    from imageproc.client.photos.processing import Restarted
    from imageproc.core.label import Label

T = TypeVar("T")


@dataclass(frozen=True, repr=False)
class Photo(PhotoRecord):
    """A photo's record, as it was when it was read, with the stack that it is in."""

    _photos: Photos | None = field(default=None, repr=False, compare=False)
    _hidden: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels that count, the most confident first, without those that are hidden in the album.

        What the machine recognised is `machine_labels`, what people said `corrections`.
        """
        return without(super().labels, self._hidden)

    @property
    def tags(self) -> tuple[str, ...]:
        """The names of these labels."""
        return tuple(name for name in super().tags if name not in self._hidden)

    @property
    def attributes(self) -> dict[str, Any]:
        """All that is stored of the photo, under the stored names (docs/reference/records.md)."""
        return encode(self)

    def read(self) -> bytes:
        """Return the file as it was uploaded. Raises AwsError, also if it is gone."""
        return self._stack_photos.read(self)

    def read_thumbnail(self) -> bytes:
        """Return the thumbnail's file. Raises PhotoNotFoundError if there is none, AwsError."""
        return self._stack_photos.read_thumbnail(self)

    def refresh(self) -> Photo:
        """Return the photo as it is now. Raises PhotoNotFoundError, AwsError."""
        return replace(self._stack_photos.get(self.id), _hidden=self._hidden)

    def retry(self, only: Iterable[str] = ()) -> Restarted:
        """Process again what failed or is missing; see `Photos.retry`."""
        return self._stack_photos.retry(self, only)

    def reprocess(self, only: Iterable[str] = ()) -> Restarted:
        """Process all of it again, or only these parts; see `Photos.reprocess`."""
        return self._stack_photos.reprocess(self, only)

    def add_label(self, label: str, *, user: str | None = None) -> Photo:
        """Say that the photo has a label, in a person's name; return it as it is then.

        The name is by default `default_user()`. Raises CorrectionError, PhotoNotFoundError, AwsError.
        """
        said = self._stack_photos.add_label([self], label, user=user)
        return self._after(said, label, may_be_so=True)

    def remove_label(self, label: str, *, user: str | None = None) -> Photo:
        """Say that the photo does not have a label; return it as it is then. Raises as `add_label` does."""
        return self._after(self._stack_photos.remove_label([self], label, user=user), label)

    def rename_label(self, label: str, to: str, *, user: str | None = None) -> Photo:
        """Say that what the photo has under a label is another thing; its parents go unless they are others'.

        Raises as `add_label` does.
        """
        return self._after(self._stack_photos.rename_label([self], label, to, user=user), label)

    def undo_correction(self, label: str | None = None) -> Photo:
        """Undo the photo's last correction, or that of a label. Raises as `add_label` does."""
        return self._after(self._stack_photos.undo_corrections([self], label), label)

    def similar(self, n: int = 12, *, by: str | None = None) -> list[SimilarPhoto]:
        """Return the photos of the stack that are most like this one; see `PhotoView.similar_to`."""
        return self._stack_photos.similar_to(self, n, by=by)

    def __repr__(self) -> str:
        """Return one line for people: the ID, status, time, camera and first tags."""
        return f"<Photo {summary(self)}>"

    def _repr_html_(self) -> str:
        """Return the thumbnail, what is known of the photo, and all facts in a fold, for Jupyter."""
        return html.photo(self, self.thumbnail_if_any())

    def thumbnail_if_any(self) -> bytes | None:
        """Return the thumbnail's file, None if it cannot be had: showing a photo never fails."""
        with contextlib.suppress(ImageprocError):
            return self.read_thumbnail() if self.thumbnail_key else None
        return None

    def _after(self, outcomes: Iterable[Outcome], label: str | None, *, may_be_so: bool = False) -> Photo:
        from imageproc.client.photos.labelling import corrected  # here: it imports this module

        return corrected(self, outcomes, label, may_be_so=may_be_so)

    @property
    def _stack_photos(self) -> Photos:
        if self._photos is None:
            raise InvalidArgumentError(
                f"{self.id} was not read from a stack.", "Read it with workbench.photos.get."
            )
        return self._photos


def on_sheet(photos: Sequence[Photo], asked: Sequence[str] = ()) -> list[html.SheetPhoto]:
    """Return photos with their thumbnails, for a contact sheet on which these labels are named first."""
    with ThreadPoolExecutor(8) as pool:
        thumbnails = pool.map(Photo.thumbnail_if_any, photos)
        return [html.SheetPhoto(photo, data, asked) for photo, data in zip(photos, thumbnails, strict=True)]


PhotoLike = Photo | str
"""A photo, its ID, or its file's name."""


def several(photos: Iterable[T]) -> Iterable[T]:
    """Return photos as they are. Raises InvalidArgumentError for one alone, and for what are none."""
    if isinstance(photos, str | Photo) or not isinstance(photos, Iterable):
        raise InvalidArgumentError(f"{photos!r} are no photos.", "Give a view, an album or a list of photos.")
    return photos


def id_of(photo: object) -> str:
    """Return a photo's ID. Raises InvalidArgumentError."""
    if isinstance(photo, Photo):
        return photo.id
    if isinstance(photo, str) and photo:
        return photo
    raise InvalidArgumentError(f"A photo cannot be {photo!r}.", "Give a Photo, its ID, or its file's name.")
