"""Reads every file of a folder: a program of its own, so that its memory can be measured.

Prints a line of JSON for each file: its name, the outcomes of metadata and thumbnail, seconds, and the
process's peak memory in bytes so far.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imageproc.core.metadata import read_metadata
from imageproc.core.thumbnail import make_thumbnail
from imageproc.errors import ImageRejectedError

if TYPE_CHECKING:
    from collections.abc import Callable


def outcome(work: Callable[[], Any]) -> str:
    try:
        work()
    except ImageRejectedError as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def metadata(data: bytes) -> None:
    attributes = read_metadata(io.BytesIO(data), len(data)).attributes()
    json.dumps(attributes, allow_nan=False)


def main(folder: str) -> None:
    for path in sorted(Path(folder).iterdir()):
        data = path.read_bytes()
        start = time.perf_counter()
        outcomes = outcome(lambda data=data: metadata(data)), outcome(lambda data=data: make_thumbnail(data))  # type: ignore[misc]
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        print(json.dumps([path.name, *outcomes, seconds, peak]))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
