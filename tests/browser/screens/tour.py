"""A visitor who brings the pages into their states, and looks at them in windows of several widths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from imageproc import resources
from tests.browser.pages import DONE, RUN_ALL, Page
from tests.browser.screens.states import ALBUM, APP, STACK, USER, State

WIDTHS = (390, 700, 1000, 1600)
HEIGHT = 1000
COMPARED_IN_THE_DARK = 1000
"""The width at which the tests compare the dark pages, too; colours are the same at all widths."""

_QUIET = """() => [...document.images].every((one) => one.complete)
  && !document.querySelector('.ip-loading, .ip-card img:not(.ip-there), .ip-card .ip-picture:empty')"""
_THEMED = "(light) => document.body.dataset.jpThemeLight === String(light)"
_TO_TOP = "(part) => part.scrollIntoView({ block: 'start', behavior: 'instant' })"


@dataclass(frozen=True)
class View:
    """A window of a width, in light or dark."""

    width: int
    scheme: str

    @property
    def is_compared(self) -> bool:
        """Whether the tests look at it."""
        return self.scheme == "light" or self.width == COMPARED_IN_THE_DARK


VIEWS = [View(width, scheme) for scheme in ("light", "dark") for width in WIDTHS]


def open_page(page: Page, state: State, lab_url: str, app_url: str, notebooks: Path) -> None:
    """Open the page of a state, and run it if it is a notebook."""
    if state.page == APP:
        page.page.goto(app_url)
        page.page.get_by_label("User name").wait_for()
        return
    folder = f"tour-{state.name}"
    _write_notebook(notebooks / folder, state.page, state.parameters)
    page.open_notebook(
        lab_url.replace("/lab/workspaces/", "/doc/workspaces/"), f"{folder}/{state.page}.ipynb"
    )
    page.page.evaluate(RUN_ALL)
    outcome = page.page.wait_for_function(DONE, timeout=120_000).json_value()
    assert outcome.startswith("failed") if state.fails else outcome == "done", outcome


def look(page: Page, state: State, view: View) -> bytes:
    """Show the state in a window of this width, and return a picture of it."""
    page.page.mouse.move(1, 1)  # off the photos, which say more under the pointer
    page.page.emulate_media(color_scheme=view.scheme, reduced_motion="reduce")
    if state.page != APP:
        page.page.wait_for_function(_THEMED, arg=view.scheme == "light")
    page.resize(view.width, HEIGHT)
    top = page.page.locator(state.top).first
    if top.is_visible():
        top.evaluate(_TO_TOP)
    page.page.wait_for_function(_QUIET)
    page.page.wait_for_timeout(150)
    return bytes(page.page.screenshot(animations="disabled", caret="hide"))


def pages(states: tuple[State, ...]) -> Iterator[tuple[State, ...]]:
    """Yield the states that are reached one after the other without a reload."""
    begun: list[State] = []
    for state in states:
        if begun and (begun[-1].page, begun[-1].parameters) != (state.page, state.parameters):
            yield tuple(begun)
            begun = []
        begun.append(state)
    yield tuple(begun)


def _write_notebook(folder: Path, name: str, parameters: Mapping[str, str]) -> None:
    """Write a copy of a notebook whose parameters are the journey's."""
    text = (resources.folder("notebooks") / f"{name}.ipynb").read_text()
    for parameter, value in {"stack_name": STACK, "user": USER, "album": ALBUM, **parameters}.items():
        text = re.sub(rf'({parameter}: str = \\")[^"\\]*', rf"\g<1>{value}", text)
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.ipynb").write_text(text)
