"""Gallery, viewer, map and their panel, without a browser."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable, Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from imageproc.client.albums import Album
from imageproc.client.photos.photo import Photo
from imageproc.client.workbench import Workbench
from imageproc.core.record_codec import decode
from imageproc.widgets import GalleryPanel
from imageproc.widgets.panels import photo_views
from imageproc.widgets.panels.contact_sheet import Frame, contact_sheet
from imageproc.widgets.panels.photo_pages import PhotoPages
from imageproc.widgets.parts.gallery import Card, Gallery
from imageproc.widgets.parts.photo_map import MapMarker, PhotoMap, outlines
from imageproc.widgets.parts.photo_viewer import EncodedImage, PhotoViewer, ViewedPhoto
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import flush
from tests import pictures
from tests.widgets.test_safety import Tags

HOSTILE = "<img src=x onerror=alert(1)>\u202e\n.jpg"


def photo(number: int, **record: Any) -> Photo:
    thumbnail = {"s3Bucket": "b", "s3Key": f"Thumbnails/{number}.jpg"}
    stored = {"imageID": f"{number}.jpg", "status": "SUCCEEDED", "thumbnail": thumbnail, **record}
    return decode(stored, Photo)


class Sent:
    """What a widget sends to its views."""

    def __init__(self, widget: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[tuple[Any, Any]] = []
        monkeypatch.setattr(
            widget, "send", lambda content, buffers=None: self.messages.append((content, buffers))
        )

    def first(self) -> tuple[Any, Any]:
        until(lambda: bool(self.messages))
        return self.messages[0]


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline, "it never comes"
        time.sleep(0.005)


def say(widget: Any, **message: Any) -> None:
    widget._handle_custom_msg(message, [])


def test_addresses_travel_in_messages_and_are_in_no_saved_state(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = Gallery([Card("a", "a.jpg")], address=lambda one: f"https://s3/{one}?X-Amz-Signature=1")
    sent = Sent(gallery, monkeypatch)
    say(gallery, type="addresses", ids=["a", "unknown", 7])
    assert sent.first()[0] == {"type": "addresses", "addresses": {"a": "https://s3/a?X-Amz-Signature=1"}}
    assert "X-Amz" not in json.dumps(gallery.get_state(gallery.keys), default=str)


def test_the_bytes_come_where_the_address_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = Gallery([Card("a", "a.jpg")], thumbnail=lambda _: b"jpeg")
    sent = Sent(gallery, monkeypatch)
    say(gallery, type="bytes", ids=["a"])
    assert sent.first() == ({"type": "bytes", "id": "a", "cause": ""}, [b"jpeg"])


def test_why_there_are_no_bytes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> bytes:
        raise ValueError("The thumbnail is gone.")

    gallery = Gallery([Card("a", "a.jpg")], thumbnail=gone)
    sent = Sent(gallery, monkeypatch)
    say(gallery, type="bytes", ids=["a"])
    assert sent.first()[0]["cause"] == "The thumbnail is gone."


@pytest.mark.parametrize(
    "odd", [None, 7, {}, {"type": "page", "page": -1}, {"type": "open", "ids": "a"}, {"type": "x"}]
)
def test_odd_messages_do_nothing(odd: Any) -> None:
    def never(_: object) -> None:
        raise AssertionError(odd)

    Gallery([Card("a", "a")], on_page=never, on_open=never)._handle_custom_msg(odd, [])
    PhotoViewer(on_step=never)._handle_custom_msg(odd, [])
    PhotoMap()._handle_custom_msg(odd, [])


def test_the_viewer_makes_the_picture_of_what_is_open_only(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = PhotoViewer(picture=lambda one: EncodedImage(one.encode(), "image/jpeg"))
    sent = Sent(viewer, monkeypatch)
    viewer.show(ViewedPhoto("a", "a.jpg"))
    flush()
    say(viewer, type="picture", id="other")
    say(viewer, type="picture", id="a")
    assert sent.first() == ({"type": "picture", "id": "a", "media": "image/jpeg"}, [b"a"])
    say(viewer, type="close")
    assert viewer.photo == {}


def test_pages_are_read_as_far_as_they_are_looked_at() -> None:
    read: list[int] = []

    def source() -> Iterator[Photo]:
        for number in range(500):
            read.append(number)
            yield photo(number)

    pages = PhotoPages(source, 60)
    assert read == []
    assert pages.load(0) == 0
    assert len(pages.page(0)) == 60
    assert len(read) == 61
    assert pages.follows(0)
    assert not pages.complete
    assert pages.page(pages.load(1))[0].id == "60.jpg"
    last = pages.load(99)
    assert (last, len(pages.page(last)), pages.follows(last), pages.complete) == (8, 20, False, True)


def test_a_page_that_could_not_be_read_can_be_read_again() -> None:
    broken = [True]

    def source() -> Iterator[Photo]:
        yield photo(1)
        if broken.pop() if broken else False:
            raise ConnectionError("no network")
        yield photo(2)

    pages = PhotoPages(source, 60)
    with pytest.raises(ConnectionError):
        pages.load(0)
    assert [one.id for one in pages.page(pages.load(0))] == ["1.jpg", "2.jpg"]


def test_a_new_photo_comes_first_and_a_known_one_stays_where_it_is() -> None:
    pages = PhotoPages(lambda: [photo(1), photo(2)], 60)
    pages.load(0)
    pages.add(photo(2, status="FAILED"))
    pages.add(photo(3))
    assert [one.id for one in pages.known] == ["3.jpg", "1.jpg", "2.jpg"]
    assert pages.known[2].status == "FAILED"


@pytest.mark.parametrize(
    ("record", "note", "tone"),
    [
        ({"status": "PROCESSING"}, "Processing", Tone.RUNNING),
        ({"status": "REJECTED", "error": {"cause": "no JPEG"}}, "Rejected: no JPEG", Tone.ERROR),
        ({"status": "FAILED", "error": {"cause": "S3 is slow"}}, "Failed: S3 is slow", Tone.ERROR),
        (
            {"status": "INCOMPLETE", "missing": {"tags": {"cause": "x"}}},
            "Incomplete: no tags: x",
            Tone.WARNING,
        ),
        (
            {"status": "SUCCEEDED", "truncated": True},
            "Truncated: The file lacks its end; the thumbnail shows what is there.",
            Tone.WARNING,
        ),
    ],
)
def test_a_card_says_where_the_photo_stands_and_why(record: Any, note: str, tone: Tone) -> None:
    card = photo_views.card(decode({"imageID": "a", **record}, Photo))
    assert (card.note, card.tone, card.thumbnail) == (note, tone, False)


def test_boxes_stay_within_the_picture() -> None:
    box = {"left": -0.5, "top": 0.5, "width": 5, "height": 0.25, "confidence": 90}
    shown = photo_views.viewed(photo(1, labels=[{"name": "Cat", "boxes": [box]}, 7]), 0, 1, False)
    assert shown.boxes == (("Cat", 0.0, 0.5, 1.0, 0.25),)


def test_the_map_sends_outlines_and_saves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    world = PhotoMap([MapMarker("a", "a", 10, 179.9)])
    sent = Sent(world, monkeypatch)
    say(world, type="outlines")
    assert sent.first()[0]["land"].startswith("M")
    assert len(json.dumps(world.get_state(world.keys), default=str)) < 30_000


def test_outlines_lie_in_the_world() -> None:
    for path in outlines().values():
        starts = [start.split("l")[0] for start in path.split("M")[1:]]
        pairs = [start.replace("-", " -").split() for start in starts]
        assert all(abs(int(x)) <= 36000 and abs(int(y)) <= 9000 for x, y in pairs)
    assert len(outlines()["land"]) > 20_000


def test_a_contact_sheet_holds_what_cannot_be_read_too() -> None:
    frames = [Frame(pictures.jpeg(), HOSTILE), Frame(b"no picture", "猫" * 100), Frame(None, "")] * 20
    sheet = Image.open(io.BytesIO(contact_sheet(frames)))
    assert sheet.size == (8 * 128, 8 * 128)


class FakePhotos:
    def in_album(self, album: Album, *, page_size: int | None = None) -> Iterator[Photo]:
        geo = {"latitude": 10, "longitude": 20}
        yield from (photo(number, thumbnail=None, geo=geo) for number in range(130))


class FakeWorkbench:
    photos = FakePhotos()


@pytest.fixture
def panel() -> GalleryPanel:
    panel = GalleryPanel(cast("Workbench", FakeWorkbench()), Album("a", "ann", "A", 0))
    settle(panel)
    return panel


def settle(panel: GalleryPanel) -> None:
    until(lambda: not panel.busy)
    flush()


def test_a_panel_shows_its_album_page_by_page(panel: GalleryPanel) -> None:
    assert (len(panel.gallery.items), panel.gallery.total, panel.gallery.more) == (60, -1, True)
    for _ in range(2):
        say(panel.gallery, type="page", page=panel.gallery.page + 1)
        settle(panel)
    assert (len(panel.gallery.items), panel.gallery.total, panel.gallery.more) == (10, 130, False)
    assert panel.results()["photos"] == 130
    assert panel.results()["located"] == 130


class SlowPhotos:
    """Albums whose photos come when the gate is opened; the album "broken" has an error instead."""

    def __init__(self) -> None:
        self.gate, self.reading = Event(), Event()

    def in_album(self, album: Album, *, page_size: int | None = None) -> Iterator[Photo]:
        self.reading.set()
        assert self.gate.wait(10)
        if album.id == "broken":
            raise ConnectionError("no network")
        yield from (
            decode({"imageID": f"{album.id}-{number}.jpg", "status": "SUCCEEDED"}, Photo)
            for number in range(200)
        )


def slow_panel(album_id: str) -> tuple[GalleryPanel, SlowPhotos, list[int]]:
    """Return a panel that is reading an album's first page, and where it notes which pages it shows."""
    photos, shown = SlowPhotos(), list[int]()
    panel = GalleryPanel(cast("Workbench", SimpleNamespace(photos=photos)))
    show = panel._show_page

    def noted(pages: PhotoPages, page: int) -> None:
        shown.append(page)
        show(pages, page)

    panel._show_page = noted
    panel.show(Album(album_id, "ann", "A", 0))
    assert photos.reading.wait(10)
    return panel, photos, shown


def test_of_pages_that_are_asked_for_while_one_is_read_the_last_is_opened() -> None:
    panel, photos, shown = slow_panel("a")
    for page in (1, 3, 2):
        panel.turn(page)
    photos.gate.set()
    settle(panel)
    assert (panel.gallery.page, shown) == (2, [0, 2])


@pytest.mark.parametrize("first", ["a", "broken"])
def test_an_album_that_is_opened_while_another_is_read_is_shown(first: str) -> None:
    panel, photos, _ = slow_panel(first)
    job = panel.show(Album("b", "ann", "B", 0))
    photos.gate.set()
    job.wait(10)
    settle(panel)
    assert {item["id"].partition("-")[0] for item in panel.gallery.items} == {"b"}
    assert (panel.status.text, panel.gallery.loading) == ("", False)


def test_a_photo_that_finishes_while_a_page_is_read_is_shown_after_it() -> None:
    panel, photos, _ = slow_panel("a")
    panel.add(photo(1000, albumID="a"))
    assert panel.busy, "adding does not wait for AWS"
    photos.gate.set()
    settle(panel)
    assert [item["id"] for item in panel.gallery.items][:2] == ["1000.jpg", "a-0.jpg"]


def test_arrows_in_the_viewer_go_on_to_the_next_page(panel: GalleryPanel) -> None:
    panel.open_photo("59.jpg")
    flush()
    for expected in ("60.jpg", "61.jpg", "60.jpg", "59.jpg"):
        say(
            panel.viewer,
            type="step",
            step=-1 if expected == "59.jpg" or panel.viewer.photo["id"] == "61.jpg" else 1,
        )
        until(lambda want=expected: panel.viewer.photo.get("id") == want)  # type: ignore[misc]
    settle(panel)
    assert panel.gallery.page == 0


def test_what_is_chosen_on_the_map_is_marked_in_the_gallery(panel: GalleryPanel) -> None:
    panel.map.chosen = ["3.jpg", "nobody.jpg"]
    flush()
    assert panel.gallery.marked == ["3.jpg"]


def test_a_photo_that_has_just_finished_comes_first(panel: GalleryPanel) -> None:
    panel.add(photo(1000, albumID="a"))
    settle(panel)
    assert panel.gallery.items[0]["id"] == "1000.jpg"


def test_a_photo_of_another_album_is_not_shown(panel: GalleryPanel) -> None:
    """Photos of the album that was open before may finish after another one was opened."""
    panel.add(photo(1000, albumID="b"))
    settle(panel)
    assert panel.gallery.items[0]["id"] == "0.jpg"


def test_photos_that_are_given_are_all_counted() -> None:
    panel = GalleryPanel(cast("Workbench", FakeWorkbench()), photos=map(photo, range(100)))
    settle(panel)
    assert (len(panel.gallery.items), panel.gallery.total, panel.gallery.more) == (60, 100, True)


def test_static_is_safe_by_construction() -> None:
    stored = {"imageID": HOSTILE, "status": "FAILED", "error": {"cause": HOSTILE}, "tags": [HOSTILE]}
    hostile = decode(stored, Photo)
    located = photo(2, thumbnail=None, geo={"latitude": 1, "longitude": 2})
    panel = GalleryPanel(cast("Workbench", FakeWorkbench()), photos=[hostile, located])
    settle(panel)
    sheet, world, rows = panel.static()
    assert Image.open(io.BytesIO(base64.b64decode(sheet["image/jpeg"]))).size == (2 * 128, 128)
    picture, note = world
    assert "onerror" not in picture["image/svg+xml"]
    page = Tags(f"{note}{rows}")
    assert "img" not in {tag for tag, _ in page.found}
    assert "onerror" not in {name for _, attributes in page.found for name, _ in attributes}


def test_an_error_is_said_and_the_next_try_works(
    panel: GalleryPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Iterator[Photo]:
        raise ConnectionError("The local AWS does not answer.")

    with monkeypatch.context() as broken:
        broken.setattr(FakePhotos, "in_album", fail)
        panel.refresh()
        settle(panel)
        assert panel.status.text == "The local AWS does not answer."
        assert not panel.gallery.loading
    panel.refresh()
    settle(panel)
    assert len(panel.gallery.items) == 60
