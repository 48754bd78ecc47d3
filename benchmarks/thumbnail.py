"""The thumbnail step: CPU beside libvips, GraphicsMagick and the bare decoding; memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import cpu, photos
from benchmarks.figures import Figure, ratios
from imageproc.core.thumbnail import make_thumbnail

TITLE = "Thumbnail step: CPU for JPEGs of 12 to 16 megapixels, and memory"
ROUNDS = 7

_MORE = 4
_BOX = "250x250"
Measure = Callable[[Path], float]


def figures() -> Iterator[Figure]:
    """Measure all sides photo by photo in each round, so that each round gives a ratio."""
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        files = photos.write(Path(folder), photos.large())
        peers = {name: measure for name, (program, measure) in _PEERS.items() if cpu.installed(program)}
        ours, theirs = _rounds(files, peers)
        yield Figure("make_thumbnail, CPU a photo", [1e3 * value for value in ours], "ms")
        for name, values in theirs.items():
            yield Figure(f"{name}, CPU a photo", [1e3 * value for value in values], "ms")
        yield from _judged(ours, theirs)
        yield _memory(Path(folder))


def _judged(ours: list[float], theirs: dict[str, list[float]]) -> Iterator[Figure]:
    if VIPS in theirs:
        yield Figure("ours / libvips", ratios(ours, theirs[VIPS]), "×", 1.10)
    if DECODE in theirs:
        yield Figure("ours / decoding at 1/8 alone", ratios(ours, theirs[DECODE]), "×", 1.35)
    if MAGICK in theirs:
        yield Figure("GraphicsMagick / ours", ratios(theirs[MAGICK], ours), "×", 8, at_least=True)


def _rounds(files: list[Path], peers: dict[str, Measure]) -> tuple[list[float], dict[str, list[float]]]:
    """Return the mean CPU seconds a photo of each round: ours, and each peer's."""
    data = [file.read_bytes() for file in files]
    for each in data:
        make_thumbnail(each)  # what is loaded once is no photo's doing
    ours, theirs = [], {name: list[float]() for name in peers}
    for _ in range(ROUNDS):
        ours.append(_mean([cpu.of(lambda each=each: make_thumbnail(each), 3) for each in data]))  # type: ignore[misc]
        for name, measure in peers.items():
            theirs[name].append(_mean([measure(file) for file in files]))
    return ours, theirs


def _vips(file: Path) -> float:
    """Return what one more file costs `vipsthumbnail`: its start, 60 ms, is not counted."""
    out = ["--size", _BOX, "-o", f"{file.parent}/vips-%s.jpg[Q=85,optimize_coding,interlace,strip]"]
    one_thread = os.environ | {"VIPS_CONCURRENCY": "1"}
    many = cpu.of_command("vipsthumbnail", *[str(file)] * (1 + _MORE), *out, env=one_thread)
    return (many - cpu.of_command("vipsthumbnail", str(file), *out, env=one_thread)) / _MORE


def _decode(file: Path) -> float:
    return cpu.of_command("djpeg", "-scale", "1/8", "-outfile", os.devnull, str(file))


def _magick(file: Path) -> float:
    return cpu.of_command("gm", "convert", str(file), "-resize", _BOX, str(file.parent / "gm.jpg"))


VIPS = "libvips, one photo more in vipsthumbnail"
DECODE = "djpeg -scale 1/8: libjpeg-turbo's decoding alone"
MAGICK = "gm convert -resize"
_PEERS: dict[str, tuple[str, Measure]] = {
    VIPS: ("vipsthumbnail", _vips),
    DECODE: ("djpeg", _decode),
    MAGICK: ("gm", _magick),
}


def _memory(folder: Path) -> Figure:
    """How much more a process holds that makes a thumbnail of 24 megapixels than one that does nothing."""
    file = folder / "24.jpg"
    file.write_bytes(photos.generated((6000, 4000)))
    work = (
        "from imageproc.core.thumbnail import make_thumbnail\n"
        f"make_thumbnail(open({str(file)!r}, 'rb').read())"
    )
    more = [cpu.peak_of(work) - cpu.peak_of("") for _ in range(3)]
    return Figure("peak memory for 24 megapixels above Python's", more, "MB", 60)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
