"""A photo's stored attributes as a row of the catalog, and back, without loss.

>>> origin = Origin("photos", "arn:aws:states:eu-west-1:1:stateMachine:photos")
>>> stored = {"imageID": "trip/cat.jpg", "s3key": "Incoming/trip/cat.jpg", "exifModel": "X100", "rating": 5}
>>> row = to_row(decode(stored), stored, origin)
>>> row["model"], row["more"]
('X100', '{"rating":[5]}')
>>> to_attributes(row, origin) == stored
True
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice, starmap
from types import MappingProxyType
from typing import Any, TypeVar

from imageproc.core.changes import shard_of
from imageproc.core.keys import execution_arn, execution_name, incoming_key, thumbnail_key
from imageproc.core.label import BoundingBox, Label
from imageproc.core.perceptual_hash import from_words, words
from imageproc.core.record import (
    Camera,
    Dimensions,
    Exposure,
    PhotoRecord,
    Place,
    Status,
    StepError,
    Thumbnail,
)
from imageproc.core.record_codec import decode, encode

Row = dict[str, Any]
R = TypeVar("R", bound=PhotoRecord)

_LARGEST = 2**63
_AXES = ("latitude", "longitude")
_SIDES = ("left", "top", "width", "height", "confidence")
_SAME = ("id", "user", "album_id", "format", "file_size", "orientation", "taken_source", "description")
_SAME_TOO = ("artist", "copyright", "label_model_version", "version_id")
_PLAIN = (*_SAME, *_SAME_TOO, "sequencer", "change_time")
"""Columns that hold the record's field of the same name."""
_CONTENT = ("content_1", "content_2", "content_3", "content_4")
_HASH = ("hash_high", "hash_middle", "hash_low")
_CAMERA = ("make", "model", "lens_make", "lens_model", "software")
_EXPOSURE = {
    "exposure_time": "time",
    "f_number": "f_number",
    "sensitivity": "sensitivity",
    "focal_length": "focal_length",
    "focal_length_in_35mm": "focal_length_in_35mm",
    "exposure_bias": "bias",
    "exposure_program": "program",
    "exposure_mode": "mode",
    "metering_mode": "metering_mode",
    "white_balance": "white_balance",
    "flash": "flash",
    "digital_zoom": "digital_zoom",
}


@dataclass(frozen=True)
class Origin:
    """What the photos of a stack have in common: rows need not repeat what follows from it."""

    bucket: str
    state_machine_arn: str

    def execution_of(self, photo_id: str, version_id: str | None) -> str:
        """Return the ARN of the execution that an upload starts."""
        name = execution_name(self.bucket, incoming_key(photo_id), version_id or "")
        return execution_arn(self.state_machine_arn, name)


def to_row(record: PhotoRecord, stored: Mapping[str, Any], origin: Origin) -> Row:
    """Return the row of a record and what is stored of it, without its number, as JSON can hold it."""
    columns = _columns(record) | {"execution": _own_execution(record, origin) or None}
    row = {name: value for name, value in columns.items() if value not in (None, [])}
    row = {
        name: value
        for name, value in row.items()
        if not isinstance(value, int) or -_LARGEST <= value < _LARGEST
    }
    again = _record(row, origin)
    if again == record:  # then both are stored alike, which takes longer to find out
        return row
    rebuilt = encode(again)
    more = {name: [value] for name, value in stored.items() if name not in rebuilt or rebuilt[name] != value}
    more |= {name: [] for name in rebuilt if name not in stored}
    if more:
        row["more"] = json.dumps(more, default=_special, separators=(",", ":"), ensure_ascii=False)
    return row


def to_attributes(row: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
    """Return the stored attributes that a row was made of."""
    attributes = encode(_record(row, origin))
    for name, value in json.loads(row.get("more") or "{}", object_hook=_from_special).items():
        if value:
            attributes[name] = value[0]
        else:
            attributes.pop(name, None)
    return attributes


def to_record(row: Mapping[str, Any], origin: Origin, kind: type[R], **more: Any) -> R:
    """Return the record that a row was made of, as `decode` does of what is stored."""
    if row.get("more"):
        return decode(to_attributes(row, origin), kind, **more)
    return kind(**vars(_record(row, origin)), **more)


def tags_of(record: PhotoRecord) -> dict[str, float | None]:
    """Return what a photo is found by: labels and their parents, each with its greatest confidence.

    A tag that the record has no label for has no confidence.
    """
    found: dict[str, float | None] = dict.fromkeys(record.tags)
    for label in record.labels:
        for name in (label.name, *label.parents):
            found[name] = max(found.get(name) or 0.0, label.confidence)
    return found


def _columns(record: PhotoRecord) -> Row:
    """Return the columns; a value that a column cannot hold is left to `more`."""
    row = {name: getattr(record, name) for name in _PLAIN}
    row |= {name: getattr(record.camera, name) for name in _CAMERA}
    row |= {column: getattr(record.exposure, name) for column, name in _EXPOSURE.items()}
    row |= {"status": str(record.status), "camera": record.camera.name, "lens": record.camera.lens}
    row["uploaded"] = _timestamp(record.uploaded)
    row |= _taken(record.taken) | {"dms": _dms(record.other)}
    if digest := record.content_digest:
        row |= zip(_CONTENT, struct.unpack(">4q", bytes.fromhex(digest)), strict=True)
    if record.perceptual_hash:
        row |= zip(_HASH, words(record.perceptual_hash), strict=True)
    if record.dimensions:
        row |= {"width": record.dimensions.width, "height": record.dimensions.height}
    if place := record.place:
        row |= {"latitude": place.latitude, "longitude": place.longitude, "altitude": place.altitude}
    if error := record.error:
        row |= {"error_step": error.step, "error_name": error.name, "error_cause": error.cause}
    row |= {
        "missing": ",".join(sorted(record.missing)) or None,
        "thumbnail": record.thumbnail_key is not None or None,
    }
    return row | {"truncated": record.truncated or None} | _labels(record.labels)


def _own_execution(record: PhotoRecord, origin: Origin) -> bool:
    return record.execution_arn == origin.execution_of(record.id, record.version_id)


def _taken(taken: datetime | None) -> Row:
    if taken is None:
        return {}
    offset = taken.utcoffset()
    minutes = None if offset is None else int(offset.total_seconds() // 60)
    return {"taken": _timestamp(taken), "taken_offset": minutes}


def _timestamp(time: datetime | None) -> str | None:
    return None if time is None else time.replace(tzinfo=None).isoformat()


def _labels(labels: Sequence[Label]) -> Row:
    boxes = [getattr(box, side) for label in labels for box in label.boxes for side in _SIDES]
    return {
        "labels": [label.name for label in labels],
        "parents": ["\n".join(label.parents) for label in labels],
        "labelled_by": [label.by or "" for label in labels] if any(label.by for label in labels) else None,
        "box_counts": [len(label.boxes) for label in labels] if boxes else None,
        **_narrow("confidences", [label.confidence for label in labels]),
        **_narrow("boxes", boxes),
    }


def _narrow(column: str, numbers: list[float]) -> Row:
    """Return numbers in the column that holds them exactly: of 32 bits, or of 64."""
    form = f"{len(numbers)}f"
    small = all(abs(number) < 1e30 for number in numbers)
    narrow = small and list(struct.unpack(form, struct.pack(form, *numbers))) == numbers
    return {column if narrow else f"{column}_64": numbers}


def _record(row: Mapping[str, Any], origin: Origin) -> PhotoRecord:
    """Return the record that a row's columns give."""
    photo_id, get = row["id"], row.get
    labels = tuple(_labels_of(row))
    return PhotoRecord(
        **{name: _plain(get(name)) for name in _PLAIN},
        key=incoming_key(photo_id),
        status=Status(row["status"]),
        uploaded=_time(get("uploaded"), UTC),
        execution_arn=origin.execution_of(photo_id, get("version_id")) if get("execution") else None,
        error=StepError(row["error_step"], row["error_name"], row["error_cause"])
        if get("error_name")
        else None,
        dimensions=Dimensions(row["width"], row["height"])
        if get("width") is not None and get("height") is not None
        else None,
        taken=_taken_of(row),
        place=_place_of(row),
        camera=Camera(**{name: get(name) for name in _CAMERA}),
        exposure=Exposure(**{name: _plain(get(column)) for column, name in _EXPOSURE.items()}),
        machine_tags=tuple(label.name for label in labels),
        machine_labels=labels,
        thumbnail=Thumbnail(origin.bucket, thumbnail_key(photo_id)) if get("thumbnail") else None,
        truncated=bool(get("truncated")),
        content_hash=f"sha256:{struct.pack('>4q', *(row[name] for name in _CONTENT)).hex()}"
        if get("content_4") is not None
        else None,
        perceptual_hash=from_words(*(row[name] for name in _HASH)) if get("hash_low") is not None else None,
        other=MappingProxyType(_other_of(row)),
        change_shard=shard_of(photo_id) if get("change_time") is not None else None,
    )


def _labels_of(row: Mapping[str, Any]) -> Iterator[Label]:
    names = row.get("labels") or ()
    confidences = row.get("confidences") or row.get("confidences_64") or ()
    numbers = map(_plain, row.get("boxes") or row.get("boxes_64") or ())
    boxes = starmap(BoundingBox, zip(*[numbers] * len(_SIDES), strict=True))
    counts = row.get("box_counts") or [0] * len(names)
    for name, confidence, parents, count in zip(
        names, confidences, row.get("parents") or (), counts, strict=True
    ):
        general = tuple(parents.split("\n")) if parents else ()
        yield Label(name, _plain(confidence), general, tuple(islice(boxes, count)))


def _dms(other: Mapping[str, Any]) -> list[float] | None:
    """Return degrees, minutes and seconds of latitude and longitude, if both have them as EXIF does."""
    try:
        found = [other[axis][part] for axis in _AXES for part in "DMS"]
    except (KeyError, TypeError):
        return None
    return found if all(isinstance(one, int | float) and abs(one) < _LARGEST for one in found) else None


def _other_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return latitude and longitude as EXIF has them; their directions are the place's."""
    numbers, place = row.get("dms"), _place_of(row)
    if not numbers or place is None:
        return {}
    directions = ("N" if place.latitude >= 0 else "S", "E" if place.longitude >= 0 else "W")
    parts = (dict(zip("DMS", map(_plain, numbers[start : start + 3]), strict=True)) for start in (0, 3))
    return {
        axis: {**part, "Direction": way} for axis, part, way in zip(_AXES, parts, directions, strict=True)
    }


def _place_of(row: Mapping[str, Any]) -> Place | None:
    if row.get("latitude") is None or row.get("longitude") is None:
        return None
    return Place(_plain(row["latitude"]), _plain(row["longitude"]), _plain(row.get("altitude")))


def _taken_of(row: Mapping[str, Any]) -> datetime | None:
    minutes = row.get("taken_offset")
    zone = None if minutes is None else timezone(timedelta(minutes=minutes))
    return _time(row.get("taken"), zone)


def _time(value: str | datetime | None, zone: timezone | None) -> datetime | None:
    """Return a time of a row: text as it is written, a datetime as DuckDB gives it."""
    if value is None:
        return None
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    return time.replace(tzinfo=zone)


def _plain(value: Any) -> Any:
    """Return a number as DynamoDB's items give it: whole ones as int."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _special(value: Any) -> Any:
    """Return what JSON has no form for: DynamoDB's sets and binary values."""
    if isinstance(value, set):
        return {"\0set": sorted(value, key=repr)}
    return {"\0binary": base64.b64encode(bytes(value)).decode()}


def _from_special(value: dict[str, Any]) -> Any:
    if "\0set" in value:
        return set(value["\0set"])
    return base64.b64decode(value["\0binary"]) if "\0binary" in value else value
