"""Runs the real handlers on hostile files, in a process whose memory and time are limited.

`python -m tests.reliability.limited generated` or `... limited FOLDER`. Prints two lines of JSON for each
file: its name before it is touched, and then the outcomes of both handlers, CPU seconds, and the attributes
stored. A file that exhausts memory or time ends the process there.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imageproc.core.rendition import make_rendition
from imageproc.deployment.template import read_sources
from imageproc.errors import ImageRejectedError, NotSupportedImageType
from imageproc.functions import extract_image_metadata, generate_thumbnail, store_image_metadata
from tests.pictures import opened
from tests.reliability.memory_aws import MemoryAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CPU_SECONDS = 20
"""What one file may take. The functions' own time-outs are 30 and 90 seconds."""

MAX_STATE_BYTES = 256 * 1024
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-task-executions"""


def memory_of(function: str) -> int:
    """Return the bytes that the template gives a function."""
    found = re.search(rf"^  {function}:$.*?^      MemorySize: (\d+)$", read_sources().template, re.M | re.S)
    assert found
    return int(found[1]) * 1024 * 1024


def limit_memory(total: int) -> None:
    """Let this process have so many bytes of memory, beside the address space that is not memory."""
    virtual, resident = (int(pages) for pages in Path("/proc/self/statm").read_text().split()[:2])
    not_memory = (virtual - resident) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (total + not_memory, resource.RLIM_INFINITY))


def limit_time() -> None:
    """Let this process have so many CPU seconds more."""
    signal.signal(signal.SIGXCPU, _out_of_time)
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + CPU_SECONDS, resource.RLIM_INFINITY))


def _out_of_time(*_: object) -> None:
    raise SystemExit("this file took too long")


class Handlers:
    """The steps of the pipeline that look into a file, each in the memory that its function has."""

    def __init__(self) -> None:
        self.aws = MemoryAws()
        self._extract = memory_of("ExtractImageMetadataFunction")
        self._thumbnail = memory_of("GenerateThumbnailFunction")
        self._rendition = memory_of("RekognitionOfRenditionFunction")
        self.run(b"")  # what is loaded once is not a file's doing

    def run(self, data: bytes) -> tuple[str, str]:
        """Return how metadata and thumbnail ended: `done`, or the class of a typed rejection.

        Whatever else a handler raises goes on.
        """
        state = self.aws.put(data)
        limit_memory(self._extract)
        read = _outcome(lambda: self._read(state))
        limit_memory(self._thumbnail)
        made = _outcome(lambda: generate_thumbnail.handler(state, None))
        if made == "done":
            self._check_thumbnail()
        limit_memory(self._rendition)
        rendered = _outcome(lambda: make_rendition(data))
        assert rendered == made, f"of what becomes a thumbnail there is a rendition, too: {rendered}"
        return read, made

    def _read(self, state: dict[str, Any]) -> None:
        extracted = extract_image_metadata.handler(state, None)
        assert len(json.dumps(extracted, allow_nan=False)) < MAX_STATE_BYTES // 2
        if extracted["format"] == "UNSUPPORTED":
            raise NotSupportedImageType(extracted["cause"])
        store_image_metadata.handler(state | {"extractedMetadata": extracted}, None)

    def _check_thumbnail(self) -> None:
        picture = opened(self.aws.thumbnail)
        assert max(picture.size) <= 250
        assert self.aws.stored["thumbnail"]["s3Key"] == "Thumbnails/x"


def _outcome(work: Callable[[], Any]) -> str:
    try:
        work()
    except ImageRejectedError as error:
        return type(error).__name__ if str(error) else "a rejection that does not say why"
    return "done"


def _files(what: str) -> Iterable[tuple[str, bytes]]:
    if what == "generated":
        from tests.reliability.hostile_files import generated

        return generated()
    return ((path.name, path.read_bytes()) for path in sorted(Path(what).iterdir()))


def main(what: str) -> None:
    files, handlers = _files(what), Handlers()
    for name, data in files:
        print(json.dumps(name), flush=True)  # noqa: T201
        limit_time()
        start = time.process_time()
        outcomes = handlers.run(data)
        stored = json.dumps(handlers.aws.stored, default=str)
        print(json.dumps([*outcomes, time.process_time() - start, json.loads(stored)]))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
