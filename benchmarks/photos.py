"""The photos that are measured with: the corpus of camera photos if it is there, else generated ones."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import piexif
from PIL import Image

from imageproc import samples
from imageproc.core.metadata import read_metadata

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "photos"
_LARGE = range(12_000_000, 17_000_000)
_SIZES = ((4000, 3000), (4608, 3456), (4256, 2832))


@cache
def large() -> tuple[bytes, ...]:
    """Return JPEGs of 12 to 16 megapixels."""
    found = tuple(photo for photo in corpus() if _pixels(photo) in _LARGE)
    return found or tuple(generated(size) for size in _SIZES)


@cache
def corpus() -> tuple[bytes, ...]:
    """Return the corpus's photos; none if it is not there."""
    return tuple(path.read_bytes() for path in sorted(CORPUS.iterdir())) if CORPUS.is_dir() else ()


def write(folder: Path, photos: Iterable[bytes]) -> list[Path]:
    """Write photos into a folder, and return the files."""
    files = []
    for number, photo in enumerate(photos):
        files.append(folder / f"{number}.jpg")
        files[-1].write_bytes(photo)
    return files


def _pixels(photo: bytes) -> int:
    metadata = read_metadata(io.BytesIO(photo), len(photo))
    return metadata.width * metadata.height


@cache
def generated(size: tuple[int, int] = (4000, 3000)) -> bytes:
    """Return a JPEG of a size in pixels, with a camera's EXIF: a real picture, enlarged and with grain."""
    with Image.open(samples.sample_photos()[0]) as picture:
        enlarged = picture.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    grain = Image.effect_noise(size, 24).convert("RGB")
    output = io.BytesIO()
    Image.blend(enlarged, grain, 0.3).save(output, "JPEG", quality=92, exif=_exif())
    return output.getvalue()


def _exif() -> Any:
    """Return a camera's EXIF block, with a preview of some kilobytes as cameras add it."""
    preview = io.BytesIO()
    Image.effect_noise((160, 120), 60).convert("RGB").save(preview, "JPEG", quality=80)
    return piexif.dump(
        {
            "0th": {piexif.ImageIFD.Make: b"Canon", piexif.ImageIFD.Model: b"Canon EOS R6"},
            "Exif": {
                piexif.ExifIFD.DateTimeOriginal: b"2024:05:18 16:20:05",
                piexif.ExifIFD.ExposureTime: (1, 250),
                piexif.ExifIFD.FNumber: (28, 10),
                piexif.ExifIFD.ISOSpeedRatings: 400,
                piexif.ExifIFD.FocalLength: (50, 1),
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: b"N",
                piexif.GPSIFD.GPSLatitude: ((51, 1), (30, 1), (2664, 100)),
                piexif.GPSIFD.GPSLongitudeRef: b"W",
                piexif.GPSIFD.GPSLongitude: ((0, 1), (7, 1), (4008, 100)),
            },
            "1st": {piexif.ImageIFD.Compression: 6},
            "thumbnail": preview.getvalue(),
        }
    )
