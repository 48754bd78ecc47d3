"""Files that people save: by S3 where the page reaches it, else through the kernel."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from imageproc.widgets import Gallery, Heading, PhotoViewer, updates
from imageproc.widgets.parts.downloads import CHUNK_BYTES, Download
from imageproc.widgets.parts.gallery import GallerySource
from imageproc.widgets.parts.photo_viewer import ViewedPhoto
from tests.browser.pages import Page, Visit
from tests.browser.part_page import Bridge, draw

DATA = Random(1).randbytes(3_500_000)
NAME = "cat <1>.jpg"
UNREACHABLE, ANSWERING = "http://unreachable.test/cat", "http://s3.test/cat"
SAVED = {"Content-Type": "image/jpeg", "Content-Disposition": "attachment; filename=cat.jpg"}
READABLE = {**SAVED, "Access-Control-Allow-Origin": "*"}
FOR_OTHERS = {**SAVED, "Access-Control-Allow-Origin": "http://other.test"}
"""The page may not read it. Without the header Playwright would add one."""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Stored:
    """A file as S3 has it. `fails` says when reading fails."""

    fails: Callable[[int], bool] = lambda _: False
    size: int | None = None
    asked: list[int] = field(default_factory=list)

    def read(self, start: int, length: int) -> bytes:
        if self.fails(start):
            raise OSError("S3 does not answer.")
        self.asked.append(start)
        self.size = len(DATA)
        return DATA[start : start + length]


@pytest.fixture
def page(visit: Visit) -> Page:
    made: Page = visit(1000, 800)
    made.page.set_default_timeout(10_000)
    made.page.route("http://unreachable.test/**", lambda route: route.abort("connectionrefused"))
    return made


class Viewer:
    """A photo that is open, and the kernel behind it."""

    def __init__(
        self, page: Page, patch: pytest.MonkeyPatch, file: Stored, address: str = UNREACHABLE, **how: Any
    ) -> None:
        self.widget = PhotoViewer(original=lambda _: Download(NAME, address, file))
        self.widget.show(ViewedPhoto("cat", NAME))
        updates.flush()
        draw(page, [self.widget, Heading("Photos")], **how)
        self.page, self.bridge = page.page, Bridge(page, self.widget, patch)
        self.line, self.spoken = (
            self.page.locator(".ip-download"),
            self.page.locator(".ip-downloads [role=status]"),
        )

    def save(self, until: Callable[[], bool]) -> None:
        """Press the button, and let the kernel answer until this is so."""
        self.page.get_by_role("button", name="Save the original…").click()
        self.bridge.pump(until)

    def shows(self, pattern: str) -> Callable[[], bool]:
        """Return whether the line says this."""
        return lambda: self.line.count() == 1 and bool(re.search(pattern, self.line.inner_text()))

    @property
    def asked(self) -> list[int]:
        """The offsets that the page has asked the kernel for."""
        return [one["offset"] for one in self.bridge.heard if one["type"] == "chunk"]


def downloads_of(page: Page) -> list[Any]:
    """Return what the page saves from now on."""
    found: list[Any] = []
    page.page.on("download", lambda download: found.append(download))
    return found


def saved_by(page: Page, act: Callable[[list[Any]], None]) -> Any:
    """Return what the page saves meanwhile."""
    downloads = downloads_of(page)
    act(downloads)
    (only,) = downloads
    return only


def test_an_original_comes_through_the_kernel_where_s3_is_out_of_reach(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Stored()
    viewer = Viewer(page, monkeypatch, file)
    saved = saved_by(page, lambda found: viewer.save(lambda: bool(found)))
    assert (saved.suggested_filename, saved.url[:5]) == ("cat _1_.jpg", "blob:")
    assert Path(saved.path()).read_bytes() == DATA
    assert file.asked == viewer.asked == list(range(0, len(DATA), CHUNK_BYTES)), "one after the other"
    assert viewer.shows(re.escape(f"Downloaded {NAME}, 3.5 MB."))()
    viewer.bridge.pump(lambda: "Downloaded" in viewer.spoken.inner_text())
    assert page.errors == []


def test_it_comes_from_s3_where_that_answers(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.page.route("http://s3.test/**", lambda route: route.fulfill(body=DATA, headers=READABLE))
    viewer = Viewer(page, monkeypatch, Stored(), ANSWERING)
    saved = saved_by(page, lambda found: viewer.save(lambda: bool(found)))
    assert saved.url == ANSWERING
    assert Path(saved.path()).read_bytes() == DATA
    assert (viewer.asked, viewer.line.count()) == ([], 0), "nothing through the kernel"


@pytest.mark.parametrize(("scheme", "by_s3"), [("http", False), ("https", True)])
def test_who_answers_without_leave_to_read_it_is_believed_by_its_certificate_alone(
    page: Page, monkeypatch: pytest.MonkeyPatch, scheme: str, by_s3: bool
) -> None:
    """Another server may listen on this machine's 127.0.0.1, or the bucket not name the page's origin."""
    page.page.route("*://s3.test/**", lambda route: route.fulfill(body=DATA, headers=FOR_OTHERS))
    viewer = Viewer(page, monkeypatch, Stored(), f"{scheme}://s3.test/cat")
    saved = saved_by(page, lambda found: viewer.save(lambda: bool(found)))
    assert saved.url.startswith("https://s3.test/" if by_s3 else "blob:")
    assert Path(saved.path()).read_bytes() == DATA


def test_an_address_that_s3_refuses_is_not_saved_as_a_file(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = {"status": 403, "body": "<Error/>", "headers": READABLE}
    page.page.route("http://s3.test/**", lambda route: route.fulfill(**refusal))
    viewer = Viewer(page, monkeypatch, Stored(), ANSWERING)
    saved = saved_by(page, lambda found: viewer.save(lambda: bool(found)))
    assert Path(saved.path()).read_bytes() == DATA


def test_an_s3_that_is_silent_is_given_up_and_that_is_said(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.page.route("http://silent.test/**", lambda _: None)
    viewer = Viewer(page, monkeypatch, Stored(), "http://silent.test/cat")
    viewer.save(viewer.shows("Looking whether this page reaches S3"))
    page.page.get_by_role("button", name=f"Stop {NAME}").click()
    assert viewer.line.count() == 0
    saved = saved_by(page, lambda found: viewer.save(lambda: bool(found)))
    assert Path(saved.path()).read_bytes() == DATA


@pytest.mark.parametrize(("dark", "width"), [(False, 1000), (True, 1000), (False, 390), (True, 390)])
def test_a_download_shows_how_far_it_is_and_stops(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, dark: bool, width: int
) -> None:
    page: Page = visit(width, 800, dark=dark)
    page.page.route("http://unreachable.test/**", lambda route: route.abort("connectionrefused"))
    viewer, downloads = Viewer(page, monkeypatch, Stored(), dark=dark), downloads_of(page)
    viewer.save(lambda: len(viewer.asked) == 3)  # the third is not answered
    assert viewer.shows(r"through the kernel, as this page cannot reach S3: 2\.1 MB of 3\.5 MB")()
    assert viewer.line.locator("progress").evaluate("(one) => one.value") == pytest.approx(0.599, abs=0.001)
    assert viewer.line.get_by_role("progressbar", name=f"{NAME} downloaded").is_visible()
    viewer.spoken.filter(has_text=re.compile(r"through the kernel: \d+ percent$")).wait_for(state="attached")
    assert page.violations() == []
    assert page.page.evaluate(WIDER) == 0
    page.screenshot(f"download-{width}-{'dark' if dark else 'light'}")
    page.page.get_by_role("button", name=f"Stop {NAME}").focus()
    page.page.keyboard.press("Enter")
    assert viewer.line.count() == 0
    assert page.page.evaluate("() => document.activeElement.className") == "ip-downloads", (
        "the focus is not lost"
    )
    viewer.spoken.filter(has_text="it was stopped.").wait_for(state="attached")
    asked = len(viewer.asked)
    viewer.bridge.pump(lambda: True)
    page.page.wait_for_timeout(200)
    viewer.bridge.pump(lambda: True)
    assert (len(viewer.asked), downloads, page.errors) == (asked, [], [])


def test_a_kernel_that_fails_says_why_and_the_download_goes_on_from_there(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = [True]
    file = Stored(fails=lambda start: bool(start and down))
    viewer = Viewer(page, monkeypatch, file)
    viewer.save(viewer.shows(re.escape(f"{NAME} was not downloaded: S3 does not answer.")))
    viewer.spoken.filter(has_text="S3 does not answer.").wait_for(state="attached")
    assert page.violations() == []
    page.screenshot("download-failed")
    down.clear()

    def again(found: list[Any]) -> None:
        page.page.get_by_role("button", name="Try again").click()
        viewer.bridge.pump(lambda: bool(found))

    assert Path(saved_by(page, again).path()).read_bytes() == DATA
    assert file.asked.count(0) == 1, "what was there is not read again"


def test_a_connection_that_is_lost_is_told_and_so_is_a_kernel_that_is_silent(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = Viewer(page, monkeypatch, Stored())
    page.page.clock.install()
    page.page.evaluate("""() => {
      const send = models[0].send;
      models[0].send = (message) => {
        if (message.type === 'chunk') throw new Error('Kernel is dead');
        send(message);
      };
      models[0].mend = () => { models[0].send = send; };
    }""")
    viewer.save(viewer.shows(re.escape(f"{NAME} was not downloaded: The connection to the kernel is lost.")))
    page.page.evaluate("() => models[0].mend()")
    page.page.get_by_role("button", name="Try again").click()
    page.page.clock.fast_forward(10_100)
    assert viewer.shows("waiting for the kernel, which is busy or gone")()
    saved = saved_by(page, lambda found: viewer.bridge.pump(lambda: bool(found)))
    assert Path(saved.path()).read_bytes() == DATA
    assert viewer.asked[:2] == [0, 0], "the first question may be lost"


def test_a_download_goes_on_while_another_photo_is_looked_at(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = Viewer(page, monkeypatch, Stored())
    viewer.save(lambda: len(viewer.asked) == 2)
    viewer.widget.photo = {}
    page.page.evaluate("() => models[0].set('photo', {})")
    saved = saved_by(page, lambda found: viewer.bridge.pump(lambda: bool(found)))
    assert Path(saved.path()).read_bytes() == DATA


def test_a_gallery_saves_several_files_at_once(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = Gallery(GallerySource(lambda *_: []))
    draw(page, [gallery])
    bridge, downloads = Bridge(page, gallery, monkeypatch), downloads_of(page)
    for name in ("trip.zip", "trip.html"):
        gallery.save(Download(name, UNREACHABLE, Stored()))
    bridge.pump(lambda: page.page.locator(".ip-download").count() == 2)
    bridge.pump(lambda: len(downloads) == 2)
    assert {one.suggested_filename for one in downloads} == {"trip.zip", "trip.html"}
    assert all(Path(one.path()).read_bytes() == DATA for one in downloads)
    for name in ("trip.zip", "trip.html"):
        page.page.get_by_role("button", name=f"Dismiss {name}").click()
    assert page.page.locator(".ip-download").count() == 0
