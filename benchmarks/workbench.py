"""How quick the workbench is, and how small: each figure with its limit; exit code 1 if one is not met.

python benchmarks/workbench.py                  all figures, some minutes
python benchmarks/workbench.py imports upload   these alone: imports, widget, gallery, upload, app

All but `imports` drive Chromium (`make browser`). They use a local AWS of their own without recognition,
and JupyterLab and the web app as users start them. On a busy machine times say little: the load is shown.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.pages import Place, jupyterlab, places, run_cell, settle
from imageproc.cli.notebooks import find_notebook
from imageproc.cli.web_app import running
from imageproc.client.workbench import Workbench
from imageproc.core.record import IMAGE_ID, LABELS, S3_KEY, STATUS, TAGS, THUMBNAIL, Status
from imageproc.local import LocalAws
from imageproc.widgets.gallery.gallery import PAGE_SIZE
from tests.browser.conftest import CHROMIUM
from tests.browser.pages import Page

RUNS = 3
PHOTOS = 500
BATCH = 50
QUALITY = 78
_TIMEOUT_S = 300.0


_SELECT_IS_THERE = "(node) => node.querySelector('select')?.offsetHeight > 0"
_DROP_ZONE_IS_THERE = "(node) => node.querySelector('.ip-drop-zone .ip-target')?.offsetHeight > 0"
_PAGE_IS_PAINTED = """(node) => {
  const grid = node.querySelector('.ip-cards')?.getBoundingClientRect();
  const cards = [...node.querySelectorAll('.ip-card')];
  const seen = cards.filter((card) => {
    const { top, bottom } = card.getBoundingClientRect();
    return bottom > grid.top && top < grid.bottom;
  });
  const shown = (picture) => picture && picture.complete && picture.naturalWidth > 0;
  const painted = seen.every((card) => shown(card.querySelector('img')));
  return cards.length === PAGE_SIZE && seen.length > 0 && painted;
}""".replace("PAGE_SIZE", str(PAGE_SIZE))
_GALLERY = (
    """import json
from pathlib import Path
from imageproc import Workbench
from imageproc.client.photos import Photo
from imageproc.widgets import GalleryPanel, show
workbench = Workbench.open("local")
photos = [Photo(record) for record in json.loads(Path("records.json").read_text())]""",
    """gallery = GalleryPanel(workbench, photos=photos)
show(gallery)
await gallery.finished()""",
)
_UPLOAD = (
    """import os
from pathlib import Path
from imageproc import Workbench
from imageproc.widgets import UploadPanel, show
Path("kernel.pid").write_text(str(os.getpid()))
workbench = Workbench.open("local")
show(UploadPanel(workbench, workbench.albums.named("ann", "Benchmark")))""",
)


@dataclass(frozen=True)
class Figure:
    """What was measured in each run, in seconds or MB, and the most that the median may be; None: any."""

    name: str
    values: list[float]
    unit: str
    limit: float | None = None

    @property
    def median(self) -> float:
        """The median of the runs."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool:
        """Whether the median is within the limit."""
        return self.limit is None or self.median < self.limit

    def __str__(self) -> str:
        """Return a row of the table."""
        limit = "-" if self.limit is None else f"{self.limit:g} {self.unit}"
        verdict = "" if self.limit is None else "met" if self.met else "NOT MET"
        runs = " ".join(f"{value:.3g}" for value in self.values)
        return f"{self.name:<52}{f'{self.median:.3g} {self.unit}':>10}{limit:>10}  {verdict:<9}{runs}"


def imports() -> Iterator[Figure]:
    """Imports in fresh interpreters."""
    for statement, limit in (("import imageproc", 0.15), ("from imageproc import Workbench", None)):
        code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
        answers = [subprocess.check_output([sys.executable, "-c", code]) for _ in range(RUNS + 2)]
        yield Figure(statement, [float(answer) for answer in answers], "s", limit)


def widget(place: Place) -> Iterator[Figure]:
    """The first widget of a notebook, in a new kernel each time: the cell imports all that it needs."""
    taken = []
    with jupyterlab(place.checkout) as url:
        for number in range(RUNS):
            name = f"clean_up_{number}.ipynb"
            shutil.copy(find_notebook("05_clean_up"), place.checkout / "notebooks" / name)
            with place.page() as page:
                page.open_notebook(url, name)
                run_cell(page, 1)
                taken.append(run_cell(page, 2, _SELECT_IS_THERE))
    yield Figure("first widget, from its cell on a warm kernel", taken, "s", 2)


def gallery(place: Place) -> Iterator[Figure]:
    """A gallery of given photos: the pictures in view are painted. And the notebook's file with it."""
    records = [record(number) for number in range(PHOTOS)]
    (place.checkout / "notebooks" / "records.json").write_text(json.dumps(records))
    put_thumbnails(place.workbench, [each[IMAGE_ID] for each in records[:PAGE_SIZE]])
    path = place.write("photos.ipynb", *_GALLERY)
    with jupyterlab(place.checkout) as url, place.page() as page:
        page.open_notebook(url, path.name)
        run_cell(page, 0)
        taken = [run_cell(page, 1, _PAGE_IS_PAINTED) for _ in range(RUNS)]
    yield Figure(f"gallery of {PHOTOS} photos, painted", taken, "s", 1)
    yield Figure(f"notebook with it, widget state included, {PHOTOS} photos", [executed_mb(path)], "MB", 0.2)


def executed_mb(path: Path) -> float:
    """Return the MB of a notebook that papermill has executed: it saves the widgets' state, too."""
    import papermill

    written = path.with_suffix(".executed.ipynb")
    papermill.execute_notebook(
        str(path), str(written), kernel_name="python3", cwd=str(path.parent), progress_bar=False
    )
    return written.stat().st_size / 1e6


def record(number: int) -> dict[str, Any]:
    """Return a photo's record as the pipeline leaves it, with five labels and a position."""
    identifier = f"benchmark/{number:012x}-IMG_{number:04}.jpg"
    names = ["Person", "Tree", "Mountain", "Sky", "Dog"]
    return {
        IMAGE_ID: identifier,
        S3_KEY: f"Incoming/{identifier}",
        STATUS: Status.SUCCEEDED,
        TAGS: names,
        LABELS: [{"name": name, "confidence": 91.5, "parents": [], "boxes": []} for name in names],
        THUMBNAIL: {"s3Bucket": "-", "s3Key": f"Thumbnails/{identifier}", "width": 250, "height": 188},
        "geo": {"latitude": -60 + number * 0.24, "longitude": -170 + number * 0.68},
    }


def put_thumbnails(workbench: Workbench, identifiers: list[str]) -> None:
    """Put a thumbnail for each photo into the bucket."""
    s3, bucket, data = workbench.stack.client("s3"), workbench.stack.bucket, noise((250, 188), 75)
    with ThreadPoolExecutor(8) as pool:
        for done in [
            pool.submit(
                s3.put_object, Bucket=bucket, Key=f"Thumbnails/{one}", Body=data, ContentType="image/jpeg"
            )
            for one in identifiers
        ]:
            done.result()


def upload(place: Place) -> Iterator[Figure]:
    """Batches through the drop zone; the backend processes each meanwhile, and is done before the next."""
    path = place.write("upload.ipynb", *_UPLOAD)
    with jupyterlab(place.checkout) as url, place.page() as page:
        page.open_notebook(url, path.name)
        run_cell(page, 0, _DROP_ZONE_IS_THERE)
        kernel = psutil.Process(int((path.parent / "kernel.pid").read_text()))
        taken, memory = [], []
        for number in range(RUNS):
            files = photos(place.checkout / f"batch-{number}")
            settle(LocalAws().status().pid)
            taken.append(sent(page, files, BATCH * (number + 1)))
            memory.append(kernel.memory_info().rss / 1e6)
    megabytes = sum(file.stat().st_size for file in files) / BATCH / 1e6
    yield Figure(f"{BATCH} photos of {megabytes:.1f} MB through the drop zone", taken, "s", 10)
    yield Figure("kernel's memory, more after the second batch", [memory[1] - memory[0]], "MB", 5)


def sent(page: Page, files: list[Path], total: int) -> float:
    """Drop files, and return the seconds until the drop zone says that all `total` so far are uploaded."""
    began = time.perf_counter()
    page.drop(".ip-drop-zone .ip-target", files)
    page.wait_text(".ip-drop-zone .ip-summary", rf"^{total} of {total} uploaded$", _TIMEOUT_S)
    return time.perf_counter() - began


def photos(folder: Path) -> list[Path]:
    """Make photos of noise, no two alike."""
    folder.mkdir()
    files = [folder / f"{folder.name}-{number:02}.jpg" for number in range(BATCH)]
    for file in files:
        file.write_bytes(noise((4000, 3000), QUALITY))
    return files


def noise(size: tuple[int, int], quality: int) -> bytes:
    """Return a JPEG of random pixels."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", size, os.urandom(3 * size[0] * size[1])).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def app(place: Place) -> Iterator[Figure]:
    """The web app's page for a new visitor, when its kernels are ready: until the log-in is there."""
    taken = []
    with running(find_notebook("app")) as (process, url):
        for _ in range(RUNS):
            settle(process.pid)
            with place.page() as page:
                began = time.perf_counter()
                page.page.goto(url)
                page.page.get_by_label("User name").wait_for()
                taken.append(time.perf_counter() - began)
    yield Figure("web app's page, from a preheated kernel", taken, "s", 3)


IN_BROWSER: dict[str, Callable[[Place], Iterator[Figure]]] = {
    "widget": widget,
    "gallery": gallery,
    "upload": upload,
    "app": app,
}


def figures(chosen: list[str]) -> Iterator[Figure]:
    """Measure what is chosen. Raises SystemExit without Chromium if that needs it."""
    if "imports" in chosen:
        yield from imports()
    wanted = [measure for name, measure in IN_BROWSER.items() if name in chosen]
    if not wanted:
        return
    if CHROMIUM is None:
        raise SystemExit(
            "There is no Chromium here, so the rest is not measured: `make browser` installs it."
        )
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder, places(Path(folder)) as place:
        for measure in wanted:
            print(f"load {os.getloadavg()[0]:.1f}: {measure.__name__}", file=sys.stderr)
            yield from measure(place)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("figure", nargs="*", choices=[[], "imports", *IN_BROWSER])
    chosen = parser.parse_args().figure or ["imports", *IN_BROWSER]
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {now}\n")
    print(f"{'figure':<52}{'measured':>10}{'limit':>10}  {'':<9}runs")
    missed = 0
    for figure in figures(chosen):
        print(figure, flush=True)
        missed += not figure.met
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
