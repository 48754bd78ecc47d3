"""The pages look as they did when their screenshots were taken: `make screenshots` takes them anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from imageproc.cli.notebooks import find_notebook
from imageproc.cli.web_app import running
from imageproc.client.uploads.events import Uploaded
from imageproc.client.workbench import Workbench
from imageproc.local import LocalStatus
from imageproc.widgets import DataTable, SearchBar
from tests.browser.conftest import SCREENSHOTS
from tests.browser.pages import Page, Visit
from tests.browser.part_page import draw
from tests.browser.screens import comparison, photos, tour
from tests.browser.screens.states import ALBUM, PICTURES, STACK, STATES, USER, State
from tests.flow.conftest import deploy, target_of

ROOT = Path(__file__).parents[2]
SHOWN_PICTURES = ROOT / "docs" / "pictures"
TAKING = os.environ.get("SCREENSHOTS") == "take"
"""Whether all states are taken and recorded, and not only some compared."""

SHOWN = STATES if TAKING else tuple(state for state in STATES if state.compared or state.leads_on)


@pytest.fixture(scope="module")
def app_url(
    local_aws: LocalStatus, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The web app, on a stack with an album of photos."""
    deploy(target_of(local_aws), STACK)
    workbench = Workbench(target_of(local_aws), STACK)
    folder = tmp_path_factory.mktemp("photos")
    workbench.albums.get_or_create("Empty", USER)
    album = workbench.albums.get_or_create(ALBUM, USER)
    events = workbench.uploads.upload(photos.write(folder), album, check=False)
    list(workbench.photos.follow([event for event in events if isinstance(event, Uploaded)]))
    notebook = folder / "app.ipynb"
    notebook.write_text(find_notebook("app").read_text().replace(r"= \"imageproc\"", rf"= \"{STACK}\""))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with running(notebook) as (_, url):
            yield url


@pytest.mark.timeout(1200 if TAKING else 300)
@pytest.mark.parametrize("states", list(tour.pages(SHOWN)), ids=lambda states: states[0].name)
def test_the_pages_look_as_they_were_recorded(
    visit: Visit, lab_url: str, app_url: str, notebooks: Path, states: tuple[State, ...]
) -> None:
    page: Page = visit(tour.WIDTHS[-1], tour.HEIGHT)
    page.page.set_default_timeout(60_000)
    tour.open_page(page, states[0], lab_url, app_url, notebooks)
    wrong: list[str] = []
    for state in states:
        page.resize(tour.WIDTHS[-1], tour.HEIGHT)
        state.reach(page)
        if TAKING:
            take(page, state)
        elif state.compared:
            wrong += compare(page, state)
    assert wrong == [], "look at build/screenshots/differs-*; if it is meant: make screenshots"


@pytest.mark.parametrize(
    ("rule", "noticed_by"),
    [
        (".ip-search .ip-search-row { display: block }", "boxes"),
        (".ip-data-table { display: none }", "boxes"),
        (".ip-data-table, .ip-search { filter: invert(1) }", "picture"),
    ],
)
def test_a_broken_style_sheet_is_noticed(visit: Visit, rule: str, noticed_by: str) -> None:
    page: Page = visit(1000, 500)
    search = SearchBar(summary="12 photos", orders=[("1", "Newest taken")], order="1")
    table = DataTable(["Photo", "Status"], [[f"photo-{number}.jpg", "Done"] for number in range(12)])
    draw(page, [search, table])
    regions = {"field": ".ip-field", "order": ".ip-search-row select", "table": ".ip-data-table"}
    page.page.locator(regions["table"]).wait_for()
    before, seen = comparison.measure(page.page, regions), comparison.small(page.page.screenshot())

    def now() -> dict[str, bool]:
        moved = [*comparison.moved(before, comparison.measure(page.page, regions), 1000)]
        share = comparison.changed(seen, comparison.small(page.page.screenshot()))
        return {"boxes": bool(moved), "picture": share > comparison.CELLS}

    assert now() == {"boxes": False, "picture": False}
    page.page.add_style_tag(content=rule)
    assert now()[noticed_by]


def compare(page: Page, state: State) -> list[str]:
    """Return how a state differs from what was recorded."""
    wrong: list[str] = []
    for view in tour.VIEWS:
        if view.is_compared:
            picture = tour.look(page, state, view)
            boxes = comparison.measure(page.page, state.regions)
            found = comparison.differences(state.name, view.width, boxes, picture, view.scheme)
            if found:
                SCREENSHOTS.mkdir(parents=True, exist_ok=True)
                (SCREENSHOTS / f"differs-{state.name}-{view.width}-{view.scheme}.png").write_bytes(picture)
            wrong += found
    return wrong


def take(page: Page, state: State) -> None:
    """Keep pictures of a state for people, and record what the tests compare."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for view in tour.VIEWS:
        picture = tour.look(page, state, view)
        path = SCREENSHOTS / f"{state.name}-{view.width}-{view.scheme}.png"
        path.write_bytes(picture)
        if state.compared and view.is_compared:
            boxes = comparison.measure(page.page, state.regions)
            assert None not in boxes.values(), f"{state.name}, {view}: {boxes}"
            comparison.record(state.name, view.width, boxes, picture, view.scheme)
        if (PICTURES.get(state.name), "light") == (view.width, view.scheme):
            publish(path, state.name)


def publish(path: Path, name: str) -> None:
    """Keep a screenshot as a picture of the README or the docs."""
    SHOWN_PICTURES.mkdir(exist_ok=True)
    with Image.open(path) as picture:
        picture.convert("RGB").save(SHOWN_PICTURES / f"{name}.webp", quality=80, method=6)
