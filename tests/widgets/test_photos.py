"""Gallery, viewer, map and their panel, without a browser."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PIL import Image

from imageproc.aws.items import to_item
from imageproc.catalog.catalog import Catalog
from imageproc.client.albums import Album
from imageproc.client.cancellation import Cancellation
from imageproc.client.catalogs import StackCatalog
from imageproc.client.photos.photo import Photo
from imageproc.core.record_codec import decode
from imageproc.errors import AlbumNotFoundError, EndpointUnreachableError, InvalidArgumentError
from imageproc.presentation.facts import _FACTS
from imageproc.widgets import GalleryPanel, UploadPanel, WebApp
from imageproc.widgets.panels import photo_actions, photo_views, under_way
from imageproc.widgets.panels.contact_sheet import Frame, contact_sheet
from imageproc.widgets.panels.photo_actions import Form
from imageproc.widgets.panels.photo_search import SearchHelp
from imageproc.widgets.panels.shown_photos import ShownPhotos, headings
from imageproc.widgets.parts.gallery import Action, Card, Gallery, GallerySource, Layout
from imageproc.widgets.parts.photo_map import PhotoMap, outlines, world_svg
from imageproc.widgets.parts.photo_viewer import EncodedImage, PhotoViewer, ViewedPhoto
from imageproc.widgets.parts.search_bar import SearchBar, SearchHandlers
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import flush
from tests import pictures
from tests.client.conftest import Backend
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

    def first(self, kind: str) -> tuple[Any, Any]:
        until(lambda: bool(self.of(kind)))
        return self.of(kind)[0]

    def of(self, kind: str) -> list[tuple[Any, Any]]:
        return [one for one in list(self.messages) if one[0]["type"] == kind]


def test_panels_take_an_albums_name_and_no_view_for_it(backend: Backend) -> None:
    album = backend.workbench.albums.get_or_create("First album", "ann")
    for panel in (GalleryPanel, UploadPanel):
        made: Any = panel(backend.workbench, "First album")
        assert made.album == album
        with pytest.raises(AlbumNotFoundError, match="First album"):
            panel(backend.workbench, "Frist album")
        view: Any = backend.workbench.photos.where(tag="Dog")
        with pytest.raises(InvalidArgumentError, match="An album cannot be <PhotoView"):
            panel(backend.workbench, view)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline, "it never comes"
        time.sleep(0.005)


def say(widget: Any, **message: Any) -> None:
    widget._handle_custom_msg(message, [])


def gallery_of(cards: Sequence[Card], **source: Any) -> Gallery:
    gallery = Gallery(GallerySource(lambda first, end: cards[first:end], **source))
    gallery.show(Layout(array("f", [1.5] * len(cards))))
    flush()
    return gallery


def test_addresses_travel_in_messages_and_are_in_no_saved_state(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = gallery_of([Card("a", "a.jpg")], address=lambda one: f"https://s3/{one}?X-Amz-Signature=1")
    sent = Sent(gallery, monkeypatch)
    say(gallery, type="window", version=gallery.version, number=0, count=60)
    (card,) = sent.first("window")[0]["cards"]
    assert (card["name"], card["address"]) == ("a.jpg", "https://s3/0?X-Amz-Signature=1")
    assert "X-Amz" not in json.dumps(gallery.get_state(gallery.keys), default=str)


def test_the_bytes_come_where_the_address_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = gallery_of([Card("a", "a.jpg")], thumbnail=lambda _: b"jpeg")
    sent = Sent(gallery, monkeypatch)
    say(gallery, type="bytes", version=gallery.version, number=0)
    message, data = sent.first("bytes")
    assert (message["number"], message["cause"], data) == (0, "", [b"jpeg"])


def test_why_there_are_no_bytes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: int) -> bytes:
        raise ValueError("The thumbnail is gone.")

    gallery = gallery_of([Card("a", "a.jpg")], thumbnail=gone)
    sent = Sent(gallery, monkeypatch)
    say(gallery, type="bytes", version=gallery.version, number=0)
    assert sent.first("bytes")[0]["cause"] == "The thumbnail is gone."


def test_shapes_travel_as_bytes_and_not_with_the_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = Gallery(GallerySource(lambda *_: []))
    sent = Sent(gallery, monkeypatch)
    gallery.show(Layout(array("f", [1.5] * 100_000), ((0, "May 2014"),)))
    flush()
    message, (data,) = sent.first("layout")
    assert (len(data), message["headings"]) == (400_000, ((0, "May 2014"),))
    assert len(json.dumps(gallery.get_state(gallery.keys), default=str)) < 60_000


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        {},
        {"type": "open", "number": -1},
        {"type": "open", "number": 1},
        {"type": "open", "number": "0"},
        {"type": "window", "number": 0, "count": 10_000},
        {"type": "select", "ranges": [[0, 1]]},
        {"type": "select", "ranges": [["a", 1]]},
        {"type": "action", "name": "erase everything"},
        {"type": "within", "box": [0, 0, 999, 0]},
        {"type": "within", "box": "all"},
        {"type": "remove", "number": 3},
        {"type": "x"},
    ],
)
def test_odd_messages_do_nothing(odd: Any) -> None:
    def never(*_: object) -> Any:
        raise AssertionError(odd)

    gallery = Gallery(
        GallerySource(never), actions=[Action("a", "A")], on_open=never, on_select=never, on_action=never
    )
    gallery.show(Layout(array("f", [1.0])), [(0, 0)])
    flush()
    version = {"version": gallery.version} if isinstance(odd, dict) else {}
    gallery._handle_custom_msg(odd if odd is None or isinstance(odd, int) else {**odd, **version}, [])
    PhotoViewer(on_step=never)._handle_custom_msg(odd, [])
    PhotoMap(on_choose=never, on_within=never)._handle_custom_msg(odd, [])
    SearchBar(SearchHandlers(never, never, never))._handle_custom_msg(odd, [])


def test_what_is_said_about_photos_that_were_shown_before_does_nothing() -> None:
    opened: list[int] = []
    gallery = Gallery(GallerySource(lambda *_: []), on_open=opened.append)
    for _ in range(2):
        gallery.show(Layout(array("f", [1.0])))
    flush()
    say(gallery, type="open", version=gallery.version - 1, number=0)
    assert opened == []
    say(gallery, type="open", version=gallery.version, number=0)
    assert opened == [0]


def test_the_viewer_makes_the_picture_of_what_is_open_only(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = PhotoViewer(
        picture=lambda one: EncodedImage(one.encode(), "image/jpeg", reduced=True),
        whole=lambda one: EncodedImage(one.encode() * 2, "image/jpeg"),
    )
    sent = Sent(viewer, monkeypatch)
    viewer.show(ViewedPhoto("a", "a.jpg"))
    flush()
    say(viewer, type="picture", id="other")
    say(viewer, type="picture", id="a")
    picture = {"type": "picture", "id": "a", "media": "image/jpeg", "reduced": True}
    assert sent.first("picture") == (picture, [b"a"])
    say(viewer, type="whole", id="a")
    assert sent.first("whole") == ({**picture, "type": "whole", "reduced": False}, [b"aa"])
    say(viewer, type="close")
    assert viewer.photo == {}


def test_days_have_headings_where_there_are_many_photos_a_day_and_months_years_or_none_elsewhere() -> None:
    days = [date(2014, 5, 31)] * 5 + [date(2014, 6, 1)] * 4 + [None] * 2
    assert list(headings(days)) == [(0, "31 May 2014"), (5, "1 June 2014"), (9, "No date")]
    few = [date(2014, 5, day) for day in range(9, 1, -1)] + [date(2014, 4, 1), None]
    assert list(headings(few)) == [(0, "May 2014"), (8, "April 2014"), (9, "No date")]
    fewer = [date(2014, month, 1) for month in range(9, 2, -1)] + [date(2009, 4, 1)] * 2 + [None]
    assert list(headings(fewer)) == [(0, "2014"), (7, "2009"), (9, "No date")]
    assert list(headings(fewer[6:])) == [(0, "2014"), (1, "2009"), (3, "No date")]
    old = [date(year, 4, 1) for year in (2019, 2014, 2009, 2004)]
    assert list(headings(old)) == [(0, "2010s"), (2, "2000s")]
    assert list(headings(old[1:3])) == [], "a heading for each photo finds nothing"
    assert list(headings([])) == list(headings([None] * 9)) == []
    years = [date(2020 - number * 28 // 77, 4, 1) for number in range(77)]
    assert len(list(headings(years))) == 28, "77 photos over 28 years"


def test_an_order_that_does_not_go_by_the_date_has_no_headings() -> None:
    first, second = date(2024, 5, 1), date(2024, 5, 2)
    assert list(headings([first, second] * 9)) == []
    assert list(headings([first, None] * 9)) == []
    assert list(headings([*[None] * 9, *[first] * 9, *[second] * 9])) == [
        (0, "No date"),
        (9, "1 May 2024"),
        (18, "2 May 2024"),
    ]


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


def test_a_card_has_the_labels_that_were_asked_for() -> None:
    names = ("Pet", "Mammal", "Cat", "Owl", "Dog")
    labels = [{"name": "Animal", "confidence": 99}]
    labels += [{"name": name, "confidence": 90, "parents": ["Animal"]} for name in names]
    one = photo(1, tags=["Animal", *names], labels=labels)
    assert photo_views.card(one).tags == (("Pet", 90.0), ("Mammal", 90.0), ("Cat", 90.0))
    assert photo_views.card(one, ["dog"]).tags[0] == ("Dog", 90.0)


def test_boxes_stay_within_the_picture() -> None:
    box = {"left": -0.5, "top": 0.5, "width": 5, "height": 0.25, "confidence": 90}
    shown = photo_views.viewed(photo(1, labels=[{"name": "Cat", "boxes": [box]}, 7]), 0, 1)
    assert shown.boxes == (("Cat", 0.0, 0.5, 1.0, 0.25),)


def test_facts_are_grouped_and_the_album_has_its_name() -> None:
    shown = photo_views.viewed(photo(1, albumID="k3j4", exifModel="X100", exifSensitivity=200), 0, 1, "Trip")
    groups = {group.title: {name: value for name, value, _ in group.rows} for group in shown.groups}
    assert groups["Camera"]["Camera"] == "X100"
    assert groups["Processing"]["Album"] == "Trip (k3j4)"
    assert shown.album == "Trip"
    names = [name for names in photo_views.GROUPS.values() for name in names]
    assert len(set(names)) == len(names)


def test_every_fact_has_a_group() -> None:
    assert {name for name, _ in _FACTS} == {name for names in photo_views.GROUPS.values() for name in names}


def test_the_map_sends_outlines_and_places_and_saves_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    world = PhotoMap(dict.fromkeys(range(100000), (10.0, 179.9)))
    sent = Sent(world, monkeypatch)
    say(world, type="outlines")
    say(world, type="places")
    assert sent.first("outlines")[0]["land"].startswith("M")
    numbers, degrees = sent.first("places")[1]
    assert len(numbers) + len(degrees) == 1_200_000
    assert array("f", degrees)[1] == pytest.approx(179.9)
    assert len(json.dumps(world.get_state(world.keys), default=str)) < 40_000
    assert len(world_svg(world.places)) < 20_000, "as a picture, too"


def test_an_area_of_the_map_is_searched() -> None:
    found: list[Any] = []
    world = PhotoMap({0: (1.0, 2.0)}, on_within=found.append)
    say(world, type="within", box=[-1, 170, 1.123456789, -170])
    assert found == [(-1, 170, 1.12346, -170)]


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
    assert sheet.mode == "RGBA"
    assert sheet.getchannel("A").getpixel((0, 0)) == 0, "a light or dark page is seen behind the pictures"


@pytest.mark.parametrize(("photos", "expected"), [(2, [(0, 2)]), (100, [(0, 12), (12, 20), (32, 28)])])
def test_the_first_cards_come_unasked_and_those_of_a_screen_first(
    photos: int, expected: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = [Card(str(number), f"{number}.jpg") for number in range(photos)]
    gallery = Gallery(GallerySource(lambda first, end: cards[first:end]))
    sent = Sent(gallery, monkeypatch)
    gallery.show(Layout(array("f", [1.5] * photos)))
    assert sent.first("layout")[0]["ahead"]
    until(lambda: len(sent.of("window")) == len(expected))
    windows = [one for one, _ in sent.of("window")]
    assert [(one["number"], len(one["cards"])) for one in windows] == expected
    assert [card["id"] for one in windows for card in one["cards"]] == [one.id for one in cards[:60]]
    say(gallery, type="layout")
    assert not sent.of("layout")[-1][0]["ahead"], "a view that asks asks for its cards, too"


def test_a_contact_sheet_is_small_whatever_it_shows() -> None:
    noise = io.BytesIO()
    Image.effect_noise((250, 188), 100).save(noise, "JPEG", quality=90)
    assert len(contact_sheet([Frame(noise.getvalue(), "noise")] * 24)) < 45_000


ALBUM = Album("a1", "ann", "Trip", 0)
OTHER = Album("b1", "bob", "B", 0)


@pytest.fixture
def panel(backend: Backend) -> Iterator[GalleryPanel]:
    """An album of ten: four dogs of May 2014, three cats, three that failed; two have a place."""
    for one in (ALBUM, OTHER):
        album = {"albumID": one.id, "userID": one.user, "name": one.name, "creationTime": one.created}
        backend.stack.client("dynamodb").put_item(TableName=backend.stack.album_table, Item=to_item(album))
    for number in range(10):
        dog, cat = number < 4, 4 <= number < 7
        tag = "Dog" if dog else "Cat"
        stored: dict[str, Any] = {"creationTime": f"2014-05-{number + 1:02}T10:00:00"} if dog else {}
        if dog or cat:
            stored |= {"tags": [tag], "labels": [{"name": tag, "confidence": 90, "parents": ["Animal"]}]}
        if number in (0, 4):
            stored["geo"] = {"latitude": 52.5, "longitude": 13.4}
        status = "SUCCEEDED" if dog or cat else "FAILED"
        backend.write(f"a1/{number}.jpg", status, uploadTime=4_000_000_000 + number, **stored)
    backend.write("b1/other.jpg", albumID="b1")
    panel = GalleryPanel(backend.workbench, ALBUM)
    settle(panel)
    yield panel
    panel.close()


def settle(panel: GalleryPanel) -> None:
    until(lambda: not panel.busy)
    flush()


def names(view: Any) -> list[str]:
    return [one.name for one in view]


def test_a_panel_shows_its_album_the_newest_first(panel: GalleryPanel) -> None:
    assert names(panel.view)[:4] == ["3.jpg", "2.jpg", "1.jpg", "0.jpg"]
    assert panel.search_bar.summary == "10 photos · 2 on the map"
    assert (panel.gallery.count, panel.map.count) == (10, 2)
    assert panel.results()["statuses"] == {"FAILED": 3, "SUCCEEDED": 7}
    assert panel.results()["located"] == 2


def test_an_album_whose_photos_are_on_their_way_says_so_beside_their_count(
    backend: Backend, panel: GalleryPanel
) -> None:
    coming = [True]
    other = GalleryPanel(backend.workbench, ALBUM, expects=lambda _: coming[0])
    settle(other)
    assert other.search_bar.summary == "10 photos · 2 on the map · processing goes on"
    coming[0] = False
    other.refresh()
    settle(other)
    assert other.search_bar.summary == "10 photos · 2 on the map"
    other.close()


def test_a_panel_of_no_album_shows_all_photos_or_waits_for_what_it_is_to_show(
    backend: Backend, panel: GalleryPanel
) -> None:
    every, later = GalleryPanel(backend.workbench), GalleryPanel(backend.workbench, later=True)
    settle(every)
    assert len(every.view) == len(backend.workbench.photos.where()) > len(panel.view)
    assert (len(later.view), later.gallery.loading) == (0, False)
    later.show(ALBUM)
    settle(later)
    assert names(later.view) == names(panel.view)


def test_a_view_of_no_photo_says_what_was_asked_for(backend: Backend) -> None:
    every = GalleryPanel(backend.workbench)
    settle(every)
    for view, said in (
        (backend.workbench.photos.where(taken=1950), "No photo is like this: photos.where(taken=1950)"),
        (
            backend.workbench.photos.where(taken=1950)[:5],
            "No photo is like this: photos.where(taken=1950)[:5]",
        ),
    ):
        every.show(view)
        settle(every)
        assert every.gallery.empty == said


def test_a_view_keeps_its_order(backend: Backend, panel: GalleryPanel) -> None:
    view = backend.workbench.photos.where(tag="Animal").sort_by("name", descending=True)
    other = GalleryPanel(backend.workbench, view=view)
    settle(other)
    assert names(other.view) == [f"{number}.jpg" for number in reversed(range(7))]
    assert other.search_bar.order == "given"


def test_a_search_narrows_and_what_is_wrong_keeps_what_was_found(panel: GalleryPanel) -> None:
    say(panel.search_bar, type="search", text="tag:dog -has:place")
    settle(panel)
    assert names(panel.view) == ["3.jpg", "2.jpg", "1.jpg"]
    assert panel.search_bar.summary == "3 of 10 photos"
    assert panel.search_bar.chips == ["tag:dog", "-has:place"]
    say(panel.search_bar, type="search", text="tag:Dgo")
    settle(panel)
    assert "Did you mean 'Dog'" in panel.search_bar.problem
    assert len(panel.view) == 3
    assert panel.status.text == ""
    say(panel.search_bar, type="remove", number=0)
    settle(panel)
    assert (panel.search_bar.text, panel.search_bar.problem, len(panel.view)) == ("-has:place", "", 8)
    say(panel.search_bar, type="search", text="hound")
    settle(panel)
    assert (panel.search_bar.chips, panel.search_bar.text) == (["hound → Dog"], "hound")
    assert panel.search_bar.summary == "4 of 10 photos · 1 on the map"


def test_a_search_finds_nothing_outside_of_the_album(panel: GalleryPanel) -> None:
    for text in ("other", "user:ann other", "-tag:Dog other"):
        panel.search(text)
        settle(panel)
        assert len(panel.view) == 0
    assert panel.gallery.empty == "No photo is like this. Remove a condition to see more."
    panel.search("doog")
    settle(panel)
    assert panel.gallery.empty == "No photo is like this. Did you mean 'Dog'?"


def test_the_python_of_a_search_is_the_view(panel: GalleryPanel, backend: Backend) -> None:
    panel.search("tag:animal -tag:dog")
    panel.sort("name")
    settle(panel)
    found = eval(panel.python(), {"workbench": backend.workbench, "photos": backend.workbench.photos})
    assert names(found) == names(panel.view) == ["4.jpg", "5.jpg", "6.jpg"]


def test_what_is_counted_is_counted_at_one_moment(panel: GalleryPanel, backend: Backend) -> None:
    """While an upload runs, for example, and somebody searches or sorts."""
    before = panel.gallery.count
    backend.photo("a1/new.jpg", tags=["Dog"], creationTime="2024-05-03T10:00:00")
    for searched, shown in (("", before + 1), ("name:new", 1)):
        backend.workbench.catalog.sync()
        panel.search(searched) if searched else panel.sort("name")
        settle(panel)
        assert panel.gallery.count == shown
        words = panel.search_bar.summary.partition(" photos")[0]
        assert words == (f"{shown} of {before + 1}" if shown == 1 else f"{shown}")


def test_where_nothing_can_be_read_nothing_is_said_to_be_empty(panel: GalleryPanel, backend: Backend) -> None:
    shown = panel.gallery.count
    backend.refuse("dynamodb", "Query", times=99)
    panel.refresh()
    settle(panel)
    assert (panel.gallery.count, panel.status.tone) == (shown, "error"), "what was shown last stays"
    panel.show(backend.workbench.photos.where(user="bob"))
    settle(panel)
    assert (panel.gallery.count, panel.gallery.empty, panel.gallery.loading) == (0, "", False)


def test_a_photo_is_opened_as_it_is_known_where_nothing_can_be_read(
    panel: GalleryPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any) -> Any:
        raise EndpointUnreachableError("Reading the changes", "the local AWS does not answer.")

    panel.open_photo(0)
    flush()
    known = panel.viewer.photo["name"]
    panel.viewer.show(None)
    flush()
    monkeypatch.setattr(StackCatalog, "database", unreachable)
    panel.open_photo(0)
    flush()
    assert panel.viewer.photo["name"] == known
    monkeypatch.setattr(ShownPhotos, "between", unreachable)
    panel.open_photo(0)
    flush()
    assert "does not answer" in panel.status.text


def test_what_was_selected_is_had_in_python_and_stays_selected(panel: GalleryPanel) -> None:
    say(panel.gallery, type="select", version=panel.gallery.version, ranges=[[1, 2], [0, 0]])
    assert names(panel.selected) == ["3.jpg", "2.jpg", "1.jpg"]
    panel.sort("name")
    settle(panel)
    assert names(panel.selected) == ["1.jpg", "2.jpg", "3.jpg"]
    assert panel.gallery.selection == [[1, 3]]
    panel.search("tag:dog name:3.jpg")
    settle(panel)
    assert names(panel.selected) == ["3.jpg"]


def test_selected_photos_are_forgotten_only_after_a_yes(
    panel: GalleryPanel, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, gallery = Sent(panel.forms.question.no, monkeypatch), Sent(panel.gallery, monkeypatch)
    for answer, left in ((panel.forms.question.no, 10), (panel.forms.question.yes, 8)):
        say(panel.gallery, type="select", version=panel.gallery.version, ranges=[[0, 1]])
        for _ in range(2):  # a button that is pressed twice asks once
            say(panel.gallery, type="action", version=panel.gallery.version, name="forget")
        until(lambda: panel.forms.question.layout.display is None)
        assert "Erase 3.jpg, 2.jpg for good?" in panel.forms.question.text.text
        assert [one.description for one in (panel.forms.question.yes, panel.forms.question.no)] == [
            "Forget 2 photos",
            "Cancel",
        ]
        flush()
        assert (panel.status.tone, panel.status.stoppable) == ("waiting", False), "nothing runs"
        assert panel.gallery.asking
        say(panel.gallery, type="action", version=panel.gallery.version, name="move")
        assert panel.forms._action == "forget", "one thing after another"
        until(lambda: ({"do": "focus"}, None) in asked.messages)
        answer.click()
        settle(panel)
        assert panel.gallery.count == left
        assert not panel.gallery.asking
        assert gallery.messages.pop(gallery.messages.index(({"type": "focus"}, None)))
    assert panel.status.text == "2 photos erased."


def test_selected_photos_are_downloaded(
    panel: GalleryPanel, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    backend.photo("a1/3.jpg", tags=["Dog"], creationTime="2014-05-04T10:00:00")
    say(panel.gallery, type="select", version=panel.gallery.version, ranges=[[0, 0]])
    say(panel.gallery, type="action", version=panel.gallery.version, name="download")
    panel.forms.file.value = "~/my photos"
    panel.forms.download()
    settle(panel)
    assert len(list((tmp_path / "my photos").iterdir())) == 1
    assert panel.status.text.startswith("1 photo (")
    assert f" in {tmp_path}/my photos, " in panel.status.text, "they are where it says"


def act(panel: GalleryPanel, action: str, first: int = 0, last: int = 0) -> None:
    say(panel.gallery, type="select", version=panel.gallery.version, ranges=[[first, last]])
    say(panel.gallery, type="action", version=panel.gallery.version, name=action)
    settle(panel)


def test_an_album_comes_as_one_file(panel: GalleryPanel, backend: Backend, tmp_path: Path) -> None:
    for number in (2, 3):
        backend.photo(f"a1/{number}.jpg", tags=["Dog"], creationTime=f"2014-05-0{number + 1}T10:00:00")
    cut = ", maker's notes and what else lies beside picture and EXIF"
    for form, name, more in ((Form.ZIP, "x.zip", cut), (Form.SHEET, "x.html", "")):
        act(panel, "download", 0, 1)
        panel.forms.form.value = form
        flush()
        assert panel.forms.file.description == "File"
        panel.forms.file.value = str(tmp_path / "x")  # what it is follows
        panel.forms.download()
        settle(panel)
        assert panel.status.text.startswith("2 photos (")
        assert panel.status.text.endswith(f"{name}, without places{more}.")
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert len(archive.namelist()) == 4
    for _ in range(2):
        act(panel, "download", 0, 1)
        panel.forms.form.value = Form.ZIP
        flush()
        panel.forms.file.value = f"{tmp_path}/"
        panel.forms.download()
        settle(panel)
    found = {one.name for one in tmp_path.iterdir()}
    assert found == {"x.zip", "x.html", "photos.zip", "photos-2.zip"}, "nothing is replaced or hidden"
    assert "photos-2.zip, without places" in panel.status.text
    act(panel, "download", 0, 1)
    panel.forms.form.value = Form.ZIP
    flush()
    panel.forms.file.value = f"{tmp_path}/{'x' * 300}"
    panel.forms.download()
    settle(panel)
    assert "cannot be written: File name too long" in panel.status.text
    page = (tmp_path / "x.html").read_text()
    assert "<h1>Trip</h1>" in page
    assert page.index("3.jpg") < page.index("2.jpg"), "in the order in which they are shown"


def test_a_browser_is_told_where_to_save_a_zip_from(
    panel: GalleryPanel, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the photos passes through the kernel's connection unasked; the address is in no trait."""
    sent = Sent(panel.gallery, monkeypatch)
    backend.photo("a1/3.jpg", tags=["Dog"], creationTime="2014-05-04T10:00:00")
    act(panel, "save")
    assert [form for _, form in panel.forms.form.options] == [Form.ZIP, Form.THUMBNAILS, Form.SHEET]
    panel.forms.file.value = "trip.zip"
    panel.forms.download()
    settle(panel)
    (message, buffers) = sent.first("save")
    assert (message["address"].startswith("https://"), buffers) == (True, None)
    assert panel.status.text.startswith("1 photo (")
    assert "sent to your browser as trip.zip, without places" in panel.status.text
    assert "X-Amz" not in str(panel.gallery.get_state())


def test_selected_photos_are_moved_and_copied_to_an_album_that_is_chosen_or_named(
    panel: GalleryPanel, backend: Backend
) -> None:
    backend.workbench.albums.get_or_create("Best", "ann")
    backend.photo("a1/2.jpg", tags=["Dog"], creationTime="2014-05-03T10:00:00")
    act(panel, "move")
    assert panel.forms.album.options == ["Best"], "not the one where they are"
    panel.forms.album.value = "Best"
    panel.forms.put()
    settle(panel)
    assert (panel.status.text, panel.gallery.count) == ("1 photo moved to Best.", 9)
    act(panel, "copy")
    panel.forms.album.value = "New one"
    panel.forms.put()
    settle(panel)
    copied = "1 photo copied to New one. The copies are being processed."
    assert panel.status.text == copied
    panel.refresh()
    settle(panel)
    assert (panel.status.text, panel.status.tone) == (copied, "success"), "however often the photos are read"
    assert {album.name for album in backend.workbench.albums} == {"Trip", "B", "Best", "New one"}
    assert names(backend.workbench.albums["Best"].photos) == ["3.jpg"]
    for action, done in (("move", "moved"), ("copy", "copied")):
        said = photo_actions.put(
            backend.workbench, ["a1/2.jpg"], action, ("Trip", "ann"), Cancellation(), lambda _: None
        )
        assert said == f"0 photos {done} to Trip, 1 was there already."


def test_one_selected_photo_becomes_the_cover(panel: GalleryPanel, backend: Backend) -> None:
    act(panel, "cover", 0, 1)
    assert panel.status.text == "Select one photo to be the cover."
    act(panel, "move", 0, 1)
    assert panel.status.text == "", "it is not said of this"
    act(panel, "cover", 1, 1)
    assert panel.status.text == "2.jpg is the cover of Trip."
    assert backend.workbench.albums["a1"].cover_id == "a1/2.jpg"


def test_an_album_is_shown_in_its_order(backend: Backend, panel: GalleryPanel) -> None:
    panel.show(backend.workbench.albums.sort_by("a1", "name"))
    settle(panel)
    assert panel.search_bar.order == "name"
    assert names(panel.view)[:2] == ["0.jpg", "1.jpg"]


def test_an_album_that_was_changed_keeps_what_is_searched_for(backend: Backend, panel: GalleryPanel) -> None:
    panel.search("name:1")
    settle(panel)
    panel.show(backend.workbench.albums.describe("a1", "Two weeks"))
    settle(panel)
    assert panel.album is not None
    assert (panel.album.description, panel.search_bar.text) == ("Two weeks", "name:1")
    assert names(panel.view) == ["1.jpg"]
    panel.show(panel.album, order="name")
    settle(panel)
    assert (panel.search_bar.text, len(panel.view)) == ("", 10)


def test_what_is_asked_is_left_by_escape(panel: GalleryPanel) -> None:
    act(panel, "move")
    (row,) = panel.forms.children
    shown = [row.layout.display]
    say(panel.gallery, type="cancel")
    assert [*shown, row.layout.display] == [None, "none"]
    say(panel.gallery, type="action", version=panel.gallery.version, name="forget")
    until(lambda: panel.forms.question.layout.display is None)
    say(panel.gallery, type="cancel")
    settle(panel)
    assert (panel.forms.question.layout.display, panel.gallery.count) == ("none", 10)
    say(panel.gallery, type="cancel")  # there is nothing to leave


def test_a_hidden_form_does_nothing(backend: Backend, tmp_path: Path) -> None:
    """Who looks can press any button in a message: a visitor of the web app must not write files."""
    guest = GalleryPanel(backend.workbench, ALBUM, actions=photo_actions.OF_GUESTS)
    backend.photo("a1/1.jpg")
    guest.refresh()
    settle(guest)
    act(guest, "download")
    guest.forms.download()
    assert guest.forms.children == ()
    act(guest, "save")
    act(guest, "move")
    guest.forms.file.value = str(tmp_path / "file")
    guest.forms.download()
    settle(guest)
    assert list(tmp_path.iterdir()) == []
    guest.close()


def test_why_a_photo_is_not_retried_is_said(panel: GalleryPanel) -> None:
    say(panel.gallery, type="select", version=panel.gallery.version, ranges=[[0, 0]])
    say(panel.gallery, type="action", version=panel.gallery.version, name="retry")
    settle(panel)
    nothing = "Nothing was started. 1 not: 3.jpg is complete: there is nothing to retry."
    assert (panel.status.text, panel.status.tone) == (nothing, "error")


def test_an_action_that_is_not_offered_is_not_done(backend: Backend, panel: GalleryPanel) -> None:
    guest = GalleryPanel(backend.workbench, ALBUM, actions=[])
    settle(guest)
    say(guest.gallery, type="select", version=guest.gallery.version, ranges=[[0, 9]])
    say(guest.gallery, type="action", version=guest.gallery.version, name="forget")
    settle(guest)
    assert guest.forms.children == (), "nothing is asked"


def test_a_visitor_of_the_web_app_cannot_write_on_its_machine(backend: Backend) -> None:
    app = WebApp(backend.workbench)
    offered = {action["name"] for action in app.gallery.gallery.actions}
    assert offered == {
        *("save", "label", "move", "copy", "cover", "retry", "reprocess", "duplicates", "forget", "copy-ids")
    }


def test_labels_are_corrected_in_the_viewer_in_the_name_of_who_looks(
    backend: Backend, panel: GalleryPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = GalleryPanel(backend.workbench, ALBUM, user=lambda: "visitor")
    settle(panel)
    sent = Sent(panel.viewer, monkeypatch)
    panel.open_photo(0)
    flush()
    photo_id, version = panel.viewer.photo["id"], panel.gallery.version
    for edit in (
        {"action": "rename", "label": "Dog", "to": "Wolf"},
        {"action": "add", "label": "Beach"},
        {"action": "add", "label": "BEACH"},
        {"action": "remove", "label": "wolf"},
        {"action": "undo"},
        {"action": "remove", "label": "Nothing"},
        {"action": "burn", "label": "Dog"},
        {"action": "add", "label": 7},
        {"action": "add", "label": "x" * 65},
    ):
        say(panel.viewer, type="label", id=photo_id, **edit)
    until(lambda: len(sent.of("label")) == 7)
    flush()
    told = [one.get("text") or one["cause"] for one, _ in sent.of("label")]
    assert told[:3] == ["Dog renamed to Wolf.", "Beach added.", "Beach added."], "as the photo spells it"
    assert told[3:5] == ["Wolf removed.", "Undone: Wolf there again."]
    assert "It has: Wolf, Beach" in told[5]
    assert [one["again"] for one, _ in sent.of("label")[5:]] == ["", "x" * 65], "an added one is to be mended"
    assert backend.workbench.photos.get(photo_id).tags == ("Wolf", "Beach")
    assert [name for name, _ in panel.viewer.photo["tags"]] == ["Wolf", "Beach"]
    assert panel.viewer.photo["said"] == {"Wolf": "visitor", "Beach": "visitor"}
    assert panel.gallery.version > version, "its card, too"
    assert panel._cards(0, 1)[0].said == ("Wolf", "Beach")
    say(panel.viewer, type="labels")
    assert "Dog" in sent.first("labels")[0]["names"]


def test_labels_of_selected_photos_are_corrected(backend: Backend, panel: GalleryPanel) -> None:
    say(panel.gallery, type="select", version=panel.gallery.version, ranges=[[0, 3]])
    say(panel.gallery, type="action", version=panel.gallery.version, name="label")
    settle(panel)
    assert "Dog" in panel.forms.label.options
    assert panel.forms.new_label.layout.display == "none"
    panel.forms.edit.value = "rename"
    assert panel.forms.new_label.layout.display is None
    panel.forms.label.value, panel.forms.new_label.value = "Dog", "Wolf"
    panel.forms.correct()
    settle(panel)
    assert panel.status.text == "Dog renamed to Wolf in 4 photos."
    backend.workbench.catalog.sync()
    assert backend.workbench.photos.where(tag="Wolf").count() == 4
    panel.forms.correct()
    assert not panel.busy, "what is hidden cannot be applied again"
    for edit, tags in (("hide", {"Cat": 3, "Animal": 3}), ("show", {"Wolf": 4, "Cat": 3, "Animal": 3})):
        say(panel.gallery, type="action", version=panel.gallery.version, name="label")
        settle(panel)
        panel.forms.edit.value, panel.forms.label.value = edit, "Wolf"
        panel.forms.correct()
        settle(panel)
        assert panel.view.tags() == tags, "neither counted nor shown"
        assert [name for name, _ in panel._cards(0, 1)[0].tags] == (["Wolf"] if edit == "show" else [])


def test_arrows_in_the_viewer_go_through_the_whole_view(panel: GalleryPanel) -> None:
    panel.open_photo(8)
    flush()
    position = panel.viewer.photo["position"]
    say(panel.viewer, type="step", step=1)
    flush()
    assert (position, panel.viewer.photo["position"], panel.viewer.photo["next"]) == (
        "9 of 10",
        "10 of 10",
        False,
    )


def test_photos_under_way_are_shown_as_they_end_also_the_one_that_is_open(
    panel: GalleryPanel, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_way, "EVERY_S", 0.05)
    backend.write("a1/9.jpg", "UPLOADED", uploadTime=4_000_000_009)
    panel.refresh()
    panel.open_photo(9)
    settle(panel)
    backend.write("a1/9.jpg", "SUCCEEDED", uploadTime=4_000_000_009)
    time.sleep(0.3)
    assert "Uploaded" in json.dumps(panel.viewer.photo), "no browser shows it"
    say(panel.gallery, type="painted", version=panel.gallery.version)
    until(lambda: [one.note for one in panel._cards(9, 10)] == [""])
    settle(panel)
    assert "Succeeded" in json.dumps(panel.viewer.photo)
    refreshed = list[str]()
    monkeypatch.setattr(panel, "refresh", lambda: refreshed.append("again"))
    backend.write("a1/9.jpg", "FAILED", uploadTime=4_000_000_009)
    time.sleep(0.3)
    assert refreshed == [], "nothing is under way any more"


def test_photos_under_way_are_followed_also_where_nothing_has_changed_since_the_catalog_was_read(
    panel: GalleryPanel, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_way, "EVERY_S", 0.05)
    backend.write("a1/9.jpg", "UPLOADED", uploadTime=4_000_000_009)
    panel.refresh()
    settle(panel)
    other = GalleryPanel(backend.workbench, ALBUM)
    settle(other)
    say(other.gallery, type="painted", version=other.gallery.version)
    settle(other)
    backend.write("a1/9.jpg", "SUCCEEDED", uploadTime=4_000_000_009)
    until(lambda: [one.note for one in other._cards(9, 10)] == [""])
    other.close()


def test_a_photo_that_never_ends_is_not_looked_at_for_ever(
    panel: GalleryPanel, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_way, "EVERY_S", 0.05)
    backend.write("a1/9.jpg", "PROCESSING")
    panel.refresh()
    settle(panel)
    assert panel.searched
    synced, now = list[float](), [0.0]
    monkeypatch.setattr(StackCatalog, "sync", lambda _: synced.append(now[0]))
    looking = under_way.UnderWay(backend.workbench, lambda: None, clock=lambda: now[0])
    looking.begin()
    looking.note(panel.searched.view, panel.searched.version)
    until(lambda: len(synced) > 2)
    now[0] = 301.0
    until(lambda: looking._pulse._stop is None)
    seen = len(synced)
    time.sleep(0.2)
    assert len(synced) == seen
    looking.close()


def test_what_is_chosen_on_the_map_is_selected(panel: GalleryPanel) -> None:
    numbers = array("I", panel.map.places)
    panel.map._handle_custom_msg({"type": "choose", "version": panel.map.version}, [numbers.tobytes()])
    assert set(names(panel.selected)) == {"0.jpg", "4.jpg"}


def test_an_area_on_the_map_is_a_condition(panel: GalleryPanel) -> None:
    for box, found in (([52, 13, 53, 14], 2), ([-10, -10, 10, 10], 0)):
        say(panel.map, type="within", box=box)
        settle(panel)
        assert len(panel.view) == found
    assert panel.search_bar.text == "within:-10,-10,10,10", "of several areas the last"


def test_a_photo_that_has_just_finished_is_shown(panel: GalleryPanel, backend: Backend) -> None:
    panel.add(backend.photo("a1/new.jpg", creationTime="2024-01-01T00:00:00"))
    settle(panel)
    assert names(panel.view)[0] == "new.jpg"
    panel.add(backend.photo("b1/new.jpg", albumID="b1"))
    assert not panel.busy


@pytest.mark.parametrize("broken", [False, True])
def test_an_album_that_is_opened_while_another_is_read_is_shown(
    panel: GalleryPanel, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    gate, reading, database = Event(), Event(), StackCatalog.database

    def slow(self: StackCatalog, *age: float) -> Any:
        if not reading.is_set():
            reading.set()
            assert gate.wait(10)
            if broken:
                raise ConnectionError("no network")
        return database(self, *age)

    monkeypatch.setattr(StackCatalog, "database", slow)
    panel.refresh()
    assert reading.wait(10)
    job = panel.show(OTHER)
    flush()
    assert panel.search_bar.summary == "", "what it said was of the other one"
    gate.set()
    job.wait(10)
    settle(panel)
    assert (names(panel.view), panel.search_bar.summary) == (["other.jpg"], "1 photo")
    assert (panel.status.text, panel.gallery.loading) == ("", False)


def test_what_the_catalog_knows_is_shown_while_the_table_is_asked(
    panel: GalleryPanel, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, asking, follow = Event(), Event(), Catalog._follow

    def slow(self: Catalog) -> None:
        asking.set()
        assert gate.wait(10)
        follow(self)

    monkeypatch.setattr(Catalog, "_follow", slow)
    backend.write("b1/new.jpg", albumID="b1")
    shown, sent = panel.show(OTHER), Sent(panel.gallery, monkeypatch)
    assert asking.wait(10)
    assert [card["name"] for card in sent.first("window")[0]["cards"]] == ["other.jpg"]
    gate.set()
    shown.wait(10)
    settle(panel)
    assert set(names(panel.view)) == {"other.jpg", "new.jpg"}
    assert panel.status.text == ""
    layouts = len(sent.of("layout"))
    panel.show(ALBUM).wait(10)
    assert len(sent.of("layout")) == layouts + 1, "nothing has changed: it is shown once"


def test_suggestions_are_what_occurs_with_counts(panel: GalleryPanel, backend: Backend) -> None:
    help_ = SearchHelp(backend.workbench.photos.where())
    (first, *_) = help_.suggestions("has:place -tag:do", 17)
    assert (first.text, first.detail) == ("has:place -tag:Dog", "tag · 4")
    assert [one.label for one in help_.suggestions("ani", 3)] == ["tag:Animal"]
    assert [one.label for one in help_.suggestions("cam", 3)] == ["camera:"]
    tags = next(facet for facet in help_.facets() if facet.name == "Tags")
    assert [(one.label, one.count) for one in tags.values] == [("Animal", 7), ("Dog", 4), ("Cat", 3)]


def test_static_is_safe_by_construction(backend: Backend) -> None:
    backend.write(f"a1/{HOSTILE}", "FAILED", error={"cause": HOSTILE}, tags=[HOSTILE])
    backend.write("a1/2.jpg", geo={"latitude": 1, "longitude": 2})
    panel = GalleryPanel(backend.workbench, ALBUM)
    settle(panel)
    _, sheet, (picture, note), rows = panel.static()
    assert Image.open(io.BytesIO(base64.b64decode(sheet["image/webp"]))).size == (2 * 128, 128)
    assert "onerror" not in picture["image/svg+xml"]
    page = Tags(f"{note}{rows}")
    assert "img" not in {tag for tag, _ in page.found}
    assert "onerror" not in {name for _, attributes in page.found for name, _ in attributes}


def test_an_error_is_said_and_the_next_try_works(
    panel: GalleryPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise ConnectionError("The local AWS does not answer.")

    with monkeypatch.context() as broken:
        broken.setattr(Catalog, "database", fail)
        panel.refresh()
        settle(panel)
        assert panel.status.text == "The local AWS does not answer."
        assert not panel.gallery.loading
    panel.refresh()
    settle(panel)
    assert (panel.gallery.count, panel.status.text) == (10, "")
