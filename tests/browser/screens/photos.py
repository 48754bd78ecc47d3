"""The photos that the screenshots show: nine that lie here, and pictures that Python packages carry."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PIL.TiffImagePlugin import IFDRational as Rational

from imageproc import samples
from imageproc.samples import Sample


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


OWN = Path(__file__).parent / "photos"
_SKIMAGE = _package("skimage") / "data"
_SKLEARN = _package("sklearn") / "datasets" / "images"

_CANON, _SONY, _PHONE = ("Canon", "Canon EOS R6"), ("SONY", "ILCE-7M4"), ("Apple", "iPhone 15")
_DULL = (250, Rational(8), 200)
_SPAIN = "+02:00"

_SAMPLES = {
    OWN: (
        Sample(
            "picos-de-europa.jpg",
            "Picos de Europa.jpg",
            _CANON,
            "2024:06:14 11:42:10",
            _SPAIN,
            (43.1886, -4.8333),
            exposure=_DULL,
            focal_length=(24, 24),
        ),
        Sample("sunset.jpg", "Last light.jpg", _CANON, "2024:06:14 21:31:55", _SPAIN, (42.9497, -2.3286)),
        Sample(
            "aizkorri.jpg",
            "Aizkorri.jpg",
            _CANON,
            "2024:06:16 10:05:33",
            _SPAIN,
            (42.9528, -2.3306),
            exposure=_DULL,
        ),
        Sample(
            "stream.jpg",
            "Stream in the woods.jpg",
            _CANON,
            "2024:06:16 13:20:41",
            _SPAIN,
            (43.0119, -2.2408),
            exposure=(8, Rational(11), 100),
        ),
        Sample("friends.jpg", "Two friends.jpg", _PHONE, "2024:06:15 17:48:02", _SPAIN, (43.3183, -1.9812)),
        Sample(
            "dandelions.jpg", "Dandelions.jpg", _SONY, "2024:05:19 19:02:26", "+02:00", (52.5208, 13.4094)
        ),
        Sample("fig.jpg", "Fig.jpg", _PHONE, "2024:06:15 12:31:17", _SPAIN),
        Sample("brushes.jpg", "Brushes.jpg", _SONY, "2024:05:18 10:12:45", "+02:00", (52.4964, 13.4220)),
        Sample("wine.jpg", "Evening in the cellar.jpg", _SONY, "2024:06:15 22:14:09", _SPAIN),
    ),
    _SKLEARN: (
        Sample(
            "china.jpg", "Summer Palace.jpg", _CANON, "2024:05:04 09:15:20", "+08:00", (39.9999, 116.2755)
        ),
        Sample("flower.jpg", "Dahlia.jpg", _SONY, "2024:05:19 15:40:38", "+02:00", (52.4575, 13.3056)),
    ),
    _SKIMAGE: (
        *(replace(one, taken=f"2024:05:{one.taken[8:]}") for one in samples.SAMPLES),
        Sample("hubble_deep_field.jpg", "Deep field.jpg", _SONY, "2024:05:04 23:30:00"),
    ),
}


def write(folder: Path) -> list[Path]:
    """Write the photos, and a text that calls itself a JPEG, into a folder, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    name, content = samples.NOT_A_PHOTO
    (folder / name).write_bytes(content)
    return [*_photos(folder), folder / name]


def _photos(folder: Path) -> Iterator[Path]:
    for pictures, wanted in _SAMPLES.items():
        for sample in wanted:
            yield samples.write_sample(sample, pictures, folder)
