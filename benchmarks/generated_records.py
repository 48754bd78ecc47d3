"""Records as a large stack has them: of many cameras, albums and years, labelled as Rekognition does."""

from __future__ import annotations

import hashlib
import random
import string
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from imageproc.catalog.rows import Origin
from imageproc.core.changes import stamp

ORIGIN = Origin("imageproc-photos", "arn:aws:states:eu-west-1:123456789012:stateMachine:imageproc-photos")
"""The stack that the records are of."""

COMMON = "Dog"
"""A label that a fifth of all photos have."""

_MAKES = ("Canon", "NIKON CORPORATION", "Apple", "SONY", "FUJIFILM", "Panasonic", "OLYMPUS", "samsung")
_LABELS = 400
_LETTERS = string.ascii_letters + string.digits + "._"
_PARENTS = ("Nature", "Outdoors", "Animal", "Person", "Food", "Building", "Vehicle", "Furniture", "Clothing")
_ALBUM_SIZE = 400
_BEGAN = 1_500_000_000
_NAMED = (("Dog", ("Animal", "Pet", "Mammal")), ("Beach", ("Nature", "Outdoors")), ("Car", ("Vehicle",)))


def records(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield so many records, as they are stored."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    kinds = _kinds(chance)
    for number in range(count):
        yield record(number, chance, kinds)


def record(number: int, chance: random.Random, kinds: list[tuple[str, tuple[str, ...]]]) -> dict[str, Any]:
    """Return one record: about 2 KB, as DynamoDB counts it."""
    content = hashlib.sha256(number.to_bytes(8)).hexdigest()
    album = hashlib.sha256(f"album {number // _ALBUM_SIZE}".encode()).hexdigest()[:16]
    photo_id = f"{album}/{content[:12]}-IMG_{number % 10_000:04}.JPG"
    version = "".join(chance.choices(_LETTERS, k=32))
    uploaded = _BEGAN + number * 180 + chance.randrange(100)
    return {
        "imageID": photo_id,
        "s3key": f"Incoming/{photo_id}",
        "status": chance.choices(("SUCCEEDED", "INCOMPLETE", "FAILED"), (97, 2, 1))[0],
        "userID": f"user{number // _ALBUM_SIZE % 50}",
        "albumID": album,
        "uploadTime": uploaded,
        "versionId": version,
        "sequencer": f"00{chance.getrandbits(64):016X}",
        "executionArn": ORIGIN.execution_of(photo_id, version),
        "imageFormat": "JPEG",
        "fileSize": chance.randrange(800_000, 9_000_000),
        "contentHash": f"sha256:{content}",
        "perceptualHash": f"dct144:{chance.getrandbits(144):036x}",
        "thumbnail": {"s3Bucket": ORIGIN.bucket, "s3Key": f"Thumbnails/{photo_id}"},
        **stamp(photo_id, uploaded + chance.random() * 20),
        **_camera(chance),
        **(_taken(uploaded, chance) if chance.random() < 0.95 else {}),
        **(_place(chance) if chance.random() < 0.5 else {}),
        **_labels(chance, kinds),
    }


def _kinds(chance: random.Random) -> list[tuple[str, tuple[str, ...]]]:
    names = [f"Label {number}" for number in range(_LABELS)]
    more = [(name, tuple(chance.sample(_PARENTS, chance.randrange(1, 4)))) for name in names]
    return [*_NAMED, *more]


def _camera(chance: random.Random) -> dict[str, Any]:
    make = chance.choice(_MAKES)
    model = f"{make.split()[0]} Model {int(chance.random() ** 2 * 40)}"
    width, height = chance.choice(((6000, 4000), (4032, 3024), (5472, 3648), (3000, 4000)))
    return {
        "dimensions": {"width": width, "height": height},
        "exifMake": make,
        "exifModel": model,
        "exifLensModel": f"{model} {chance.choice((24, 35, 50, 85))}mm",
        "exifSoftware": f"Firmware {chance.randrange(9)}.{chance.randrange(9)}",
        "exifOrientation": chance.choice((1, 1, 1, 6, 8)),
        "exifExposureTime": 1 / chance.choice((30, 60, 100, 125, 250, 500, 1000, 2000)),
        "exifFNumber": chance.choice((1.8, 2.8, 4, 5.6, 8, 11)),
        "exifPhotographicSensitivity": chance.choice((100, 200, 400, 800, 1600)),
        "exifFocalLength": chance.choice((4.2, 24, 35, 50, 85)),
        "exifFocalLengthIn35mmFilm": chance.choice((26, 35, 50, 85)),
        "exifExposureProgram": chance.choice((1, 2, 3)),
        "exifMeteringMode": chance.choice((3, 5)),
        "exifWhiteBalance": chance.choice((0, 1)),
        "exifFlash": chance.choice((0, 16, 24)),
    }


def _taken(uploaded: int, chance: random.Random) -> dict[str, Any]:
    time = datetime.fromtimestamp(uploaded - int(chance.expovariate(1 / 30_000_000)), UTC)
    if chance.random() < 0.4:
        shown = time.astimezone(timezone(timedelta(hours=chance.randrange(-8, 10)))).isoformat()
    else:
        shown = time.replace(tzinfo=None).isoformat()
    return {"creationTime": shown, "creationTimeSource": "DateTimeOriginal"}


def _place(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    decimal = {}
    for name, most, positive, negative in (("latitude", 90, "N", "S"), ("longitude", 180, "E", "W")):
        degrees, minutes = chance.randrange(most), chance.randrange(60)
        seconds = round(chance.random() * 60, 2)
        direction = chance.choice((positive, negative))
        found[name] = {"D": degrees, "M": minutes, "S": seconds, "Direction": direction}
        sign = 1 if direction == positive else -1
        decimal[name] = round(sign * (degrees + minutes / 60 + seconds / 3600), 7)
    return {**found, "geo": {**decimal, "altitude": round(chance.random() * 900, 1)}}


def _labels(chance: random.Random, kinds: list[tuple[str, tuple[str, ...]]]) -> dict[str, Any]:
    chosen = {int(chance.random() ** 2 * len(kinds)) for _ in range(chance.randrange(4, 11))} - {0}
    if chance.random() < 0.2:
        chosen.add(0)
    found = sorted(((_percent(chance), *kinds[one]) for one in chosen), reverse=True)
    return {
        "tags": [name for _, name, _ in found],
        "labels": [
            {
                "name": name,
                "confidence": confidence,
                "parents": list(parents),
                "boxes": [_box(chance) for _ in range(chance.choice((0, 0, 0, 1, 2)))],
            }
            for confidence, name, parents in found
        ],
        "labelModelVersion": "3.0",
    }


def _box(chance: random.Random) -> dict[str, float]:
    sides = {side: _single(chance.random() / 2) for side in ("left", "top", "width", "height")}
    return {**sides, "confidence": _percent(chance)}


def _percent(chance: random.Random) -> float:
    return _single(55 + chance.random() * 45)


def _single(number: float) -> float:
    """Return a number as Rekognition's: of single precision."""
    return float(struct.unpack("f", struct.pack("f", number))[0])
