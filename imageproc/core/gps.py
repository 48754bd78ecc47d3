"""Where a photo was taken.

Source: CIPA DC-008 section 4.6.6 (GPS attribute information).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imageproc.core import values

LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, ALTITUDE_REF, ALTITUDE = 1, 2, 3, 4, 5, 6
MAP_DATUM = 0x12

TAGS = frozenset({LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, ALTITUDE_REF, ALTITUDE, MAP_DATUM})

# Below the deepest sea, above any aircraft and balloon: metres.
_LOWEST, _HIGHEST = -12_000.0, 100_000.0
_BELOW_SEA_LEVEL = (1, 3)
# Datums that cameras have written and that are off from WGS 84 by hundreds of metres.
_OTHER_DATUMS = ("TOKYO", "NAD27", "ED50")


@dataclass(frozen=True)
class Angle:
    """A latitude or longitude as EXIF stores it."""

    degrees: float
    minutes: float
    seconds: float
    direction: str

    @property
    def decimal(self) -> float:
        """Decimal degrees, south and west negative, to 8 places: a millimetre."""
        size = self.degrees + self.minutes / 60 + self.seconds / 3600
        return round(-size if self.direction in "SW" else size, 8) + 0.0

    def attribute(self) -> dict[str, float | str]:
        """The record's form: `D`, `M`, `S` and `Direction`."""
        parts = {"D": self.degrees, "M": self.minutes, "S": self.seconds}
        return {name: int(v) if v == int(v) else v for name, v in parts.items()} | {
            "Direction": self.direction
        }


def position_attributes(gps: dict[int, Any]) -> dict[str, Any]:
    """Return the record's `latitude`, `longitude` and `geo` from the GPS directory; nothing without a fix.

    Both angles must be there, each with its reference: without it the hemisphere is unknown, and a wrong
    place is worse than none. 0° 0' 0" for both is what cameras write that have no fix.
    """
    latitude = _angle(gps.get(LATITUDE), gps.get(LATITUDE_REF), "NS", 90)
    longitude = _angle(gps.get(LONGITUDE), gps.get(LONGITUDE_REF), "EW", 180)
    if latitude is None or longitude is None or not (latitude.decimal or longitude.decimal):
        return {}
    attributes: dict[str, Any] = {"latitude": latitude.attribute(), "longitude": longitude.attribute()}
    # `geo` promises WGS 84. Of other datums only what the camera stored is kept.
    datum = "".join(c for c in (values.text(gps.get(MAP_DATUM)) or "").upper() if c.isalnum())
    if not datum.startswith(_OTHER_DATUMS):
        attributes["geo"] = {"latitude": latitude.decimal, "longitude": longitude.decimal} | _altitude(gps)
    return attributes


def _angle(value: Any, reference: Any, directions: str, largest: int) -> Angle | None:
    direction = (values.text(reference) or "")[:1].upper()
    if not direction or direction not in directions:
        return None
    parts = list(value) if isinstance(value, tuple) else [value]
    degrees = values.number(parts[0]) if parts else None
    # Minutes and seconds of 0/0 are a camera's way to say that it gives whole degrees (or minutes).
    minutes, seconds = ((values.number(part) or 0.0) for part in (*parts[1:3], 0, 0)[:2])
    if degrees is None or min(degrees, minutes, seconds) < 0 or max(minutes, seconds) > 60:
        return None
    angle = Angle(degrees, minutes, seconds, direction)
    return angle if abs(angle.decimal) <= largest else None


def _altitude(gps: dict[int, Any]) -> dict[str, float]:
    metres = values.number(gps.get(ALTITUDE))
    if metres is None:
        return {}
    metres = -metres if values.whole(gps.get(ALTITUDE_REF)) in _BELOW_SEA_LEVEL else metres
    return {"altitude": metres} if _LOWEST <= metres <= _HIGHEST else {}
