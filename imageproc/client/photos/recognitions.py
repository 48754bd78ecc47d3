"""Another recognition, asked about photos whose labels are recorded: Rekognition beside the local one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from imageproc.aws.translation import translated
from imageproc.client.costs import parameters_of
from imageproc.client.photos.comparison import MAX_LABELS, MIN_CONFIDENCE, measured_by
from imageproc.client.photos.recognition_comparison import (
    ComparedRecognition,
    Labels,
    RecognitionComparison,
)
from imageproc.core.labels import labels_of, why_rendition
from imageproc.core.limits import REKOGNITION_MAX_REQUEST_BYTES
from imageproc.core.rendition import make_rendition
from imageproc.costs import PRICES
from imageproc.costs.words import usd
from imageproc.datasets.evaluation import Measured, measure
from imageproc.errors import AwsError, ImageRejectedError, InvalidArgumentError
from imageproc.presentation.text import photos_text

if TYPE_CHECKING:
    from imageproc.client.photos.labelled_view import LabelledView
    from imageproc.client.photos.photo import Photo
    from imageproc.client.stack import Stack
    from imageproc.client.target import Target
    from imageproc.core.label import Label
    from imageproc.datasets.images import Dataset

_DEFAULTS = {MIN_CONFIDENCE: "55", MAX_LABELS: "20"}
"""The template's, for a stack that has none of its own."""

_ABOUT_THE_PHOTO = {"ImageTooLargeException", "InvalidImageFormatException", "InvalidParameterException"}


def compare_recognition(
    stack: Stack,
    view: LabelledView,
    other: Target,
    *,
    truth: Path | str | Dataset | None,
    names: Mapping[str, str] | None,
    max_usd: float,
) -> RecognitionComparison:
    """Ask another recognition about the photos of a view. See `Workbench.compare_recognition`."""
    photos = list(view)
    measured = measured_by(view, photos, truth, names)
    if measured:
        judged = {one.photo_id for one in measured.photos}
        photos = [photo for photo in photos if photo.id in judged]
    _require_consent(len(photos), other, max_usd)
    answers, left_out = _answers(photos, other, {**_DEFAULTS, **parameters_of(stack)})
    recorded = {photo.id: photo.machine_labels for photo in photos if photo.id in answers}
    return RecognitionComparison(
        _compared(f"{_name(stack.target)}, recorded", stack.target, recorded, measured),
        _compared(_name(other), other, answers, measured),
        len(answers) if measured else 0,
        left_out,
    )


def _require_consent(photos: int, other: Target, max_usd: float) -> None:
    cost = _price(photos, other)
    if cost > max_usd:
        raise InvalidArgumentError(
            f"Asking {_name(other)} about {photos_text(photos)} costs about {usd(cost)}.",
            f"Agree to it with max_usd={cost:g} (--max-usd {cost:g}), or take fewer photos.",
        )


def _price(photos: int, target: Target) -> float:
    """Return what so many photos' answers cost, in US dollars by list price."""
    return 0.0 if target.is_local else round(photos * PRICES["image"].each, 6)


def _name(target: Target) -> str:
    return "the local AWS" if target.is_local else f"Amazon Rekognition in {target.region}"


def _compared(name: str, target: Target, labels: Labels, measured: Measured | None) -> ComparedRecognition:
    score = None
    if measured:
        judged = [
            replace(one, said=labels[one.photo_id]) for one in measured.photos if one.photo_id in labels
        ]
        score = measure(judged, measured.vocabulary).overall()
    return ComparedRecognition(name, labels, score, _price(len(labels), target))


def _answers(
    photos: Sequence[Photo], other: Target, parameters: Mapping[str, str]
) -> tuple[Labels, Mapping[str, str]]:
    """Ask about each photo until AWS stops answering; what is answered by then, and paid for, is kept."""
    answers: dict[str, tuple[Label, ...]] = {}
    left_out: dict[str, str] = {}
    for number, photo in enumerate(photos):
        try:
            answers[photo.id] = _asked(photo, other, parameters)
        except ImageRejectedError as error:
            left_out[photo.id] = str(error)
        except AwsError as error:
            if error.code in _ABOUT_THE_PHOTO:
                left_out[photo.id] = str(error)
            elif answers:
                return answers, left_out | {one.id: str(error) for one in photos[number:]}
            else:
                raise
    return answers, left_out


def _asked(photo: Photo, other: Target, parameters: Mapping[str, str]) -> tuple[Label, ...]:
    image = _image(photo)
    with translated(f"Asking {_name(other)} for the labels of {photo.name}"):
        answer = other.client("rekognition").detect_labels(
            Image={"Bytes": image},
            MaxLabels=int(parameters[MAX_LABELS]),
            MinConfidence=float(parameters[MIN_CONFIDENCE]),
        )
    return labels_of(answer)


def _image(photo: Photo) -> bytes:
    """Return the file, or its rendition where Rekognition does not take that in a request."""
    data = photo.read()
    if len(data) > REKOGNITION_MAX_REQUEST_BYTES or why_rendition({"attributes": photo.attributes}):
        return make_rendition(data).data
    return data
