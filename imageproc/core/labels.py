"""Labels: what Rekognition's answer becomes in a photo's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from imageproc.core.record import BoundingBox, Label
from imageproc.core.record_codec import labels_attributes


def attributes_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record's attributes of a DetectLabels response, the most confident label first.

    https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html
    """
    found = sorted(map(_label, response.get("Labels", ())), key=lambda label: -label.confidence)
    return labels_attributes(tuple(found), response.get("LabelModelVersion", "unknown"))


def _label(label: Mapping[str, Any]) -> Label:
    parents = tuple(parent["Name"] for parent in label.get("Parents", ()))
    return Label(label["Name"], label["Confidence"], parents, tuple(_boxes(label)))


def _boxes(label: Mapping[str, Any]) -> Iterator[BoundingBox]:
    for instance in label.get("Instances", ()):
        if box := instance.get("BoundingBox"):
            confidence = instance.get("Confidence", 0.0)
            yield BoundingBox(box["Left"], box["Top"], box["Width"], box["Height"], confidence)
