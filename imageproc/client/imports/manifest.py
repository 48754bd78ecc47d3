"""The manifest of an import: a CSV file with a line for each file, written as it goes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, fields
from pathlib import Path

from imageproc.client.imports.entries import ImportEntry
from imageproc.errors import InvalidArgumentError
from imageproc.presentation.metadata_files import cell

COLUMNS = tuple(field.name for field in fields(ImportEntry))


@contextmanager
def written(path: Path | str | None) -> Iterator[Callable[[ImportEntry], object]]:
    """Yield what writes an entry to a new file at once, or nothing if there is no path.

    Raises InvalidArgumentError if the file cannot be made.
    """
    if path is None:
        yield lambda _: None
        return
    try:
        # One line at a time: a killed import leaves what was done until then.
        file = Path(path).expanduser().open("w", 1, encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        cause = f"The manifest {path} cannot be written: {error.strerror or error}."
        raise InvalidArgumentError(cause, "Name another file.") from error
    with file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        yield lambda entry: rows.writerow([cell(value) for value in astuple(entry)])


def noted(path: Path | str) -> int:
    """Return how many files a manifest says of what became of them; 0 if it cannot be read."""
    with suppress(OSError), Path(path).expanduser().open(encoding="utf-8", newline="") as file:
        return max(0, sum(1 for _ in csv.reader(file)) - 1)
    return 0
