"""Ten thousand photos in a row on a local AWS of their own: does it get slower, does its memory grow?

It takes a quarter of an hour, hence it is run by its name alone: `make bench BENCH=endurance`.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.end_to_end import BURST, UNBOUNDED, grown, steadiness
from benchmarks.figures import Figure
from benchmarks.local import local_aws

TITLE = "10,000 photos in a row"
THOUSAND = 1000 // BURST
COUNT = 10_000


def figures() -> Iterator[Figure]:
    """Measure a hundred bursts of a hundred small photos, without recognition."""
    with local_aws(recognition="off", **UNBOUNDED) as workbench:
        times, memory, cpu = steadiness(workbench, COUNT // BURST)
    first, last = sum(times[:THOUSAND]), sum(times[-THOUSAND:])
    yield Figure(f"hundreds of {COUNT:,} small photos, no recognition", times, "s")
    yield Figure("last thousand / first thousand, time", [last / first], "×", 1.1)
    yield Figure(
        "last thousand / first thousand, CPU of the local AWS",
        [sum(cpu[-THOUSAND:]) / sum(cpu[:THOUSAND])],
        "×",
        1.1,
    )
    yield from grown(memory)
