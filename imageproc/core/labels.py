"""Labels: whether Rekognition takes a photo as it is, and what its answer becomes in the photo's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from imageproc.core.label import BoundingBox, Label
from imageproc.core.limits import REKOGNITION_MAX_BYTES, REKOGNITION_MAX_SIDE, REKOGNITION_MIN_SIDE
from imageproc.core.record_codec import labels_attributes

LEAST_ROWS = 0.5
"""Least share of a truncated picture's rows of which labels are asked."""

END_UNSEEN = "endUnseen"
"""Under this name ExtractImageMetadata says that the file's last bytes do not hold the picture's end."""


def why_rendition(extracted: Mapping[str, Any]) -> str:
    """Return why Rekognition is not given the original; empty if it is.

    `extracted` is what ExtractImageMetadata returned, empty if it is not known.
    """
    if extracted.get(END_UNSEEN):
        return "the file does not end as a photo does"
    attributes = extracted.get("attributes", {})
    size = attributes.get("fileSize", 0)
    if size > REKOGNITION_MAX_BYTES:
        return f"the file has {size:,} bytes, and Rekognition takes {REKOGNITION_MAX_BYTES:,} at most"
    sides = attributes.get("dimensions", {}).values()
    if any(not REKOGNITION_MIN_SIDE <= side <= REKOGNITION_MAX_SIDE for side in sides):
        return (
            f"the picture has {' x '.join(f'{side:,}' for side in sides)} pixels, and Rekognition takes "
            f"{REKOGNITION_MIN_SIDE} to {REKOGNITION_MAX_SIDE:,} a side"
        )
    return ""


def attributes_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record's attributes of a DetectLabels response, the most confident label first.

    https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html
    """
    return labels_attributes(labels_of(response), response.get("LabelModelVersion", "unknown"))


def labels_of(response: Mapping[str, Any]) -> tuple[Label, ...]:
    """Return the labels of a DetectLabels response, the most confident first."""
    return tuple(sorted(map(_label, response.get("Labels", ())), key=lambda label: -label.confidence))


def _label(label: Mapping[str, Any]) -> Label:
    parents = tuple(parent["Name"] for parent in label.get("Parents", ()))
    return Label(label["Name"], label["Confidence"], parents, tuple(_boxes(label)))


def _boxes(label: Mapping[str, Any]) -> Iterator[BoundingBox]:
    for instance in label.get("Instances", ()):
        if box := instance.get("BoundingBox"):
            confidence = instance.get("Confidence", 0.0)
            yield BoundingBox(box["Left"], box["Top"], box["Width"], box["Height"], confidence)
