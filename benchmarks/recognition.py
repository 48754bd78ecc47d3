"""What local recognition says of photos, how right it is, how long it takes and how much memory.

python benchmarks/recognition.py                 the labelled photos of installed packages
python benchmarks/recognition.py FOLDER          all JPEGs and PNGs of a folder, with no judgement
python benchmarks/recognition.py --repeat 200    200 photos in a row: does memory grow?
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.labelled_photos import PHOTOS, LabelledPhoto
from imageproc.errors import PhotoError
from imageproc.local.recognition.recognizer import Recognizer
from imageproc.local.recognition.request import DEFAULT_MIN_CONFIDENCE

SUFFIXES = {".jpg", ".jpeg", ".png"}


@dataclass
class Score:
    """How many labels were given, how many of them were right, and how many of the expected ones came."""

    given: int = 0
    right: int = 0
    expected: int = 0
    found: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """The part of the given labels that is right."""
        return self.right / self.given if self.given else 1.0

    @property
    def recall(self) -> float:
        """The part of the expected labels that was given."""
        return self.found / self.expected if self.expected else 1.0

    def add(self, photo: LabelledPhoto, names: set[str]) -> None:
        """Judge the labels of a photo."""
        self.given += len(names)
        self.right += len(names & photo.right)
        self.expected += len(photo.expected)
        self.found += len(names & photo.expected)
        self.wrong += [f"{photo.name}: {name}" for name in sorted(names - photo.right)]


def names_of(
    recognizer: Recognizer, data: bytes, min_confidence: float = DEFAULT_MIN_CONFIDENCE
) -> dict[str, float]:
    """Return the labels of a photo at a threshold in percent, with their confidences in percent."""
    labels = recognizer.labels(data)
    return {
        label.name: 100 * label.confidence for label in labels if 100 * label.confidence >= min_confidence
    }


def score(recognizer: Recognizer, min_confidence: float = DEFAULT_MIN_CONFIDENCE) -> tuple[Score, int]:
    """Judge recognition by the labelled photos that are there; return the score and how many photos."""
    judged, count = Score(), 0
    for photo in PHOTOS:
        path = photo.path()
        if path is not None:
            judged.add(photo, set(names_of(recognizer, path.read_bytes(), min_confidence)))
            count += 1
    return judged, count


def memory_mb() -> float:
    """Return the resident memory of this process, in MB of 1,000,000 bytes."""
    return float(psutil.Process().memory_info().rss / 1e6)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--min-confidence", type=float, default=DEFAULT_MIN_CONFIDENCE, metavar="PERCENT")
    parser.add_argument("--repeat", type=int, default=0, metavar="COUNT")
    options = parser.parse_args()
    before, began = memory_mb(), time.perf_counter()
    recognizer = Recognizer()
    print(f"models loaded in {time.perf_counter() - began:.2f} s: {before:.0f} -> {memory_mb():.0f} MB")
    paths = _photos(options.folder)
    if options.repeat:
        _repeat(recognizer, paths, options.repeat)
    else:
        _print_labels(recognizer, paths, options.min_confidence)
    if options.folder is None and not options.repeat:
        _print_score(*score(recognizer, options.min_confidence))


def _photos(folder: Path | None) -> list[Path]:
    if folder is None:
        return [path for photo in PHOTOS if (path := photo.path()) is not None]
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def _print_labels(recognizer: Recognizer, paths: list[Path], min_confidence: float) -> None:
    milliseconds = []
    for path in paths:
        began = time.perf_counter()
        try:
            names = names_of(recognizer, path.read_bytes(), min_confidence)
        except PhotoError as error:
            print(f"{path.name:<28}{type(error).__name__}: {error}")
            continue
        milliseconds.append(1000 * (time.perf_counter() - began))
        print(
            f"{path.name:<28}{', '.join(f'{name} {percent:.0f}' for name, percent in names.items()) or '-'}"
        )
    if milliseconds:
        print(
            f"\n{len(milliseconds)} photos: median {statistics.median(milliseconds):.0f} ms, "
            f"slowest {max(milliseconds):.0f} ms, decoding included; {memory_mb():.0f} MB"
        )


def _repeat(recognizer: Recognizer, paths: list[Path], count: int) -> None:
    for number in range(count):
        recognizer.labels(paths[number % len(paths)].read_bytes())
        if (number + 1) % max(1, count // 10) == 0:
            print(f"after {number + 1:>5} photos: {memory_mb():.0f} MB")


def _print_score(judged: Score, count: int) -> None:
    print(f"\nprecision {judged.precision:.0%} ({judged.right} of {judged.given} labels are right), ", end="")
    print(f"recall {judged.recall:.0%} ({judged.found} of {judged.expected} expected), {count} photos")
    print("wrong:", "; ".join(judged.wrong) or "none")


if __name__ == "__main__":
    main()
