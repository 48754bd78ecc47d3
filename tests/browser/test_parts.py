"""Parts as JupyterLab shows them: nothing is cut, broken or hidden."""

from __future__ import annotations

import itertools
import json
import re
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imageproc import Execution, FollowedPhoto, Photo
from imageproc.client.photos.failures import failures_of, grouped
from imageproc.core.record_codec import decode
from imageproc.deployment import template
from imageproc.widgets import (
    BarChart,
    Cell,
    DataTable,
    DropZone,
    ExecutionList,
    PhotoMap,
    StateGraph,
    StepDetail,
    Tone,
    updates,
)
from imageproc.widgets.panels import follow_rows
from imageproc.widgets.panels.failure_rows import COLUMNS, failure_rows
from imageproc.widgets.parts.album_cards import AlbumCardHandlers, AlbumCards
from imageproc.widgets.parts.bar_chart import Bar
from imageproc.widgets.parts.drop_zone import UploadState
from imageproc.widgets.parts.duplicate_groups import DuplicateGroups, GroupedPhoto
from imageproc.widgets.parts.execution_list import ExecutionRow
from imageproc.widgets.parts.gallery import Action, Card, Gallery, GallerySource
from imageproc.widgets.parts.photo_viewer import FactGroup, LabelHandlers, PhotoViewer, ViewedPhoto
from imageproc.widgets.parts.search_bar import SearchBar, SearchHandlers
from imageproc.widgets.parts.status_line import StatusLine
from imageproc.widgets.parts.text_field import TextField
from imageproc.widgets.parts.top_bar import TopBar, TopBarHandlers
from tests.browser.pages import Page, Visit
from tests.browser.part_page import Bridge, draw
from tests.pictures import png
from tests.widgets.test_failure_rows import broken

ARN = (
    "arn:aws:states:us-east-1:000000000000:execution:imageproc-ImageProc:009b9da382df-huge-30MB-jpg-5f66707b"
)
EVENTS = [
    (
        "00:55:36",
        Cell("CREATE_IN_PROGRESS", Tone.RUNNING),
        "ExtractImageMetadataFunction",
        "Creation initiated",
    )
]
FAILURES = [
    (
        *("1: huge-30MB.jpg", Cell("Incomplete", Tone.WARNING), "Rekognition", "RecognitionRefusedError"),
        *("Rekognition cannot take this photo: The image has more than 15,728,640 bytes.", "may help"),
    )
]

PIXEL = png((1, 1))

LINES = """(words) => {
  const broken = [];
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (const { 0: word, index } of node.data.matchAll(/[\\w:./]+/g)) {
      if (node.parentElement.closest('.ip-code')) continue;
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) broken.push(word);
    }
  return broken;
}"""


@pytest.fixture
def page(visit: Visit) -> Page:
    page: Page = visit(1100, 900)
    return page


def executions() -> ExecutionList:
    shown = ExecutionList(columns=["Photo", "Uploaded", "Execution started", "Completed"])
    stages = [Cell("00:59:20", Tone.SUCCESS, code="Incoming/c3vo/huge-30MB.jpg"), Cell("00:59:20", code=ARN)]
    rows = [
        ExecutionRow(str(one), f"IMG_{one}.jpg", [*stages, Cell("Succeeded in 1.02 s")]) for one in range(3)
    ]
    shown.show(rows, {"all": 3, "active": 0, "failed": 0})
    updates.flush()
    return shown


def test_a_row_offers_what_can_be_done_about_it(page: Page) -> None:
    shown, stages = executions(), [Cell("00:59:20"), Cell(""), Cell("Failed in 2 s", Tone.ERROR)]
    shown.show([ExecutionRow("a", "a.jpg", stages, actions=["retry", "forget", "else"])], {"failed": 1})
    updates.flush()
    draw(page, [shown])
    for name in ("Retry a.jpg", "Forget… a.jpg"):
        page.page.get_by_role("button", name=name).click()
    sent = [one for one in page.page.evaluate("() => models[0].sent") if "action" in one]
    assert sent == [{"action": "retry", "key": "a"}, {"action": "forget", "key": "a"}]
    assert page.page.locator(".ip-actions button").count() == 2
    assert page.violations() == []


@pytest.mark.parametrize("width", [390, 700, 1100, 1600])
def test_no_word_is_broken_in_a_table(page: Page, width: int) -> None:
    page.resize(width)
    tables = [
        DataTable(("Time", "Status", "Resource", "Reason"), EVENTS, caption="Events"),
        DataTable(("Photos", "Status", "Step", "Error", "Cause", "Retry"), FAILURES),
        executions(),
        BarChart(
            "Steps",
            ("Step", "Seconds"),
            [Bar("ExtractImageMetadata", "10 s, 95 % in 14 s", [(10, Tone.RUNNING)])],
        ),
    ]
    draw(page, tables)
    assert page.page.evaluate(LINES) == []
    wide = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.page.evaluate(wide) == 0
    assert page.violations() == []


def test_one_long_name_leaves_the_list_a_table(page: Page) -> None:
    shown, name = executions(), "Grüße" * 40 + ".jpg"
    shown.rows = [*shown.rows, {**shown.rows[0], "key": "long", "name": name}]
    page.resize(1100)
    draw(page, [shown])
    button = page.page.locator(".ip-choose").last
    assert (button.get_attribute("title"), button.inner_text()[-12:]) == (name, name[-12:])
    assert page.page.locator("table[data-stacked]").count() == 0


def test_how_long_an_execution_took_stays_on_one_line(page: Page) -> None:
    page.resize(920)  # what JupyterLab leaves of 1400
    began = datetime(2026, 11, 26, 19, 41, 49, tzinfo=UTC)
    execution = Execution(ARN, "", "SUCCEEDED", began, began + timedelta(seconds=32))
    stored = {"imageID": "c3vo/a", "status": "SUCCEEDED", "executionArn": ARN, "uploadTime": 1}
    followed = FollowedPhoto(
        "c3vo/a", "Canon EOS 30D (4).jpg", photo=decode(stored, Photo), execution=execution
    )
    shown = ExecutionList(columns=follow_rows.COLUMNS)
    shown.show([follow_rows.row(followed, None)], {"all": 1, "active": 0, "failed": 0})
    updates.flush()
    draw(page, [shown])
    lines = """(cell) => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return new Set([...range.getClientRects()].map(({ bottom }) => Math.round(bottom))).size;
    }"""
    assert page.page.locator("td").last.inner_text().split() == ["✓", "Succeeded", "in", "32", "s"]
    assert page.page.locator("td").last.locator("span").first.evaluate(lines) == 1
    assert page.page.locator("table[data-stacked]").count() == 0


def test_a_failures_cause_has_room_beside_long_names(page: Page) -> None:
    photos = [broken(f"jpg-{name * 20}.jpg") for name in ("4085", "2183")]
    rows = [row.cells for row in failure_rows(grouped(failures_of(photos)))]
    draw(page, [DataTable(COLUMNS, rows, caption="Failures", selectable=True)])
    assert page.page.locator("tbody tr").count() == 1
    widths = page.page.locator("td").evaluate_all("(all) => all.map((one) => one.clientWidth)")
    assert widths[COLUMNS.index("Cause")] > 200
    assert page.page.evaluate(LINES) == []
    page.screenshot("failures")


def test_an_identifier_is_cut_in_the_middle_and_copied_whole(page: Page) -> None:
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin="http://localhost")
    draw(page, [executions()])
    shown = page.page.locator(".ip-code", has_text="arn:").first
    head, tail = shown.locator(".ip-head"), shown.locator(".ip-tail")
    assert head.evaluate("(one) => one.scrollWidth > one.clientWidth"), "it is cut"
    assert ARN.endswith(tail.inner_text()), "and its end is to be seen"
    assert tail.bounding_box()["height"] < 25
    shown.get_by_role("button", name=f"Copy {ARN}").click()
    page.page.wait_for_function(
        "() => [...document.querySelectorAll('.ip-copy')].some((one) => one.textContent)"
    )
    assert page.page.evaluate("() => navigator.clipboard.readText()") == ARN


def test_a_steps_labels_are_on_one_line_each(page: Page) -> None:
    detail = StepDetail()
    detail.show("Rekognition (Task)", {"Status": "succeeded", "Duration": "1.07 s", "Inside": "Parallel"}, {})
    updates.flush()
    draw(page, [detail])
    heights = page.page.eval_on_selector_all(
        "dt", "(all) => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert len(heights) == 3
    assert max(heights) < 25


def test_the_graph_names_its_photo(page: Page) -> None:
    graph = StateGraph(json.loads(template.read_sources().definition))
    graph.show({"ExtractImageMetadata": "SUCCEEDED"}, title="Execution of cat.jpg")
    updates.flush()
    draw(page, [graph])
    assert page.page.get_by_text("Execution of cat.jpg").is_visible()


def test_a_graph_far_down_is_scrolled_to_when_it_is_revealed(page: Page) -> None:
    graph = StateGraph(title="Execution of fig.jpg")
    graph.define({"StartAt": "Check", "States": {"Check": {"Type": "Pass", "End": True}}})
    updates.flush()
    draw(page, [DataTable(("Line",), [(str(number),) for number in range(10)]) for _ in range(6)] + [graph])
    title = page.page.get_by_text("Execution of fig.jpg")
    assert title.bounding_box()["y"] > page.page.viewport_size["height"]
    page.page.evaluate("() => models.at(-1).receive({ type: 'reveal' })")
    page.page.wait_for_function(
        "() => document.querySelector('.ip-graph-head').getBoundingClientRect().top < innerHeight - 80"
    )


def test_a_graph_that_is_brought_into_view_moves_the_page_no_farther(page: Page) -> None:
    page.page.emulate_media(reduced_motion="reduce")
    graph = StateGraph(title="Execution of fig.jpg")
    graph.define({"StartAt": "Check", "States": {"Check": {"Type": "Pass", "End": True}}})
    updates.flush()
    draw(page, [DataTable(("Line",), [(str(number),) for number in range(10)]) for _ in range(6)] + [graph])
    page.page.evaluate("() => models.at(-1).receive({ type: 'reveal', nearest: true })")
    ends = "document.querySelector('.ip-state-graph').getBoundingClientRect().bottom - innerHeight"
    page.page.wait_for_function(f"() => Math.abs({ends}) < 20")
    at = page.page.evaluate("() => scrollY")
    page.page.evaluate("() => models.at(-1).receive({ type: 'reveal', nearest: true })")
    page.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    assert page.page.evaluate("() => scrollY") == at, "it is in view"


def test_a_photo_that_is_pressed_is_told_of_also_if_it_is_chosen(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed: list[str] = []
    photos = ExecutionList(columns=["Photo", "Outcome"], choose=pressed.append)
    photos.show([ExecutionRow("one", "a.jpg", [Cell("Succeeded")])], {"all": 1})
    photos.selected = "one"
    updates.flush()
    draw(page, [photos])
    bridge = Bridge(page, photos, monkeypatch)
    page.page.evaluate("() => models[0].send({ chosen: 'another' })")
    page.page.get_by_role("button", name="a.jpg").click()
    bridge.pump(lambda: pressed == ["one"])


def test_a_long_table_has_no_scroll_bar_and_begins_with_ten_rows(page: Page) -> None:
    rows = [(f"line {number}",) for number in range(75)]
    draw(page, [DataTable(("Line",), rows), DataTable(("Line",), rows, follow=True)])
    first, last = page.page.locator(".ip-data-table").all()
    assert first.locator("tbody tr").all_inner_texts() == [f"line {number}" for number in range(10)]
    assert last.locator("tbody tr").all_inner_texts() == [f"line {number}" for number in range(65, 75)]
    first.get_by_role("button", name="Show 50 more of 75").click()
    assert first.locator("tbody tr").count() == 60
    assert first.evaluate("(one) => one.scrollHeight - one.clientHeight") == 0


def test_rows_show_pictures_by_addresses_that_are_not_kept(page: Page) -> None:
    shown = ExecutionList(columns=["Photo"])
    shown.show([ExecutionRow("1", "a.jpg", [], picture=True), ExecutionRow("2", "b.txt", [])], {"all": 2})
    updates.flush()
    page.page.route("**/*.png", lambda route: route.fulfill(body=PIXEL, content_type="image/png"))
    draw(page, [shown])
    assert page.page.evaluate("() => models[0].sent") == [{"addresses": ["1"]}]
    page.page.evaluate("() => models[0].receive({ addresses: { 1: 'http://localhost/1.png' } })")
    image = page.page.locator(".ip-execution-list img")
    image.wait_for()
    assert image.evaluate("(one) => one.closest('tr').innerText").startswith("a.jpg")


def test_a_picture_that_comes_later_cuts_nothing_off(page: Page) -> None:
    shown = executions()
    shown.rows = [{**row, "picture": True} for row in shown.rows]
    draw(page, [shown])
    narrow = """() => {
      const table = document.querySelector('.ip-table'), main = document.querySelector('main');
      let width = 1000;
      const look = async () => {
        for (; width > 400; width -= 8) {
          main.style.width = `${width}px`;
          await new Promise((done) => setTimeout(done, 20));
          if ('stacked' in table.dataset) break;
        }
        for (let more = 8; more <= 80 && 'stacked' in table.dataset; more += 8) {  // it may have come late
          main.style.width = `${width + more}px`;
          await new Promise((done) => setTimeout(done, 50));
        }
        return 'stacked' in table.dataset;
      };
      return look();
    }"""
    assert not page.page.evaluate(narrow), "as narrow as it may be"
    page.page.evaluate("(data) => models[0].receive({bytes: '0'}, [new Uint8Array(data)])", list(PIXEL))
    page.page.locator(".ip-photo img:visible").first.wait_for()
    over = page.page.locator(".ip-table").evaluate("(one) => one.offsetWidth - one.parentElement.clientWidth")
    assert over <= 1
    page.resize(390)
    page.page.evaluate("document.querySelector('main').style.width = ''")
    page.page.wait_for_function("'stacked' in document.querySelector('.ip-table').dataset")
    tops = [one.bounding_box()["y"] for one in page.page.locator("tbody tr >> nth=0 >> td").all()]
    assert tops[0] < tops[3] < tops[1] == tops[2], "what came of a photo is above when it was uploaded"


def test_a_row_whose_address_is_out_of_reach_shows_the_bytes_of_the_kernel(page: Page) -> None:
    shown = ExecutionList(columns=["Photo"])
    shown.show([ExecutionRow("1", "a.jpg", [], picture=True)], {"all": 1})
    updates.flush()
    page.page.route("**/*.png", lambda route: route.abort())
    draw(page, [shown])
    page.page.evaluate("() => models[0].receive({ addresses: { 1: 'http://localhost/1.png' } })")
    page.page.wait_for_function("() => models[0].sent.length === 2")
    assert page.page.evaluate("() => models[0].sent[1]") == {"bytes": "1"}
    page.page.get_by_role("button", name="a.jpg").click()  # AWS did not answer then, perhaps it does now
    assert page.page.evaluate("() => models[0].sent[2]") == {"addresses": ["1"]}
    page.page.evaluate("(pixel) => models[0].receive({ bytes: '1' }, [Uint8Array.from(pixel)])", list(PIXEL))
    page.page.locator(".ip-execution-list img").wait_for()


def test_files_are_listed_while_there_is_something_to_see(page: Page) -> None:
    draw(page, [zone(UploadState.SENT), zone(UploadState.REJECTED)])
    fine, bad = page.page.locator(".ip-drop-zone").all()
    assert not fine.get_by_text("a.jpg").is_visible()
    assert bad.get_by_text("a.jpg").is_visible()
    fine.get_by_role("button", name="Show files").click()
    fine.get_by_text("a.jpg").wait_for()


def test_duplicates_are_allowed_by_a_check_box_that_no_empty_tray_has(page: Page) -> None:
    handler: Any = None
    draw(page, [zone(UploadState.DUPLICATE), DropZone(handler, anywhere=True)])
    shown, hidden = page.page.get_by_label("Upload duplicates, too").all()
    assert (shown.is_visible(), shown.is_checked(), hidden.is_visible()) == (True, False, False)
    shown.check()
    assert page.page.evaluate("models[0].get('allow_duplicates')") is True
    page.page.evaluate("models[0].set('allow_duplicates', false)")
    page.page.wait_for_function("!document.querySelector('.ip-option input').checked")


def test_files_that_an_earlier_page_has_sent_can_be_cleared(page: Page) -> None:
    draw(page, [zone(UploadState.SENT)])
    page.page.get_by_role("button", name="Clear finished").click()
    assert page.page.evaluate("models[0].sent.at(-1).type") == "clear"


def zone(state: UploadState) -> DropZone:
    handler: Any = None  # nothing is dropped
    made = DropZone(handler)
    made.rows.add("kernel-1", "a.jpg", 1000)
    made.rows.change("kernel-1", state)
    made.publish()
    updates.flush()
    return made


KERNEL = """() => {
  const model = models[0], send = model.send, offered = new Map(), has = window.has = new Set();
  window.asked = 0;
  model.send = (message) => {
    send(message);
    const answers = [];
    for (const { id, digest } of message.offers) {
      window.asked++;
      const post = { url: 'http://localhost/s3', fields: {}, seconds: 300 };
      const album = window.album ?? '', there = { id, state: 'duplicate', text: '', album };
      offered.set(id, `${album}/${digest}`);
      if (window.expired) answers.push({ id, text: window.cause ?? 'Sign in again.', outage: true });
      else answers.push(has.has(offered.get(id)) ? there : { id, post, album });
    }
    for (const { id, state } of message.reports) {
      if (state !== 'posted') continue;
      has.add(offered.get(id));
      answers.push({ id, state: 'sent', text: '' });
    }
    const answer = { type: 'answers', session: message.session, files: answers };
    if (answers.length) setTimeout(() => model.receive(answer));
  };
}"""
"""Answers what the drop zone asks, as a kernel does."""


class Dropping:
    """A drop zone in a page, with a kernel and an S3 that answer as long as they shall."""

    def __init__(self, page: Page, timeout_s: float) -> None:
        self.page, self.down, self.taken = page.page, False, 0
        handler: Any = None
        signatures = {"image/png": PIXEL[:8].hex()}
        draw(page, [DropZone(handler, signatures=signatures, max_bytes=9999, outage_timeout_s=timeout_s)])
        self.page.evaluate(KERNEL)
        self.page.route("**/s3", self._s3)
        self.drop(1)
        self.until("1 of 1 uploaded")

    def _s3(self, route: Any) -> None:
        if self.down:
            route.abort("connectionreset")
            return
        self.taken += 1
        route.fulfill(status=204, headers={"Access-Control-Allow-Origin": "*"})

    def drop(self, count: int) -> None:
        photos: Any = [
            {"name": f"{count}-{one}.png", "mimeType": "image/png", "buffer": PIXEL + b"." * (count + one)}
            for one in range(count)
        ]
        self.page.locator("input[type=file]").first.set_input_files(photos)

    def drop_named(self, *names: str) -> None:
        """Drop files of one content under these names."""
        photos: Any = [{"name": name, "mimeType": "image/png", "buffer": PIXEL} for name in names]
        self.page.locator("input[type=file]").first.set_input_files(photos)

    def until(self, text: str) -> None:
        self.page.locator(".ip-summary", has_text=text).wait_for(timeout=30_000)


@pytest.mark.parametrize("cause", ["down", "expired"])
def test_dropped_photos_outlast_an_outage(page: Page, cause: str) -> None:
    dropping = Dropping(page, 60)
    dropping.down = cause == "down"
    page.page.evaluate(f"window.expired = {json.dumps(cause == 'expired')}")
    dropping.drop(60)
    said = page.page.locator(".ip-notice", has_text="Waiting, and trying again by itself")
    said.wait_for(timeout=30_000)
    assert "trying" not in page.page.locator(".ip-summary").inner_text()
    totals = page.page.locator(".ip-totals").bounding_box()
    assert said.bounding_box()["width"] > 0.95 * totals["width"], "it has the whole line"
    before = page.page.evaluate("window.asked")
    page.page.wait_for_timeout(3000)
    assert page.page.evaluate("window.asked") - before < 8, "one at a time is tried, and less and less often"
    page.screenshot(f"drop-zone-outage-{cause}")
    dropping.down = False
    page.page.evaluate("window.expired = false")
    dropping.until("61 of 61 uploaded")
    assert dropping.taken == 61


@pytest.mark.parametrize("width", [390, 700])
def test_on_a_phone_nothing_in_a_files_row_lies_over_anything_else(visit: Visit, width: int) -> None:
    page: Page = visit(width, 800, touch=True)
    dropping = Dropping(page, 60)
    page.page.evaluate("window.expired = true")
    dropping.drop(5)
    page.page.get_by_role("button", name="Cancel 5-0.png").wait_for(timeout=30_000)
    page.screenshot(f"drop-zone-rows-{width}")
    summary = page.page.locator(".ip-summary", has_text=re.compile(r" · \d+ bytes?/s$"))
    summary.wait_for(timeout=10_000)
    row = page.page.locator(".ip-file", has_text="5-0.png")
    places = [one.bounding_box() for one in row.locator("> *").all() if one.is_visible()]
    assert len(places) >= 3
    for one, other in itertools.combinations(places, 2):
        beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        assert beside or above, (one, other)
    whole = row.bounding_box()
    assert max(one["y"] + one["height"] for one in places) <= whole["y"] + whole["height"]


def test_dropped_photos_that_wait_in_vain_say_so_and_can_be_sent_again(page: Page) -> None:
    dropping = Dropping(page, 2)
    page.page.evaluate("window.expired = true")
    cause = "There is no such bucket any more. " + "Reload the page, or run the cell again. " * 3
    page.page.evaluate(f"window.cause = {json.dumps(cause)}")
    dropping.drop(30)
    dropping.until("30 failed")
    whole = page.page.locator(".ip-notice")
    assert whole.inner_text().startswith("✕ 30-0.png: There is no such bucket any more.")
    assert whole.inner_text().endswith("run the cell again."), "a file's row cuts it"
    page.screenshot("drop-zone-failed")
    page.page.evaluate("window.expired = false")
    page.page.get_by_role("button", name="Retry failed").click()
    dropping.until("31 of 31 uploaded")
    assert whole.is_hidden()


def test_what_was_rejected_is_in_view_when_all_others_are_sent(page: Page) -> None:
    dropping = Dropping(page, 60)
    dropping.drop(30)
    photo: Any = {"name": "notes.png", "mimeType": "image/png", "buffer": b"milk"}
    page.page.locator("input[type=file]").first.set_input_files([photo])
    dropping.until("31 of 32 uploaded · 1 rejected")
    page.page.wait_for_timeout(500)  # the next frames
    files = page.page.locator(".ip-files")
    assert files.evaluate("(one) => [one.scrollTop, one.scrollHeight > 2 * one.clientHeight]") == [0, True]
    assert "notes.png" in page.page.locator(".ip-file").first.inner_text()


def test_what_one_album_has_is_sent_to_another_and_again_after_it_was_forgotten(page: Page) -> None:
    dropping = Dropping(page, 60)
    page.page.evaluate("window.album = 'Trip'")
    dropping.drop_named("a.png")
    dropping.until("2 of 2 uploaded")
    page.page.evaluate("window.album = 'Rome'")
    dropping.drop_named("a.png")
    dropping.until("1 of 1 uploaded to Trip · 1 of 1 uploaded to Rome")
    assert dropping.taken == 3, "Rome had no such photo"
    page.page.get_by_role("button", name="Show files").click()
    page.page.get_by_text("✓ Uploaded · Rome").wait_for()
    page.screenshot("drop-zone-two-albums")
    dropping.drop_named("a.png")
    page.page.get_by_text("✓ Already uploaded · Rome").wait_for()
    page.page.evaluate("window.has.clear()")  # forgotten
    dropping.drop_named("a.png")
    dropping.until("2 of 3 uploaded to Rome, 1 already uploaded")
    assert dropping.taken == 4


def test_of_twins_in_one_drop_one_is_sent_and_the_other_if_that_fails(page: Page) -> None:
    dropping = Dropping(page, 0)
    dropping.drop_named("a.png", "b.png", "c.png")
    dropping.until("2 of 4 uploaded, 2 already uploaded")
    assert dropping.taken == 2
    page.page.evaluate("window.has.clear()")
    page.page.evaluate("window.expired = true")
    dropping.drop_named("a.png", "b.png")
    dropping.until("2 failed")
    page.page.evaluate("window.expired = false")
    page.page.get_by_role("button", name="Retry failed").click()
    dropping.until("3 of 6 uploaded, 3 already uploaded")
    assert dropping.taken == 3


def test_the_list_of_a_tray_is_folded_and_unfolded_again(page: Page) -> None:
    draw(page, [zone(UploadState.REJECTED)])
    file = page.page.get_by_text("a.jpg")
    file.wait_for()
    page.page.evaluate("models[0].receive({ type: 'fold' })")
    file.wait_for(state="hidden")
    page.page.get_by_role("button", name="Show files").click()
    file.wait_for()


APP = """() => {
  const main = document.querySelector('main'), zone = main.children[1];
  const [drawer, tray] = ['drawer', 'tray'].map((name) => {
    window[name] = document.createElement('div');
    window[name].className = `ip-app-${name}`;
    return window[name];
  });
  main.className = 'ip-app';
  main.style = '';
  tray.append(zone); main.append(drawer, tray);
}"""
"""Lays out a top bar and a tray as the web app does."""
OVERLAP = "() => tray.getBoundingClientRect().right - drawer.getBoundingClientRect().left"


def test_an_albums_name_has_room_and_the_tray_stands_beside_the_drawer(visit: Visit) -> None:
    page = visit(1300, 900)
    handler: Any = None
    bar = TopBar(TopBarHandlers())
    bar.title, bar.user, bar.editable, bar.placed = "26 November 2026", "bob", True, 3
    draw(page, [bar, DropZone(handler, anywhere=True)])
    page.page.evaluate(APP)
    for width in (1300, 1000, 900):
        page.resize(width, 900)
        cut = page.page.locator(".ip-place").evaluate("(one) => one.scrollWidth - one.clientWidth")
        assert cut <= 0, width
        assert page.page.evaluate(OVERLAP) <= 0
    page.page.evaluate("drawer.style.display = 'none'")
    assert page.page.evaluate("() => innerWidth - tray.getBoundingClientRect().right") < 40


def test_a_kernel_is_not_said_to_be_gone_before_ten_seconds(page: Page) -> None:
    handler: Any = None
    signatures = {"image/png": PIXEL[:8].hex()}
    page.page.clock.install()
    draw(page, [DropZone(handler, signatures=signatures, max_bytes=9999)])
    photo: Any = {"name": "a.png", "mimeType": "image/png", "buffer": PIXEL}
    page.page.locator("input[type=file]").first.set_input_files([photo])
    page.page.wait_for_function("models[0].sent.some(({ offers }) => offers.length)", polling=100)
    said = page.page.get_by_text("busy or gone")
    page.page.clock.fast_forward(8000)
    assert said.count() == 0
    page.page.clock.fast_forward(4000)
    said.wait_for()


def test_enter_takes_along_what_was_typed(page: Page) -> None:
    draw(page, [TextField(description="User name"), TextField(description="Album", options=["Best"])])
    field = page.page.get_by_label("User name")
    page.page.evaluate("models[0].set('focus_wanted', true)")
    page.page.wait_for_function("() => document.activeElement.matches('.ip-text-field input')")
    page.page.keyboard.type("ann")
    page.page.keyboard.press("Enter")
    sent = page.page.evaluate("models[0].sent")
    assert [(one["type"], one["text"]) for one in sent[-2:]] == [("input", "ann"), ("enter", "ann")]
    page.page.evaluate("models[0].set('value', '')")
    assert field.input_value() == ""
    assert page.page.locator("datalist option").get_attribute("value") == "Best"


def test_a_field_that_is_drawn_after_it_was_to_have_the_cursor_takes_it(page: Page) -> None:
    field = TextField(description="To album")
    field.focus()
    draw(page, [field])
    page.page.wait_for_function("() => document.activeElement.matches('.ip-text-field input')")
    assert page.page.evaluate("models[0].get('focus_wanted')") is False


def test_parts_of_one_kind_share_no_element_ids(page: Page) -> None:
    fields = [TextField(description=one, options=["Best"]) for one in ("Album", "User")]
    draw(page, [SearchBar(SearchHandlers()), SearchBar(SearchHandlers()), *fields])
    found = page.page.evaluate("[...document.querySelectorAll('main [id]')].map(({ id }) => id)")
    assert len(found) >= 8
    assert len(set(found)) == len(found)


def test_a_cover_that_is_not_there_yet_is_asked_for_again(page: Page) -> None:
    draw(page, [AlbumCards(AlbumCardHandlers())])
    asked = "models[0].sent.filter(({ type }) => type === 'address').length"
    for count in (1, 2):
        card = {"id": "a", "name": "Best", "count": count, "cover": "1"}
        page.page.evaluate("card => models[0].set('cards', [card])", card)
        page.page.wait_for_function(f"{asked} === {count}")
        address = "" if count == 1 else "http://localhost/cover.jpg"
        page.page.evaluate(f"models[0].receive({{ type: 'address', id: 'a', address: '{address}' }})")
    page.page.evaluate("models[0].set('cards', [{ id: 'a', name: 'Best', count: 3, cover: '1' }])")
    page.page.wait_for_timeout(300)
    assert page.page.evaluate(asked) == 2


def test_another_cover_is_asked_for_and_the_first_one_stays_until_it_is_there(page: Page) -> None:
    draw(page, [AlbumCards(AlbumCardHandlers())])
    asked = "models[0].sent.filter(({ type }) => type === 'address').length"
    for times, cover in enumerate(("1", "1 cat.jpg"), start=1):
        card = {"id": "a", "name": "Best", "count": 1, "cover": cover}
        page.page.evaluate("card => models[0].set('cards', [card])", card)
        page.page.wait_for_function(f"{asked} === {times}")
        image = page.page.locator(".ip-cover img")
        assert cover == "1" or image.get_attribute("src") == "http://localhost/1.jpg"
        address = f"http://localhost/{cover.replace(' ', '-')}.jpg"
        page.page.evaluate(f"models[0].receive({{ type: 'address', id: 'a', address: '{address}' }})")
    assert image.get_attribute("src") == "http://localhost/1-cat.jpg.jpg"


def test_albums_that_could_not_be_read_are_not_said_to_be_none(page: Page) -> None:
    cards = AlbumCards(AlbumCardHandlers())
    draw(page, [cards])
    start, reading = page.page.get_by_text("Drop photos here"), page.page.get_by_text("Reading the albums")
    reading.wait_for()
    page.page.evaluate("models[0].set('loading', false)")
    assert page.page.locator(".ip-album-cards > :visible").count() == 0
    page.page.evaluate("models[0].set('known', true)")
    assert (start.is_visible(), reading.is_visible()) == (True, False)
    name = page.page.get_by_label("Name of the new album")
    name.focus()
    page.page.keyboard.type("Gar")
    page.page.evaluate("models[0].set('cards', [{ id: 'a', name: 'Best', count: 1, cover: '' }])")
    page.page.keyboard.type("den")  # albums that are read meanwhile do not take the focus
    assert (name.input_value(), page.page.get_by_text("1 photo").count()) == ("Garden", 1)


def test_the_name_of_an_album_that_is_there_is_said_to_open_it(page: Page) -> None:
    draw(page, [AlbumCards(AlbumCardHandlers())])
    page.page.evaluate("models[0].set('cards', [{ id: 'a', name: 'Best', count: 1, cover: '' }])")
    name = page.page.get_by_label("Name of the new album")
    name.fill("Bes")
    assert page.page.get_by_role("button", name="Create").is_visible()
    name.fill("Best ")
    assert page.page.get_by_text("You have this album").is_visible()
    page.page.get_by_role("button", name="Open", exact=True).click()
    assert {"type": "create", "text": "Best "} in page.page.evaluate("models[0].sent")
    assert page.page.get_by_role("button", name="Create").is_visible()


def test_while_something_is_asked_nothing_else_is_done_and_the_focus_comes_back(page: Page) -> None:
    draw(page, [Gallery(GallerySource(lambda *_: []), actions=[Action("forget", "Forget…")])])
    layout = "{type: 'layout', version: 1, headings: [], note: '', selection: [[0, 0]], ahead: true}"
    shapes = "[new DataView(new Float32Array([1.5, 1]).buffer)]"
    page.page.evaluate(f"() => models[0].receive({layout}, {shapes})")
    forget = page.page.get_by_role("button", name="Forget…")
    assert forget.is_enabled()
    outline = "() => getComputedStyle(document.querySelector('.ip-gallery-bar > .ip-said')).outlineStyle"
    assert page.page.evaluate(outline) == "none", "only a tag that a person added is dashed"
    page.resize(390, 900)
    clear, tools = page.page.get_by_role("button", name="Clear").bounding_box(), forget.bounding_box()
    assert clear
    assert tools
    assert (clear["y"], clear["x"] < tools["x"]) == (tools["y"], True), "one row, on phones"
    page.page.evaluate("models[0].set('asking', true)")
    assert forget.is_disabled()
    focused = "() => document.activeElement.className"
    assert page.page.evaluate(focused) == ""
    page.page.evaluate("models[0].receive({ type: 'focus' })")
    assert page.page.evaluate(focused) == "ip-card"
    page.page.evaluate(f"() => models[0].receive({layout}, {shapes})")
    assert page.page.evaluate(focused) == "ip-card", "also as other photos are shown"


DUPLICATES = [
    [
        GroupedPhoto("a", "fig.jpg", ("4000 × 3000", "taken 2014-05-18 16:20"), kept=True),
        GroupedPhoto("b", "fig (1).jpg", ("1200 × 900 · 0.3 MB", "no date", "differs in 12 of 144 bits")),
    ]
]


def test_duplicates_are_side_by_side_and_selected_one_by_one(page: Page) -> None:
    groups = DuplicateGroups()
    groups.show(DUPLICATES)
    updates.flush()
    draw(page, [groups])
    shown = page.page.locator(".ip-duplicates li")
    first, second = (shown.nth(number).bounding_box() for number in range(2))
    assert first
    assert second
    assert first["y"] == second["y"]
    assert shown.nth(0).inner_text().split("\n")[0] == "Keep"
    assert "Keep" not in shown.nth(1).inner_text()
    page.page.get_by_label("Select fig (1).jpg").check()
    page.page.wait_for_function("models[0].sent.some((one) => one.type === 'address' && one.id === 'b')")
    sent = page.page.evaluate("models[0].sent")
    assert {"type": "select", "id": "b", "on": True} in sent
    page.page.evaluate("models[0].set('selected', ['a'])")
    assert page.page.get_by_label("Select fig.jpg").is_checked()
    assert not page.page.get_by_label("Select fig (1).jpg").is_checked()


def test_the_viewer_shows_similar_photos_until_another_one_is_opened(page: Page) -> None:
    viewer = PhotoViewer()
    viewer.show(ViewedPhoto("a", "fig.jpg"))
    updates.flush()
    draw(page, [viewer])
    page.page.get_by_role("button", name="Similar photos").click()
    assert {"type": "similar", "id": "a"} in page.page.evaluate("models[0].sent")
    photos = "[{id: 'b', name: 'fig (1).jpg', note: 'looks the same'}]"
    page.page.evaluate(f"models[0].receive({{type: 'similar', id: 'a', cause: '', photos: {photos}}}, [])")
    page.page.get_by_role("button", name="fig (1).jpg, looks the same").click()
    sent = page.page.evaluate("models[0].sent")
    assert {"type": "open-similar", "id": "a", "photo": "b"} in sent
    page.page.evaluate("models[0].set('photo', {...models[0].get('photo'), id: 'b'})")
    assert page.page.get_by_role("button", name="looks the same").count() == 0


_RECEIVE_PICTURE = """async ([type, width, height, reduced]) => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d').fillRect(0, 0, width, height);
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
  const bytes = new DataView(await blob.arrayBuffer());
  models[0].receive({ type, id: 'a', media: 'image/png', reduced }, [bytes]);
}"""


def test_zooming_into_a_reduced_picture_loads_its_other_pixels_in_the_same_place(visit: Visit) -> None:
    page: Page = visit(1300, 900)
    viewer = PhotoViewer()
    viewer.show(ViewedPhoto("a", "fig.jpg", boxes=(("Fig", 0.1, 0.1, 0.5, 0.5),)))
    updates.flush()
    draw(page, [viewer])
    image, more = page.page.locator(".ip-frame img"), page.page.locator(".ip-more")

    def receive(kind: str, width: int, *, reduced: bool) -> None:
        page.page.evaluate(_RECEIVE_PICTURE, [kind, width, width // 2, reduced])
        page.page.wait_for_function(
            "(width) => document.querySelector('.ip-frame img').naturalWidth === width", arg=width
        )

    def asked() -> int:
        return int(page.page.evaluate("() => models[0].sent.filter(({ type }) => type === 'whole').length"))

    receive("picture", 1600, reduced=True)
    fitting = image.bounding_box()
    page.page.keyboard.press("+")
    assert asked() == 0, "it has the pixels for this"
    page.page.keyboard.press("+")
    page.page.keyboard.press("+")
    assert asked() == 1
    assert more.inner_text() == "Loading all pixels…"
    page.screenshot("viewer-loading-pixels")
    zoomed = image.bounding_box()
    receive("whole", 4000, reduced=False)
    assert more.is_hidden()
    assert image.bounding_box() == zoomed
    page.page.keyboard.press("0")
    assert image.bounding_box() == fitting
    page.page.keyboard.press("+")
    assert asked() == 1
    receive("whole", 3000, reduced=True)
    assert more.is_hidden(), "at this zoom it has the pixels"
    for _ in range(4):
        page.page.keyboard.press("+")
    assert "save the original" in more.inner_text()
    page.page.keyboard.press("0")
    assert more.is_hidden()
    page.page.evaluate("() => models[0].receive({ type: 'whole', id: 'a', cause: 'No room.' })")
    assert more.inner_text() == "✕ Not all pixels can be shown: No room."


@pytest.mark.parametrize("dark", [True, False])
def test_scroll_bars_and_arrows_are_those_of_the_theme(visit: Visit, dark: bool) -> None:
    page: Page = visit(700, 500, dark=not dark)
    draw(page, [DataTable(("Line",), [("a",)])], dark=dark)
    scheme = "() => getComputedStyle(document.querySelector('.ip')).colorScheme"
    assert page.page.evaluate(scheme) == ("dark" if dark else "light")
    page.page.evaluate("() => document.body.removeAttribute('data-jp-theme-light')")
    assert page.page.evaluate(scheme) == "light dark", "elsewhere the system's"


def test_buttons_are_large_enough_for_fingers(chromium: Any, visit: Visit) -> None:
    page: Page = visit(390, 800, touch=True)
    draw(page, [executions(), zone(UploadState.REJECTED)])
    sizes = page.page.eval_on_selector_all(
        ".ip button:not([hidden])",
        "(all) => all.filter((one) => one.offsetHeight).map((one) => one.offsetHeight)",
    )
    assert sizes
    assert min(sizes) >= 44


def test_labels_are_corrected_by_the_keyboard_and_say_who_said_them(page: Page) -> None:
    viewer = PhotoViewer(labels=LabelHandlers(lambda *_: ""))
    viewed = ViewedPhoto(
        "1",
        "dog.jpg",
        tags=(("Dog", 97.3), ("Computer Keyboard", 61.0), ("Wolf", None)),
        boxes=(("Dog", 0.1, 0.1, 0.5, 0.5),),
        said={"Wolf": "ann"},
        corrections=("Wolf added by ann, 2026-01-01 12:00 UTC",),
        next=True,
    )
    viewer.show(viewed)
    updates.flush()
    draw(page, [viewer])
    page.page.keyboard.press("l")
    for name in ("+ Lawn-0", "Saucer"):
        page.page.keyboard.type(name)  # its letters are no commands: U would undo the first one
        page.page.keyboard.press("Enter")
    page.page.keyboard.type("u")
    page.page.keyboard.press("ArrowLeft")  # in what is written
    page.page.keyboard.press("Delete")
    page.page.keyboard.press("ArrowRight")
    assert page.page.evaluate("() => models[0].sent.filter(({ type }) => type === 'step')") == [
        {"type": "step", "step": 1}
    ], "from the empty field to the next photo"
    page.page.get_by_role("button", name="Rename Dog").click()
    page.page.keyboard.press("Escape")
    assert page.page.get_by_label("Add a label (L)").is_visible(), "Escape leaves the field, not the photo"
    page.page.get_by_role("button", name="Rename Dog").click()
    page.page.keyboard.type("Fox")
    page.page.keyboard.press("Enter")
    page.page.get_by_role("button", name="Remove Wolf").click()
    page.page.keyboard.press("u")
    page.page.keyboard.press("l")
    page.page.keyboard.press("Escape")
    assert page.page.get_by_label("Add a label (L)").is_visible(), "Escape leaves the empty field, too"
    edits = page.page.evaluate("() => models[0].sent.filter(({ type }) => type === 'label')")
    assert [(one["action"], one["label"], one["to"]) for one in edits] == [
        ("add", "+ Lawn-0", ""),
        ("add", "Saucer", ""),
        ("rename", "Dog", "Fox"),
        ("remove", "Wolf", ""),
        ("undo", "", ""),
    ]
    refused = "(again) => models[0].receive({ type: 'label', id: '1', cause: 'No room.', again })"
    field = page.page.get_by_label("Add a label (L)")
    page.page.evaluate(refused, "Cup")
    assert page.page.get_by_text("✕ No room.").is_visible()
    assert field.input_value() == "Cup", "to be tried again"
    field.fill("Mug")
    page.page.evaluate(refused, "Cup")
    assert field.input_value() == "Mug", "what is being written stays"
    lines = page.page.locator(".ip-tag-list li").all_inner_texts()
    assert ["97.3 %" in lines[0], "by ann" in lines[2], "%" in lines[2]] == [True, True, False]
    page.screenshot("viewer-labels")
    page.resize(390)
    facts = page.page.locator(".ip-facts")
    assert facts.evaluate("(one) => one.scrollWidth - one.clientWidth") == 0
    page.screenshot("viewer-labels-narrow")


def test_hashes_and_ids_of_an_opened_photo_are_on_one_line_each(page: Page) -> None:
    viewer = PhotoViewer()
    rows = (
        ("Content hash", f"sha256:{'01234567' * 8}", ""),
        ("Error", "IMAGEPROC_RECOGNITION", ""),
    )
    viewer.photo = asdict(ViewedPhoto("a.jpg", "a.jpg", groups=(FactGroup("File", rows),)))
    draw(page, [viewer])
    facts = page.page.locator(".ip-facts")
    assert facts.locator(".ip-whole").evaluate("(one) => one.offsetHeight") < 24
    assert facts.evaluate("(one) => one.scrollWidth <= one.clientWidth")


def test_a_photo_that_is_opened_begins_with_its_first_facts(visit: Visit) -> None:
    page: Page = visit(1000, 450)
    viewer = PhotoViewer()
    rows = tuple((f"Fact {number}", "known", "") for number in range(40))
    viewer.photo = asdict(ViewedPhoto("a.jpg", "a.jpg", groups=(FactGroup("File", rows),)))
    draw(page, [viewer])
    facts = page.page.locator(".ip-facts")
    facts.evaluate("(one) => { one.scrollTop = 300; }")
    put = "(id) => models[0].set('photo', {...models[0].get('photo'), id})"
    page.page.evaluate(put, "b.jpg")
    assert facts.evaluate("(one) => one.scrollTop") == 300, "one fact of many photos is looked at"
    page.page.get_by_role("button", name="Close").click()
    page.page.evaluate(put, "")
    page.page.evaluate(put, "c.jpg")
    page.page.locator("dialog[open]").wait_for()
    assert facts.evaluate("(one) => one.scrollTop") == 0


def test_pins_are_circles_with_room_for_a_finger(visit: Visit) -> None:
    page: Page = visit(390, 800, touch=True)
    draw(page, [PhotoMap()])
    box = page.page.evaluate("""() => {
      const pin = Object.assign(document.createElement('button'), { className: 'ip-marker' });
      pin.style.top = pin.style.left = '200px';
      document.querySelector('.ip-photo-map').append(pin);
      const { left, top, width, height } = pin.getBoundingClientRect();
      const hit = document.elementFromPoint(left - 9, top - 9) === pin;
      return [width, height, hit];
    }""")
    assert box == [24, 24, True]


def test_why_a_gallery_has_no_photos_to_show_is_said_once_until_it_has(page: Page) -> None:
    """The stack is gone, for example: no picture is broken, and no thumbnail holds an error."""
    page.page.clock.install()
    draw(page, [Gallery(GallerySource(lambda *_: []))])
    layout = "{type: 'layout', version: 1, headings: [], note: '', selection: [], ahead: true}"
    shapes = "[new DataView(new Float32Array([1.5, 1]).buffer)]"
    page.page.evaluate(f"() => models[0].receive({layout}, {shapes})")
    window = {"type": "window", "version": 1, "number": 0}
    receive = "(message) => models[0].receive(message, [])"
    page.page.evaluate(receive, {**window, "cards": [], "cause": "There is no stack yet."})
    page.page.clock.fast_forward(7000)  # what is said of what was done is gone by now
    assert page.page.get_by_text("There is no stack yet.").count() == 1
    cards = [{**asdict(Card(one, one)), "tone": "info", "address": None} for one in ("a.jpg", "b.jpg")]
    page.page.evaluate(receive, {**window, "cards": cards, "cause": ""})
    assert page.page.get_by_text("There is no stack yet.").count() == 0
    gone = {"type": "bytes", "version": 1, "number": 0, "cause": "There is no stack yet."}
    page.page.evaluate(receive, gone)
    assert page.page.get_by_text("There is no stack yet.").count() == 1
    page.page.get_by_text("No picture").wait_for()


def test_a_check_mark_lies_on_no_text_of_a_narrow_card(page: Page) -> None:
    draw(page, [Gallery(GallerySource(lambda *_: []))])
    layout = "{type: 'layout', version: 1, headings: [], note: '', selection: [], ahead: true}"
    page.page.evaluate(
        f"() => models[0].receive({layout}, [new DataView(new Float32Array([0.35, 2]).buffer)])"
    )
    cause = "Incomplete: Rekognition cannot read this photo. Export it again as a JPEG, and upload it again."
    cards = [
        {**asdict(Card(one, one * 20, cause, thumbnail=False)), "tone": "error", "address": None}
        for one in ("ab", "cd")
    ]
    message = {"type": "window", "version": 1, "number": 0, "cards": cards, "cause": ""}
    page.page.evaluate("(message) => models[0].receive(message, [])", message)
    narrow = page.page.locator(".ip-card").first
    narrow.hover()
    page.screenshot("gallery-narrow-card")
    check, text = (narrow.locator(one).bounding_box() for one in (".ip-check", ".ip-state"))
    assert check["y"] + check["height"] <= text["y"]
    card = narrow.bounding_box()
    assert text["y"] + text["height"] <= card["y"] + card["height"]


def test_what_a_gallery_shows_stays_when_aws_does_not_answer_any_more(page: Page) -> None:
    down: list[bool] = []
    picture = {"content_type": "image/png", "body": PIXEL}
    page.page.route("**/picture*", lambda route: route.abort() if down else route.fulfill(**picture))
    draw(page, [Gallery(GallerySource(lambda *_: []))])
    layout = "{type: 'layout', version: 1, headings: [], note: '', selection: [], ahead: true}"
    shapes = "[new DataView(new Float32Array(12).fill(1.5).buffer)]"
    page.page.evaluate(f"() => models[0].receive({layout}, {shapes})")

    def receive(number: int, count: int, cause: str = "") -> None:
        shown = [
            {**asdict(Card(str(one), f"{one}.jpg", thumbnail=True)), "tone": "info"} for one in range(count)
        ]
        cards = [{**card, "address": f"http://localhost/picture?{time.monotonic_ns()}"} for card in shown]
        message = {"type": "window", "version": 1, "number": number, "cards": cards, "cause": cause}
        page.page.evaluate("(message) => models[0].receive(message, [])", message)

    receive(0, 6)
    page.page.locator("img.ip-there").nth(5).wait_for()
    down.append(True)
    receive(6, 0, "The local AWS does not answer.")
    page.page.evaluate("window.dispatchEvent(new Event('resize'))")
    page.page.locator(".ip-scroller").evaluate("(one) => one.dispatchEvent(new Event('scroll'))")
    page.page.wait_for_function("() => models[0].sent.some(({ type }) => type === 'window')")  # asked again
    receive(0, 12)  # as they are known, but with new addresses
    asked = "models[0].sent.filter(({ type }) => type === 'window').length"
    page.page.wait_for_function(f"() => {asked} > 1")  # for fresh ones
    receive(0, 12)
    page.page.wait_for_function("() => models[0].sent.some(({ type }) => type === 'bytes')")
    assert page.page.locator("img.ip-there").count() == 6


PHOTOS = """() => {
  const main = document.querySelector('main'), [bar, search, status, gallery] = [...main.children];
  main.className = 'ip-app';
  main.style = 'position: relative; height: 700px';
  const photos = document.createElement('div'), line = document.createElement('div');
  photos.className = 'ip-app-page ip-app-photos';
  status.classList.add('ip-app-status');
  gallery.classList.add('ip-app-rows');
  line.append(status); photos.append(search, line, gallery); main.append(bar, photos);
}"""
"""Lays out the page of an album as the web app does."""


def test_the_page_scrolls_on_where_a_gallery_cannot(page: Page) -> None:
    draw(page, [Gallery(GallerySource(lambda *_: []))])
    layout = "{type: 'layout', version: 1, headings: [], note: '', selection: [], ahead: true}"
    shapes = "[new DataView(new Float32Array([1.5, 1]).buffer)]"
    page.page.evaluate(f"() => models[0].receive({layout}, {shapes})")
    page.page.evaluate("() => { document.body.style.minHeight = '4000px'; }")
    page.page.locator(".ip-scroller").hover()
    page.page.mouse.wheel(0, 300)
    page.page.wait_for_function("() => scrollY === 300")


def test_a_banner_says_alone_what_is_wrong_and_the_slider_lies_on_nothing(page: Page) -> None:
    bar, status, gallery = TopBar(TopBarHandlers()), StatusLine(), Gallery(GallerySource(lambda *_: []))
    bar.user, status.text, status.tone = "ann", "Reading photos", "running"
    search = SearchBar(SearchHandlers(), orders=[("name", "Name")], summary="2 photos")
    draw(page, [bar, search, status, gallery])
    page.page.evaluate(PHOTOS)
    layout = "{type: 'layout', version: 1, headings: [], note: '', selection: [], ahead: true}"
    shapes = "[new DataView(new Float32Array([1.5, 1]).buffer)]"
    page.page.evaluate(f"() => models[3].receive({layout}, {shapes})")
    said = page.page.locator(".ip-status-line")
    boxes = [
        page.page.locator(one).bounding_box() for one in (".ip-size", ".ip-status-line", ".ip-card >> nth=0")
    ]
    size, line, card = ((box["y"], box["y"] + box["height"]) for box in boxes if box)
    assert line[1] <= size[0] < size[1] <= card[0]
    page.screenshot("app-reading")
    cause = "The local AWS does not answer."
    page.page.evaluate("(cause) => { models[2].set('tone', 'error'); models[2].set('text', cause); }", cause)
    window = {"type": "window", "version": 1, "number": 0, "cards": [], "cause": cause}
    page.page.evaluate("(message) => models[3].receive(message, [])", window)
    assert said.is_visible()
    page.page.evaluate("(cause) => models[0].set('problem', cause)", cause)
    page.page.get_by_role("alert").get_by_text(cause).wait_for()
    assert page.page.get_by_text(cause).filter(visible=True).count() == 1
    page.screenshot("app-problem")


def test_what_was_found_is_no_answer_to_a_search_that_was_refused(page: Page) -> None:
    draw(page, [SearchBar(SearchHandlers(), summary="1 of 86 photos", chips=["2004"])])
    page.page.get_by_text("1 of 86 photos", exact=True).wait_for()
    page.page.evaluate("() => models[0].set('problem', \"Did you mean 'Dog'?\")")
    page.page.get_by_text("Still shown: 1 of 86 photos", exact=True).wait_for()
    page.page.evaluate("() => models[0].set('problem', '')")
    page.page.get_by_text("1 of 86 photos", exact=True).wait_for()


def test_dates_with_few_photos_share_a_row_and_the_rest_waits_for_what_is_in_view(page: Page) -> None:
    draw(page, [Gallery(GallerySource(lambda *_: []))])
    dates = "[[0, '2024'], [1, '2021'], [2, '2009'], [3, '2003']]"
    layout = f"{{type: 'layout', version: 1, headings: {dates}, note: '', selection: [], ahead: true}}"
    shapes = "[new DataView(new Float32Array(60).fill(1.5).buffer)]"
    page.page.evaluate(f"() => models[0].receive({layout}, {shapes})")
    page.page.locator(".ip-date").nth(3).wait_for()
    boxes = [one.bounding_box() for one in page.page.locator(".ip-date").all()]
    tops = [box["y"] for box in boxes if box]
    assert tops[0] == tops[1] == tops[2] < tops[3]
    cards = page.page.locator(".ip-card")
    for date, card in zip(boxes, cards.all(), strict=False):
        box = card.bounding_box()
        assert box
        assert date
        assert (round(box["x"]), box["y"] > date["y"]) == (round(date["x"]), True)
    in_view = cards.count()
    page.page.evaluate(f"() => models[0].receive({layout}, {shapes})")
    assert cards.count() == in_view
    some = [{**asdict(Card(str(one), f"{one}.jpg")), "tone": "info", "address": None} for one in range(60)]
    window = {"type": "window", "version": 1, "number": 0, "cards": some, "cause": ""}
    page.page.evaluate("(message) => models[0].receive(message, [])", window)
    page.page.wait_for_function(
        "(before) => document.querySelectorAll('.ip-card').length > before", arg=in_view
    )
    asked = "() => models[0].sent.filter(({ type }) => type === 'window').length"
    page.page.evaluate(f"() => models[0].receive({layout}, {shapes})")
    assert page.page.evaluate(asked) == 0, "a layout that comes twice asks for nothing again"
    cards.nth(0).focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("ArrowDown")
    assert page.page.evaluate("() => document.activeElement.dataset.number") == "4", "what lies below"


def test_a_screen_of_cards_is_joined_by_the_rest_of_its_block_and_not_asked_for(page: Page) -> None:
    draw(page, [Gallery(GallerySource(lambda *_: []))])
    layout = "{type: 'layout', version: 1, headings: [], note: '', selection: [], ahead: true}"
    shapes = "[new DataView(new Float32Array(60).fill(1.5).buffer)]"
    page.page.evaluate(f"() => models[0].receive({layout}, {shapes})")
    cards = [{**asdict(Card(str(one), f"{one}.jpg")), "tone": "info", "address": None} for one in range(60)]
    asked = "() => models[0].sent.filter(({ type }) => type === 'window').length"

    def receive(number: int, count: int) -> int:
        some = cards[number : number + count]
        message = {"type": "window", "version": 1, "number": number, "cards": some, "cause": ""}
        page.page.evaluate("(message) => models[0].receive(message, [])", message)
        page.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
        return int(page.page.locator(".ip-card .ip-name").count())

    begun = receive(0, 5)
    assert begun == 5
    shown = receive(5, 55)
    assert shown > begun
    assert receive(5, 55) == receive(0, 60) == shown
    assert page.page.locator(".ip-card[aria-label^=Photo]").count() == 0
    assert page.page.evaluate(asked) == 0
    page.page.evaluate(f"() => models[0].receive({layout.replace('1,', '2,', 1)}, {shapes})")
    page.page.evaluate(
        "(message) => models[0].receive(message, [])",
        {"type": "window", "version": 2, "number": 5, "cards": cards[5:], "cause": ""},
    )
    page.page.wait_for_function(f"({asked})() === 1")
