"""Files that go to the browser through the kernel: only what was offered, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from ipywidgets import Widget

from imageproc.client.albums import Album
from imageproc.widgets import GalleryPanel, updates
from imageproc.widgets.parts.downloads import CHUNK_BYTES, Download, Downloads
from imageproc.widgets.parts.gallery import Gallery, GallerySource
from imageproc.widgets.parts.photo_viewer import PhotoViewer, ViewedPhoto
from tests.client.conftest import Backend
from tests.widgets.test_photos import Sent, act, say, settle, until

DATA = bytes(range(256)) * 4096 * 2 + b"the end"
ADDRESS = "https://s3/cat.jpg?X-Amz-Signature=1"


class Stored:
    """A file as S3 has it; what is read of it is noted."""

    def __init__(self, data: bytes = DATA) -> None:
        self.data = data
        self.size: int | None = None
        self.asked: list[tuple[int, int]] = []
        self.go_on = Event()
        self.go_on.set()

    def read(self, start: int, length: int) -> bytes:
        self.asked.append((start, length))
        assert self.go_on.wait(10)
        self.size = len(self.data)
        return self.data[start : start + length]


class Answers:
    """What a widget sends to its views."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.widget = Widget()
        self.of_widget = Sent(self.widget, patch)
        self.downloads = Downloads(self.widget)

    @property
    def sent(self) -> list[tuple[Any, Any]]:
        return self.of_widget.messages

    def ask(self, **message: Any) -> tuple[Any, Any]:
        before = len(self.sent)
        say(self.widget, type="chunk", **message)
        until(lambda: len(self.sent) > before)
        return self.sent[-1]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    made = Answers(monkeypatch)
    yield made
    made.downloads.close()


def test_a_file_comes_in_chunks_and_is_never_askedas_a_whole(answers: Answers) -> None:
    stored = Stored()
    offered = answers.downloads.offer(Download("cat.jpg", ADDRESS, stored))
    assert (offered["name"], offered["address"], stored.asked) == ("cat.jpg", ADDRESS, [])
    got = b""
    while len(got) < len(DATA):
        message, (chunk,) = answers.ask(file=offered["file"], offset=len(got))
        assert message == {
            "type": "chunk",
            "file": offered["file"],
            "offset": len(got),
            "size": len(DATA),
            "cause": "",
        }
        got += chunk
    assert got == DATA
    assert stored.asked == [(number * CHUNK_BYTES, CHUNK_BYTES) for number in range(3)]


@pytest.mark.parametrize("offset", [-CHUNK_BYTES, 1, CHUNK_BYTES + 1, 0.0, True, "0", None, [0]])
def test_only_whole_chunks_are_read(answers: Answers, offset: Any) -> None:
    stored = Stored()
    offered = answers.downloads.offer(Download("cat.jpg", ADDRESS, stored))
    say(answers.widget, type="chunk", file=offered["file"], offset=offset)
    answers.ask(file=offered["file"], offset=CHUNK_BYTES)
    assert (stored.asked, len(answers.sent)) == ([(CHUNK_BYTES, CHUNK_BYTES)], 1)


@pytest.mark.parametrize("file", [None, 7, ["a"], {}])
def test_what_names_no_file_is_not_answered(answers: Answers, file: Any) -> None:
    say(answers.widget, type="chunk", file=file, offset=0)
    answers.ask(file="another", offset=0)
    assert len(answers.sent) == 1


def test_a_file_that_was_not_offered_or_long_ago_is_not_read(answers: Answers) -> None:
    stored = Stored()
    old = answers.downloads.offer(Download("old.zip", ADDRESS, stored))
    for _ in range(16):
        answers.downloads.offer(Download("new.zip", ADDRESS, Stored()))
    for foreign in ("../secret", "Incoming/a1/cat.jpg", ADDRESS, old["file"]):
        message, buffers = answers.ask(file=foreign, offset=0)
        assert (message["cause"], buffers) == ("It is no longer offered. Ask for it anew.", None)
    assert stored.asked == []


def test_why_a_chunk_cannot_be_askedis_said_and_it_can_be_asked_for_again(answers: Answers) -> None:
    stored = Stored()
    offered = answers.downloads.offer(Download("cat.jpg", ADDRESS, stored))
    del stored.data
    message, buffers = answers.ask(file=offered["file"], offset=0)
    assert ("no attribute 'data'" in message["cause"], buffers) == (True, None)
    stored.data = b"there again"
    assert answers.ask(file=offered["file"], offset=0)[1] == [b"there again"]


def test_a_chunk_that_is_asked_for_twice_meanwhile_is_sent_once(answers: Answers) -> None:
    """A page asks again if no answer comes: a kernel that was busy gets all of it at once."""
    stored = Stored()
    offered = answers.downloads.offer(Download("cat.jpg", ADDRESS, stored))
    stored.go_on.clear()
    for _ in range(50):
        say(answers.widget, type="chunk", file=offered["file"], offset=0)
    stored.go_on.set()
    until(lambda: bool(answers.sent))
    answers.ask(file=offered["file"], offset=CHUNK_BYTES)
    assert [start for start, _ in stored.asked] == [0, CHUNK_BYTES]


def test_a_gallery_and_a_viewer_answer_for_what_they_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = Gallery(GallerySource(lambda *_: []))
    viewer = PhotoViewer(original=lambda one: Download(f"{one}.jpg", ADDRESS, Stored()))
    viewer.show(ViewedPhoto("cat", "cat.jpg"))
    updates.flush()
    of_gallery, of_viewer = Sent(gallery, monkeypatch), Sent(viewer, monkeypatch)
    gallery.save(Download("trip.zip", ADDRESS, Stored()))
    say(viewer, type="original", id="dog")  # another than the one that is open
    say(viewer, type="original", id="cat")
    zipped, original = of_gallery.first("save")[0], of_viewer.first("original")[0]
    assert (zipped["name"], original["name"], original["id"]) == ("trip.zip", "cat.jpg", "cat")
    for widget, sent, file in ((gallery, of_gallery, zipped), (viewer, of_viewer, original)):
        say(widget, type="chunk", file=file["file"], offset=0)
        assert sent.first("chunk")[1] == [DATA[:CHUNK_BYTES]]
        assert "X-Amz" not in str(widget.get_state())
        widget.close()
    assert len(of_viewer.of("original")) == 1


def test_there_may_be_no_original(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = PhotoViewer()
    viewer.show(ViewedPhoto("cat", "cat.jpg"))
    updates.flush()
    sent = Sent(viewer, monkeypatch)
    say(viewer, type="original", id="cat")
    assert sent.first("original")[0] == {
        "type": "original",
        "id": "cat",
        "cause": "There is no original.",
    }
    viewer.close()


def test_a_panels_zip_and_original_come_through_the_kernel(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = backend.photo("a1/0123456789ab-cat <1>.jpg")
    panel = GalleryPanel(backend.workbench, Album("a1", "ann", "Trip", 0))
    settle(panel)
    sent, viewed = Sent(panel.gallery, monkeypatch), Sent(panel.viewer, monkeypatch)
    act(panel, "save", 0, 0)
    panel.forms.download()
    settle(panel)
    offered = sent.first("save")[0]
    say(panel.gallery, type="chunk", file=offered["file"], offset=0)
    message, (data,) = sent.first("chunk")
    (key,) = [
        one["Key"]
        for one in backend.stack.client("s3").list_objects_v2(Bucket="photos", Prefix="Downloads/")[
            "Contents"
        ]
    ]
    assert data == backend.stack.client("s3").get_object(Bucket="photos", Key=key)["Body"].read()
    assert message["size"] == len(data)
    panel.open_photo(0)
    updates.flush()
    say(panel.viewer, type="original", id=photo.id)
    original = viewed.first("original")[0]
    assert original["name"] == "cat _1_.jpg"
    say(panel.viewer, type="chunk", file=original["file"], offset=0)
    assert viewed.first("chunk")[1] == [photo.read()]
    panel.close()
