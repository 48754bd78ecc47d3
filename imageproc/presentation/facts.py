"""A photo's record in words: for people who know photos, not EXIF's numbers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from imageproc.core.attributes import LABEL_CORRECTIONS
from imageproc.core.record import PhotoRecord
from imageproc.core.record_codec import KNOWN_ATTRIBUTES
from imageproc.presentation.text import bytes_text, coordinates, difference_text, printable


@dataclass(frozen=True)
class Fact:
    """A fact about a photo. `href`, where there is one, is a web address."""

    name: str
    value: str
    href: str = ""


TRUNCATED = "The file lacks its end; the thumbnail shows what is there."


def facts(record: PhotoRecord) -> list[Fact]:
    """Return what a record says, in the order in which people ask; what it does not know is left out.

    A value that is not what its attribute promises comes last, as it is stored, in short.
    """
    found = [Fact(name, printable(text)) for name, tell in _FACTS if (text := tell(record))]
    if record.place:
        place = next(index for index, fact in enumerate(found) if fact.name == "Place")
        found[place] = Fact("Place", found[place].value, _map_url(record))
    known = {name: value for name, value in record.other.items() if name in KNOWN_ATTRIBUTES}
    undone = {LABEL_CORRECTIONS} if not known.get(LABEL_CORRECTIONS) else set()  # nothing is left of them
    told = {name for name in known if name in _TOLD_ANYHOW} | undone
    return found + [Fact(name, _as_stored(known[name])) for name in known if name not in told]


def tag_confidences(record: PhotoRecord) -> list[tuple[str, float | None]]:
    """Return the tags, the most confident first, with the machine's confidences in percent if known."""
    known = {label.name: None if label.by else label.confidence for label in record.labels}
    return [(printable(name), known.get(name)) for name in record.tags or known]


def first_tags(record: PhotoRecord, most: int, asked: Iterable[str] = ()) -> list[str]:
    """Return the tags that tell most, of which there is room for so many.

    Those that were asked for come first, by their names or the beginnings of their words; then what is no
    parent of another, which says less of the photo than it, the most confident first; then the most special.
    """
    wanted = [one.casefold() for one in asked]
    parents = {parent for label in record.labels for parent in label.parents}
    above = Counter({label.name: len(label.parents) for label in record.labels})

    def place(name: str) -> tuple[int, int]:
        plain = name.casefold()
        if plain in wanted:
            return 0, 0
        if any(word.startswith(one) for one in wanted for word in plain.split()):
            return 1, 0
        return (3, -above[name]) if name in parents else (2, 0)

    return sorted(record.tags, key=place)[:most]


def difference(record: PhotoRecord, kept: PhotoRecord, bits: int) -> str:
    """Return how a photo differs from the one of its group that is kept, in words."""
    same = record.content_digest is not None and record.content_digest == kept.content_digest
    return "the same file" if same else difference_text(bits)


def said_by(record: PhotoRecord) -> dict[str, str]:
    """Return the labels that a person added, confirmed or renamed, each with the person's name."""
    return {printable(label.name): printable(label.by) for label in record.labels if label.by}


def problem(record: PhotoRecord) -> str:
    """Return why a photo failed or what it lacks, in one sentence or two; empty if nothing went wrong.

    A photo that succeeded although its file lacks its end has a problem, too.
    """
    if record.truncated and record.error is None:
        return TRUNCATED
    if record.missing:
        parts: dict[str, list[str]] = {}
        for part, error in record.missing.items():
            parts.setdefault(error.cause, []).append(f"no {part}")
        causes = (f"{' and '.join(lacking)}: {cause}" for cause, lacking in parts.items())
        return printable("; ".join(causes).replace(".; ", "; "))
    return printable(record.error.cause) if record.error else ""


def summary(record: PhotoRecord) -> str:
    """Return a record in one line: its ID, status, capture time, camera and first tags."""
    taken = f"{record.taken:%Y-%m-%d %H:%M}" if record.taken else ""
    parts = [record.status.value, taken, camera(record), ", ".join(first_tags(record, 3))]
    return printable(f"{record.id}: {', '.join(filter(None, parts))}")


def _as_stored(value: object) -> str:
    return printable(value if isinstance(value, str) else json.dumps(value, default=str))


def camera(record: PhotoRecord) -> str:
    """Return what took the photo, empty if it is not known."""
    return record.camera.name or ""


def _exposure_time(record: PhotoRecord) -> str:
    seconds = record.exposure.time
    if seconds is None:
        return ""
    return f"1/{1 / seconds:,.0f} s" if 0 < seconds < 0.3 else f"{seconds:.3g} s"


def _focal_length(record: PhotoRecord) -> str:
    length, equivalent = record.exposure.focal_length, record.exposure.focal_length_in_35mm
    parts = [f"{length:.4g} mm"] if length is not None else []
    return ", ".join(parts + ([f"{equivalent} mm in 35 mm film"] if equivalent is not None else []))


def _bias(record: PhotoRecord) -> str:
    bias = record.exposure.bias
    return "" if bias is None else f"{bias:+.2g} EV" if bias else "0 EV"


def _coded(words: Mapping[int, str], code: int | None) -> str:
    return "" if code is None else words.get(code, f"code {code}")


def _flash(record: PhotoRecord) -> str:
    """Bit 0: fired; bit 5: the camera has none (EXIF 2.32, tag 0x9209)."""
    code = record.exposure.flash
    if code is None:
        return ""
    return "none in this camera" if code & 0x20 else "fired" if code & 1 else "did not fire"


def _taken(record: PhotoRecord) -> str:
    if record.taken is None:
        return ""
    offset = record.taken.strftime("%z")
    where = f" UTC{offset[:3]}:{offset[3:5]}" if offset else " (local time, offset unknown)"
    source = record.taken_source
    whence = f", from {source}" if source and source != "DateTimeOriginal" else ""
    return f"{record.taken:%Y-%m-%d %H:%M:%S}{where}{whence}"


def _place(record: PhotoRecord) -> str:
    if record.place is None:
        return ""
    altitude = record.place.altitude
    height = f", altitude {altitude:,.0f} m" if altitude is not None else ""
    return coordinates(record.place.latitude, record.place.longitude) + height


def _map_url(record: PhotoRecord) -> str:
    assert record.place  # noqa: S101 - asked by the caller
    latitude, longitude = record.place.latitude, record.place.longitude
    query = f"?mlat={latitude:.6f}&mlon={longitude:.6f}#map=14/{latitude:.6f}/{longitude:.6f}"
    return f"https://www.openstreetmap.org/{query}"


def _dimensions(record: PhotoRecord) -> str:
    if record.dimensions is None:
        return ""
    size = record.dimensions
    millions = f", {size.megapixels:.1f} megapixels" if size.megapixels >= 0.05 else ""
    return f"{size.width:,} × {size.height:,} pixels as stored{millions}"


def _error(record: PhotoRecord) -> str:
    return f"{record.error.name} in {record.error.step}: {record.error.cause}" if record.error else ""


def _missing(record: PhotoRecord) -> str:
    return "; ".join(f"{part} ({error.cause})" for part, error in record.missing.items())


def _bytes(record: PhotoRecord) -> str:
    size = record.file_size
    exactly = f" ({size:,} bytes)" if size is not None and size >= 1000 else ""
    return "" if size is None else f"{bytes_text(size)}{exactly}"


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
    0: "",
    1: "manual",
    2: "program",
    3: "aperture priority",
    4: "shutter priority",
    5: "creative",
    6: "action",
    7: "portrait",
    8: "landscape",
}
_METERING = {
    0: "",
    1: "average",
    2: "centre-weighted",
    3: "spot",
    4: "multi-spot",
    5: "pattern",
    6: "partial",
}
"""EXIF's 0 is "not defined" for a program and "unknown" for metering (EXIF 2.32, tags 0x8822 and 0x9207)."""
_MODES = {0: "automatic", 1: "manual", 2: "bracketed"}
_WHITE_BALANCES = {0: "automatic", 1: "manual"}
_TOLD_ANYHOW = ("status", "creationTime", "labels", "tags")
"""Attributes whose fields tell enough although they do not hold them exactly as stored."""

_FACTS: tuple[tuple[str, Callable[[PhotoRecord], str | None]], ...] = (
    ("Status", lambda r: r.status.capitalize()),
    ("Error", _error),
    ("Missing", _missing),
    ("Truncated", lambda r: TRUNCATED if r.truncated else ""),
    ("Taken", _taken),
    ("Place", _place),
    ("Camera", camera),
    ("Lens", lambda r: r.camera.lens),
    ("Exposure time", _exposure_time),
    ("Aperture", lambda r: "" if r.exposure.f_number is None else f"f/{r.exposure.f_number:.3g}"),
    ("Sensitivity", lambda r: "" if r.exposure.sensitivity is None else f"ISO {r.exposure.sensitivity}"),
    ("Focal length", _focal_length),
    ("Exposure bias", _bias),
    ("Exposure program", lambda r: _coded(_PROGRAMS, r.exposure.program)),
    ("Exposure mode", lambda r: _coded(_MODES, r.exposure.mode)),
    ("Metering", lambda r: _coded(_METERING, r.exposure.metering_mode)),
    ("White balance", lambda r: _coded(_WHITE_BALANCES, r.exposure.white_balance)),
    ("Flash", _flash),
    ("Digital zoom", lambda r: "" if r.exposure.digital_zoom is None else f"{r.exposure.digital_zoom:.3g}×"),
    ("Description", lambda r: r.description),
    ("Artist", lambda r: r.artist),
    ("Copyright", lambda r: r.copyright),
    ("Software", lambda r: r.camera.software),
    ("Format", lambda r: r.format),
    ("Dimensions", _dimensions),
    ("Orientation", lambda r: _coded(_ORIENTATIONS, r.orientation)),
    ("File size", _bytes),
    ("Uploaded", lambda r: f"{r.uploaded:%Y-%m-%d %H:%M:%S} UTC" if r.uploaded else ""),
    ("Original", lambda r: r.original.address if r.original else ""),
    ("Album", lambda r: r.album_id),
    ("User", lambda r: r.user),
    ("Content hash", lambda r: r.content_hash),
    ("Labelled by", lambda r: r.label_model_version),
    ("ID", lambda r: r.id),
)
"""Each fact's name, and how a record tells it."""
