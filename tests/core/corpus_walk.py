"""Reads every file of a folder: a program of its own, so that its memory can be measured.

Prints a line of JSON for each file: its name, the outcomes of metadata and thumbnail, seconds, and the
process's peak memory in bytes so far.
"""

from __future__ import annotations

import io
import json
import re
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
        print(json.dumps([path.name, *outcomes, seconds, peak_memory()]))  # noqa: T201


def peak_memory() -> int:
    """Return this program's peak, in bytes. Linux counts its parent's to `ru_maxrss`, too."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1])  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(sys.argv[1])
