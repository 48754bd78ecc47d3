"""How quick the workbench is, and how small.

Most figures drive Chromium (`make browser`); without it they are left out. They use a local AWS of their own
without recognition, and JupyterLab and the web app as users start them. On a busy machine times say little.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

from benchmarks.figures import Figure, ratios
from benchmarks.local import local_aws
from benchmarks.pages import Place, jupyterlab, places, run_cell, settle
from imageproc.aws.items import to_item
from imageproc.cli.notebooks import find_notebook
from imageproc.cli.web_app import running
from imageproc.client.uploads.sender import PARALLEL
from imageproc.client.workbench import Workbench
from imageproc.core.attributes import IMAGE_ID, LABELS, S3_KEY, STATUS, TAGS, THUMBNAIL
from imageproc.core.record import Status
from imageproc.local import LocalAws
from tests.browser.conftest import CHROMIUM
from tests.browser.pages import Page

TITLE = "Workbench"
RUNS = 3
PHOTOS = 10_000
THUMBNAILS = 600
UPLOADS = 500
BATCH = 50
QUALITY = 78
_TIMEOUT_S = 300.0


_STATUS_IS_THERE = "(node) => node.querySelector('.ip-status-line')?.offsetHeight > 0"
DROP_ZONE_IS_THERE = "(node) => node.querySelector('.ip-drop-zone .ip-target')?.offsetHeight > 0"
_SCREEN_IS_PAINTED = """(node) => {
  const awaited = '.ip-card img[fetchpriority=high]:not(.ip-there)';
  if (!node.querySelector('.ip-card img') || node.querySelector(awaited)) return false;  // without a layout
  const scroller = node.querySelector('.ip-scroller')?.getBoundingClientRect();
  const seen = [...node.querySelectorAll('.ip-card')].filter((card) => {
    const { top, bottom } = card.getBoundingClientRect();
    return bottom > scroller.top && top < Math.min(scroller.bottom, innerHeight);
  });
  const shown = (picture) => picture && picture.complete && picture.naturalWidth > 0;
  return seen.length > 5 && seen.every((card) => shown(card.querySelector('img')));
}"""
_SCROLL = """async () => {
  const scroller = document.querySelector('.ip-scroller'), frames = [];
  let last = performance.now(), most = 0;
  for (let frame = 0; frame < 300; frame += 1) {
    scroller.scrollTop += 60;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
    most = Math.max(most, document.querySelectorAll('.ip-card').length);
  }
  return [1000 * frames.length / frames.reduce((sum, one) => sum + one), most];
}"""
"""Scrolls for 300 frames; returns frames a second, and the most cards that were in the page."""
_GALLERY = (
    """from imageproc import Workbench
from imageproc.widgets import GalleryPanel, show
workbench = Workbench.open("local")
len(workbench.photos)""",
    """newest = workbench.photos.where().sort_by("uploaded", descending=True)
gallery = GalleryPanel(workbench, view=newest)
show(gallery)
await gallery.finished()""",
)
UPLOAD = (
    """import os
from pathlib import Path
from imageproc import Workbench
from imageproc.widgets import UploadPanel, show
Path("kernel.pid").write_text(str(os.getpid()))
workbench = Workbench.open("local")
show(UploadPanel(workbench, workbench.albums.get_or_create("Benchmark", "ann")))""",
)


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
            shutil.copy(find_notebook("07_clean_up"), place.checkout / "notebooks" / name)
            with place.page() as page:
                page.open_notebook(url, name)
                run_cell(page, 1)
                taken.append(run_cell(page, 2, _STATUS_IS_THERE))
    yield Figure("first widget, from its cell on a warm kernel", taken, "s", 2)


def gallery(place: Place) -> Iterator[Figure]:
    """A gallery of all photos: the pictures in view are painted. And the notebook's file with it."""
    records = [record(number) for number in range(PHOTOS)]
    put_records(place.workbench, records)
    put_thumbnails(place.workbench, [each[IMAGE_ID] for each in records[-THUMBNAILS:]])
    path = place.write("photos.ipynb", *_GALLERY)
    with jupyterlab(place.checkout) as url, place.page() as page:
        fetched = list[str]()
        page.page.on("request", lambda request: fetched.append(request.url))
        page.open_notebook(url, path.name)
        run_cell(page, 0)
        taken = []
        for _ in range(RUNS):
            settle(os.getpid())  # the map and more thumbnails of the run before follow its first screen
            taken.append(run_cell(page, 1, _SCREEN_IS_PAINTED))
        seen = sum("/Thumbnails/" in address for address in fetched) / RUNS
        scrolled = [page.page.evaluate(_SCROLL) for _ in range(RUNS)]
    yield Figure(f"gallery of {PHOTOS:,} photos, painted", taken, "s", 0.5)
    yield Figure("thumbnails that it fetches", [seen], "", 200)
    yield Figure("scrolling through it", [rate for rate, _ in scrolled], "frames/s", 50, at_least=True)
    yield Figure("photos in the page meanwhile", [most for _, most in scrolled], "", 300)
    yield Figure(
        f"notebook with it, widget state included, {PHOTOS:,} photos", [executed_mb(path)], "MB", 0.2
    )


def put_records(workbench: Workbench, records: list[dict[str, Any]]) -> None:
    """Write records into the table."""
    table = workbench.stack.image_table
    requests: list[Any] = [{"PutRequest": {"Item": to_item(each)}} for each in records]
    for start in range(0, len(requests), 25):
        batch = {table: requests[start : start + 25]}
        workbench.stack.client("dynamodb").batch_write_item(RequestItems=batch)


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
        "dimensions": {"width": 4000, "height": 3000},
        "creationTime": f"{2000 + number // 1000}-{1 + number // 100 % 10:02}-{1 + number % 28:02}T12:00:00",
        "uploadTime": 1_700_000_000 + number,
        "geo": {"latitude": -60 + number % 500 * 0.24, "longitude": -170 + number % 500 * 0.68},
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
    path = place.write("upload.ipynb", *UPLOAD)
    with jupyterlab(place.checkout) as url, place.page() as page:
        page.open_notebook(url, path.name)
        run_cell(page, 0, DROP_ZONE_IS_THERE)
        kernel = psutil.Process(int((path.parent / "kernel.pid").read_text()))
        taken, memory = [], []
        for number in range(RUNS):
            files = photos(place.checkout / f"batch-{number}")
            settle(LocalAws().status().pid)
            taken.append(sent(page, files, BATCH * (number + 1)))
            memory.append(kernel.memory_info().rss / 1e6)
    yield Figure(f"{BATCH} photos of {megabytes(files):.1f} MB through the drop zone", taken, "s", 10)
    yield Figure("kernel's memory, more after the second batch", [memory[1] - memory[0]], "MB", 5)


def sent(page: Page, files: list[Path], total: int) -> float:
    """Drop files, and return the seconds until the drop zone says that all `total` so far are uploaded."""
    began = time.perf_counter()
    page.drop(".ip-drop-zone .ip-target", files)
    page.wait_text(".ip-drop-zone .ip-summary", rf"^{total} of {total} uploaded$", _TIMEOUT_S)
    return time.perf_counter() - began


def photos(folder: Path, count: int = BATCH, size: tuple[int, int] = (4000, 3000)) -> list[Path]:
    """Make photos of noise, no two alike."""
    folder.mkdir()
    files = [folder / f"{folder.name}-{number:02}.jpg" for number in range(count)]
    for file in files:
        file.write_bytes(noise(size, QUALITY))
    return files


def noise(size: tuple[int, int], quality: int) -> bytes:
    """Return a JPEG of random pixels."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", size, os.urandom(3 * size[0] * size[1])).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def client(workbench: Workbench) -> Iterator[Figure]:
    """A deployment that changes nothing; and many uploads beside a bare loop of the SDK's."""
    yield Figure("deploying without changes", [seconds(workbench.deploy) for _ in range(RUNS)], "s", 3)
    ours, bare = list[float](), list[float]()
    for number in range(2):
        with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
            files = photos(Path(folder, f"many-{number}"), UPLOADS, (1200, 900))
            size = megabytes(files)
            album = workbench.albums.get_or_create(f"Many {number}", "ann")
            settle(LocalAws().status().pid)
            ours.append(seconds(lambda: list(workbench.uploads.upload(files, album))))  # noqa: B023 - called at once
            settle(LocalAws().status().pid)
            bare.append(seconds(lambda: put_all(workbench, files)))  # noqa: B023 - called at once
    yield Figure(f"{UPLOADS} uploads of {size:.1f} MB", ours, "s")
    yield Figure(f"the same by put_object in {PARALLEL} threads", bare, "s")
    yield Figure("put_object / ours, time", ratios(bare, ours), "×", 0.5, at_least=True)


def put_all(workbench: Workbench, files: Sequence[Path]) -> None:
    """Put files into the bucket with the SDK alone, where they are processed like others."""
    s3, bucket = workbench.stack.client("s3"), workbench.stack.bucket

    def put(file: Path) -> None:
        s3.put_object(Bucket=bucket, Key=f"Incoming/bare/{file.name}", Body=file.read_bytes())

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(put, files))


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def megabytes(files: Sequence[Path]) -> float:
    """Return the mean size of files, in MB."""
    return sum(file.stat().st_size for file in files) / len(files) / 1e6


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


def figures() -> Iterator[Figure]:
    """Measure everything; without Chromium what needs none."""
    yield from imports()
    if CHROMIUM is None:
        print("Chromium is not installed: what a person sees is left out (`make browser`)")
        with local_aws(recognition="off") as workbench:
            yield from client(workbench)
        return
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder, places(Path(folder)) as place:
        for measure in (widget, gallery, upload, app):
            yield from measure(place)
        yield from client(place.workbench)
