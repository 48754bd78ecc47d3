"""The web app without a browser: where a visitor is, and what leads from place to place."""

from __future__ import annotations

import datetime
import io
import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import anywidget
import ipywidgets
import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from imageproc.catalog.catalog import Catalog
from imageproc.client.albums import Albums
from imageproc.client.catalogs import StackCatalog
from imageproc.client.dead_letters import DeadLetter, DeadLetters, NotRedriven, Redriven
from imageproc.client.photos.followed import FollowedPhotos
from imageproc.client.photos.processing import Restarted
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.errors import EndpointUnreachableError, StackMissingError, WorkbenchError
from imageproc.widgets import FollowPanel, GalleryPanel, WebApp, pulse
from imageproc.widgets.app import lookout
from imageproc.widgets.app.address import ALL, Address
from imageproc.widgets.app.navigation import Navigation
from imageproc.widgets.panels.photo_pictures import PhotoPictures
from imageproc.widgets.parts.album_cards import AlbumCard, AlbumCardHandlers, AlbumCards
from imageproc.widgets.parts.drop_zone import DroppedFile, UploadForm, UploadResult, UploadState
from imageproc.widgets.parts.photo_map import outlines
from imageproc.widgets.updates import flush
from tests.client.conftest import Backend
from tests.pictures import jpeg

MOST_BYTES = 300_000
"""Of the web app's own scripts, styles and outlines in a page."""

TEXT = st.text(max_size=40)


# ---- the address


@given(TEXT.filter(bool), TEXT, TEXT, TEXT)
def test_an_address_says_where_somebody_is_whatever_the_names(
    user: str, album: str, search: str, photo: str
) -> None:
    address = Address(user, album, search, photo)
    assert Address.parse(str(address)) == address
    assert str(address).isascii()


@pytest.mark.parametrize(
    ("fragment", "found"),
    [
        ("", Address()),
        ("#", Address()),
        ("#user=ann", Address("ann")),
        ("user=ann&album=all&search=tag%3ADog", Address("ann", ALL, "tag:Dog")),
        ("#user=ann&theme=dark&=&&photo=a/b.jpg", Address("ann", photo="a/b.jpg")),
        ("#album=a1", Address()),
        ("#user=ann&search=" + "x" * 5000, Address("ann")),
        ("#%zz&user=%ff", Address("\ufffd")),
    ],
)
def test_what_is_no_address_leads_nowhere(fragment: str, found: Address) -> None:
    assert Address.parse(fragment) == found


@pytest.mark.parametrize(
    ("before", "after", "in_place"),
    [
        (Address("ann"), Address("ann", "a1"), False),
        (Address("ann", "a1"), Address("ann", "a1", "dog"), False),
        (Address("ann", "a1", "d"), Address("ann", "a1", "dog"), True),
        (Address("ann", "a1"), Address("ann", "a1", photo="1.jpg"), False),
        (Address("ann", "a1", photo="1.jpg"), Address("ann", "a1", photo="2.jpg"), True),
        (Address("ann", "a1", photo="2.jpg"), Address("ann", "a1"), False),
        (Address("ann", "a1", "d"), Address("bob", "a1", "d"), False),
    ],
)
def test_a_step_back_leads_past_letters_and_photos_that_were_passed(
    before: Address, after: Address, in_place: bool
) -> None:
    assert after.follows(before) is in_place


def test_what_changes_while_a_place_is_shown_does_not_lead_away() -> None:
    published: list[tuple[str, bool]] = []

    def enter(wanted: Address, _: Address) -> tuple[Address, str]:
        assert not navigation.note(search="")  # as the field is emptied for the new album
        return wanted, ""

    navigation = Navigation(enter, lambda *one: published.append(one), lambda _: None, lambda: True)
    navigation.go(Address("ann", "a1", "dog")).wait(10)
    assert navigation.note(search="dog beach")
    navigation.close()
    assert published == [
        ("#user=ann&album=a1&search=dog", False),
        ("#user=ann&album=a1&search=dog%20beach", True),
    ]


def test_what_cannot_be_shown_is_said_and_can_be_tried_again() -> None:
    said: list[str] = []
    answers = iter([WorkbenchError("No answer.", "Start it."), None])

    def enter(wanted: Address, before: Address) -> tuple[Address, str]:
        assert before == Address()
        assert said in ([], ["No answer. Start it.", ""]), "not while it is tried again"
        if error := next(answers):
            raise error
        return wanted, ""

    navigation = Navigation(enter, lambda *_: None, said.append, lambda: True)
    navigation.go(Address("ann")).wait(10)
    navigation.again().wait(10)
    navigation.close()
    assert said == ["No answer. Start it.", "", ""]
    assert navigation.address == Address("ann")


class Outage:
    """An AWS that does not answer, a page that looks for it, and what the page says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lookout, "_EVERY_S", 0.02)
        self.over = self.partly_over = False
        self.looks = self.entered = 0
        self.said: list[str] = []
        self.navigation = Navigation(self._enter, lambda *_: None, self.said.append, self._answers)

    def _answers(self) -> bool:
        self.looks += 1
        return self.over or self.partly_over

    def _enter(self, wanted: Address, _: Address) -> tuple[Address, str]:
        self.entered += 1
        if not self.over:
            raise EndpointUnreachableError("Reading", "the local AWS does not answer.")
        return wanted, ""


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    made = Outage(monkeypatch)
    yield made
    made.navigation.close()


def test_an_aws_that_does_not_answer_is_looked_for_and_the_page_goes_on_by_itself(outage: Outage) -> None:
    outage.navigation.go(Address("ann")).wait(10)
    until(lambda: outage.looks > 3)
    (problem,) = outage.said
    assert "does not answer" in problem
    assert problem.endswith(". The page looks for it, and goes on by itself.")
    assert outage.entered == 1, "quietly: nothing is shown anew meanwhile"
    outage.over = True
    until(lambda: outage.said[1:] == ["", ""])
    looks = outage.looks
    time.sleep(0.2)
    assert (outage.entered, outage.looks, outage.navigation.address) == (2, looks, Address("ann"))


def test_it_is_looked_for_no_longer_than_it_is_waited_for(
    outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "TIMEOUT_S", 1.0)
    outage.partly_over = True  # what is asked first is answered, and no page is
    outage.navigation.go(Address("ann")).wait(10)
    until(lambda: "Reading failed" in outage.said[-1] and "by itself" not in outage.said[-1])
    assert outage.entered > 2
    looks = outage.looks
    time.sleep(0.2)
    assert outage.looks == looks
    outage.navigation.again().wait(10)
    assert "goes on by itself" in outage.said[-1], "who tries again has more time"


def test_whoever_goes_elsewhere_is_not_led_back(outage: Outage) -> None:
    outage.navigation.go(Address("ann")).wait(10)
    outage.over = True
    outage.navigation.go(Address("bob")).wait(10)
    entered = outage.entered
    time.sleep(0.2)
    assert (outage.entered, outage.navigation.address) == (entered, Address("bob"))


# ---- the app


class Visitor:
    """A visitor of the app; `address` is what the page's address ends with."""

    def __init__(self, backend: Backend) -> None:
        self.app = WebApp(backend.workbench)
        self.fragments: list[str] = []
        self.app.navigation._publish = lambda fragment, _: self.fragments.append(fragment)

    def tell(self, widget: Any, **message: Any) -> None:
        widget._handle_custom_msg(message, [])
        self.settle()

    def go(self, fragment: str, user: str | None = None) -> None:
        """Open an address; `user` is who is logged in, else the one whose address it is."""
        noted = Address.parse(fragment).user if user is None else user
        self.tell(self.app.top_bar, type="go", fragment=fragment, user=noted)

    def settle(self) -> None:
        until(lambda: self.app.navigation._entering == 0 and not self.app.gallery.busy)
        flush()

    def rest(self) -> None:
        """Wait until the photo that failed was told of, with which the gallery is shown anew."""
        until(lambda: len(self.app.follow.photos) == 1 and not self.app.follow.busy)
        self.settle()

    @property
    def page(self) -> list[str]:
        pages = {
            "login": self.app._login_page,
            "albums": self.app.albums.cards,
            "photos": self.app.gallery,
            "drawer": self.app.drawer,
            "editing": self.app.editing,
        }
        return [name for name, widget in pages.items() if widget.layout.display != "none"]


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline, "it never comes"
        time.sleep(0.005)


@pytest.fixture
def visitor(backend: Backend) -> Iterator[Visitor]:
    """A visitor of a stack with an album of ann's, with two photos, of which one failed."""
    backend.workbench.albums.get_or_create("Trip", "ann")
    album = backend.workbench.albums.get("Trip", "ann").id
    thumbnail = {"s3Bucket": backend.stack.bucket, "s3Key": f"Thumbnails/{album}/good.jpg"}
    backend.write(f"{album}/good.jpg", albumID=album, tags=["Dog"], thumbnail=thumbnail)
    backend.put_thumbnail(f"{album}/good.jpg", b"small")
    backend.write(f"{album}/bad.jpg", "FAILED", albumID=album)
    made = Visitor(backend)
    yield made
    made.app.close()


def test_a_search_in_an_outage_is_answered_as_soon_as_aws_is_back(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "_EVERY_S", 0.05)
    app, album, real, down = visitor.app, album_of(backend), Catalog.database, True

    def database(self: Catalog, max_age_s: float | None = None) -> Any:
        if down and max_age_s == 0:
            raise EndpointUnreachableError("Reading the changes", "the local AWS does not answer.")
        return real(self, max_age_s)

    visitor.go(f"#user=ann&album={album}")
    visitor.rest()
    assert len(app.gallery.view) == 2
    monkeypatch.setattr(Catalog, "database", database)
    monkeypatch.setattr(app.navigation._lookout, "_answers", lambda: not down)
    app.gallery.searched = None
    visitor.tell(app.gallery.search_bar, type="search", text="tag:Dog")
    assert app.top_bar.problem.endswith("The page looks for it, and goes on by itself.")
    assert (app.gallery.status.text, app.gallery.search_bar.problem) == ("", "")
    assert len(app.gallery.view) == 1, "it is answered from what is known"
    assert app.gallery.search_bar.chips == ["tag:Dog"]
    down = False
    until(lambda: app.top_bar.problem == "")
    visitor.settle()
    assert (len(app.gallery.view), app.gallery.search_bar.text) == (1, "tag:Dog")
    assert visitor.fragments[-1].endswith("&search=tag%3ADog")


def test_in_an_outage_nobody_is_told_that_there_is_nothing(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visitor.app
    visitor.go("#user=nobody")
    visitor.settle()
    assert app.gallery.gallery.invitation == "Choose photos"

    def unreachable(*_: Any) -> Any:
        raise EndpointUnreachableError("Reading the changes", "the local AWS does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(app.navigation._lookout, "_answers", lambda: False)
        patched.setattr(Catalog, "database", unreachable)
        app.gallery.searched = None
        visitor.tell(app.gallery.search_bar, type="search", text="tag:Dog")
        assert (app.gallery.gallery.empty, app.gallery.gallery.invitation) == ("", "")
        visitor.tell(app.top_bar, type="activity")
        until(lambda: "does not answer" in app.follow.list.empty)
        visitor.tell(app.top_bar, type="activity")
    visitor.tell(app.top_bar, type="activity")
    until(lambda: app.follow.list.empty == "Nothing is being processed, and nothing has failed.")


def test_what_somebody_did_in_an_outage_is_not_said_to_go_on_by_itself(visitor: Visitor) -> None:
    visitor.go("#user=ann&album=all")
    visitor.rest()

    def work(_: Any) -> None:
        raise EndpointUnreachableError("Moving", "the local AWS does not answer.")

    visitor.app.gallery.start(work, "Moving", after=True)
    visitor.settle()
    assert visitor.app.gallery.status.text.startswith("Moving failed: the local AWS does not answer.")
    assert visitor.app.top_bar.problem == ""


def test_an_album_that_is_gone_is_left(visitor: Visitor, backend: Backend) -> None:
    visitor.go(f"#user=ann&album={album_of(backend)}")
    backend.stack.client("dynamodb").delete_item(
        TableName=backend.stack.album_table, Key={"albumID": {"S": album_of(backend)}}
    )
    visitor.app.gallery.refresh()
    until(lambda: visitor.page == ["albums"])
    visitor.settle()
    assert "That album is not there" in visitor.app.top_bar.problem
    assert visitor.app.top_bar.again == "OK", "there is nothing to try again"


def album_of(backend: Backend) -> str:
    return backend.workbench.albums.get("Trip", "ann").id


def test_from_the_log_in_to_an_album_a_search_and_a_photo(visitor: Visitor, backend: Backend) -> None:
    app, album = visitor.app, album_of(backend)
    visitor.go("")
    assert visitor.page == ["login"]
    app.login.name.value = "an"  # the last letter is on its way as Enter is pressed
    visitor.tell(app.login.name, type="enter", text="ann")
    assert (visitor.page, visitor.fragments[-1]) == (["albums"], "#user=ann")
    assert [(card["name"], card["count"]) for card in app.albums.cards.cards] == [
        ("All photos", 2),
        ("Trip", 2),
    ]
    visitor.tell(app.albums.cards, type="open", text=album)
    assert (visitor.page, app.top_bar.title) == (["photos"], "Trip")
    visitor.tell(app.gallery.search_bar, type="search", text="tag:Dog")
    visitor.tell(app.gallery.gallery, type="open", version=app.gallery.gallery.version, number=0)
    assert visitor.fragments[-1] == f"#user=ann&album={album}&search=tag%3ADog&photo={album}/good.jpg"
    visitor.tell(app.gallery.viewer, type="close")
    assert visitor.fragments[-1] == f"#user=ann&album={album}&search=tag%3ADog"
    visitor.tell(app.top_bar, type="home")
    assert (visitor.page, visitor.fragments[-1]) == (["albums"], "#user=ann")
    visitor.tell(app.gallery.search_bar, type="search", text="status:failed")
    assert (visitor.page, len(app.gallery.view)) == (["photos"], 1), "all albums are searched from here"
    assert app.gallery.search_bar.order == "taken-newest", "which is said"
    visitor.tell(app.top_bar, type="switch")
    assert (visitor.page, visitor.fragments[-1]) == (["login"], "")


def test_a_photo_that_is_opened_before_the_table_has_answered_stays_open(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, gate, asking, follow = visitor.app, Event(), Event(), Catalog._follow
    visitor.go(f"#user=ann&album={album_of(backend)}")
    visitor.go("#user=ann&album=all")

    def slow(self: Catalog) -> None:
        asking.set()
        assert gate.wait(10)
        follow(self)

    monkeypatch.setattr(Catalog, "_follow", slow)
    app.top_bar._handle_custom_msg(
        {"type": "go", "fragment": f"#user=ann&album={album_of(backend)}", "user": "ann"}, []
    )
    assert asking.wait(10)
    monkeypatch.setattr(PhotoPictures, "album", lambda *_: "Trip")  # it would ask the catalog, which waits
    app.gallery.open_photo(0)
    flush()
    opened = app.gallery.viewer.photo["id"]
    gate.set()
    visitor.settle()
    assert opened == app.gallery.viewer.photo["id"] == app.navigation.address.photo


def test_an_address_that_was_shared_leads_to_the_same_photo(visitor: Visitor, backend: Backend) -> None:
    album = album_of(backend)
    fragment = f"#user=ann&album={album}&search=tag%3ADog&photo={album}/good.jpg"
    visitor.go(fragment)
    assert visitor.page == ["photos"]
    assert visitor.app.gallery.search_bar.chips == ["tag:Dog"]
    assert visitor.app.gallery.viewer.photo["id"] == f"{album}/good.jpg"
    assert visitor.fragments == [], "the page has it already"
    visitor.go(f"#user=ann&album={album}&photo=gone.jpg")
    assert visitor.app.gallery.viewer.photo == {}
    assert "not here" in visitor.app.top_bar.problem


def test_an_address_of_somebody_else_changes_nothing_of_who_is_logged_in(
    visitor: Visitor, backend: Backend
) -> None:
    app, album = visitor.app, album_of(backend)
    backend.workbench.albums.get_or_create("Garden", "bob")
    visitor.go("#user=bob")
    assert [card["name"] for card in app.albums.cards.cards] == ["All photos", "Garden"]
    visitor.go(f"#user=ann&album={album}&photo={album}/good.jpg", "bob")
    assert (app.user, app.top_bar.user, app.top_bar.title) == ("bob", "bob", "Trip of ann")
    assert app.gallery.viewer.photo["id"] == f"{album}/good.jpg"
    visitor.go("#user=ann&album=all", "bob")
    assert (app.top_bar.title, len(app.gallery.view)) == ("All photos of ann", 2)
    visitor.go("#user=ann", "bob")
    assert (app.top_bar.title, app.top_bar.user) == ("Albums of ann", "bob")
    assert [card["name"] for card in app.albums.cards.cards] == ["All photos", "Trip"]
    visitor.tell(app.albums.cards, type="open", text=album)
    assert (visitor.fragments[-1], app.user) == (f"#user=ann&album={album}", "bob")
    visitor.tell(app.top_bar, type="home")
    assert (visitor.fragments[-1], app.top_bar.title) == ("#user=bob", "")
    assert visitor.app.top_bar.failed == 0, "what failed is ann's"


@pytest.mark.parametrize(("typed", "title"), [("ann", "Trip"), ("bob", "Trip of ann")])
def test_an_address_waits_for_the_log_in_and_offers_its_user(
    visitor: Visitor, backend: Backend, typed: str, title: str
) -> None:
    app, album = visitor.app, album_of(backend)
    visitor.go(f"#user=ann&album={album}", "")
    assert (visitor.page, app.login.name.value, app.top_bar.user) == (["login"], "ann", "")
    visitor.tell(app.login.name, type="enter", text=typed)
    assert (visitor.page, app.top_bar.title, app.user) == (["photos"], title, typed)


def test_a_label_is_corrected_in_the_name_of_who_has_logged_in(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEPROC_USER", "operator")
    photo_id = f"{album_of(backend)}/good.jpg"
    visitor.go(f"#user=ann&album={album_of(backend)}&search=tag%3ADog&photo={photo_id}")
    viewer = visitor.app.gallery.viewer
    visitor.tell(viewer, type="label", id=photo_id, action="rename", label="Dog", to="Wolf")
    until(lambda: viewer.photo.get("said") == {"Wolf": "ann"})
    assert [one.by for one in backend.workbench.photos.get(photo_id).corrections] == ["ann"]
    assert visitor.fragments == [], "it stays open, though the search would not find it any more"


def test_an_album_that_is_not_there_is_told_above_the_visitors_albums(visitor: Visitor) -> None:
    for fragment, user in (("#user=ann&album=nowhere", "ann"), ("#user=bob&album=nowhere&photo=x", "ann")):
        visitor.go(fragment, user)
        assert visitor.app.top_bar.problem.startswith("That album is not there:")
        assert (visitor.page, visitor.fragments.pop()) == (["albums"], "#user=ann")
    visitor.app.navigation.again()
    visitor.settle()
    assert (visitor.page, visitor.app.top_bar.problem) == (["albums"], "")


def test_whoever_is_not_logged_in_is_told_of_an_album_that_is_not_there_afterwards(visitor: Visitor) -> None:
    visitor.go("#user=ann&album=nowhere", "")
    assert visitor.page == ["login"]
    visitor.app.login.name.value = "ann"
    visitor.app.login.log_in()
    visitor.settle()
    assert visitor.page == ["albums"]
    assert visitor.app.top_bar.problem.startswith("That album is not there:")


def test_an_address_that_leads_nowhere_says_why(visitor: Visitor) -> None:
    fragment, said = "#user=%E2%9C%93", "cannot be used as a name"
    visitor.go(fragment)
    card = visitor.app.login.status
    assert (said in card.text, card.tone) == (True, "error")
    assert visitor.app.top_bar.problem == "", "below the card it would be far away"
    visitor.app.login.name.value = "ann"
    visitor.app.login.log_in()
    visitor.settle()
    assert (visitor.page, visitor.app.top_bar.problem) == (["albums"], "")
    assert "not a password" in card.text
    visitor.go(fragment)
    assert said in visitor.app.top_bar.problem


def test_albums_count_what_is_processed_meanwhile(visitor: Visitor, backend: Backend) -> None:
    app, album = visitor.app, album_of(backend)
    visitor.go("#user=ann")
    assert [card["count"] for card in app.albums.cards.cards] == [2, 2]
    backend.write(f"{album}/new.jpg", albumID=album, userID="ann")
    app.top_bar.active = 1
    app._show_finished([backend.workbench.photos.get(f"{album}/new.jpg")])
    visitor.settle()
    assert [card["count"] for card in app.albums.cards.cards] == [3, 3]


def test_a_search_is_in_the_field_before_it_is_answered(visitor: Visitor, backend: Backend) -> None:
    album = album_of(backend)
    visitor.go("#user=ann")
    backend.refuse("dynamodb", "Query")
    visitor.go(f"#user=ann&album={album}&search=tag%3ACat")
    assert visitor.app.gallery.search_bar.text == "tag:Cat"


def test_who_comes_during_an_outage_gets_to_the_address_by_the_log_in(
    visitor: Visitor, backend: Backend
) -> None:
    album = album_of(backend)
    backend.refuse("dynamodb", "GetItem")
    visitor.go(f"#user=ann&album={album}")
    login = visitor.app.login
    assert ("the test says so" in login.status.text, login.name.value) == (True, "ann")
    login.log_in()
    visitor.settle()
    assert visitor.page == ["photos"]


def test_while_it_is_asked_whether_to_erase_photos_the_album_is_not_changed(
    visitor: Visitor, backend: Backend
) -> None:
    app = visitor.app
    visitor.go(f"#user=ann&album={album_of(backend)}")
    visitor.tell(app.top_bar, type="edit")
    app.gallery.gallery.asking = True
    visitor.settle()
    assert (app.top_bar.asking, app.editor.form.delete_button.disabled) == (True, True)
    visitor.tell(app.top_bar, type="edit")
    visitor.tell(app.top_bar, type="edit")
    assert visitor.page == ["photos"], "it can be closed, but not opened"
    app.gallery.gallery.asking = False
    visitor.settle()
    assert (app.top_bar.asking, app.editor.form.delete_button.disabled) == (False, False)


def test_an_aws_that_does_not_answer_is_said_and_tried_again(visitor: Visitor, backend: Backend) -> None:
    cards, bar = visitor.app.albums.cards, visitor.app.top_bar
    backend.refuse("dynamodb", "Query")
    visitor.go("#user=ann")
    assert "the test says so" in bar.problem
    assert (cards.loading, cards.known) == (False, False), "neither being read nor empty"
    visitor.tell(bar, type="again")
    assert (bar.problem, len(cards.cards), cards.known) == ("", 2, True)
    backend.refuse("dynamodb", "Query")
    visitor.tell(bar, type="home")
    assert (bool(bar.problem), len(cards.cards), cards.known) == (True, 2, True)


def test_a_visitor_of_an_aws_that_is_back_sees_the_albums(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "_EVERY_S", 0.02)
    stopped = Event()
    stopped.set()

    def refuse(**_: Any) -> None:
        if stopped.is_set():
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:4566/")

    backend.stack.client("dynamodb").meta.events.register("before-call.dynamodb", refuse)
    visitor.go("#user=ann")
    cards, bar, card = visitor.app.albums.cards, visitor.app.top_bar, visitor.app.login.status
    until(lambda: "goes on by itself" in bar.problem + card.text)
    stopped.clear()
    until(lambda: len(cards.cards) == 2)
    visitor.settle()
    assert (bar.problem, visitor.page) == ("", ["albums"])


def test_an_album_to_which_photos_are_on_their_way_does_not_ask_for_some(
    visitor: Visitor, backend: Backend
) -> None:
    app, gallery = visitor.app, visitor.app.gallery.gallery
    folded: list[Any] = []
    app.uploads.zone.send = lambda message, _=None: folded.append(message)
    visitor.go("#user=ann")
    visitor.tell(app.albums.cards, type="create", text="Garden")
    until(lambda: app.top_bar.title == "Garden")
    visitor.settle()
    assert gallery.invitation
    data = jpeg((8, 8))
    files = [DroppedFile(one, f"{one}.jpg", len(data), "image/jpeg", one * 64, data[:32]) for one in "12"]
    for file in files:
        assert isinstance(app.uploads._handler.presign(file), UploadForm)
    flush()
    assert ("on their way" in gallery.empty, gallery.invitation) == (True, "")
    app.uploads._handler.discard("1")
    sent = app.uploads._handler.upload("2", io.BytesIO(data))
    assert sent.state is UploadState.SENT, sent.text
    visitor.tell(app.top_bar, type="activity")
    assert {"type": "fold"} in folded
    app.gallery.invite()
    flush()
    assert "on their way" in gallery.empty, "it is being processed"
    album = app.uploads.album
    assert app.follow.awaits(album)
    app.follow._drop(next(iter(app.follow._announced)))
    until(lambda: not app.follow.awaits(album))  # it was erased
    app.follow.forget()
    until(lambda: not app.follow._announced)
    app.gallery.invite()
    flush()
    assert gallery.invitation


def test_what_failed_before_is_a_number_on_the_way_to_its_run(visitor: Visitor, backend: Backend) -> None:
    visitor.go("#user=ann")
    until(lambda: visitor.app.top_bar.failed == 1)
    assert [one["name"] for one in visitor.app.follow.list.rows] == ["bad.jpg"]
    kept: list[float] = []
    visitor.app.top_bar.keep_seen = kept.append
    visitor.tell(visitor.app.top_bar, type="activity")
    assert "drawer" in visitor.page
    until(lambda: visitor.app.top_bar.failed == 0)
    assert [one["name"] for one in visitor.app.follow.list.rows] == ["bad.jpg"], "it is seen, and stays"
    visitor.go("#user=bob")
    until(lambda: not visitor.app.follow.list.rows)
    assert "drawer" not in visitor.page
    visitor.go("#user=ann")
    until(lambda: visitor.app.top_bar.failed == 1)
    visitor.tell(visitor.app.top_bar, type="seen", time=kept[0])  # as ann's browser kept it
    assert (len(kept), visitor.app.top_bar.failed) == (1, 0)


def test_what_failed_is_retried_or_erased_where_it_is_listed(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, album = visitor.app, album_of(backend)
    bad = f"{album}/bad.jpg"
    visitor.go(f"#user=ann&album={album}")
    visitor.tell(app.top_bar, type="activity")
    until(lambda: [one["actions"] for one in app.follow.list.rows] == [["retry", "forget"]])
    restarted: list[list[str]] = []

    def retry_each(_: Any, ids: list[str]) -> list[Any]:
        restarted.append(ids)
        return []

    monkeypatch.setattr(type(backend.workbench.photos), "retry_each", retry_each)
    for message in ({"action": "erase", "key": bad}, {"action": "retry", "key": f"{album}/good.jpg"}):
        visitor.tell(app.follow.list, **message)
    visitor.tell(app.follow.list, action="retry", key=bad)
    until(lambda: restarted == [[bad]] and not app.follow.actions.busy)

    question = app.follow.actions.question
    for answer in (question.no, question.yes):
        visitor.tell(app.follow.list, action="forget", key=bad)
        until(lambda: question.layout.display != "none")
        assert "Erase bad.jpg for good?" in question.text.text
        answer.click()
        until(lambda: not app.follow.actions.busy)
        visitor.settle()
        if answer is question.no:
            assert backend.workbench.photos.get(bad).status == "FAILED"
    until(lambda: not app.follow.list.rows)
    until(lambda: len(app.gallery.view) == 1)
    assert [one.id for one in app.gallery.view] == [f"{album}/good.jpg"]


def test_a_photo_that_has_become_complete_elsewhere_is_seen_so_when_it_is_retried(
    visitor: Visitor, backend: Backend
) -> None:
    app, album = visitor.app, album_of(backend)
    bad = f"{album}/bad.jpg"
    visitor.go(f"#user=ann&album={album}")
    visitor.tell(app.top_bar, type="activity")
    until(lambda: [one["key"] for one in app.follow.list.rows] == [bad])
    backend.write(bad, Status.SUCCEEDED, albumID=album)
    visitor.tell(app.follow.list, action="retry", key=bad)
    until(lambda: app.follow.actions.status.text.endswith("bad.jpg is complete: there is nothing to retry."))
    until(lambda: app.follow.failed_at() == [])
    assert [one.photo.status for one in app.follow.photos if one.photo] == [Status.SUCCEEDED]


def test_uploads_that_were_never_started_are_counted_and_started(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, album = visitor.app, album_of(backend)
    good = f"{album}/good.jpg"
    now = datetime.datetime.now(datetime.UTC)
    letters = [DeadLetter(str(number), now, (good,), "Throttled", "", "", "") for number in range(3)]
    stays = NotRedriven(letters[2], "It is <b>no</b> event.")

    def redrive(_: Any) -> Iterator[Redriven | NotRedriven]:
        while len(letters) > 1:
            yield Redriven(letters.pop(0), (Restarted(good, "arn", ""),), (("Incoming/a", "it is gone"),))
        yield stays

    monkeypatch.setattr(DeadLetters, "count", lambda _: len(letters))
    monkeypatch.setattr(DeadLetters, "redrive", redrive)
    visitor.go(f"#user=ann&album={album}")
    until(lambda: app.top_bar.failed == 4)  # with the photo that failed
    visitor.tell(app.top_bar, type="activity")
    panel = app.repairs.panel
    assert panel.status.text == "3 uploads reached the stack, but were never started."
    assert (panel.start_button.description, panel.retry_button.layout.display) == ("Start 3 uploads", "none")
    panel.start_button.click()
    until(lambda: panel.start_button.description == "Start 1 upload")
    until(lambda: not panel.busy)
    visitor.settle()
    assert panel.status.text == "2 started, 2 needed nothing. 1 could not be: It is <b>no</b> event."
    until(lambda: app.follow.list.counts["all"] == 2)


def test_an_open_album_shows_what_comes_from_elsewhere(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "EVERY_S", 0.1)
    app, album = visitor.app, album_of(backend)
    visitor.go(f"#user=ann&album={album}")
    visitor.rest()
    refreshed, refresh = list[str](), app.gallery.refresh

    def counted() -> Any:
        refreshed.append(album)
        return refresh()

    monkeypatch.setattr(app.gallery, "refresh", counted)
    time.sleep(0.5)
    assert refreshed == [], "nothing has changed"
    backend.write(f"{album}/late.jpg", albumID=album, userID="ann")
    until(lambda: len(app.gallery.view) == 3)
    backend.workbench.albums.rename(album, "Journey")
    until(lambda: app.top_bar.title == "Journey")
    backend.stack.client("dynamodb").delete_item(
        TableName=backend.stack.album_table, Key={"albumID": {"S": album}}
    )
    until(lambda: visitor.page == ["albums"])
    visitor.settle()
    assert "That album is not there" in app.top_bar.problem
    seen = len(refreshed)
    time.sleep(0.3)
    assert len(refreshed) == seen, "no album is open"


def test_open_albums_show_what_comes_from_elsewhere(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "EVERY_S", 0.1)
    visitor.go("#user=ann")
    elsewhere = Workbench(backend.stack.target)
    elsewhere.stack.outputs = backend.stack.outputs
    elsewhere.albums.get_or_create("From the command line", "ann")
    until(lambda: "From the command line" in [card["name"] for card in visitor.app.albums.cards.cards])


@pytest.mark.parametrize("place", ["", "&album=all"])
def test_a_stack_that_is_gone_is_said_to_be_so_and_found_again(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(pulse, "EVERY_S", 0.1)
    app, real, gone = visitor.app, StackCatalog.database, True

    def database(self: StackCatalog, max_age_s: float | None = None) -> Any:
        if gone:
            raise StackMissingError("Looking for the stack", "there is no such stack.")
        return real(self, max_age_s)

    visitor.go(f"#user=ann{place}")
    visitor.rest()
    monkeypatch.setattr(StackCatalog, "database", database)
    until(lambda: "there is no such stack. Deploy it first" in app.top_bar.problem)
    time.sleep(0.5)
    assert app.top_bar.problem.endswith("The page looks for it, and goes on by itself.")
    gone = False
    until(lambda: app.top_bar.problem == "")
    visitor.settle()
    assert len(app.gallery.view) == 2


def test_another_stack_is_another_visit(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, forgot = visitor.app, list[str]()
    visitor.go("#user=ann&album=all")
    monkeypatch.setattr(app.follow, "forget", lambda: forgot.append("photos"))
    app.navigation.again().wait(10)
    assert forgot == []
    backend.stack.outputs = {**backend.stack.outputs, "S3PhotoRepoBucket": "anew"}
    app.navigation.again().wait(10)
    assert forgot == ["photos"]


@pytest.mark.parametrize("place", ["", "&album=all"])
def test_an_open_page_finds_that_the_stack_is_another_one(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(pulse, "EVERY_S", 0.1)
    app, forgot = visitor.app, list[str]()
    visitor.go(f"#user=ann{place}")
    visitor.rest()
    monkeypatch.setattr(app.follow, "forget", lambda: forgot.append("photos"))
    backend.stack.outputs = {**backend.stack.outputs, "S3PhotoRepoBucket": "anew"}
    until(lambda: bool(forgot))
    visitor.settle()
    time.sleep(0.4)
    assert forgot == ["photos"], "once"


def test_who_comes_before_the_stack_is_deployed_is_led_on_when_it_is(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "_EVERY_S", 0.05)
    app, there, real = visitor.app, False, Albums.of

    def of(self: Albums, user: str | None = None) -> Any:
        if there:
            return real(self, user)
        raise StackMissingError("Looking for the stack", "there is no such stack.")

    monkeypatch.setattr(Albums, "of", of)
    visitor.go("#user=ann")
    said = app.top_bar.problem
    assert said.endswith(
        "Deploy it first (imageproc deploy), or check its name, the profile and the region. "
        "The page looks for it, and goes on by itself."
    )
    time.sleep(0.3)
    assert app.top_bar.problem == said
    there = True
    until(lambda: app.top_bar.problem == "")
    visitor.settle()
    assert [card["name"] for card in app.albums.cards.cards] == ["All photos", "Trip"]


@pytest.mark.parametrize("place", ["", "&album=all"])
def test_what_fails_elsewhere_is_counted_beside_activity_while_that_is_closed(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(pulse, "EVERY_S", 0.1)
    app, album = visitor.app, album_of(backend)
    visitor.go(f"#user=ann{place}")
    until(lambda: app.top_bar.failed == 1)
    visitor.tell(app.top_bar, type="activity")
    until(lambda: app.top_bar.failed == 0)
    visitor.tell(app.top_bar, type="activity")
    backend.write(f"{album}/late.jpg", "FAILED", albumID=album, userID="ann", uploadTime=4_100_000_000)
    until(lambda: app.top_bar.failed == 1)
    backend.write(f"{album}/good.jpg", albumID=album, userID="ann", uploadTime=4_200_000_000)
    time.sleep(0.4)
    assert app.top_bar.failed == 1


def test_open_activity_finds_what_was_uploaded_elsewhere(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "EVERY_S", 0.1)
    app, album = visitor.app, album_of(backend)
    visitor.go(f"#user=ann&album={album}")
    visitor.tell(app.top_bar, type="activity")
    until(lambda: [one.photo_id for one in app.follow.photos] == [f"{album}/bad.jpg"])
    for number in range(2):
        backend.write(f"{album}/{number}.jpg", "FAILED", albumID=album, userID="ann")
        until(lambda count=number + 2: len(app.follow.photos) == count)  # type: ignore[misc]


def test_all_that_failed_is_retried_by_one_button(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, album = visitor.app, album_of(backend)
    error = {"step": "Rekognition", "name": "TransientServiceError", "cause": "slow down"}
    for number in range(3):
        backend.write(f"{album}/{number}.jpg", albumID=album, userID="ann", status="FAILED", error=error)
    retried: list[str] = []

    def retry_each(_: Any, ids: list[str]) -> list[Any]:
        retried.extend(ids)
        return [Restarted(one, "arn", "") for one in ids]

    monkeypatch.setattr(type(backend.workbench.photos), "retry_each", retry_each)
    visitor.go(f"#user=ann&album={album}")
    until(lambda: bool(app.repairs.children))
    panel = app.repairs.panel
    until(lambda: panel.retry_button.description == "Retry all 4")
    assert panel.start_button.layout.display == "none"
    panel.retry_button.click()
    until(lambda: len(retried) == 4 and not panel.busy)
    visitor.settle()
    assert panel.status.text == "Processing started again for 4 photos."
    assert set(retried) == {f"{album}/bad.jpg", *(f"{album}/{number}.jpg" for number in range(3))}


def test_an_opened_photos_run_is_shown_in_the_drawer(visitor: Visitor, backend: Backend) -> None:
    photo = f"{album_of(backend)}/good.jpg"
    visitor.go(f"#user=ann&album={album_of(backend)}&photo={photo}")
    visitor.tell(visitor.app.gallery.viewer, type="show-run", id=photo)
    until(lambda: visitor.app.follow.list.selected == photo)
    assert "drawer" in visitor.page
    assert visitor.app.gallery.viewer.photo == {}


def test_elsewhere_an_opened_photos_run_is_shown_below(backend: Backend) -> None:
    backend.write("a1/one.jpg")
    panel = GalleryPanel(backend.workbench, view=backend.workbench.photos.where())
    until(lambda: not panel.busy)
    panel.open_id("a1/one.jpg")
    flush()
    panel.viewer._handle_custom_msg({"type": "show-run", "id": "a1/one.jpg"}, [])
    assert panel.run.follow
    until(lambda: panel.run.follow is not None and panel.run.follow.list.selected == "a1/one.jpg")
    panel.run.close()
    panel.close()


def test_photos_dropped_outside_of_albums_go_into_one_of_today(visitor: Visitor, backend: Backend) -> None:
    photo, text = (
        DroppedFile("1", "a.jpg", 500, "image/jpeg", "0" * 64, data[:32]) for data in (jpeg((8, 8)), b"no")
    )
    handler = visitor.app.uploads._handler
    visitor.go("")
    assert not visitor.app.uploads.zone.enabled
    visitor.go("#user=ann")
    refused = handler.presign(text)
    assert isinstance(refused, UploadResult)
    assert refused.state is UploadState.REJECTED
    assert len(list(backend.workbench.albums.of("ann"))) == 1, "nothing was made for it"
    assert isinstance(handler.presign(photo), UploadForm)
    visitor.settle()
    today = datetime.date.today()
    assert visitor.app.top_bar.title == f"{today.day} {today:%B} {today.year}"


def test_a_new_album_is_opened(visitor: Visitor) -> None:
    visitor.go("#user=ann")
    visitor.tell(visitor.app.albums.cards, type="create", text=" Garden ")
    until(lambda: visitor.app.top_bar.title == "Garden")
    visitor.settle()
    assert visitor.app.gallery.gallery.empty == "Drop photos here to start."
    assert visitor.app.gallery.gallery.invitation == "Choose photos"


def test_the_name_that_was_used_last_is_suggested(visitor: Visitor) -> None:
    visitor.go("", "zoe")
    assert (visitor.page, visitor.app.login.name.value) == (["login"], "zoe")


def test_the_open_album_is_renamed_and_deleted_by_its_user(visitor: Visitor, backend: Backend) -> None:
    app, album = visitor.app, album_of(backend)
    visitor.go(f"#user=ann&album={album}", "bob")
    visitor.tell(app.top_bar, type="edit")
    assert (visitor.page, app.top_bar.editable) == (["photos"], False), "it is ann's"
    visitor.go(f"#user=ann&album={album}")
    visitor.tell(app.top_bar, type="activity")
    visitor.tell(app.top_bar, type="edit")
    assert visitor.page == ["photos", "editing"], "one drawer at a time"
    form = app.editor.form
    until(lambda: form.album is not None)
    form.name.value, form.order.value = "Journey", "-uploaded"
    form.description.value = "By train"
    app.editor.save()
    until(lambda: app.top_bar.title == "Journey")
    visitor.settle()
    assert app.top_bar.about == "By train"
    stored = backend.workbench.albums.get(album)
    assert (stored.name, stored.sort_order) == ("Journey", "-uploaded")
    assert app.gallery.search_bar.order == "uploaded-newest"

    form.close_button.click()
    assert visitor.page == ["photos"]
    visitor.tell(app.top_bar, type="edit")
    until(lambda: form.layout.display != "none" and not app.editor.busy)
    form.photos.value = next(value for words, value in form.photos.options if "Forget" in words)
    app.editor.delete()
    until(lambda: form.question.layout.display != "none")
    form.question.yes.click()
    until(lambda: visitor.page == ["albums"])
    visitor.settle()
    assert list(backend.workbench.albums.of("ann")) == []
    assert app.albums.cards.cards == []


def test_covers_are_shown_of_albums_that_are_listed(
    visitor: Visitor, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = visitor.app.albums.cards
    sent: list[tuple[Any, Any]] = []
    monkeypatch.setattr(cards, "send", lambda content, buffers=None: sent.append((content, buffers)))
    visitor.go("#user=ann")
    for message in (
        {"type": "cover", "text": "other"},
        {"type": "cover"},
        7,
        {"type": "open", "text": "other"},
    ):
        cards._handle_custom_msg(message, [])
    visitor.tell(cards, type="address", text=album_of(backend))
    until(lambda: len(sent) == 1)
    assert "Thumbnails" in sent[0][0]["address"]
    visitor.tell(cards, type="cover", text=ALL)
    until(lambda: len(sent) == 2)
    assert sent[1][1] == [b"small"]


def test_a_card_has_the_chosen_cover_and_counts_what_was_moved_there(
    visitor: Visitor, backend: Backend
) -> None:
    album = album_of(backend)
    thumbnail = {"s3Bucket": backend.stack.bucket, "s3Key": "Thumbnails/bobs.jpg"}
    backend.write("bobs.jpg", userID="bob", albumID="b1", uploadTime=1, thumbnail=thumbnail)
    list(backend.workbench.photos.move(["bobs.jpg"], album))
    backend.workbench.albums.set_cover(album, "bobs.jpg")
    visitor.go("#user=ann")
    counts = {card["name"]: card["count"] for card in visitor.app.albums.cards.cards}
    assert counts == {"All photos": 2, "Trip": 3}
    assert "Thumbnails/bobs.jpg" in str(visitor.app.albums._address(album))


def test_cards_show_at_once_what_is_made_and_renamed(visitor: Visitor, backend: Backend) -> None:
    albums, cards = backend.workbench.albums, visitor.app.albums.cards
    visitor.go("#user=ann")
    albums.get_or_create("Canons", "ann")
    albums.get_or_create("Bob's", "bob")
    albums.rename(album_of(backend), "Holiday")
    flush()
    found = [(card["name"], card["count"]) for card in cards.cards]
    assert found == [("All photos", 2), ("Canons", 0), ("Holiday", 2)]
    albums.describe("Holiday", "Two weeks\nin May")
    flush()
    assert [card["about"] for card in cards.cards] == ["", "", "Two weeks in May"]
    before = cards.cards[-1]["cover"]
    albums.set_cover("Holiday", photo := backend.workbench.albums["Holiday"].photos[0])
    flush()
    assert photo.id in cards.cards[-1]["cover"] != before


def test_an_album_without_a_cover_is_shown_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> bytes:
        raise WorkbenchError("S3 is gone.")

    cards = AlbumCards(AlbumCardHandlers(cover=gone))
    sent: list[Any] = []
    monkeypatch.setattr(cards, "send", lambda content, buffers=None: sent.append(content))
    cards.show([AlbumCard("a", "A", 1, cover="1")])
    flush()
    cards._handle_custom_msg({"type": "cover", "text": "a"}, [])
    until(lambda: bool(sent))
    assert sent == [{"type": "cover", "id": "a", "address": ""}]


def test_an_earlier_photo_is_not_said_to_be_under_way_before_its_record_is_read(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FollowedPhotos, "poll", lambda _: [])
    panel, album = FollowPanel(backend.workbench), backend.workbench.albums.get_or_create("Trip", "ann")
    panel.follow_existing([f"{album.id}/old.jpg"])
    until(lambda: len(panel.photos) == 1)
    assert not panel.awaits(album)
    panel.close()


def test_the_page_carries_little(backend: Backend) -> None:
    made: list[Any] = []
    ipywidgets.Widget.on_widget_constructed(made.append)
    app = WebApp(backend.workbench)
    ipywidgets.Widget.on_widget_constructed(None)
    parts = [len(one._esm) + len(one._css) for one in made if isinstance(one, anywidget.AnyWidget)]
    assert len(parts) > 10
    assert sum(parts) + sum(map(len, outlines().values())) < MOST_BYTES
    app.close()
