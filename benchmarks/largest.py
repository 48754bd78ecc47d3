"""How much of their memory, and which CPU, the two functions that decode photos take for the largest ones.

Each file is padded to the most bytes that an original may have, and each handler has a process of its own;
S3, DynamoDB and Rekognition answer from memory.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks import cpu
from benchmarks.figures import Figure
from benchmarks.invocation import SETTINGS, Aws
from imageproc.core.limits import MAX_BYTES
from tests.reliability.limited import memory_of

TITLE = "The largest photos"

FUNCTIONS = {
    "GenerateThumbnail": "generate_thumbnail",
    "RekognitionOfRendition": "rekognition_of_rendition",
}


def pictures() -> Iterator[tuple[str, bytes]]:
    """Yield the largest pictures of each kind; what is in them makes no difference to memory."""
    square = (10_000, 10_000)
    yield "JPEG, 10,000 x 10,000", _saved("RGB", square, "JPEG")
    yield (
        "progressive JPEG, 10,000 x 10,000, 4:4:4",
        _saved("RGB", square, "JPEG", progressive=True, subsampling=0),
    )
    yield "colour PNG, 8,000 x 8,000", _saved("RGB", (8_000, 8_000), "PNG", compress_level=1)
    yield "colour PNG, 10,000 x 10,000", _saved("RGB", square, "PNG", compress_level=1)
    yield "transparent PNG, 12,500 x 12,500", _saved("RGBA", (12_500, 12_500), "PNG", compress_level=1)


def _saved(mode: str, size: tuple[int, int], image_format: str, **options: Any) -> bytes:
    output = io.BytesIO()
    noise = Image.effect_noise((500, 500), 60).convert("RGB").convert(mode)
    noise.resize(size, Image.Resampling.NEAREST).save(output, image_format, **options)
    data = output.getvalue()
    return data + bytes(max(0, MAX_BYTES - len(data)))


def figures() -> Iterator[Figure]:
    """Measure them."""
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        path = Path(folder, "photo")
        for name, data in pictures():
            path.write_bytes(data)
            for function, module in FUNCTIONS.items():
                command = [sys.executable, "-m", "benchmarks.largest", module, str(path)]
                found = json.loads(subprocess.check_output(command, stderr=subprocess.DEVNULL))
                memory = memory_of(f"{function}Function") / 1e6
                share = 100 * found["peak"] / memory
                yield Figure(f"{name}: {function}'s memory", [share], "%", 75)
                yield Figure(f"{name}: {function}'s CPU", [found["cpu"]], "ms")


def main(module: str, photo: str) -> None:
    """Invoke a function's handler once, and print what it took."""
    os.environ |= SETTINGS
    state = Aws().put(Path(photo).read_bytes())
    handler = importlib.import_module(f"imageproc.functions.{module}").handler
    took = cpu.of(lambda: handler(state, None))
    print(json.dumps({"cpu": 1000 * took, "peak": cpu.peak_megabytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
