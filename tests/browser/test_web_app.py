"""Journeys of visitors through the web app: nobody sees a line of code, and nobody disturbs the other."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import psutil
import pytest
from PIL import Image

from imageproc import Workbench
from imageproc.cli.notebooks import find_notebook
from imageproc.cli.web_app import running
from imageproc.local import LocalStatus
from imageproc.widgets.parts.top_bar import TopBar, TopBarHandlers
from tests.browser import hostile
from tests.browser.pages import Page, Visit
from tests.browser.part_page import draw
from tests.flow.conftest import deploy, target_of
from tests.pictures import jpeg

STACK = "web-app"
SMALL_TARGETS = """() => [...document.querySelectorAll('button, select, input[type=text]')]
  .filter((one) => one.offsetHeight && one.offsetHeight < 44).map((one) => one.outerHTML)"""
TOO_WIDE = """() => [...document.querySelectorAll('.ip-app, .ip-app > *, .ip-top-bar .ip-header > *')]
  .filter((one) => one.offsetHeight && (one.scrollWidth > one.clientWidth + 1
    || one.getBoundingClientRect().right > innerWidth + 1))
  .concat([...document.querySelectorAll('.ip-place')].filter((one) => one.offsetHeight && !one.offsetWidth))
  .map((one) => one.className)"""

DISCONNECT = """() => document.querySelectorAll('.jupyter-widgets')
  .forEach((one) => one.classList.add('jupyter-widgets-disconnected'))"""
"""What Jupyter does as well if it starts the kernel again."""
ICONS = """() => [...document.querySelectorAll('.jupyter-widgets-disconnected')]
  .map((one) => getComputedStyle(one, '::before').content).filter((one) => one !== 'none')"""
"""Its broken links."""


@pytest.fixture(scope="module")
def app_url(
    local_aws: LocalStatus, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    deploy(target_of(local_aws), STACK)
    notebook = tmp_path_factory.mktemp("app") / "app.ipynb"
    text = find_notebook("app").read_text()
    notebook.write_text(text.replace(r"stack_name: str = \"imageproc\"", rf"stack_name: str = \"{STACK}\""))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with running(notebook) as (_, url):
            yield url


def log_in(page: Page, url: str, user: str) -> None:
    page.page.goto(url)
    page.page.wait_for_function("() => document.activeElement.matches('.ip-app-login input')")
    field, button = (
        page.page.locator(f".ip-app-card {one}").bounding_box() for one in ("input", ".jupyter-button")
    )
    assert [field[one] for one in ("x", "width")] == [button[one] for one in ("x", "width")]
    page.page.keyboard.type(user)  # the field has the focus
    page.page.keyboard.press("Enter")
    page.page.get_by_label("Name of the new album").wait_for()
    page.page.locator(".ip-who", has_text=user).wait_for()


def fragment(page: Page) -> dict[str, str]:
    """Return what the page's address says."""
    words = dict(pair.split("=") for pair in page.page.evaluate("() => location.hash.slice(1)").split("&"))
    return {name: unquote(value) for name, value in words.items()}


def checked(page: Page, name: str) -> None:
    """What the page shows is accessible, and fits at every width; on phones it can be touched."""
    assert page.violations() == [], name
    touch = page.page.evaluate("() => matchMedia('(pointer: coarse)').matches")
    for width in (390,) if touch else (390, 700, 1000, 1600):
        page.resize(width, 900)
        assert page.page.evaluate(TOO_WIDE) == [], (name, width)
        page.screenshot(f"app-{name}-{width}")
    assert not touch or page.page.evaluate(SMALL_TARGETS) == [], name
    assert page.errors == []


def test_from_the_log_in_by_a_drop_to_a_photo_and_its_run(visit: Visit, app_url: str, tmp_path: Path) -> None:
    ann: Page = visit(1600, 900)
    page = ann.page
    log_in(ann, app_url, "ann")
    assert "import" not in page.locator("body").inner_text()
    assert "token" not in page.evaluate("() => location.href + document.referrer + document.cookie")
    page.get_by_text("Drop photos here to start. They go into an album of today").wait_for()
    checked(ann, "start")

    ann.drop(".ip-app", hostile.write(tmp_path))  # anywhere: there is no album yet
    today = date.today()
    page.get_by_role("heading", name=f"{today.day} {today:%B} {today.year}").wait_for()
    ann.wait_text(".ip-app-tray .ip-summary", "2 of 3 uploaded · 1 rejected")
    assert "notes.jpg" in page.locator(".ip-app-tray .ip-file").first.inner_text(), "in view"
    assert "Rejected: the file" in page.locator(".ip-app-tray .ip-file", has_text="notes.jpg").inner_text()
    assert page.get_by_role("region", name="Files and their states").is_visible()
    page.locator(".ip-card", has_text="img src").wait_for()
    page.get_by_role("button", name="Activity").click()
    page.locator(".ip-app-tray .ip-file").first.wait_for(state="hidden")  # it would lie upon the drawer
    ann.screenshot("app-tray")
    page.get_by_role("button", name="Activity").click()
    page.get_by_role("button", name="Clear finished").click()
    page.locator(".ip-app-tray .ip-summary").wait_for(state="hidden")  # in the next frame
    checked(ann, "album")

    page.locator(".ip-card", has_text="img src").click()
    page.locator("dialog.ip-dialog .ip-facts").wait_for()
    page.locator(".ip-place-map svg circle").wait_for()
    page.wait_for_function("() => location.hash.includes('photo=')")
    assert page.evaluate(hostile.INJECTED) == hostile.NOTHING
    shared = page.evaluate("() => location.href")
    ann.screenshot("app-photo")
    for width, height in ((390, 844), (844, 390), (1600, 900)):  # a phone is turned
        ann.resize(width, height)
        page.wait_for_function("() => document.querySelector('.ip-frame img').offsetWidth > 50")
    page.get_by_role("button", name="Show the run").click()
    page.locator(".ip-app-drawer .ip-node[data-status=SUCCEEDED]").first.wait_for()
    assert not page.locator("dialog.ip-dialog").is_visible()
    checked(ann, "run")
    ann.resize(1000, 450)  # the graph is below the fold
    page.locator(".ip-app-drawer").first.evaluate("(drawer) => { drawer.scrollTop = 0; }")
    page.locator(".ip-app-drawer .ip-choose[aria-pressed=true]").click()
    page.wait_for_function(
        "() => document.querySelector('.ip-graph-title').getBoundingClientRect().bottom < innerHeight"
    )
    ann.resize(1600, 900)
    page.keyboard.press("Escape")
    page.locator(".ip-app-drawer").first.wait_for(state="hidden")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Control+a")  # the photos, not the page's text
    page.locator(".ip-card[aria-selected=true]").first.wait_for()
    assert page.evaluate("() => String(getSelection())") == ""
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Edit…").click()
    page.wait_for_function("() => document.activeElement.matches('.ip-album-form input')")
    page.keyboard.press("Escape")
    page.locator(".ip-album-form").wait_for(state="hidden")
    page.locator(".ip-card").first.click()
    page.locator("dialog.ip-dialog .ip-facts").wait_for()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelectorAll('.ip-card')[1]?.tabIndex === 0")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelectorAll('.ip-card')[1] === document.activeElement")

    bob: Page = visit(390, 844, touch=True)
    bob.page.goto(app_url)  # takes the token
    bob.page.goto(shared)
    bob.page.reload()  # the fragment alone loads nothing
    field = bob.page.get_by_label("User name")
    field.wait_for()
    bob.page.wait_for_function("() => document.querySelector('.ip-app-login input').value === 'ann'")
    field.fill("bob")
    bob.page.keyboard.press("Enter")
    bob.page.locator("dialog.ip-dialog .ip-title", has_text="img src").wait_for()
    assert bob.page.evaluate(SMALL_TARGETS) == []
    bob.screenshot("app-photo-390")
    bob.page.get_by_role("button", name="Close").click()
    bob.page.get_by_role("combobox", name="Search photos").first.fill("has:place status:succeeded")
    bob.page.keyboard.press("Enter")
    bob.page.locator(".ip-app-photos .ip-chip").nth(1).wait_for()
    checked(bob, "phone-search")
    assert bob.page.locator(".ip-app-rows .ip-scroller").bounding_box()["y"] < 844 / 3
    names = ("select", "summary", ".ip-size")
    line = [bob.page.locator(f".ip-app-photos {one}").bounding_box() for one in names]
    assert max(one["y"] for one in line) < min(one["y"] + one["height"] for one in line), "one line"
    assert all(one["x"] + one["width"] <= other["x"] for one, other in itertools.pairwise(line))
    chip = bob.page.locator(".ip-app-photos .ip-chip-text").first
    assert chip.evaluate("(one) => one.scrollWidth <= one.clientWidth"), "a condition can be read"

    page.get_by_role("button", name="ann · switch").click()
    log_in(ann, app_url, "cid")
    for open_it in (lambda: page.goto(shared), page.reload, lambda: page.context.new_page().goto(shared)):
        open_it()
        last = page.context.pages[-1]
        last.locator("dialog.ip-dialog .ip-title", has_text="img src").wait_for()
        assert last.locator(".ip-who").inner_text() == "cid", "the address is ann's, and cid stays"
        assert last.locator(".ip-place").inner_text().endswith(" of ann")
        assert last.evaluate("() => location.href") == shared
    last.keyboard.press("Escape")
    for width in (390, 470):
        last.set_viewport_size({"width": width, "height": 800})
        order, fold, slider = (last.locator(f".ip-app-photos {one}").bounding_box() for one in names)
        assert order["y"] + order["height"] <= slider["y"], "the slider is below the order"
        assert fold["x"] + fold["width"] <= slider["x"], "and beside Filter"
        assert slider["y"] < fold["y"] + fold["height"]


def test_files_are_saved_from_s3_and_through_the_kernel_where_that_is_out_of_reach(
    visit: Visit, app_url: str, local_aws: LocalStatus, tmp_path: Path
) -> None:
    target = target_of(local_aws)
    stored = Workbench(target, STACK)
    path = tmp_path / "noise.jpg"
    Image.effect_noise((2600, 2000), 100).save(path, "JPEG", quality=95)
    assert path.stat().st_size > 3_000_000
    eve: Page = visit(1400, 900)
    page = eve.page
    log_in(eve, app_url, "eve")
    page.get_by_text("Drop photos here to start. They go into an album of today").wait_for()
    eve.drop(".ip-app", [path])
    page.locator(".ip-card", has_text="noise").click()
    save = page.get_by_role("button", name="Save the original…")
    with page.expect_download() as by_s3:
        save.click()
    assert by_s3.value.url.startswith(str(target.endpoint_url)), "nothing through the kernel"
    assert by_s3.value.suggested_filename == "noise.jpg"
    assert Path(by_s3.value.path()).read_bytes() == path.read_bytes()

    page.route(f"{target.endpoint_url}/**", lambda route: route.abort("connectionrefused"))
    with page.expect_download() as original:
        save.click()
    assert original.value.url.startswith("blob:")
    assert original.value.suggested_filename == "noise.jpg"
    assert Path(original.value.path()).read_bytes() == path.read_bytes()
    page.get_by_text(re.compile(r"Downloaded noise\.jpg, \d\.\d MB\.")).first.wait_for()
    eve.screenshot("app-downloaded")
    page.keyboard.press("Escape")

    page.locator(".ip-card", has_text="noise").click(modifiers=["Control"])
    asked = (("Move to album…", "Move"), ("Labels…", "Apply"), ("Forget…", "Forget 1 photo"))
    for action, button in (*asked, *asked):
        page.get_by_role("button", name=action, exact=True).click()
        page.get_by_role("button", name=button, exact=True).wait_for()
        page.wait_for_function("() => document.activeElement.matches('input, button.jupyter-button')")
        if action != "Forget…":
            page.keyboard.type("best")
            page.wait_for_function("() => document.activeElement.value === 'best'")
        page.keyboard.press("Escape")
        page.get_by_role("button", name=button, exact=True).wait_for(state="hidden")
        page.wait_for_function("() => document.activeElement.matches('.ip-card')")
    page.get_by_role("button", name="Download…", exact=True).click()
    with page.expect_download() as zipped:
        page.get_by_role("button", name="Download", exact=True).click()
    s3 = stored.stack.client("s3")
    (made,) = s3.list_objects_v2(Bucket=stored.stack.bucket, Prefix="Downloads/")["Contents"]
    kept = s3.get_object(Bucket=stored.stack.bucket, Key=made["Key"])["Body"].read()
    assert Path(zipped.value.path()).read_bytes() == kept
    assert zipped.value.url.startswith("blob:")
    with zipfile.ZipFile(zipped.value.path()) as archive:
        assert archive.testzip() is None
        assert sum("noise" in name for name in archive.namelist()) == 1
    assert eve.violations() == []
    assert eve.errors == []


def test_two_visitors_go_back_and_forth_and_search(visit: Visit, app_url: str) -> None:
    bob: Page = visit(390, 844, touch=True)
    cat: Page = visit(1000, 800, dark=True)
    log_in(bob, app_url, "bob")
    log_in(cat, app_url, "cat")
    cat.page.wait_for_function("() => document.activeElement.matches('h1')")  # not lost with the log-in
    checked(bob, "phone-start")
    bob.page.get_by_label("Name of the new album").fill("<b>Garden</b>")
    bob.page.keyboard.press("Enter")
    bob.page.get_by_role("heading", name="<b>Garden</b>").wait_for()
    bob.page.get_by_role("button", name="Choose photos").last.wait_for()
    checked(bob, "phone-album")
    assert fragment(bob).keys() == {"user", "album"}
    bob.page.get_by_role("button", name="Photos", exact=True).click()
    bob.page.get_by_role("button", name=re.compile("Garden.*0 photos")).wait_for()
    bob.page.wait_for_function("() => location.hash === '#user=bob'")
    bob.page.go_forward()
    bob.page.get_by_role("heading", name="<b>Garden</b>").wait_for()
    bob.page.reload()
    bob.page.get_by_role("heading", name="<b>Garden</b>").wait_for()
    bob.page.go_back()
    bob.page.get_by_role("button", name=re.compile("Garden.*0 photos")).wait_for()

    assert "Garden" not in cat.page.locator("body").inner_text()
    cat.page.keyboard.press("/")
    cat.page.keyboard.type("status:failed")
    cat.page.locator(".ip-app-photos .ip-chip", has_text="status:failed").wait_for()
    cat.page.wait_for_function("() => location.hash === '#user=cat&search=status%3Afailed'")
    scheme = "() => getComputedStyle(document.querySelector('.ip')).colorScheme"
    assert cat.page.evaluate(scheme) == "dark"
    checked(cat, "dark-search")
    cat.page.get_by_role("button", name="cat · switch").click()
    cat.page.get_by_label("User name").wait_for()
    assert cat.page.evaluate("() => location.hash") == ""
    checked(cat, "dark-login")


def test_a_page_says_that_its_kernel_is_lost_stays_as_it_was_and_a_reload_leads_back(
    visit: Visit, app_url: str
) -> None:
    eve: Page = visit(1000, 800)
    page = eve.page
    log_in(eve, app_url + "&theme=dark", "eve")
    page.evaluate("() => { location.hash = '#user=eve&album=all'; }")
    page.get_by_role("heading", name="All photos").wait_for()
    text = "() => getComputedStyle(document.querySelector('.ip-top-bar h1')).color"
    assert page.evaluate(text) not in ("rgb(0, 0, 0)", "rgba(0, 0, 0, 0.87)"), "dark was asked for"
    before = page.locator(".ip-app-photos").bounding_box()
    os.kill(process_of(kernel_of(eve)), signal.SIGKILL)
    page.get_by_text("The kernel behind this page has ended.").wait_for()
    page.evaluate(DISCONNECT)
    checked(eve, "lost")
    eve.resize(1000, 800)
    header, banner, photos = (
        page.locator(name).bounding_box() for name in (".ip-header", ".ip-banner", ".ip-app-photos")
    )
    assert (header["y"], banner["y"]) == (0, header["height"])
    assert (photos["x"], photos["width"]) == (before["x"], before["width"])
    assert photos["y"] == before["y"] + banner["height"]
    assert page.locator(".ip-app.jupyter-widgets-disconnected").count() == 1
    assert page.evaluate(ICONS) == []
    assert page.evaluate("() => getComputedStyle(document.querySelector('.ip-app-photos')).opacity") == "1"
    for control in (".ip-upload", ".ip-top-bar .ip-search input", ".ip-app-photos select"):
        assert page.locator(control).first.evaluate("(one) => Boolean(one.closest('[inert]'))"), control
    page.get_by_role("button", name="Reload").click()
    page.get_by_role("heading", name="All photos").wait_for()
    assert not page.get_by_text("The kernel behind this page has ended.").is_visible()


def test_a_page_that_is_left_ends_its_kernel(visit: Visit, app_url: str) -> None:
    hal: Page = visit(1000, 800)
    log_in(hal, app_url, "hal")
    kernel = psutil.Process(process_of(kernel_of(hal)))
    hal.page.reload()
    hal.page.locator(".ip-who", has_text="hal").wait_for()
    kernel.wait(timeout=30)
    assert hal.errors == []


def test_a_reload_gets_a_kernel_that_lives_although_all_that_were_ready_died(
    visit: Visit, app_url: str
) -> None:
    fay: Page = visit(1000, 800)
    log_in(fay, app_url, "fay")
    server = psutil.Process(psutil.Process(process_of(kernel_of(fay))).ppid())
    kernels = server.children()
    end = time.monotonic() + 60
    while len(kernels) < 3 and time.monotonic() < end:  # the page's, and two that are ready
        fay.page.wait_for_timeout(500)
        kernels = server.children()
    for one in kernels:
        one.kill()
    fay.page.get_by_text("The kernel behind this page has ended.").wait_for()
    fay.page.wait_for_timeout(4000)  # nor are they started again, empty
    fay.page.get_by_role("button", name="Reload").click()
    fay.page.get_by_label("Name of the new album").wait_for(timeout=30_000)
    assert fay.errors == []


def test_what_needs_attention_is_a_number_until_it_is_seen_and_can_be_erased(
    visit: Visit, app_url: str, tmp_path: Path
) -> None:
    gus: Page = visit(1280, 900)
    page = gus.page
    log_in(gus, app_url, "gus")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(jpeg((40, 30))[:4] + b"no photo" * 40)
    gus.drop(".ip-app", [broken])
    page.get_by_role("button", name="Activity: 1 need attention").click()
    page.locator(".ip-badge").wait_for(state="hidden")
    row = page.locator(".ip-execution-list tr", has_text="broken.jpg")
    assert row.get_by_role("button", name="Retry").count() == 0, "it was rejected: that cannot help"
    checked(gus, "attention")
    page.reload()
    page.locator(".ip-who", has_text="gus").wait_for()
    page.get_by_role("button", name="Activity").click()
    row.wait_for()
    page.get_by_role("button", name="Activity").click()
    assert not page.locator(".ip-badge").is_visible(), "it was seen before"
    page.get_by_role("button", name="Activity").click()
    row.get_by_role("button", name="Forget… broken.jpg").click()
    page.get_by_text("Erase broken.jpg for good?").wait_for()
    gus.screenshot("app-forget")
    page.get_by_role("button", name="Forget 1 photo").click()
    row.wait_for(state="detached")
    page.get_by_text("1 photo erased.").wait_for()


def kernel_of(page: Page) -> str:
    """Return the ID of a page's kernel."""
    return str(json.loads(page.page.locator("#jupyter-config-data").text_content())["kernelId"])


def process_of(kernel: str) -> int:
    """Return the ID of the process of a kernel."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"kernel-{kernel}.json" in (process / "cmdline").read_text():
                return int(process.name)
        except OSError:  # it ended meanwhile
            continue
    raise AssertionError("the kernel has no process")


def test_the_bar_says_what_failed_and_what_is_wrong(visit: Visit) -> None:
    page: Page = visit(700, 400)
    bar = TopBar(TopBarHandlers())
    bar.user, bar.failed, bar.problem = (
        "ann",
        3,
        "The local AWS does not answer. Start it: imageproc local start.",
    )
    draw(page, [bar])
    assert page.page.get_by_role("button", name="Activity: 3 need attention").inner_text() == "Activity3"
    assert "imageproc local start" in page.page.get_by_role("alert").inner_text()
    page.page.get_by_role("button", name="Try again").click()
    assert {"type": "again"} in page.page.evaluate("() => models[0].sent")
    assert page.violations() == []


def test_without_the_token_there_is_nothing_but_a_question_for_it(app_url: str) -> None:
    for path in ("", "voila/render/app.ipynb", "api/kernels"):
        with urllib.request.urlopen(app_url.partition("?")[0] + path) as answer:
            assert "/login?" in answer.url
            assert "imageproc" not in answer.read().decode()


def test_the_page_that_asks_for_the_token_shows_no_markup_and_takes_the_address(
    visit: Visit, app_url: str
) -> None:
    page: Page = visit(390, 844)
    address, _, token = app_url.partition("?token=")
    page.page.goto(address)
    words = page.page.locator("main").inner_text()
    assert not set(words) & set('<>"'), words
    assert [page.page.locator(one).count() for one in ("input[type=hidden]", "input")] == [1, 2]
    page.page.get_by_label("The address, or its token").fill("wrong")
    page.page.keyboard.press("Enter")
    page.page.get_by_role("alert").wait_for()
    page.page.get_by_label("The address, or its token").fill(f"{address}?token={token}")
    page.page.get_by_role("button", name="Open").click()
    page.page.get_by_label("User name").wait_for()
