"""The fields that photos are sorted, counted and shown by, each as SQL for DuckDB and Athena alike."""

from __future__ import annotations

from collections.abc import Iterable

from imageproc.catalog.conditions import ALBUM, NAME
from imageproc.core.close_names import did_you_mean, nearest
from imageproc.errors import QueryError


def _digits(**columns: int) -> str:
    """Return numbers as so many hexadecimal digits each."""
    return "lower(" + " || ".join(f"lpad(hex({name}), {n}, '0')" for name, n in columns.items()) + ")"


FIELDS: dict[str, str] = {
    "id": "id",
    "name": NAME,
    "status": "status",
    "user": '"user"',
    "album": ALBUM,
    "album_id": "album_id",
    "uploaded": "uploaded",
    "format": "format",
    "file_size": "file_size",
    "width": "width",
    "height": "height",
    "megapixels": "width * height / 1e6",
    "orientation": "orientation",
    "taken": "taken",
    "taken_offset": "taken_offset",
    "latitude": "latitude",
    "longitude": "longitude",
    "altitude": "altitude",
    "camera": "camera",
    "make": "make",
    "model": "model",
    "lens": "lens",
    "software": "software",
    "exposure_time": "exposure_time",
    "f_number": "f_number",
    "sensitivity": "sensitivity",
    "focal_length": "focal_length",
    "focal_length_in_35mm": "focal_length_in_35mm",
    "exposure_bias": "exposure_bias",
    "exposure_program": "exposure_program",
    "metering_mode": "metering_mode",
    "white_balance": "white_balance",
    "flash": "flash",
    "description": "description",
    "artist": "artist",
    "copyright": "copyright",
    "error_step": "error_step",
    "error_name": "error_name",
    "error_cause": "error_cause",
    "missing": "missing",
    "truncated": "coalesce(truncated, FALSE)",
    "content_hash": f"'sha256:' || {_digits(content_1=16, content_2=16, content_3=16, content_4=16)}",
    "perceptual_hash": f"'dct144:' || {_digits(hash_high=16, hash_middle=16, hash_low=4)}",
}
"""Sizes in bytes and pixels, exposures in seconds and millimetres, offsets in minutes, places in degrees."""

DERIVED: dict[str, str] = {
    "year": "year(taken)",
    "month": "month(taken)",
    "day": "CAST(taken AS DATE)",
    "hour": "hour(taken)",
    "has_place": "latitude IS NOT NULL",
    "has_date": "taken IS NOT NULL",
}
"""Of other fields: not shown, but sorted and counted by."""


_OTHER_NAMES = {
    **dict.fromkeys(("iso", "asa", "gain"), "sensitivity"),
    **dict.fromkeys(("date", "time", "year", "when", "captured", "created"), "taken"),
    **dict.fromkeys(("label", "labels", "keyword", "object", "person", "people", "face"), "tag"),
    **dict.fromkeys(("place", "location", "gps", "where"), "near"),
    **dict.fromkeys(("aperture", "f", "fstop", "f_stop"), "f_number"),
    **dict.fromkeys(("shutter", "shutter_speed", "exposure"), "exposure_time"),
    **dict.fromkeys(("zoom", "mm"), "focal_length"),
    **dict.fromkeys(("size", "bytes"), "file_size"),
    **dict.fromkeys(("type", "extension"), "format"),
    **dict.fromkeys(("file", "filename", "file_name", "path"), "name"),
    **dict.fromkeys(("folder", "collection"), "album"),
    **dict.fromkeys(("owner", "uploader"), "user"),
    **dict.fromkeys(("author", "photographer", "creator"), "artist"),
    **dict.fromkeys(("title", "caption"), "description"),
    **dict.fromkeys(("brand", "manufacturer"), "make"),
    **dict.fromkeys(("state",), "status"),
}
"""What people call fields elsewhere."""


def nearest_field(name: str, known: Iterable[str]) -> str:
    """Return which known fields may have been meant, as a sentence; if nothing is near, all of them."""
    fields = list(known)
    other = _OTHER_NAMES.get(name.casefold())
    return did_you_mean([other]) if other and other in fields else nearest(name, fields)


def expression(field: str) -> str:
    """Return a field's SQL. Raises QueryError for an unknown one, with the nearest names."""
    known = FIELDS | DERIVED
    if not isinstance(field, str):
        raise QueryError(f"A field cannot be {field!r}.", "Name one in a text: 'taken', say.")
    if field not in known:
        raise QueryError(f"There is no field {field!r}.", nearest_field(field, known))
    return known[field]
