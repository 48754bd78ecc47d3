"""The whole flow on a local AWS of its own, beside the same code without any AWS; and whether it stays so.

The bare loop runs the same functions on the same photos in as many processes as there are cores. The thread
pool (`benchmarks.thread_pool`) makes the functions' calls to the same local AWS by itself.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import psutil
from boto3.dynamodb.types import TypeSerializer
from PIL import Image

from benchmarks import photos, thread_pool
from benchmarks.figures import Figure, ratios
from benchmarks.local import local_aws
from imageproc.client.uploads.events import Uploaded
from imageproc.client.workbench import Workbench
from imageproc.core.attributes import ALBUM_ID, IMAGE_ID, S3_KEY, STATUS, UPLOAD_TIME
from imageproc.core.embedding import embedder
from imageproc.core.metadata import read_metadata
from imageproc.core.record import Status
from imageproc.core.thumbnail import make_thumbnail
from imageproc.local import LocalAws
from imageproc.local.recognition.models import missing_packages

TITLE = "End to end on the local AWS"
ROUNDS = 5
BURST = 100
WARM_UP = 5
BATCHES = 10
RECORDS = 10_000
PAGE = 100
UNBOUNDED = {"DetectLabelsPerSecond": "1000"}
"""Parameters with which small photos do not wait for their turns: the default's five a second would be all
that is measured."""

_numbers = itertools.count()


def figures() -> Iterator[Figure]:
    """Measure bursts with real recognition, then a thousand small photos and ten thousand records without."""
    if missing_packages():
        print("recognition is not installed: bursts are left out")
    else:
        yield from _bursts()
    with local_aws(recognition="off", **UNBOUNDED) as workbench:
        yield from _steadiness(workbench)
        yield from _pages(workbench)


def _bursts() -> Iterator[Figure]:
    """Measure each round between two bare loops, and compare it with their mean.

    A virtual machine is quicker in one minute than in the next: with one bare loop before each burst, the
    same code reached anything from 0.64 to 0.81.
    """
    warm, threads = list[float](), list[float]()
    with local_aws() as workbench:
        cold = _burst(workbench, _unlike(BURST))
        peer = thread_pool.pool(workbench)
        loops = [_bare()]
        for _ in range(ROUNDS):
            warm.append(_burst(workbench, _unlike(BURST)))
            threads.append(peer.seconds(_unlike(BURST)))
            loops.append(_bare())
    bare = [(before + after) / 2 for before, after in itertools.pairwise(loops)]
    yield Figure("bare loop, no AWS", [BURST / taken for taken in bare], "photos/s")
    yield Figure(f"warm burst of {BURST}", [BURST / taken for taken in warm], "photos/s")
    yield Figure("thread pool, same calls", [BURST / taken for taken in threads], "photos/s")
    yield Figure("warm burst / bare loop", ratios(bare, warm), "×", 0.75, at_least=True)
    yield Figure("warm burst / thread pool", ratios(threads, warm), "×")
    yield Figure(f"cold burst of {BURST} / warm, time", [cold / taken for taken in warm], "×", 1.15)


def _varied(count: int, data: bytes | None = None) -> list[bytes]:
    """Return so many photos, no two alike: what follows a JPEG's end is not looked at."""
    chosen = [data] if data else photos.large()
    return [chosen[n % len(chosen)] + next(_numbers).to_bytes(8) for n in range(count)]


def _unlike(count: int) -> list[bytes]:
    """Return so many photos of which no two have the same pixels: recognition remembers those."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_painted, _varied(count), [next(_numbers) for _ in range(count)]))


def _painted(photo: bytes, number: int) -> bytes:
    """Return a photo with a spot of a colour of its own, large enough to be seen by the models."""
    with Image.open(io.BytesIO(photo)) as picture:
        picture.paste(
            (number % 256, number // 256 % 256, 128), (0, 0, picture.width // 20, picture.height // 20)
        )
        output = io.BytesIO()
        picture.save(output, "JPEG", quality=92, exif=picture.info.get("exif", b""))
    return output.getvalue()


def _bare() -> float:
    """Return the seconds that the functions alone take for a burst, their models loaded."""
    data = _unlike(BURST)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(process, data[:8]))
        began = time.perf_counter()
        list(pool.map(process, data))
        return time.perf_counter() - began


@cache
def _recognizer() -> Any:
    from imageproc.local.recognition.recognizer import Recognizer

    return Recognizer()


def process(data: bytes) -> int:
    """Do with a photo what the functions do, and return the number of its labels."""
    read_metadata(io.BytesIO(data), len(data))
    make_thumbnail(data)
    embedder().embed(data)
    return len(_recognizer().labels(data))


def _burst(workbench: Workbench, data: list[bytes]) -> float:
    """Upload photos into an album of their own, and return the seconds until the last one is finished."""
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        for each in data:
            Path(folder, f"{next(_numbers):05}.jpg").write_bytes(each)
        album = workbench.albums.get_or_create(f"Burst {next(_numbers)}", "ann")
        began = time.perf_counter()
        events = workbench.uploads.upload([folder], album)
        sent = [event for event in events if isinstance(event, Uploaded)]
        finished = [photo for photo in workbench.photos.follow(sent) if photo.status.finished]
        taken = time.perf_counter() - began
    ended = Counter(photo.status for photo in finished)
    if ended[Status.SUCCEEDED] + ended[Status.INCOMPLETE] != len(data):
        raise SystemExit(f"of {len(data)} photos ended {dict(ended)}")
    return taken


def _steadiness(workbench: Workbench) -> Iterator[Figure]:
    """A thousand small photos, a hundred after the other: does it get slower, does memory grow?

    It grows faster with the first hundreds. What they take is told by itself.
    """
    _, filling, _ = steadiness(workbench, WARM_UP)
    times, memory, _ = steadiness(workbench, BATCHES)
    count = BATCHES * BURST
    yield Figure(f"growth in the {WARM_UP * BURST} photos before", [_more(filling)], "MB")
    yield Figure(f"hundreds of {count:,} small photos, no recognition", times, "s")
    yield Figure("last two hundred / first two hundred, time", [sum(times[-2:]) / sum(times[:2])], "×", 1.1)
    yield from grown(memory)


Memory = dict[int, float]
"""Megabytes by process ID."""


def grown(memory: list[Memory]) -> Iterator[Figure]:
    """Tell the memory of the local AWS at the end, and how much more its lasting processes took."""
    yield Figure("local AWS and its processes, memory at the end", [sum(memory[-1].values())], "MB")
    yield Figure("growth for each hundred photos", [_more(memory) / (len(memory) - 1)], "MB", 2)


def _more(memory: list[Memory]) -> float:
    """Return by how much the processes grew that were there from the beginning to the end."""
    first, last = memory[0], memory[-1]
    return sum(last[one] - first[one] for one in first.keys() & last.keys())


def steadiness(workbench: Workbench, batches: int) -> tuple[list[float], list[Memory], list[float]]:
    """Send hundreds of small photos, one after the other.

    Return the seconds of each; the memory of the local AWS before the first and after each; and the CPU
    seconds of its server for each.
    """
    small = photos.generated((640, 480))
    server = psutil.Process(LocalAws().status().pid)
    _burst(workbench, _varied(30, small))
    times, memory, cpu = list[float](), [_megabytes(server)], list[float]()
    for _ in range(batches):
        before = _cpu(server)
        times.append(_burst(workbench, _varied(BURST, small)))
        cpu.append(_cpu(server) - before)
        memory.append(_megabytes(server))
    return times, memory, cpu


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _megabytes(process: psutil.Process) -> Memory:
    found = Memory()
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            found[one.pid] = one.memory_info().rss / 1e6
    return found


def _pages(workbench: Workbench) -> Iterator[Figure]:
    """Ten thousand records in one album: its pages, and the memory for going through all of them."""
    album = workbench.albums.get_or_create("Ten thousand", "ann")
    _write_records(workbench, album.id)
    listed, first, later = workbench.photos, list[float](), list[float]()
    for _ in range(5):
        began = time.perf_counter()
        pages = listed.in_album(album, page_size=PAGE)
        list(itertools.islice(pages, PAGE))
        first.append(1000 * (time.perf_counter() - began))
        list(itertools.islice(pages, 10 * PAGE))
        began = time.perf_counter()
        list(itertools.islice(pages, PAGE))
        later.append(1000 * (time.perf_counter() - began))
    yield Figure(f"first page of {PAGE} of an album of {RECORDS:,}", first, "ms", 200)
    yield Figure("twelfth page", later, "ms", 200)
    tracemalloc.start()
    count = sum(1 for _ in listed.in_album(album, page_size=PAGE))
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    yield Figure(f"memory to go through all {count:,}, at most", [peak], "MB", 10)


def _write_records(workbench: Workbench, album_id: str) -> None:
    dynamodb, serialize = workbench.stack.client("dynamodb"), TypeSerializer().serialize
    for start in range(0, RECORDS, 25):
        items = [
            {
                IMAGE_ID: f"{album_id}/{number:05}.jpg",
                S3_KEY: f"Incoming/{album_id}/{number:05}.jpg",
                ALBUM_ID: album_id,
                UPLOAD_TIME: 1_700_000_000 + number,
                STATUS: Status.SUCCEEDED,
                "tags": ["Person", "Tree", "Mountain", "Sky", "Dog"],
            }
            for number in range(start, start + 25)
        ]
        puts = [{"PutRequest": {"Item": serialize(item)["M"]}} for item in items]
        dynamodb.batch_write_item(RequestItems={workbench.stack.image_table: puts})
