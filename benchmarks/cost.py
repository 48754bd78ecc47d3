"""The bill on AWS beside the original's: counted calls times public prices (docs/explanation/cost.md).

Nothing ran on AWS. ImageMagick's CPU is measured anew if it is installed, else the recorded one is taken.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks import cpu, photos
from benchmarks.figures import Figure
from imageproc.costs import (
    PRICES,
    Bill,
    Design,
    original,
    ours,
    processing,
    processing_in_place,
    reprocessing,
    standing,
    storing,
)
from imageproc.costs.bill import added

TITLE = "Bill on AWS without Rekognition, by counted calls and list prices"

PHOTOS = 1000
"""Photos a month, for which the target is judged."""

EXPRESS = {"WorkflowType": "EXPRESS"}
VOLUMES = tuple(int(10 ** (exponent / 4)) for exponent in range(8, 29))
"""Photos a month, from a hundred to ten million."""
AGAIN = 1_000_000
"""Photos of a bulk run, of one that processes an import in place too."""

_HALF = 0.5
_TENTH = 0.1
_OWN_STATE = "RecordOutcome"
"""The only state of a good photo that the data contract does not name."""

_COMMANDS = {
    "ExtractImageMetadata": ("identify-im6.q16", "-ping", "-verbose", "{photo}"),
    "Thumbnail": ("convert-im6.q16", "{photo}", "-resize", "250x250", "{out}"),
}
"""What the original has ImageMagick do, by function; the programs have Debian's names, which no other has."""

_ROUNDS = 3


def figures() -> Iterator[Figure]:
    """Price both designs: a month with its photos, each photo more, and line by line."""
    us, them = ours(), _measured(original())
    ratio = month(us, PHOTOS).total / month(them, PHOTOS).total
    yield Figure(f"ours / the original, a month with {PHOTOS:,} photos", [ratio], "×", _HALF)
    yield Figure("photos a month up to which it is at most 0.5", [_break_even(us, them)], "photos")
    worst = max(month(us, many, EXPRESS).total / month(them, many).total for many in VOLUMES)
    yield Figure(
        "Express / the original, the most from 100 to 10 million photos a month", [worst], "×", _HALF
    )
    again = [reprocessing(AGAIN, parameters=one).without("Rekognition").total for one in (EXPRESS, {})]
    yield Figure(f"a bulk run of {AGAIN:,} photos, Express / Standard", [again[0] / again[1]], "×", _TENTH)
    in_place = [processing_in_place(AGAIN, parameters=one).without("Rekognition") for one in (EXPRESS, {})]
    for name, bill in zip(("Express", "Standard"), in_place, strict=True):
        yield Figure(f"{AGAIN:,} photos in place, {name}", [bill.total], "USD")
    more = _each(us).total / _each(them).total
    yield Figure("ours / the original, each photo more", [more], "×")
    contract = sum(many for name, many in us.photo.transitions.items() if name != _OWN_STATE)
    floor = contract * PRICES["transition"].each / _each(them).total
    yield Figure("the data contract's states alone / the original's photo", [floor], "×")
    for name, design in (("ours", us), ("original", them)):
        yield from _lines(f"{name}, {PHOTOS:,} photos", _each(design, PHOTOS))
        yield from _lines(f"{name}, kept a month", storing(PHOTOS, by=design))
        yield from _lines(f"{name}, a month alone", standing(by=design))


def month(design: Design, many: float, parameters: Mapping[str, str] | None = None) -> Bill:
    """Return the bill of a month in which so many photos came, and are kept; without Rekognition."""
    once = processing(many, by=design, parameters=parameters).without("Rekognition")
    return added([once, storing(many, by=design), standing(parameters, by=design)])


def _each(design: Design, many: float = 1) -> Bill:
    return processing(many, by=design).without("Rekognition")


def _break_even(us: Design, them: Design) -> float:
    """Return how many photos a month make ours half of theirs: a month's bill is a straight line."""
    saved = _HALF * month(them, 0).total - month(us, 0).total
    ours_more, theirs_more = (month(one, 1).total - month(one, 0).total for one in (us, them))
    return saved / (ours_more - _HALF * theirs_more)


def _lines(name: str, bill: Bill) -> Iterator[Figure]:
    for line in bill.lines:
        yield Figure(f"{name}: {line.price.service}, {line.price.unit}", [line.amount], "USD")
    yield Figure(f"{name}: in all", [bill.total], "USD")


def _measured(design: Design) -> Design:
    """Return the original with the CPU that ImageMagick takes on this machine, if it is here."""
    if not all(shutil.which(command[0]) for command in _COMMANDS.values()):
        print("ImageMagick is not installed: its recorded CPU is taken (`make peers` installs it)")
        return design
    functions = dict(design.photo.functions)
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        photo, out = Path(folder) / "photo.jpg", Path(folder) / "out.jpg"
        for name, command in _COMMANDS.items():
            words = [part.format(photo=photo, out=out) for part in command]
            functions[name] = replace(functions[name], cpu_ms=1000 * _mean_cpu(photo, words))
    return replace(design, photo=replace(design.photo, functions=functions))


def _mean_cpu(photo: Path, command: list[str]) -> float:
    """Return the CPU seconds of a command on the photos of 12 to 16 megapixels, on one thread."""
    taken, alone = [], os.environ | {"OMP_NUM_THREADS": "1"}
    for one in photos.large():
        photo.write_bytes(one)
        taken.append(statistics.median(cpu.of_command(*command, env=alone) for _ in range(_ROUNDS)))
    return statistics.mean(taken)
