"""The core on real photos and hostile files, as the corpus's README tells. Skipped where it is absent."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imageproc.core.location import without_location
from imageproc.core.metadata import read_metadata
from imageproc.core.thumbnail import make_thumbnail
from imageproc.errors import ImageRejectedError

from .pictures import CountingReader, opened

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real photos is not on this machine (../shared/corpus)"
)

# EXIF's orientations in the reference reader's words: where the stored first row and column are shown.
ORIENTATIONS = (
    *("Top, left", "Top, right", "Bottom, right", "Bottom, left"),
    *("Left side, top", "Right side, top", "Right side, bottom", "Left side, bottom"),
)

# The reference rounds seconds of arc to two decimals: the Lumia 800's 34074/1000 are 34.07 there.
DEGREES = 0.005 / 3600 + 1e-9

# Where the two readers differ, after a look at the bytes. In all of them the reference reports what the
# camera wrote for "unknown": positions of 0/1 0/1 0/1 or 0/0 0/0 0/0 (no fix), and dates of zeros or blanks.
UNKNOWN_TO_THE_CAMERA = {
    ("FLIR Vue Pro 640.jpg", "lat"),
    ("FLIR Vue Pro 640.jpg", "lon"),
    ("Issue 308.jpg", "lat"),
    ("Issue 308.jpg", "lon"),
    ("Leica T (Typ 701).jpg", "lat"),
    ("Leica T (Typ 701).jpg", "lon"),
    ("Samsung GT-I9000 (Galaxy S).jpg", "lat"),
    ("Samsung GT-I9000 (Galaxy S).jpg", "lon"),
    ("FujiFilm DX-5.jpg", "taken"),
    ("Nikon E885.jpg", "taken"),
}


def photos() -> list[Path]:
    return sorted((CORPUS / "photos").glob("*.jpg"))


def found_in(path: Path) -> dict[str, Any]:
    """What the core reads, under the names of the reference."""
    data = path.read_bytes()
    attributes = read_metadata(CountingReader(data), len(data)).attributes()  # type: ignore[arg-type]
    geo, orientation = attributes.get("geo", {}), attributes.get("exifOrientation")
    original = attributes.get("creationTimeSource") == "DateTimeOriginal"
    return {
        **attributes["dimensions"],
        "size": attributes["fileSize"],
        "make": attributes.get("exifMake"),
        "model": attributes.get("exifModel"),
        "taken": attributes["creationTime"][:19] if original else None,
        "orientation": ORIENTATIONS[orientation - 1] if orientation else None,
        "lat": geo.get("latitude"),
        "lon": geo.get("longitude"),
    }


def agree(name: str, expected: Any, found: Any) -> bool:
    if expected is None or found is None:
        return expected is found
    if name in ("lat", "lon"):
        return bool(abs(expected - found) <= DEGREES)
    if name == "taken":
        return bool(expected.replace(":", "-", 2).replace(" ", "T") == found)
    if name == "orientation":
        return bool(expected.startswith(found))
    return bool(expected == found)


def compared() -> Iterator[tuple[str, str, Any, Any]]:
    expected = json.loads((CORPUS / "expected.json").read_text())
    for path in photos():
        for name, value in found_in(path).items():
            reference = expected[path.name].get(name)
            if isinstance(reference, str):
                reference = " ".join(reference.split())
            if reference is not None or value is not None:
                yield path.name, name, reference, value


def test_what_is_read_agrees_with_the_reference_reader() -> None:
    fields = list(compared())
    different = [field for field in fields if not agree(*field[1:])]
    for field in different:
        print(*field, sep=" | ")  # noqa: T201
    assert len(fields) > 500
    assert {(photo, name) for photo, name, _, _ in different} <= UNKNOWN_TO_THE_CAMERA
    assert len(different) <= 0.02 * len(fields)


def test_metadata_takes_a_small_part_of_the_bytes_and_few_ranges() -> None:
    readers = []
    for path in photos():
        data = path.read_bytes()
        readers.append(CountingReader(data))
        read_metadata(readers[-1], len(data))  # type: ignore[arg-type]
    total = sum(len(reader.data) for reader in readers)
    assert sum(reader.fetched for reader in readers) <= 0.03 * total
    assert sum(reader.ranges <= 2 for reader in readers) >= 0.97 * len(readers)
    assert max(reader.ranges for reader in readers) <= 4


@pytest.mark.parametrize("path", photos(), ids=lambda path: path.stem)
def test_every_photo_gives_an_upright_thumbnail(path: Path) -> None:
    data = path.read_bytes()
    found = found_in(path)
    thumbnail = make_thumbnail(data)
    sideways = found["orientation"] in ORIENTATIONS[4:]
    width, height = (found["height"], found["width"]) if sideways else (found["width"], found["height"])
    scale = min(250 / width, 250 / height, 1)
    assert (thumbnail.width, thumbnail.height) == (round(width * scale) or 1, round(height * scale) or 1)
    assert not thumbnail.truncated
    picture = opened(thumbnail.data)
    assert picture.size == (thumbnail.width, thumbnail.height)
    assert not {"exif", "comment", "xmp"} & picture.info.keys()


def test_no_malformed_file_crashes_hangs_or_exhausts_memory() -> None:
    program = [sys.executable, "-W", "error", "-m", "tests.core.corpus_walk", str(CORPUS / "malformed")]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    walked = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(walked) == len(list((CORPUS / "malformed").iterdir()))
    assert max(seconds for *_, seconds, _ in walked) < 5
    assert max(peak for *_, peak in walked) < 512 * 1024 * 1024
    # Some are valid images, and metadata never rejects what the thumbnail can be made of.
    assert sum(thumbnail == "done" for _, _, thumbnail, _, _ in walked) > 80
    assert not [name for name, read, thumbnail, _, _ in walked if thumbnail == "done" != read]


def test_no_photo_keeps_its_place_and_each_keeps_its_picture_and_camera() -> None:
    """Also of the malformed ones no reader finds a place, if they can be read at all."""
    placed = 0
    for path in sorted((CORPUS / "photos").iterdir()):
        data = path.read_bytes()
        try:
            stripped = without_location(data)
        except ImageRejectedError:
            continue
        before, after = (read_metadata(io.BytesIO(one), len(one)).attributes() for one in (data, stripped))
        placed += before.pop("geo", None) is not None
        lost = {name for name, value in before.items() if after.get(name) != value}
        assert lost <= {"latitude", "longitude", "fileSize"}, path
        assert "geo" not in after, path
        assert make_thumbnail(stripped).data == make_thumbnail(data).data, path
    assert placed > 10
