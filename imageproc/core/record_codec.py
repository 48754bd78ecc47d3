"""The one codec between a photo's record and the attributes that are stored of it.

>>> record = decode({"imageID": "trip/cat.jpg", "exifModel": "X100", "rating": 5})
>>> record.camera.model, dict(record.other)
('X100', {'rating': 5})
>>> encode(record) == {"imageID": "trip/cat.jpg", "exifModel": "X100", "rating": 5}
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeVar, overload

from imageproc.core import attributes
from imageproc.core.corrections import from_stored, to_stored
from imageproc.core.label import BoundingBox, Correction, Label
from imageproc.core.original import Original, from_attribute
from imageproc.core.perceptual_hash import checked_hash
from imageproc.core.record import (
    EMBEDDING_BYTES,
    Camera,
    Dimensions,
    Exposure,
    PhotoRecord,
    Place,
    Status,
    StepError,
    Thumbnail,
)

R = TypeVar("R", bound=PhotoRecord)
T = TypeVar("T")


@overload
def decode(stored: Mapping[str, Any]) -> PhotoRecord: ...
@overload
def decode(stored: Mapping[str, Any], kind: type[R], **more: Any) -> R: ...
def decode(stored: Mapping[str, Any], kind: type[Any] = PhotoRecord, **more: Any) -> Any:
    """Return the record of stored attributes: plain values, numbers as int or float.

    A record can hold anything. What does not have the form that its attribute promises stays in `other`.
    `kind` is a subclass of PhotoRecord, `more` the values of its own fields.
    """
    left: dict[str, Any] = {}
    values: dict[str, Any] = {}
    grouped: dict[str, dict[str, Any]] = {name: {} for name in _GROUPS}
    for attribute, raw in stored.items():
        left[attribute] = raw
        if attribute not in _BY_ATTRIBUTE:
            continue
        group, name, codec = _BY_ATTRIBUTE[attribute]
        try:
            value = codec.read(raw)
        except _UNREADABLE:
            continue
        (grouped[group] if group else values)[name] = value
        if value != _DEFAULTS.get(name) and (value is raw or codec.write(value) == raw):
            del left[attribute]
    values |= {name: _GROUPS[name][0](**found) for name, found in grouped.items() if found}
    return kind(**values, other=MappingProxyType(left), **more)


def encode(record: PhotoRecord) -> dict[str, Any]:
    """Return the attributes to store: exactly those that the record was read from, if it was read."""
    found = _written(_FIELDS, record)
    for name, (_, codecs) in _GROUPS.items():
        found |= _written(codecs, getattr(record, name))
    return found | dict(record.other)


def labels_attributes(labels: tuple[Label, ...], model_version: str) -> dict[str, Any]:
    """Return the attributes `tags`, `labels` and `labelModelVersion`, also if there are no labels."""
    return {
        attributes.TAGS: [label.name for label in labels],
        attributes.LABELS: [_from_label(label) for label in labels],
        attributes.LABEL_MODEL_VERSION: model_version,
    }


def error_attribute(error: StepError) -> dict[str, str]:
    """Return the `error` attribute."""
    return {"step": error.step, "name": error.name, "cause": error.cause}


@dataclass(frozen=True)
class _Codec:
    """How a field is stored: the attribute, and how its value is read and written."""

    attribute: str
    read: Callable[[Any], Any]
    """Raises TypeError, ValueError or KeyError for a value that is not what the attribute promises."""
    write: Callable[[Any], Any] = lambda value: value


_UNREADABLE = (TypeError, ValueError, KeyError, ArithmeticError, AttributeError, OSError)


def _written(codecs: Mapping[str, _Codec], record: Any) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in codecs}
    return {
        codecs[name].attribute: codecs[name].write(value)
        for name, value in values.items()
        if value != _DEFAULTS.get(name)
    }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


_NOT_NUMBERS = (bool, str)


def _number(value: Any) -> float:
    if isinstance(value, _NOT_NUMBERS) or not math.isfinite(value):
        raise TypeError(value)
    number: float = value
    return number


def _whole(value: Any) -> int:
    if _number(value) != int(value):
        raise ValueError(value)
    return int(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _time(value: Any) -> datetime:
    return datetime.fromtimestamp(_whole(value), UTC)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise TypeError(value)
    return tuple(map(_text, value))


def _dimensions(value: Any) -> Dimensions:
    return Dimensions(_whole(value["width"]), _whole(value["height"]))


def _place(value: Any) -> Place:
    latitude, longitude = _number(value["latitude"]), _number(value["longitude"])
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueError(value)
    altitude = value.get("altitude")
    return Place(latitude, longitude, None if altitude is None else _number(altitude))


def _thumbnail(value: Any) -> Thumbnail:
    return Thumbnail(_text(value["s3Bucket"]), _text(value["s3Key"]))


def _error(value: Any) -> StepError:
    step, name = (_text(value.get(key) or "unknown") for key in ("step", "name"))
    return StepError(step, name, _text(value.get("cause") or value.get("name") or "no reason is recorded"))


def _missing(value: Any) -> Mapping[str, StepError]:
    return MappingProxyType({_text(part): _error(error) for part, error in value.items()})


def _each(read: Callable[[Any], T], values: Any) -> tuple[T, ...]:
    """Return those values that can be read."""
    found: list[T] = []
    for value in values:
        try:
            found.append(read(value))
        except _UNREADABLE:
            continue
    return tuple(found)


def _box(value: Any) -> BoundingBox:
    sides = (_number(value["left"]), _number(value["top"]), _number(value["width"]), _number(value["height"]))
    return BoundingBox(*sides, _number(value.get("confidence", 0.0)))


def _label(value: Any) -> Label:
    return Label(
        _text(value["name"]),
        _number(value.get("confidence", 0.0)),
        _texts(value.get("parents", ())),
        _each(_box, value.get("boxes", ())),
    )


_SIDES = tuple(one.name for one in fields(BoundingBox))
_sides_of = attrgetter(*_SIDES)


def _from_label(label: Label) -> dict[str, Any]:
    boxes = [dict(zip(_SIDES, _sides_of(box), strict=True)) for box in label.boxes]
    return {
        "name": label.name,
        "confidence": label.confidence,
        "parents": list(label.parents),
        "boxes": boxes,
    }


def _corrections(value: Any) -> tuple[Correction, ...]:
    found = _each(lambda one: from_stored(*one), value.items())
    return tuple(sorted(found, key=lambda one: (one.at, one.label)))


def _embedding(value: Any) -> bytes:
    """Return a binary value as bytes: of boto3's Binary too."""
    numbers: bytes = value if isinstance(value, bytes) else value.value
    if len(numbers) != EMBEDDING_BYTES:
        raise ValueError(value)
    return numbers


def _from_missing(missing: Mapping[str, StepError]) -> dict[str, dict[str, str]]:
    return {part: error_attribute(error) for part, error in missing.items()}


def _from_place(place: Place) -> dict[str, float]:
    found = {"latitude": place.latitude, "longitude": place.longitude}
    return found if place.altitude is None else found | {"altitude": place.altitude}


_FIELDS: Mapping[str, _Codec] = {
    "id": _Codec(attributes.IMAGE_ID, _text),
    "key": _Codec(attributes.S3_KEY, _text),
    "original": _Codec(attributes.ORIGINAL, from_attribute, Original.to_attribute),
    "status": _Codec(attributes.STATUS, Status, str),
    "user": _Codec(attributes.USER_ID, _text),
    "album_id": _Codec(attributes.ALBUM_ID, _text),
    "uploaded": _Codec(attributes.UPLOAD_TIME, _time, lambda time: int(time.timestamp())),
    "version_id": _Codec(attributes.VERSION_ID, _text),
    "sequencer": _Codec(attributes.SEQUENCER, _text),
    "execution_arn": _Codec(attributes.EXECUTION_ARN, _text),
    "execution_started": _Codec(attributes.EXECUTION_START_TIME, _whole),
    "error": _Codec(attributes.ERROR, _error, error_attribute),
    "missing": _Codec(attributes.MISSING, _missing, _from_missing),
    "format": _Codec("imageFormat", _text),
    "file_size": _Codec(attributes.FILE_SIZE, _whole),
    "dimensions": _Codec("dimensions", _dimensions, lambda d: {"width": d.width, "height": d.height}),
    "orientation": _Codec("exifOrientation", _whole),
    "taken": _Codec("creationTime", datetime.fromisoformat, datetime.isoformat),
    "taken_source": _Codec("creationTimeSource", _text),
    "place": _Codec("geo", _place, _from_place),
    "description": _Codec("exifImageDescription", _text),
    "artist": _Codec("exifArtist", _text),
    "copyright": _Codec("exifCopyright", _text),
    "machine_tags": _Codec(attributes.TAGS, _texts, list),
    "machine_labels": _Codec(
        attributes.LABELS,
        lambda value: _each(_label, value),
        lambda labels: [_from_label(label) for label in labels],
    ),
    "corrections": _Codec(
        attributes.LABEL_CORRECTIONS, _corrections, lambda found: {one.label: to_stored(one) for one in found}
    ),
    "label_model_version": _Codec(attributes.LABEL_MODEL_VERSION, _text),
    "thumbnail": _Codec(attributes.THUMBNAIL, _thumbnail, lambda t: {"s3Bucket": t.bucket, "s3Key": t.key}),
    "content_hash": _Codec(attributes.CONTENT_HASH, _text),
    "perceptual_hash": _Codec(attributes.PERCEPTUAL_HASH, checked_hash),
    "embedding": _Codec(attributes.EMBEDDING, _embedding),
    "truncated": _Codec(attributes.TRUNCATED, _flag),
    "change_shard": _Codec(attributes.CHANGE_SHARD, _text),
    "change_time": _Codec(attributes.CHANGE_TIME, _whole),
}
_GROUPS: Mapping[str, tuple[type[Any], Mapping[str, _Codec]]] = {
    "camera": (
        Camera,
        {
            "make": _Codec("exifMake", _text),
            "model": _Codec("exifModel", _text),
            "lens_make": _Codec("exifLensMake", _text),
            "lens_model": _Codec("exifLensModel", _text),
            "software": _Codec("exifSoftware", _text),
        },
    ),
    "exposure": (
        Exposure,
        {
            "time": _Codec("exifExposureTime", _number),
            "f_number": _Codec("exifFNumber", _number),
            "sensitivity": _Codec("exifPhotographicSensitivity", _whole),
            "focal_length": _Codec("exifFocalLength", _number),
            "focal_length_in_35mm": _Codec("exifFocalLengthIn35mmFilm", _whole),
            "bias": _Codec("exifExposureBiasValue", _number),
            "program": _Codec("exifExposureProgram", _whole),
            "mode": _Codec("exifExposureMode", _whole),
            "metering_mode": _Codec("exifMeteringMode", _whole),
            "white_balance": _Codec("exifWhiteBalance", _whole),
            "flash": _Codec("exifFlash", _whole),
            "digital_zoom": _Codec("exifDigitalZoomRatio", _number),
        },
    ),
}
_DEFAULTS: Mapping[str, Any] = {name: getattr(PhotoRecord(), name) for name in _FIELDS}
_BY_ATTRIBUTE: Mapping[str, tuple[str, str, _Codec]] = {
    codec.attribute: (group, name, codec)
    for group, codecs in (("", _FIELDS), *((group, codecs) for group, (_, codecs) in _GROUPS.items()))
    for name, codec in codecs.items()
}
"""By attribute: the group ("" without one), the field and its codec."""
KNOWN_ATTRIBUTES: frozenset[str] = frozenset(_BY_ATTRIBUTE)
"""The attributes that have a field. Where one is in `other`, its field does not hold it exactly."""
