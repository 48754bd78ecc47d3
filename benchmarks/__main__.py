"""All figures, side by side with the best tools, each with its target; exit code 1 if one is not met.

make bench                              all sections but "endurance", which takes a quarter of an hour
python -m benchmarks thumbnail metadata these alone

Each section prints a table of medians, and writes its values and a plot to build/benchmarks, and its medians
to docs/figures.json, from which pages are filled: commit them if the machine had nothing else to do. Tools
that are not installed are left out, and named: `make peers` installs them (Debian and Ubuntu, as root).
"""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING

from benchmarks import published
from benchmarks.figures import HEADING, machine, save

if TYPE_CHECKING:
    from benchmarks.figures import Figure

SECTIONS = (
    *("thumbnail", "metadata", "cold_start", "largest", "throttling", "burst", "cost", "catalog"),
    "simulation",
    *("duplicates", "labels", "similarity"),
    *("end_to_end", "workbench", "uploads"),
)
"""Modules of this package that have a `TITLE` and a function `figures`."""
LONG = ("endurance",)
"""Like those, but run by their names alone."""


def measured(section: str) -> list[Figure]:
    """Measure a section, print its table row by row, and write its values and plot."""
    module = importlib.import_module(f"benchmarks.{section}")
    print(f"\n## {module.TITLE}\n\n{HEADING}")
    rows = []
    for figure in module.figures():
        print(figure, flush=True)
        rows.append(figure)
    save(section, module.TITLE, rows)
    published.publish(section, rows)
    return rows


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("section", nargs="*", choices=[[], *SECTIONS, *LONG])
    chosen = parser.parse_args().section or SECTIONS
    print(machine())
    missed = [figure.name for section in chosen for figure in measured(section) if not figure.met]
    published.refresh()
    if missed:
        print("\nnot met: " + "; ".join(missed))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
