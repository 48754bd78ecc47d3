"""Many uploads: what client and browser take while thousands of files go, and how many go at once.

The local AWS processes them meanwhile, without labels.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figures import Figure
from benchmarks.local import local_aws
from benchmarks.pages import Place, jupyterlab, places, run_cell, settle
from benchmarks.workbench import DROP_ZONE_IS_THERE, UPLOAD, noise
from imageproc.client.uploads.sender import PARALLEL
from imageproc.local import LocalAws
from tests.browser.conftest import CHROMIUM

TITLE = "Uploads: 5,000 files by the command line and by the drop zone"
FILES = 5_000
FLAT_MB = 20
"""By how much memory may differ from what it was after a tenth of the files, and still count as flat."""

_EVERY_S = 1.0
_TIMEOUT_S = 3600.0


@dataclass
class Course:
    """What something took, in MB, while files went."""

    seen: list[tuple[int, float]] = field(default_factory=list)

    def note(self, sent: int, value: float) -> None:
        """Write down what it takes after so many files."""
        self.seen.append((sent, value))

    def figures(self, what: str) -> Iterator[Figure]:
        """Yield the most of it, and how much that is above what a tenth of the files took."""
        tenth = max(value for sent, value in self.seen if sent <= FILES / 10)
        yield Figure(f"{what}: memory, at most", [max(value for _, value in self.seen)], "MB")
        rest = max(value for sent, value in self.seen if sent > FILES / 10)
        yield Figure(f"{what}: memory, more after the first tenth", [rest - tenth], "MB", FLAT_MB)


def figures() -> Iterator[Figure]:
    """Measure the command line, then the drop zone; without Chromium the first alone."""
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        files = photos(Path(folder, "photos"))
        if CHROMIUM is None:
            print("Chromium is not installed: the drop zone is left out (`make browser`)")
            with local_aws(recognition="off"):
                yield from command_line(files[0].parent)
            return
        with places(Path(folder)) as place:
            yield from command_line(files[0].parent)
            settle(LocalAws().status().pid)
            yield from drop_zone(place, files)


def photos(folder: Path) -> list[Path]:
    """Make photos that differ in a comment: the work is in sending them."""
    folder.mkdir()
    start, rest = (data := noise((400, 300), 75))[:2], data[2:]
    files = [folder / f"IMG_{number:04}.jpg" for number in range(FILES)]
    for number, file in enumerate(files):
        file.write_bytes(start + b"\xff\xfe\x00\x0a%08d" % number + rest)
    return files


def command_line(folder: Path) -> Iterator[Figure]:
    """`imageproc upload` of the folder: its process, asked each second, beside what it says it has sent."""
    course = Course()
    command = [
        str(Path(sys.executable).with_name("imageproc")),
        "upload",
        str(folder),
        "--album",
        "Sent",
        "--json",
    ]
    said = folder.with_suffix(".jsonl")
    with said.open("wb") as output, subprocess.Popen(command, stdout=output) as running:
        process = psutil.Process(running.pid)
        while running.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                course.note(said.read_bytes().count(b"\n"), process.memory_info().rss / 1e6)
            time.sleep(_EVERY_S)
    if running.returncode:
        raise RuntimeError(said.read_text()[-1000:])
    yield from course.figures("command line")


def drop_zone(place: Place, files: list[Path]) -> Iterator[Figure]:
    """All files dropped at once: the page's heap and process, the kernel, and how many requests run."""
    path = place.write("uploads.ipynb", *UPLOAD)
    heap, kernel_memory, at_once = Course(), Course(), _AtOnce()
    with jupyterlab(place.checkout) as url, place.page() as page:
        page.open_notebook(url, path.name)
        run_cell(page, 0, DROP_ZONE_IS_THERE)
        kernel = psutil.Process(int((path.parent / "kernel.pid").read_text()))
        session = page.page.context.new_cdp_session(page.page)
        session.send("Performance.enable")
        at_once.watch(page.page)
        began = time.perf_counter()
        page.drop(".ip-drop-zone .ip-target", files)
        sent = 0
        while sent < FILES:
            if time.perf_counter() - began > _TIMEOUT_S:
                raise TimeoutError(page.page.locator(".ip-drop-zone").inner_text()[:500])
            page.page.wait_for_timeout(1000 * _EVERY_S)
            sent = _sent(page.page)
            heap.note(sent, _heap_mb(session))
            kernel_memory.note(sent, kernel.memory_info().rss / 1e6)
    yield from heap.figures("drop zone, page")
    yield from kernel_memory.figures("drop zone, kernel")
    yield Figure("drop zone: requests to S3 at once", [at_once.most], "", PARALLEL)


def _sent(page: Any) -> int:
    words = page.locator(".ip-drop-zone .ip-summary").first.inner_text().replace(",", "").split()
    return int(words[0]) if words and words[0].isdigit() else 0


def _heap_mb(session: Any) -> float:
    """Return what is in use after the garbage is collected: what is left until then says nothing."""
    session.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"]) / 1e6


class _AtOnce:
    """Counts the uploads that run at the same time in a page."""

    def __init__(self) -> None:
        self.most, self._running = 0, set[Any]()

    def watch(self, page: Any) -> None:
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    def _begin(self, request: Any) -> None:
        if request.method == "POST" and "/api/" not in request.url:
            self._running.add(request)
            self.most = max(self.most, len(self._running))

    def _end(self, request: Any) -> None:
        self._running.discard(request)
