"""When a photo was taken, as ISO 8601 text.

EXIF's times are local and mostly without a time zone, so the text has an offset only where EXIF has one.
Source: CIPA DC-008 section 4.6.5 (DateTime…, SubSecTime…, OffsetTime…) and 4.6.6 (GPSDateStamp, in UTC).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from imageproc.core import values

if TYPE_CHECKING:
    from imageproc.core.exif import ExifTags

DATE_TIME = 0x0132
DATE_TIME_ORIGINAL, DATE_TIME_DIGITIZED = 0x9003, 0x9004
OFFSET_TIME, OFFSET_TIME_ORIGINAL, OFFSET_TIME_DIGITIZED = 0x9010, 0x9011, 0x9012
SUB_SEC_TIME, SUB_SEC_TIME_ORIGINAL, SUB_SEC_TIME_DIGITIZED = 0x9290, 0x9291, 0x9292
GPS_TIME_STAMP, GPS_DATE_STAMP = 0x07, 0x1D

PHOTO_TAGS = frozenset(
    {DATE_TIME_ORIGINAL, DATE_TIME_DIGITIZED, OFFSET_TIME, OFFSET_TIME_ORIGINAL, OFFSET_TIME_DIGITIZED}
    | {SUB_SEC_TIME, SUB_SEC_TIME_ORIGINAL, SUB_SEC_TIME_DIGITIZED}
)
GPS_TAGS = frozenset({GPS_TIME_STAMP, GPS_DATE_STAMP})

# The standard's form is `YYYY:MM:DD HH:MM:SS`; some phones write the date with `-`, `/` or `.`, or a `T`.
_DATE = r"(\d{4})[:/.-](\d{1,2})[:/.-](\d{1,2})"
_DATE_TIME = re.compile(_DATE + r"[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?", re.ASCII)
_DATE_ONLY = re.compile(_DATE, re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})", re.ASCII)


@dataclass(frozen=True)
class CaptureTime:
    """An ISO 8601 time and the EXIF tag that it came from."""

    iso: str
    source: str


def capture_time(tags: ExifTags) -> CaptureTime | None:
    """Return when the photo was taken: the first of EXIF's four times that is a real one."""
    photo = tags.photo
    candidates = (
        ("DateTimeOriginal", photo.get(DATE_TIME_ORIGINAL), SUB_SEC_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL),
        ("DateTimeDigitized", photo.get(DATE_TIME_DIGITIZED), SUB_SEC_TIME_DIGITIZED, OFFSET_TIME_DIGITIZED),
        ("DateTime", tags.image.get(DATE_TIME), SUB_SEC_TIME, OFFSET_TIME),
    )
    for source, value, sub_seconds, offset in candidates:
        moment = _parse(value)
        if moment is not None:
            fraction, zone = _fraction(photo.get(sub_seconds)), _zone(photo.get(offset))
            return CaptureTime(moment.isoformat() + fraction + zone, source)
    return _satellite_time(tags.gps)


def _parse(value: Any) -> datetime | None:
    """Return EXIF's date and time; None for `0000:00:00 00:00:00`, blanks and days in no calendar."""
    match = _DATE_TIME.match(values.text(value) or "")
    return _moment([int(part or 0) for part in match.groups()]) if match else None


def _fraction(value: Any) -> str:
    # A fraction's digits, so that "5" and "50" are the same; padding with blanks is allowed.
    digits = re.match(r"\d+", values.text(value) or "", re.ASCII)
    return f".{digits[0][:9]}" if digits else ""


def _zone(value: Any) -> str:
    written = values.text(value) or ""
    match = _OFFSET.fullmatch(written)
    if match and int(match[2]) <= 14 and int(match[3]) < 60:
        return f"{match[1]}{match[2]}:{match[3]}"
    return "+00:00" if written == "Z" else ""


def _satellite_time(gps: dict[int, Any]) -> CaptureTime | None:
    """Return the time of the GPS fix, in UTC. It can be minutes older than the photo: the last resort."""
    date = _DATE_ONLY.match(values.text(gps.get(GPS_DATE_STAMP)) or "")
    stamp = gps.get(GPS_TIME_STAMP)
    if not date or not isinstance(stamp, tuple) or len(stamp) != 3:
        return None
    parts = [values.number(part) for part in stamp]
    clock = [int(part) for part in parts if part is not None]
    moment = _moment([*map(int, date.groups()), *clock]) if len(clock) == 3 else None
    return CaptureTime(moment.isoformat() + "+00:00", "GPSDateStamp") if moment else None


def _moment(parts: list[int]) -> datetime | None:
    """Return the time of year, month, day, hour, minute and second; None if there is no such time."""
    year, month, day, hour, minute, second = parts
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
