"""What a cold start of each function loads, and what its memory setting costs and brings: a proxy for AWS.

CPU time is measured here, of the handlers with the real SDK. How fast AWS's CPUs are is not known here; that
a function has one of them at 1,769 MB, and less in proportion below, is AWS's word. What is waited for is
assumed as in the model of costs: in that time memory is paid for and brings nothing.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import photos
from benchmarks.figures import FOLDER, Figure
from imageproc.core.limits import MAX_BYTES, MAX_DECODER_BYTES
from imageproc.costs import AVERAGE_MEGABYTES, ours
from imageproc.costs.designs import MEGABYTES_OF_A_CPU, FunctionUse
from imageproc.deployment import packaging
from imageproc.errors import PackagingError
from tests.reliability.limited import memory_of

TITLE = "Cold start and memory of the functions"
ROUNDS = 5

SIZES = (128, 256, 512, 1024, MEGABYTES_OF_A_CPU, 3008)
"""Memory settings, MB, that the curve is drawn for."""

# AWS's own runtime takes memory beside the function's process, and reports more than is seen here.
_MARGIN = 3

_IMPORT = """
import boto3, boto3.dynamodb.types, botocore.config, botocore.exceptions, time
from PIL import Image, JpegImagePlugin, PngImagePlugin
began = time.process_time()
import imageproc.functions.{module}
print(1000 * (time.process_time() - began))
"""


@dataclass(frozen=True)
class Function:
    """A Lambda function. `input_mb` is what the largest input takes that is let in, beside all else."""

    name: str
    module: str
    input_mb: float = 0

    @property
    def memory(self) -> int:
        """The template's MemorySize, MB."""
        return memory_of(f"{self.name}Function") // 1024**2

    @property
    def use(self) -> FunctionUse:
        """Its calls of AWS for a photo, as they were counted."""
        return ours().photo.functions[self.name]


FUNCTIONS = (
    Function("ImageProcStartExecution", "start_execution"),
    Function("ExtractImageMetadata", "extract_image_metadata"),
    Function("StoreImageMetadata", "store_image_metadata"),
    Function("Rekognition", "rekognition"),
    Function("StoreRekognizedTags", "store_rekognized_tags"),
    Function("GenerateThumbnail", "generate_thumbnail", (2 * MAX_BYTES + MAX_DECODER_BYTES) / 1e6),
    Function("RecordOutcome", "record_outcome"),
)
"""Those that each photo invokes."""


@dataclass(frozen=True)
class Invoked:
    """What a function takes: CPU in milliseconds, memory in MB."""

    start: float
    first: float
    warm: float
    peak: float


def figures() -> Iterator[Figure]:
    """Measure imports, packages, and each function's CPU and memory."""
    imports = {function: _imports(function) for function in FUNCTIONS}
    for function, taken in imports.items():
        yield Figure(f"import of {function.module}, CPU beyond boto3 and Pillow", taken, "ms", 35)
    yield from _ends("import", [statistics.median(taken) for taken in imports.values()])
    yield from _packages()
    measured = {function: invoked(function) for function in FUNCTIONS}
    for function, found in measured.items():
        yield from _settings(function, found)
    yield from _ends("CPU of start", [found.start for found in measured.values()])
    _draw(measured)


def _ends(name: str, taken: list[float]) -> Iterator[Figure]:
    yield Figure(f"{name}, the least of all functions", [min(taken)], "ms")
    yield Figure(f"{name}, the most of all functions", [max(taken)], "ms")


def _imports(function: Function) -> list[float]:
    script = _IMPORT.format(module=function.module)
    return [float(subprocess.check_output([sys.executable, "-c", script])) for _ in range(ROUNDS)]


def _packages() -> Iterator[Figure]:
    code = packaging.functions_package(packaging.AWS)
    yield Figure("zip of the functions' code", [len(code.data) / 1000], "KB", 100)
    try:
        layer = packaging.layer_package(packaging.AWS)
    except PackagingError as error:
        print(f"the layer for AWS could not be built: {error}")
        return
    yield Figure("zip of the layer, for AWS", [len(layer.data) / 1e6], "MB")
    yield Figure("layer, unpacked", [layer.unpacked / 1e6], "MB")


def invoked(function: Function) -> Invoked:
    """Run a function in processes of its own, on a photo of 12 to 16 megapixels."""
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        (photo,) = photos.write(Path(folder), photos.large()[:1])
        command = [sys.executable, "-m", "benchmarks.invocation", function.module, str(photo)]
        answers = [
            json.loads(subprocess.check_output(command, stderr=subprocess.DEVNULL)) for _ in range(ROUNDS)
        ]
    return Invoked(**{name: statistics.median(answer[name] for answer in answers) for name in answers[0]})


def duration_ms(function: Function, found: Invoked, memory: int) -> float:
    """Return how long an invocation takes at a memory setting: CPU by its share, and waiting."""
    return replace(function.use, cpu_ms=found.warm, memory_mb=memory).billed_ms(AVERAGE_MEGABYTES)


def megabyte_seconds(function: Function, found: Invoked, memory: int) -> float:
    """Return what an invocation is paid for."""
    return memory * duration_ms(function, found, memory) / 1000


def _settings(function: Function, found: Invoked) -> Iterator[Figure]:
    name, memory = function.name, function.memory
    most = found.peak + function.input_mb
    fitting = [size for size in SIZES if size >= found.peak * _MARGIN + function.input_mb]
    cheapest = min(fitting, key=lambda size: megabyte_seconds(function, found, size))
    paid = megabyte_seconds(function, found, memory) / megabyte_seconds(function, found, cheapest)
    yield Figure(f"{name}: most memory, of its {memory:,} MB", [100 * most / memory], "%", 75)
    yield Figure(f"{name}: CPU of start, clients of the SDK included", [found.start], "ms")
    yield Figure(f"{name}: CPU of the first invocation", [found.first], "ms")
    yield Figure(f"{name}: CPU of a later one", [found.warm], "ms")
    yield Figure(f"{name}: paid at {memory:,} / at {cheapest:,} MB, the least", [paid], "×")


def _draw(measured: dict[Function, Invoked]) -> None:
    """Draw each function's duration and price over the memory settings, with the template's marked."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(10, 4.2), layout="constrained")
    durations, prices = canvas.subplots(1, 2)
    for function, found in measured.items():
        name = function.name
        for axes, value in ((durations, duration_ms), (prices, megabyte_seconds)):
            (line,) = axes.plot(SIZES, [value(function, found, size) for size in SIZES], label=name)
            axes.plot(function.memory, value(function, found, function.memory), "o", color=line.get_color())
    for axes, title in ((durations, "duration, ms"), (prices, "MB·s paid for")):
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
        axes.set_xlabel("memory, MB (dots: the template's)")
        axes.set_title(title, loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    prices.legend(fontsize=7, frameon=False)
    FOLDER.mkdir(parents=True, exist_ok=True)
    canvas.savefig(FOLDER / "memory.png", dpi=120)
