"""Duplicates: how many variants of real photos are found, and how long it takes among 100,000.

Each photo of the corpus (or of the samples, which are few) is resized, recompressed, brightened, cropped and
turned; every two of all files are compared, and are the same photo or not.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from benchmarks import cpu, million, photos
from benchmarks.figures import Figure
from imageproc import samples
from imageproc.client.photos.duplicates import NEAR
from imageproc.core.perceptual_hash import BITS, digits, perceptual_hash
from imageproc.core.thumbnail import make_thumbnail, render

TITLE = "Duplicates: variants of real photos, and near duplicates among 100,000"
COUNT = 100_000
THRESHOLDS = (32, 36, NEAR, 40, 44)
_SIDE = 1000
"""Pixels that variants are made of."""
_SMALLEST = 60
"""Pixels of a side: smaller pictures are no photos."""
_ORIGINAL = "original"


def figures() -> Iterator[Figure]:
    """Measure what is found, then what it costs."""
    ours = (path for path in samples.sample_photos() if path.name != samples.NOT_A_PHOTO[0])
    files = photos.corpus() or tuple(path.read_bytes() for path in ours)
    yield from _found(files)
    pictures = [render(data, (250, 250)) for data in files[:20]]
    costs = [1e3 * cpu.of(lambda one=one: perceptual_hash(one), 5) for one in pictures]  # type: ignore[misc]
    yield Figure("perceptual hash, CPU a photo", costs, "ms", 1)
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        catalog = Path(folder) / "catalog"
        million.make(catalog, COUNT)
        command = [sys.executable, "-m", "benchmarks.catalog_process", "duplicates", str(catalog)]
        taken: dict[str, Any] = json.loads(subprocess.check_output(command, text=True))
    yield Figure(f"similar photos among {COUNT:,}", taken["similar"], "ms", 100)
    yield Figure(f"exact duplicates among {COUNT:,}", taken["exact"], "s")
    yield Figure(f"near duplicates among {COUNT:,}: {taken['groups']:,} groups", taken["near"], "s", 60)
    yield Figure("memory of the process, at most", [taken["memory"]], "MB", 500)


def variants(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield variants of a photo as files, each with what was done to it."""
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    picture.thumbnail((_SIDE, _SIDE))
    width, height = picture.size
    left, top = width // 20, height // 20
    middle = (left // 2, top // 2, width - left + left // 2, height - top + top // 2)
    yield _ORIGINAL, _jpeg(picture, 95)
    yield "half the size", _jpeg(picture.resize((width // 2, height // 2)), 90)
    for quality in (60, 75, 90):
        yield f"quality {quality}", _jpeg(picture, quality)
    yield "cropped by 5 % around the middle", _jpeg(picture.crop(middle), 90)
    yield "5 % cut off left and above", _jpeg(picture.crop((left, top, width, height)), 90)
    yield "25 % brighter", _jpeg(ImageEnhance.Brightness(picture).enhance(1.25), 90)
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "turned by EXIF", _jpeg(picture.transpose(Image.Transpose.ROTATE_90), 90, exif=exif)


def _jpeg(picture: Image.Image, quality: int, **options: Any) -> bytes:
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=quality, **options)
    return output.getvalue()


def _found(files: tuple[bytes, ...]) -> Iterator[Figure]:
    """Yield precision and recall by threshold; by kind at the default one."""
    looks, names, kinds = [], [], []
    whole = [data for data in files if min(render(data, (_SIDE, _SIDE)).size) > _SMALLEST]
    for number, data in enumerate(whole):
        for kind, made in variants(data):
            if look := make_thumbnail(made).perceptual_hash:
                looks.append(bytes.fromhex(digits(look)))
                names.append(number)
                kinds.append(kind)
    bits = np.unpackbits(np.frombuffer(b"".join(looks), np.uint8).reshape(-1, BITS // 8), axis=1)
    signs = bits.astype(np.float32) * 2 - 1
    distances = ((BITS - signs @ signs.T) / 2).round().astype(int)
    numbers, kind_of = np.array(names), np.array(kinds)
    same = numbers[:, None] == numbers
    pairs = np.triu(np.ones_like(same), 1)
    of_original = same & (kind_of == _ORIGINAL) & (kind_of != _ORIGINAL)[:, None]
    yield Figure("photos", [len(set(names))], "")
    for threshold in THRESHOLDS:
        near = distances <= threshold
        precision = 100 * float((near & same & pairs).sum()) / max(int((near & pairs).sum()), 1)
        recall = 100 * float((near & of_original).sum()) / int(of_original.sum())
        limits = (99, 95) if threshold == NEAR else (None, None)
        yield Figure(f"precision, at most {threshold} bits", [precision], "%", limits[0], at_least=True)
        yield Figure(f"recall, at most {threshold} bits", [recall], "%", limits[1], at_least=True)
    for kind in dict.fromkeys(kinds):
        if kind != _ORIGINAL:
            rows = of_original & (kind_of == kind)[:, None]
            yield Figure(
                f"found: {kind}", [100 * float((rows & (distances <= NEAR)).sum()) / int(rows.sum())], "%"
            )
    yield Figure("nearest two of different photos", [float(distances[~same].min())], "bits")
