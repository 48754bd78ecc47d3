"""A photo's record in words: for people who know photos, not EXIF's numbers. Pure; no AWS.

A record can hold anything. A value that is not what its attribute promises is shown as it is, in short.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imageproc.core.record import CONTENT_HASH, ERROR, FILE_SIZE, LABELS, MISSING, STATUS, TRUNCATED

MAX_TEXT = 300
"""Longest value, in characters."""

Record = Mapping[str, Any]
Reading = tuple[str, str]
"""A value in words, and an address or nothing."""


@dataclass(frozen=True)
class Row:
    """A fact about a photo. `href`, where there is one, is a web address."""

    name: str
    value: str
    href: str = ""


def readable(record: Record) -> list[Row]:
    """Return what a record says, in the order in which people ask; what it does not know has no row."""
    found = ((name, _read(record, attributes, reader)) for name, attributes, reader in _ROWS)
    return [Row(name, printable(text), href) for name, (text, href) in found if text]


def tags_with_confidence(record: Record) -> list[tuple[str, float | None]]:
    """Return the names of what was recognised, the surest first, with confidences in percent if known."""
    known = {
        str(label["name"]): _number(label.get("confidence"))
        for label in _maps(record.get(LABELS))
        if "name" in label
    }
    tags = record.get("tags")
    names = [str(tag) for tag in tags] if isinstance(tags, list | tuple) else list(known)
    return [(printable(name), known.get(name)) for name in names]


def problem(record: Record) -> str:
    """Return why a photo failed or what it lacks, in one sentence or two; empty if nothing went wrong."""
    missing = record.get(MISSING)
    if isinstance(missing, Mapping) and missing:
        return printable("; ".join(f"no {part}: {_cause(why)}" for part, why in missing.items()))
    return printable(_cause(record.get(ERROR)))


def printable(text: str, longest: int = MAX_TEXT) -> str:
    """Return a text on one line, without control characters, and cut if it is longer."""
    # What prints as nothing can turn the text around it: bidirectional formats, say.
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: 2 * longest])
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"


def bytes_text(count: float) -> str:
    """Return bytes in powers of 1,000."""
    if count < 1000:
        return f"{count:.0f} bytes"
    for unit in ("kB", "MB"):
        count /= 1000
        if count < 1000:
            return f"{count:.1f} {unit}"
    return f"{count / 1000:.1f} GB"


def coordinates(latitude: float, longitude: float) -> str:
    """Return a place as `51.5074° N, 0.1278° W`."""
    north, east = "S" if latitude < 0 else "N", "W" if longitude < 0 else "E"
    return f"{abs(latitude):.5g}° {north}, {abs(longitude):.6g}° {east}"


def position(record: Record) -> tuple[float, float] | None:
    """Return latitude and longitude in decimal degrees (WGS 84), None if the record has no such place."""
    geo = record.get("geo")
    if not isinstance(geo, Mapping):
        return None
    latitude, longitude = _number(geo.get("latitude")), _number(geo.get("longitude"))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return latitude, longitude


def _read(record: Record, attributes: str, reader: Callable[..., str | Reading]) -> Reading:
    """Return the row's value; what cannot be read as promised is shown as it is stored."""
    values = [record.get(name) for name in attributes.split()]
    if all(value is None for value in values):
        return "", ""
    try:
        read = reader(*values)
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError):
        return _as_stored([value for value in values if value is not None]), ""
    return read if isinstance(read, tuple) else (read, "")


def _as_stored(values: list[Any]) -> str:
    return ", ".join(v if isinstance(v, str) else json.dumps(v, default=str) for v in values)


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None


def _cause(why: Any) -> str:
    if not isinstance(why, Mapping):
        return "" if why is None else str(why)
    return str(why.get("cause") or why.get("name") or "no reason is recorded")


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _text(value: Any) -> str:
    return str(value)


def _status(value: Any) -> str:
    return str(value).capitalize()


def _error(value: Any) -> str:
    words = f"{value['name']} in {value['step']}: {value['cause']}"
    return words.strip()


def _missing(value: Any) -> str:
    return "; ".join(f"{part} ({_cause(why)})" for part, why in value.items())


def _named(make: Any, model: Any) -> str:
    """Return make and model, without the make twice."""
    make, model = str(make or ""), str(model or "")
    return model if make and model.lower().startswith(make.lower().split()[0]) else f"{make} {model}".strip()


def _exposure(seconds: Any) -> str:
    time = _finite(seconds)
    if time <= 0:
        raise ValueError(seconds)
    return f"1/{1 / time:,.0f} s" if time < 0.3 else f"{time:.3g} s"


def _focal(millimetres: Any, in_35_mm: Any) -> str:
    parts = [f"{_finite(millimetres):.4g} mm"] if millimetres is not None else []
    if in_35_mm is not None:
        parts.append(f"{_finite(in_35_mm):.4g} mm in 35 mm film")
    return ", ".join(parts)


def _bias(steps: Any) -> str:
    return f"{_finite(steps):+.2g} EV" if _finite(steps) else "0 EV"


def _coded(words: Mapping[int, str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        return words.get(int(value), f"code {int(value)}")

    return read


def _flash(value: Any) -> str:
    """Bit 0: fired; bit 5: the camera has none (EXIF 2.32, tag 0x9209)."""
    code = int(value)
    return "none in this camera" if code & 0x20 else "fired" if code & 1 else "did not fire"


def _taken(value: Any, source: Any) -> str:
    moment = datetime.fromisoformat(str(value))
    offset = moment.strftime("%z")
    where = f" UTC{offset[:3]}:{offset[3:5]}" if offset else " (local time, offset unknown)"
    whence = f", from {source}" if source and source != "DateTimeOriginal" else ""
    return f"{moment:%Y-%m-%d %H:%M:%S}{where}{whence}"


def _place(geo: Any) -> Reading:
    place = position({"geo": geo})
    if place is None:
        raise ValueError(geo)
    latitude, longitude = place
    altitude = _number(geo.get("altitude"))
    height = f", {altitude:,.0f} m" if altitude is not None else ""
    query = f"?mlat={latitude:.6f}&mlon={longitude:.6f}#map=14/{latitude:.6f}/{longitude:.6f}"
    return coordinates(latitude, longitude) + height, f"https://www.openstreetmap.org/{query}"


def _dimensions(value: Any) -> str:
    width, height = int(value["width"]), int(value["height"])
    return f"{width:,} × {height:,} pixels as stored, {width * height / 1e6:.1f} megapixels"


def _bytes(value: Any) -> str:
    return f"{bytes_text(_finite(value))} ({int(value):,} bytes)"


def _uploaded(value: Any) -> str:
    return f"{datetime.fromtimestamp(int(value), UTC):%Y-%m-%d %H:%M:%S} UTC"


def _truncated(value: Any) -> str:
    return "The file lacks its end; the thumbnail shows what is there." if value else ""


_ORIENTATIONS = {
    1: "as stored",
    2: "mirrored",
    3: "turned by 180°",
    4: "mirrored upside down",
    5: "mirrored, then turned left",
    6: "turned right by 90°",
    7: "mirrored, then turned right",
    8: "turned left by 90°",
}
_PROGRAMS = {
    1: "manual",
    2: "program",
    3: "aperture priority",
    4: "shutter priority",
    5: "creative",
    6: "action",
    7: "portrait",
    8: "landscape",
}
_METERING = {1: "average", 2: "centre-weighted", 3: "spot", 4: "multi-spot", 5: "pattern", 6: "partial"}

_ROWS: tuple[tuple[str, str, Callable[..., str | Reading]], ...] = (
    ("Status", STATUS, _status),
    ("Error", ERROR, _error),
    ("Missing", MISSING, _missing),
    ("Truncated", TRUNCATED, _truncated),
    ("Taken", "creationTime creationTimeSource", _taken),
    ("Place", "geo", _place),
    ("Camera", "exifMake exifModel", _named),
    ("Lens", "exifLensMake exifLensModel", _named),
    ("Exposure time", "exifExposureTime", _exposure),
    ("Aperture", "exifFNumber", lambda value: f"f/{_finite(value):.3g}"),
    ("Sensitivity", "exifPhotographicSensitivity", lambda value: f"ISO {int(value)}"),
    ("Focal length", "exifFocalLength exifFocalLengthIn35mmFilm", _focal),
    ("Exposure bias", "exifExposureBiasValue", _bias),
    ("Exposure program", "exifExposureProgram", _coded(_PROGRAMS)),
    ("Exposure mode", "exifExposureMode", _coded({0: "automatic", 1: "manual", 2: "bracketed"})),
    ("Metering", "exifMeteringMode", _coded(_METERING)),
    ("White balance", "exifWhiteBalance", _coded({0: "automatic", 1: "manual"})),
    ("Flash", "exifFlash", _flash),
    ("Digital zoom", "exifDigitalZoomRatio", lambda value: f"{_finite(value):.3g}×"),
    ("Description", "exifImageDescription", _text),
    ("Artist", "exifArtist", _text),
    ("Copyright", "exifCopyright", _text),
    ("Software", "exifSoftware", _text),
    ("Format", "imageFormat", _text),
    ("Dimensions", "dimensions", _dimensions),
    ("Orientation", "exifOrientation", _coded(_ORIENTATIONS)),
    ("File size", FILE_SIZE, _bytes),
    ("Uploaded", "uploadTime", _uploaded),
    ("Album", "albumID", _text),
    ("User", "userID", _text),
    ("Content hash", CONTENT_HASH, _text),
    ("Labelled by", "labelModelVersion", _text),
    ("ID", "imageID", _text),
)
"""Each row's name, the attributes that it is made of, and what puts them into words."""
