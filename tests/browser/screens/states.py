"""What the screenshots show, in the order of a journey: JupyterLab's notebooks, then the web app.

A new page or state is a line here. `make screenshots` takes all of them anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.browser.pages import Page

STACK, USER, ALBUM = "screens", "ann", "Summer 2024"
APP = "app"

PICTURES = {"gallery": 1000, "follow": 1000, "viewer": 1600, "duplicates": 1000, "measured": 1000}
"""The states that README and docs show, in light, and the widths. They are in docs/pictures."""


def _as_opened(_: Page) -> None:
    """The page is in this state already."""


@dataclass(frozen=True)
class State:
    """A page in one of its states."""

    name: str
    page: str
    """A notebook's name, or APP. States of one page that follow each other are reached without a reload."""
    regions: Mapping[str, str]
    """What has to be on the page and where: the first element that each selector finds."""
    reach: Callable[[Page], None] = _as_opened
    compared: bool = False
    """Whether the tests compare it with what was recorded. The others are only pictures for people."""
    fails: bool = False
    """Whether the notebook ends in an error, which is what is shown."""
    leads_on: bool = False
    """Whether a compared state is reached by way of this one."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The notebook's parameters that differ from those of the journey."""

    @property
    def top(self) -> str:
        """What is at the window's upper edge: the first region."""
        return next(iter(self.regions.values()))


def _follow_a_photo(page: Page) -> None:
    page.page.locator(".ip-execution-list button.ip-choose", has_text="cat").first.click()
    page.page.locator(".ip-state-graph svg").first.wait_for()


def _search(text: str) -> Callable[[Page], None]:
    def reach(page: Page) -> None:
        field_ = page.page.locator(".ip-search input[type=search], .ip-search input").first
        field_.fill(text)
        field_.press("Enter")
        page.page.wait_for_timeout(1000)
        field_.blur()

    return reach


def _clear(page: Page) -> None:
    _search("")(page)
    page.page.locator(".ip-card").nth(3).wait_for()


def _open_filters(page: Page) -> None:
    _clear(page)
    page.page.locator(".ip-search .ip-fold > summary").click()
    page.page.locator(".ip-facets > *").first.wait_for()


_PICTURE = """() => {
  const picture = document.querySelector('dialog .ip-stage img');
  return picture && picture.complete && picture.naturalWidth > 500;
}"""
"""Whether the viewer shows more than the thumbnail."""


def _open_photo(name: str) -> Callable[[Page], None]:
    def reach(page: Page) -> None:
        page.page.locator(".ip-card", has_text=name).first.click()
        page.page.locator("dialog.ip-dialog .ip-facts").wait_for()
        page.page.wait_for_function(_PICTURE)

    return reach


def _close_photo(page: Page) -> None:
    if page.page.locator("dialog.ip-dialog").is_visible():
        page.page.keyboard.press("Escape")


def _select(page: Page) -> None:
    _close_photo(page)
    for number in range(3):
        page.page.locator(".ip-card").nth(number).click(modifiers=["Control"])


def _log_in(page: Page) -> None:
    page.page.get_by_label("User name").fill(USER)
    page.page.keyboard.press("Enter")
    page.page.locator(".ip-album button", has_text=ALBUM).wait_for()


def _open_album(page: Page) -> None:
    page.page.locator(".ip-album button", has_text=ALBUM).click()
    page.page.locator(".ip-card").first.wait_for()
    summary = page.page.locator(".ip-summary", has_text=re.compile("on the map$"))  # processing has ended
    summary.first.wait_for(state="attached")


def _show_run(page: Page) -> None:
    page.page.get_by_role("button", name="Show the run").click()
    page.page.locator(".ip-app-drawer .ip-node[data-status=SUCCEEDED]").first.wait_for()


def _log_in_as_a_newcomer(page: Page) -> None:
    page.page.get_by_label("User name").fill("newcomer")
    page.page.keyboard.press("Enter")
    page.page.get_by_label("Name of the new album").wait_for()


_GALLERY = {"search": ".ip-search", "bar": ".ip-gallery-bar", "cards": ".ip-gallery .ip-scroller"}
_CARDS = {f"card {number}": f".ip-card >> nth={number}" for number in range(4)}
_VIEWER = {
    "viewer": "dialog.ip-dialog",
    "buttons": "dialog .ip-bar",
    "picture": "dialog .ip-stage",
    "facts": "dialog .ip-facts",
}
_SAMPLES = {"album": "First steps"}
"""The notebook's own photos, beside the album that is compared."""

_CURATED = {"album": ""}
"""The notebook's own photos, of which some are there twice."""

STATES = (
    State("deploy", "01_deploy", {"target": ".ip", "events": ".ip-data-table"}),
    State(
        "upload",
        "02_upload_and_follow",
        {"target": ".ip", "drop zone": ".ip-drop-zone .ip-target"},
        parameters=_SAMPLES,
    ),
    State(
        "follow",
        "02_upload_and_follow",
        {"runs": ".ip-execution-list", "graph": ".ip-state-graph"},
        _follow_a_photo,
        parameters=_SAMPLES,
    ),
    State("gallery", "03_gallery", {**_GALLERY, **_CARDS}, compared=True),
    State("filters", "03_gallery", {**_GALLERY, "filters": ".ip-facets"}, _open_filters),
    State("search", "03_gallery", _GALLERY, _search("tag:Mountain")),
    State(
        "nothing-found",
        "03_gallery",
        {"search": ".ip-search", "empty": ".ip-gallery .ip-empty"},
        _search("zebra"),
    ),
    State("map", "03_gallery", {"map": ".ip-map"}, _clear),
    State("viewer", "03_gallery", _VIEWER, _open_photo("Two friends"), compared=True),
    State("selection", "03_gallery", _GALLERY, _select),
    State(
        "empty-album",
        "03_gallery",
        {"search": ".ip-search"},
        parameters={"album": "Empty"},
    ),
    State("no-stack", "03_gallery", {"target": ".ip"}, fails=True, parameters={"stack_name": "nowhere"}),
    State("explore", "04_explore", {"plot": ".jp-OutputArea-output img"}),
    State("duplicates", "05_curate", {"duplicates": ".ip-panel:has(.ip-duplicates)"}, parameters=_CURATED),
    State("measured", "05_curate", {"table": "table:has-text('By confidence')"}, parameters=_CURATED),
    State("operations", "06_operations", {"page": ".ip"}),
    State("clean-up", "07_clean_up", {"page": ".ip"}),
    State("app-log-in", APP, {"card": ".ip-app-card"}, leads_on=True),
    State("app-albums", APP, {"bar": ".ip-top-bar", "albums": ".ip-album-list"}, _log_in, leads_on=True),
    State(
        "app-album",
        APP,
        {"bar": ".ip-top-bar", "cards": ".ip-gallery .ip-scroller", **_CARDS},
        _open_album,
        compared=True,
    ),
    State("app-viewer", APP, _VIEWER, _open_photo("Picos")),
    State("app-run", APP, {"drawer": ".ip-app-drawer"}, _show_run),
    State("app-start", APP, {"bar": ".ip-top-bar"}, _log_in_as_a_newcomer, parameters={"user": "newcomer"}),
)
