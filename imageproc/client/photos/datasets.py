"""Photos and their labels as a data set in one of the field's formats, and data sets as corrections."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from imageproc.client.photos.corrections import Corrected, Corrections, NotCorrected
from imageproc.client.photos.downloads import NotDownloaded, fetched, new_file
from imageproc.client.photos.exports import Given, ahead
from imageproc.client.photos.photo import Photo
from imageproc.core.file_names import file_name
from imageproc.core.record import Status
from imageproc.core.thumbnail import render
from imageproc.datasets import formats
from imageproc.datasets.evaluation import renamed
from imageproc.datasets.images import AnnotatedImage, Annotation, Dataset
from imageproc.errors import DatasetError, DownloadError, ImageRejectedError
from imageproc.local.recognition.vocabulary import vocabulary
from imageproc.presentation import html
from imageproc.presentation.markup import Markup

_UPRIGHT = (None, 1)
"""EXIF's orientations of photos that are stored upright."""

_QUALITY = 95

_SHOWN = 10
"""Photos that are left out of which a notebook says why."""


@dataclass(frozen=True)
class DatasetExport:
    """A data set that is complete."""

    folder: Path
    photos: int
    boxes: int
    without_box: int
    """Labels without a box: in the data set, or if its format knows boxes alone, left out."""
    left_out: tuple[NotDownloaded, ...] = ()
    """The photos that are not in it, and why."""

    def _repr_html_(self) -> Markup:
        """Return what the data set has, and what it lacks and why, for Jupyter."""
        counts = [("Photos", self.photos), ("Boxes", self.boxes), ("Labels without a box", self.without_box)]
        table = html.pairs("Data set", [("Folder", self.folder), *counts, ("Left out", len(self.left_out))])
        return table + html.notes(one.cause for one in self.left_out[:_SHOWN])


@dataclass(frozen=True)
class DatasetOptions:
    """What an export has."""

    format: str
    photos: bool = True
    min_confidence: float = 0.0


def export(
    given: Given, read: Callable[[Photo], bytes], folder: Path, options: DatasetOptions
) -> DatasetExport:
    """Write photos and labels into an empty folder. See `PhotoView.export`."""
    form = formats.format_named(options.format)
    _check_empty(folder)
    images, left_out = list[AnnotatedImage](), list[NotDownloaded]()

    def one(photo: Photo) -> AnnotatedImage | NotDownloaded:
        image = annotated(photo, options.min_confidence)
        if image.width is None:
            why = "was rejected" if photo.status is Status.REJECTED else "was not read: its size is not known"
            return NotDownloaded(photo.id, f"{photo.name} {why}.")
        if options.photos:
            data = _file(photo, read, strip=not given.keep_location)
            if isinstance(data, NotDownloaded):
                return data
            with new_file(folder / form.photos / image.file) as file:
                file.write(data)
        return image

    for _, made in ahead(given, one):
        if isinstance(made, NotDownloaded):
            left_out.append(made)
        else:
            images.append(made)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        form.write(images, folder)
    except OSError as error:
        raise DownloadError(f"{folder} cannot be written: {error.strerror or error}.") from error
    boxes = [one.box is not None for image in images for one in image.annotations]
    return DatasetExport(folder, len(images), sum(boxes), len(boxes) - sum(boxes), tuple(left_out))


def annotated(photo: Photo, min_confidence: float = 0.0) -> AnnotatedImage:
    """Return what a data set says of a photo: the labels that count, of at least this confidence."""
    size, found = photo.upright, list[Annotation]()
    width, height = (size.width, size.height) if size else (None, None)
    for label in photo.labels:
        if label.confidence >= min_confidence:
            parent = label.parents[0] if label.parents else ""
            for box in label.boxes:
                found.append(Annotation(label.name, box, None if label.by else box.confidence, parent))
            if not label.boxes:
                sure = None if label.by else label.confidence
                found.append(Annotation(label.name, None, sure, parent))
    return AnnotatedImage(file_name(photo.id), width, height, tuple(found), photo.id)


def read_dataset(truth: Path | str | Dataset, names: Mapping[str, str] | None) -> Dataset:
    """Return a data set under the names of our labels. Raises DatasetError."""
    found = truth if isinstance(truth, Dataset) else formats.read(Path(truth).expanduser())
    known = {**_known_names(), **{name.casefold(): label for name, label in (names or {}).items()}}
    images = (replace(one, annotations=renamed(one.annotations, known)) for one in found.images)
    return Dataset(tuple(images), frozenset(known.get(name.casefold(), name) for name in found.classes))


def matched(photos: Iterable[Photo], truth: Dataset) -> dict[str, tuple[Photo, AnnotatedImage]]:
    """Return photos by ID with what the data set says of them; the others it does not know.

    A photo is known by its ID, by the name that an export gives its file, or by its own name, with or
    without the suffix. Raises DatasetError if two images have one name, or none is known.
    """
    by_name = dict[str, AnnotatedImage]()
    for image in truth.images:
        if by_name.setdefault(image.file.casefold(), image) is not image:
            raise DatasetError(f"Two photos of the data set are named {image.file}.", "Rename one of them.")
    by_id = {image.photo_id: image for image in truth.images if image.photo_id}
    by_stem = {image.stem.casefold(): image for image in truth.images if not PurePath(image.file).suffix}
    found = {}
    for photo in photos:
        names = [file_name(photo.id).casefold(), photo.name.casefold()]
        known = [by_id.get(photo.id), *map(by_name.get, names)]
        known += [by_stem.get(PurePath(name).stem) for name in names]
        if there := next(filter(None, known), None):
            found[photo.id] = (photo, there)
    if not found:
        some = ", ".join(image.file for image in truth.images[:3])
        raise DatasetError(
            f"None of the photos is in the data set, which has {some} …",
            "Upload its photos first, or select others: photos are known by their names.",
        )
    return found


def as_corrections(
    photos: Iterable[Photo], truth: Dataset, corrections: Corrections
) -> Iterator[Corrected | NotCorrected]:
    """Correct photos so that they have just those of the data set's classes that it says."""
    known = matched(photos, truth)

    def corrected(photo: Photo, now: Photo | None) -> Corrected | NotCorrected:
        true = set(known[photo.id][1].labels)
        has = {label.name for label in now.labels} if now else set[str]()
        general = {parent for label in now.labels for parent in label.parents} if now else set[str]()
        edits = [corrections.add(name) for name in sorted(true - has - general)]
        edits += [corrections.remove(name) for name in sorted((has - true) & truth.classes)]
        outcomes = [corrections.attempt(photo, edit) for edit in edits]
        refused = [one for one in outcomes if isinstance(one, NotCorrected)]
        return refused[0] if refused else Corrected(photo.id, unchanged=not outcomes)

    return corrections.each([photo for photo, _ in known.values()], corrected)


def _known_names() -> dict[str, str]:
    """Return our labels by COCO's names, and by their own in lower case."""
    known = vocabulary()
    ours = {name.casefold(): name for name in known.labels}
    return ours | {one.name.casefold(): one.label for one in known.coco.values() if one.label}


def _file(photo: Photo, read: Callable[[Photo], bytes], *, strip: bool) -> bytes | NotDownloaded:
    """Return a photo's file, upright: readers disagree about EXIF's orientation, and boxes are upright."""
    data = fetched(photo, read, strip=strip)
    size = photo.dimensions
    if isinstance(data, NotDownloaded) or photo.orientation in _UPRIGHT or size is None:
        return data
    try:
        longest = max(size.width, size.height)
        picture, out = render(data, (longest, longest)), io.BytesIO()
        if photo.format == "PNG":
            picture.save(out, "PNG")
        else:
            picture.convert("RGB").save(out, "JPEG", quality=_QUALITY, subsampling=0)
    except ImageRejectedError as error:
        return NotDownloaded(photo.id, str(error))
    return out.getvalue()


def _check_empty(folder: Path) -> None:
    """Raise DownloadError for a folder with something in it: what lies there would pass for a part."""
    try:
        there = folder.exists() and any(folder.iterdir())
    except OSError as error:
        raise DownloadError(f"{folder} cannot be read: {error.strerror or error}.") from error
    if there:
        raise DownloadError(f"{folder} is not empty.", "Choose another folder, or a new one.")
