"""Similarity: what embeddings find among photos that people labelled, and how long it takes among 100,000.

python -m benchmarks similarity
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import cpu, labels, million
from benchmarks.catalog_process import LAID_OUT
from benchmarks.figures import Figure
from imageproc.core.embedding import embedder
from imageproc.core.label import BoundingBox
from imageproc.core.perceptual_hash import digits
from imageproc.core.thumbnail import make_thumbnail

TITLE = "Similarity: photos of like things, and similar ones among 100,000"
COUNT = 100_000


def figures() -> Iterator[Figure]:
    """Measure what is found, then what it costs."""
    if labels.LABELLED.is_dir():
        yield from _found()
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        catalog = Path(folder) / "catalog"
        million.make(catalog, COUNT, embeddings=True)
        size = sum(path.stat().st_size for path in catalog.glob("base-*")) / COUNT
        command = [sys.executable, "-m", "benchmarks.catalog_process", "similarity", str(catalog)]
        taken: dict[str, Any] = json.loads(subprocess.check_output(command, text=True))
        command[-2] = "projection"
        laid_out: dict[str, float] = json.loads(subprocess.check_output(command, text=True))
    yield Figure(f"the file of {COUNT:,} photos with embeddings, a photo", [size], "bytes")
    yield Figure(f"similar photos among {COUNT:,}, the first time", taken["first"], "ms")
    yield Figure(f"similar photos among {COUNT:,}", taken["similar"], "ms", 100)
    yield Figure("memory of the process, at most", [taken["memory"]], "MB", 600)
    for count in LAID_OUT:
        yield Figure(f"a map of {count:,} photos, laid out", [laid_out[str(count)]], "s")
    yield Figure("the same map again", [laid_out["again"]], "s", 0.5)
    yield Figure("memory of the process that lays them out", [laid_out["memory"]], "MB")


def _found() -> Iterator[Figure]:
    """Yield how many photos have a thing in common with the photo that is most like them, and by chance."""
    things: list[set[str]] = []
    numbers, looks, taken = list[bytes](), list[bytes](), list[float]()
    for image in labels.corpus_truth().images:
        large = {one.label for one in image.annotations if one.box and _area(one.box) >= labels.LARGE}
        data = (labels.LABELLED / "photos" / image.file).read_bytes()
        look = make_thumbnail(data).perceptual_hash
        if not large or not look:
            continue
        taken.append(1e3 * cpu.of(lambda data=data: numbers.append(embedder().embed(data))))  # type: ignore[misc]
        looks.append(bytes.fromhex(digits(look)))
        things.append(large)
    shared = np.array([[bool(one & other) for other in things] for one in things])
    vectors = np.array([np.frombuffer(one, np.uint8) for one in numbers], float)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    bits = np.unpackbits(np.array([np.frombuffer(one, np.uint8) for one in looks]), axis=1)
    apart = (bits[:, None] != bits[None]).sum(axis=2)
    yield Figure("photos with a thing of 2 % or more", [len(things)], "")
    for name, likeness in (("embedding", vectors @ vectors.T), ("hash", -apart.astype(float))):
        yield Figure(f"the likest by {name} has one of its things", [_agree(likeness, shared)], "%")
    others = ~np.eye(len(things), dtype=bool)
    yield Figure("another one by chance has", [100 * float(shared[others].mean())], "%")
    yield Figure("embedding, CPU a photo", taken, "ms")


def _area(box: BoundingBox) -> float:
    return box.width * box.height


def _agree(likeness: NDArray[np.float64], shared: NDArray[np.bool_]) -> float:
    """Return of how many photos, in percent, the likest other one has a thing in common with it."""
    np.fill_diagonal(likeness, -np.inf)
    return 100 * float(shared[np.arange(len(shared)), likeness.argmax(axis=1)].mean())
