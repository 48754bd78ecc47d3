"""The drop zone's side in the kernel: few messages, whatever a page sends, from whatever thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO

import pytest

from imageproc.widgets import DropZone, updates
from imageproc.widgets.parts.drop_zone import DroppedFile, UploadForm, UploadResult, UploadState
from imageproc.widgets.parts.drop_zone.chunks import ChunkAssembler


class Recorder:
    """A handler that takes what is called .jpg, and keeps what it is given."""

    def __init__(self) -> None:
        self.offered: list[DroppedFile] = []
        self.uploaded: dict[str, bytes] = {}
        self.discarded: list[str] = []

    def presign(self, file: DroppedFile) -> UploadForm | UploadResult:
        self.offered.append(file)
        if file.name == "broken.jpg":
            raise ValueError("no such bucket")
        if not str(file.name).endswith(".jpg"):
            return UploadResult(UploadState.REJECTED, "no photo")
        return UploadForm("https://s3/", {"key": str(file.name)}, 300)

    def confirm(self, file_id: str) -> UploadResult:
        return UploadResult(UploadState.SENT)

    def upload(self, file_id: str, body: BinaryIO) -> UploadResult:
        self.uploaded[file_id] = body.read()
        return UploadResult(UploadState.SENT)

    def discard(self, file_id: str) -> None:
        self.discarded.append(file_id)


class Page:
    """A page with a drop zone: sends messages, and keeps those that it gets."""

    def __init__(self) -> None:
        self.handler = Recorder()
        self.zone = DropZone(self.handler, max_bytes=1000, signatures={"image/jpeg": "ffd8ff"})
        self.got: list[dict[str, Any]] = []
        self.zone.send = lambda content, buffers=None: self.got.append(content)

    def tell(self, **batch: Any) -> None:
        self.zone._handle_custom_msg({"type": "batch", "session": "s", **batch}, [])

    def offer(self, *names: Any) -> None:
        offers = [{"id": f"s-{number}", "name": name, "size": 6} for number, name in enumerate(names)]
        self.tell(offers=offers)
        self.until(lambda: len(self.answers()) >= len(names))

    def chunk(self, offset: Any, data: bytes, last: bool = False, file_id: Any = "s-0") -> None:
        content = {"type": "chunk", "session": "s", "id": file_id, "offset": offset, "last": last}
        self.zone._handle_custom_msg(content, [memoryview(data)])

    def answers(self) -> dict[str, Any]:
        return {one["id"]: one for message in list(self.got) for one in message.get("files", ())}

    def states(self) -> list[UploadState]:
        return [row.state for row in self.zone.rows.all()]

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not holds():
            assert time.monotonic() < deadline, (self.got, self.states())
            time.sleep(0.01)


@pytest.fixture
def page() -> Page:
    return Page()


def test_a_file_is_offered_sent_and_confirmed(page: Page) -> None:
    page.offer("a.jpg", "b.txt")
    assert page.answers()["s-0"]["post"] == {"url": "https://s3/", "fields": {"key": "a.jpg"}, "seconds": 300}
    assert page.answers()["s-1"] == {"id": "s-1", "state": "rejected", "text": "no photo", "album": ""}
    page.tell(reports=[{"id": "s-0", "state": "posted"}])
    page.until(lambda: page.states() == [UploadState.SENT, UploadState.REJECTED])
    page.until(lambda: page.answers()["s-0"].get("state") == "sent")


def test_five_hundred_files_get_their_answers_in_one_message(page: Page) -> None:
    page.offer(*(f"{number}.jpg" for number in range(500)))
    assert len(page.got) == 1
    assert len(page.got[0]["files"]) == 500


def test_a_handler_that_raises_ends_the_file_and_no_other(page: Page) -> None:
    page.offer("broken.jpg", "good.jpg")
    assert page.answers()["s-0"]["state"] == "failed"
    assert "no such bucket" in page.answers()["s-0"]["text"]
    assert "post" in page.answers()["s-1"]


def test_what_the_browser_cancelled_is_discarded(page: Page) -> None:
    page.offer("a.jpg")
    page.tell(reports=[{"id": "s-0", "state": "cancelled"}])
    page.until(lambda: page.states() == [UploadState.CANCELLED])
    page.until(lambda: page.handler.discarded == ["s-0"])


def test_a_file_that_was_not_presigned_cannot_be_confirmed(page: Page) -> None:
    page.offer("b.txt")
    page.tell(reports=[{"id": "s-0", "state": "posted"}, {"id": "s-9", "state": "posted"}])
    page.offer("b.txt")
    assert UploadState.SENT not in page.states()


def test_chunks_become_the_file(page: Page) -> None:
    page.offer("a.jpg")
    page.chunk(0, b"abc")
    page.chunk(3, b"def", last=True)
    page.until(lambda: page.states() == [UploadState.SENT])
    assert page.handler.uploaded == {"s-0": b"abcdef"}
    assert [one["offset"] for one in page.got if one["type"] == "ack"] == [0, 3]


@pytest.mark.parametrize(
    ("offset", "data", "cause"), [(3, b"abc", "lost"), ("0", b"abc", "lost"), (0, bytes(1001), "larger")]
)
def test_chunks_that_do_not_fit_fail_the_file(page: Page, offset: Any, data: bytes, cause: str) -> None:
    page.offer("a.jpg")
    page.chunk(offset, data)
    assert page.states() == [UploadState.FAILED]
    assert cause in page.answers()["s-0"]["text"]
    page.chunk(0, b"abc", last=True)
    assert page.handler.uploaded == {}


def test_chunks_of_a_file_that_was_not_presigned_are_not_kept(page: Page) -> None:
    page.chunk(0, b"abc", last=True, file_id="s-7")
    page.chunk(0, b"abc", last=True, file_id=["s-7"])
    assert page.handler.uploaded == {}
    assert page.got == []


@pytest.mark.parametrize(
    "content",
    [
        None,
        "batch",
        {},
        {"type": "batch"},
        {"type": "batch", "session": 1},
        {"type": "batch", "session": "s", "offers": 7, "reports": {"id": 1}},
        {"type": "batch", "session": "s", "offers": [None, 1, {}, {"id": 5}, {"id": "x" * 65}]},
        {"type": "chunk", "session": "s"},
        {"type": "other", "session": "s"},
    ],
)
def test_messages_that_no_page_sends_do_nothing(page: Page, content: Any) -> None:
    page.zone._handle_custom_msg(content, [])
    page.offer("a.jpg")
    assert [file.name for file in page.handler.offered] == ["a.jpg"]


def test_what_is_told_of_a_file_may_be_anything(page: Page) -> None:
    page.tell(offers=[{"id": "s-0", "name": {"a": 1}, "size": "many", "head": "zz", "digest": 4}])
    page.until(lambda: page.states() == [UploadState.REJECTED])
    page.tell(offers=[{"id": "s-1", "name": None, "head": "ff" * 1000}])
    page.until(lambda: len(page.handler.offered) == 2)
    assert [len(file.head) for file in page.handler.offered] == [0, 64]


def test_messages_may_come_on_any_threads_at_once(page: Page) -> None:
    def offer(number: int) -> None:
        page.tell(offers=[{"id": f"s-{number}-{one}", "name": "a.jpg", "size": 1} for one in range(20)])

    threads = [threading.Thread(target=offer, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    page.until(lambda: len(page.answers()) == 200)


def test_a_page_that_is_loaded_anew_gets_how_files_ended(page: Page) -> None:
    page.offer("b.txt", "a.jpg")
    page.zone._handle_custom_msg({"type": "batch", "session": "other", "offers": [], "reports": []}, [])
    page.until(lambda: bool(page.zone.listed))
    updates.flush()
    assert [(row["name"], row["state"]) for row in page.zone.listed] == [("b.txt", "rejected")]


def test_what_is_cleared_is_on_no_page_again_and_stays_known(page: Page) -> None:
    page.offer("b.txt", "a.jpg")
    page.zone.rows.add("kernel-1", "c.jpg", 1)
    page.zone.rows.change("kernel-1", UploadState.SENT)
    page.zone._handle_custom_msg({"type": "clear", "session": "later"}, [])
    updates.flush()
    assert page.zone.listed == []
    assert all(name in page.zone.static() for name in ("a.jpg", "b.txt", "c.jpg"))
    page.tell(offers=[{"id": "s-0", "name": "b.txt", "size": 6}])  # tried again
    page.until(lambda: page.zone.rows.listed() != [] and page.zone.rows.listed()[0].state.ended)
    page.zone.publish()
    updates.flush()
    assert [row["name"] for row in page.zone.listed] == ["b.txt"]


def test_the_page_gets_three_hundred_files_at_most_and_those_with_problems(page: Page) -> None:
    for number in range(1000):
        page.zone.rows.add(f"kernel-{number}", f"{number}.jpg", 1)
        page.zone.rows.change(f"kernel-{number}", UploadState.SENT)
    page.zone.rows.change("kernel-5", UploadState.FAILED, "network")
    page.zone.publish()
    assert "Uploads: 999 uploaded, 1 failed (1,000)" in page.zone.static()
    updates.flush()
    names = [row["name"] for row in page.zone.listed]
    assert len(names) == 300
    assert names[0] == "5.jpg"
    assert names[-1] == "999.jpg"


def test_static_shows_names_as_text(page: Page) -> None:
    page.offer("<img src=x onerror=alert(1)>")
    shown = str(page.zone.static())
    assert "<img" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown
    assert "Rejected" in shown
    assert "no photo" in shown


def test_chunks_wait_on_disk_until_the_file_is_taken() -> None:
    chunks = ChunkAssembler()
    assert chunks.add("a", 0, b"abc", 10) == ""
    assert chunks.add("a", 0, b"xyz", 10) == ""  # it was started over
    with chunks.take("a") as file:
        assert file.read() == b"xyz"
    assert "lost" in chunks.add("a", 3, b"def", 10)
    chunks.close()
