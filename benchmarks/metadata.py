"""The metadata step: CPU beside exiftool, exiv2 and GraphicsMagick; what is fetched from S3."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import cpu, photos
from benchmarks.figures import Figure, ratios
from imageproc.core.metadata import read_metadata
from tests.core.pictures import CountingReader

TITLE = "Metadata step: CPU (the peers with the start of their process), bytes and requests"
ROUNDS = 5
_PEERS = {
    "exiftool -json": ("exiftool", "-json"),
    "exiv2 -pa": ("exiv2", "-pa"),
    "gm identify -verbose": ("gm", "identify", "-verbose"),
}


def figures() -> Iterator[Figure]:
    """Measure CPU with large photos, and what is fetched with all that are there."""
    yield from _cpu(photos.large())
    yield from _traffic(photos.corpus() or (photos.generated(), *photos.large()))


def _cpu(chosen: tuple[bytes, ...]) -> Iterator[Figure]:
    ours = []
    for _ in range(ROUNDS):
        each = [cpu.of(lambda photo=photo: _read(photo), 40) for photo in chosen]  # type: ignore[misc]
        ours.append(1e3 * sum(each) / len(each))
    yield Figure("read_metadata, CPU a photo", ours, "ms", 1)
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        files = photos.write(Path(folder), chosen)
        for name, command in _PEERS.items():
            if cpu.installed(command[0]):
                theirs = [
                    1e3 * sum(cpu.of_command(*command, str(file)) for file in files) / len(files)
                    for _ in range(ROUNDS)
                ]
                yield Figure(f"{name}, CPU a photo", theirs, "ms")
                yield Figure(f"{name} / ours", ratios(theirs, ours), "×")


def _read(photo: bytes) -> None:
    read_metadata(io.BytesIO(photo), len(photo))


def fetched(photo: bytes) -> CountingReader:
    """Read a photo's metadata as the Lambda function does, and return what counted its requests."""
    reader = CountingReader(photo)
    read_metadata(reader, len(photo))  # type: ignore[arg-type]
    return reader


def _traffic(chosen: tuple[bytes, ...]) -> Iterator[Figure]:
    counts = [fetched(photo) for photo in chosen]
    total = sum(map(len, chosen))
    requests = [count.ranges for count in counts]
    few = 100 * sum(request <= 2 for request in requests) / len(requests)
    share = 100 * sum(count.fetched for count in counts) / total
    what = f"{len(chosen)} photos, {total / 1e6:.1f} MB"
    yield Figure(f"bytes fetched, of those of {what}", [share], "%", 3)
    yield Figure("photos that take at most 2 requests", [few], "%", 97, at_least=True)
    yield Figure("requests a photo, mean", [sum(requests) / len(requests)], "")
    yield Figure("requests a photo, most", [float(max(requests))], "")
