"""A newcomer's journey in JupyterLab: Run All in each notebook in turn, from nothing to a clean machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from imageproc import resources
from imageproc.local import LocalStatus
from tests.browser import hostile
from tests.browser.pages import IDLE, Page, Visit
from tests.flow.conftest import target_of

STACK = "journey"
TALL = 3200
OVERFLOWING = """() => [...document.querySelectorAll('.ip')]
  .filter((part) => part.scrollWidth > part.clientWidth + 1)
  .map((part) => `${part.className} ${part.scrollWidth} > ${part.clientWidth}`)"""


@pytest.fixture(scope="module")
def own_stack(notebooks: Path, local_aws: LocalStatus) -> Iterator[str]:
    """A stack of the journey's own, which the notebooks name as their default."""
    known = (one.name for one in resources.folder("notebooks").glob("*.ipynb"))
    for name in (one for one in known if not one.startswith("lab_")):
        path = notebooks / name
        text = path.read_text()
        assert r"stack_name: str = \"imageproc\"" in text
        path.write_text(text.replace(r"stack_name: str = \"imageproc\"", rf"stack_name: str = \"{STACK}\""))
    yield STACK
    found = target_of(local_aws).client("cloudformation").list_stacks()["StackSummaries"]
    left = [one for one in found if one["StackName"] == STACK and one["StackStatus"] != "DELETE_COMPLETE"]
    assert left == [], "the journey ends on a clean machine"


def write_notebook(path: Path, cells: list[str]) -> None:
    """Write a notebook of these cells of code."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    made.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(made, path)


def look(page: Page, name: str) -> None:
    """See that nothing is wrong with the page, and keep pictures of it."""
    assert page.violations() == []
    page.screenshot(f"lab-{name}")


def test_from_nothing_to_a_clean_machine(
    visit: Visit, lab_url: str, own_stack: str, notebooks: Path, tmp_path: Path
) -> None:
    page: Page = visit(1600, TALL)

    page.open_notebook(lab_url, "01_deploy.ipynb")
    page.run_all()
    page.wait_text(".ip-status-line", rf"The stack {own_stack} is deployed")
    look(page, "01-deploy")

    page.go_on_to("02_upload_and_follow.ipynb")
    page.run_all()
    photos = hostile.write(tmp_path)
    page.drop(".ip-drop-zone .ip-target", photos)
    page.wait_text(".ip-execution-list tr:has-text('img src')", "Succeeded|Incomplete")
    page.wait_text(".ip-drop-zone", r"notes\.jpg")
    page.page.locator(".ip-execution-list button.ip-choose", has_text="img src").click()
    page.page.wait_for_selector(".ip-state-graph svg")
    look(page, "02-upload-and-follow")
    assert page.page.evaluate(hostile.INJECTED) == hostile.NOTHING

    page.go_on_to("03_gallery.ipynb")
    page.run_all()
    open_with_the_keyboard(page)
    process_again(page)
    look(page, "03-gallery")
    assert page.page.evaluate(hostile.INJECTED) == hostile.NOTHING

    saved = page.save_with_widgets(notebooks / "03_gallery.ipynb")
    assert "application/vnd.jupyter.widget-state+json" in saved
    assert [mark for mark in ("X-Amz-", "Signature=", "AWSAccessKeyId", "token=") if mark in saved] == []

    page.go_on_to("06_operations.ipynb")
    page.run_all()
    page.wait_text(".ip-data-table", "ImageIdentifyError")
    page.wait_text(".ip-bar-chart", "Rejected")
    look(page, "04-operations")

    page.go_on_to("07_clean_up.ipynb")
    page.run_all()
    look(page, "05-clean-up")
    page.page.get_by_label("Type the stack's name to confirm").fill(own_stack)
    page.page.get_by_role("button", name="Remove all this").click()
    page.wait_text(".ip-status-line", r"is removed\. Looked again: nothing is left")
    look(page, "05-clean-up-done")
    assert page.errors == []


def open_with_the_keyboard(page: Page) -> None:
    """Go to a photo, open it, and close it again, with keys alone."""
    cards = page.page.locator(".ip-card")
    cards.first.wait_for()
    page.page.locator(".ip-cards [tabindex='0']").first.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Enter")
    dialog = page.page.locator("dialog.ip-dialog")
    dialog.wait_for()
    page.page.locator("dialog .ip-facts").wait_for()
    page.page.wait_for_timeout(500)
    page.screenshot("lab-03-photo")
    assert page.violations() == []
    page.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.page.keyboard.press("Enter")
    show_the_run(page)


def process_again(page: Page) -> None:
    """Have a photo processed again: the gallery shows by itself that it is, and that it has ended."""
    page.page.locator(".ip-cards [tabindex='0']").first.focus()
    page.page.keyboard.press(" ")
    page.page.get_by_role("button", name="Reprocess").click()
    page.wait_text(".ip-status-line", "Processing started again for 1 photo")
    under_way = page.page.locator(".ip-card[aria-label*=', Uploaded'], .ip-card[aria-label*=', Processing']")
    under_way.wait_for()
    under_way.wait_for(state="detached")
    page.page.keyboard.press("Escape")


def show_the_run(page: Page) -> None:
    """Have the run of the open photo shown, which takes the focus (so it is in view), and close it again."""
    page.page.get_by_role("button", name="Show the run").click()
    closing = page.page.get_by_role("button", name="Close the run")
    page.page.wait_for_selector(".ip-state-graph svg")
    page.page.wait_for_function("() => document.activeElement?.textContent.includes('Close the run')")
    page.screenshot("lab-03-run")
    closing.click()
    closing.wait_for(state="hidden")
    page.page.wait_for_selector(".ip-state-graph svg", state="detached")


@pytest.mark.parametrize(("width", "dark"), [(700, False), (1600, True)])
def test_widgets_are_legible_in_a_narrow_window_and_in_the_dark(
    visit: Visit, lab_url: str, notebooks: Path, width: int, dark: bool
) -> None:
    """Every part of the workbench, with made-up contents, on one page."""
    (notebooks / "parts.ipynb").write_text((Path(__file__).parent / "parts.ipynb").read_text())
    page: Page = visit(width, TALL, dark=dark)
    page.open_notebook(lab_url, "parts.ipynb")
    page.run_all()
    theme = page.page.evaluate("() => document.body.dataset.jpThemeLight")
    assert theme == ("false" if dark else "true")
    assert page.violations() == []
    assert page.page.evaluate(OVERFLOWING) == []
    page.screenshot(f"parts-{width}-{'dark' if dark else 'light'}")
    assert page.errors == []


_GALLERY_OF_A_BUSY_KERNEL = """
import time
from array import array
from pathlib import Path
from IPython.display import clear_output
from imageproc.widgets.parts.gallery import Card, Gallery, GallerySource, Layout
gallery = Gallery(GallerySource(lambda first, end: [Card("1", "first.jpg", thumbnail=False)][first:end]))
gallery.show(Layout(array("f", [1.5])))
display(gallery)
while not Path("seen").exists():
    time.sleep(0.05)
clear_output()
"""
"""A kernel that is in a cell hears no question of the page: what is shown first comes unasked."""


def test_a_notebook_that_is_opened_without_a_kernel_shows_what_it_showed(
    visit: Visit, lab_url: str, notebooks: Path
) -> None:
    cells = [
        "from imageproc.widgets import LoginPanel, show",
        _GALLERY_OF_A_BUSY_KERNEL,
        "panel = LoginPanel('ann')\nshow(panel)\npanel.log_in()",
        "from imageproc.widgets.panels.panel import Panel\nshow(Panel())  # which says nothing",
        "from imageproc.errors import StackMissingError\nraise StackMissingError('Looking', 'there is none')",
    ]
    write_notebook(notebooks / "kept.ipynb", cells)
    page: Page = visit(1000, 900)
    page.open_notebook(lab_url, "kept.ipynb")
    page.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.page.get_by_role("option", name="first.jpg").wait_for()
    (notebooks / "seen").touch()

    error = page.page.locator("[data-mime-type='application/vnd.jupyter.stderr']")
    assert error.inner_text().strip() == "StackMissingError: There is no stack yet.", "one line, no traceback"
    assert page.page.get_by_role("link", name="1. Deploy").is_visible()
    assert page.page.locator("details").get_by_text("Traceback").count() == 1
    page.page.locator(".ip-status-line", has_text="Logged in as ann.").wait_for()  # in the widget
    assert not page.page.locator(".ip-snapshot").is_visible()

    page.page.locator(".ip-snapshot").get_by_text("Logged in as ann.").wait_for(state="attached")
    page.page.locator(".ip-snapshot").nth(1).wait_for(state="attached")
    page.save_and_shut_down()
    page.open_notebook(lab_url, "kept.ipynb")  # with another kernel, which does not know the widget
    not_found = page.page.get_by_text("model not found")
    for number in range(2):
        not_found.nth(number).wait_for(state="attached")  # JupyterLab has looked for each
    page.page.locator(".ip-snapshot").get_by_text("Logged in as ann.").wait_for()
    assert [one.is_visible() for one in not_found.all()] == [False, False]
    page.screenshot("lab-kept")


_EXECUTE = """async (code) => {
  const { sessionContext } = window.jupyterapp.shell.currentWidget.context;
  await sessionContext.session.kernel.requestExecute({ code }).done;
}"""


def test_a_notebook_whose_page_was_loaded_anew_is_saved_with_what_its_panels_show_now(
    visit: Visit, lab_url: str, notebooks: Path
) -> None:
    """JupyterLab updates outputs by their display IDs, and forgets these with the page."""
    shown = "from imageproc.widgets.panels.panel import Panel\npanel = Panel()\npanel.say('Before.')\npanel"
    write_notebook(notebooks / "reloaded.ipynb", [shown])
    page: Page = visit(1000, 900)
    page.open_notebook(lab_url, "reloaded.ipynb")
    page.run_all()
    kept = page.page.locator(".ip-snapshot")
    kept.get_by_text("Before.").wait_for(state="attached")
    page.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    page.page.reload()
    page.page.locator(".ip-status-line", has_text="Before.").wait_for()
    page.page.evaluate(_EXECUTE, "panel.say('After.')")
    kept.get_by_text("After.").wait_for(state="attached")
    page.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    (cell,) = nbformat.read(notebooks / "reloaded.ipynb", as_version=4).cells
    widget, state = cell.outputs
    assert "application/vnd.jupyter.widget-view+json" in widget.data
    assert "After." in state.data["text/html"]
    assert "Before." not in state.data["text/html"]
    assert not kept.is_visible(), "the widget is alive"
    assert page.errors == []


_BUSY_PAGE = """(() => {
  const wait = window.setTimeout, isLooking = () => new Error().stack.includes("get_model");
  window.setTimeout = (call, ms, ...rest) => wait(call, ms === 100 && isLooking() ? 3000 : ms, ...rest);
})()"""
"""JupyterLab looks for a widget that it does not know yet ten times a second, and here too late."""


def test_widgets_that_jupyterlab_gave_up_for_good_are_shown_once_they_have_come(
    visit: Visit, lab_url: str, notebooks: Path
) -> None:
    write_notebook(notebooks / "busy.ipynb", [_PARTS_OF_A_KERNEL])
    page: Page = visit(1000, 900)
    page.open_notebook(lab_url, "busy.ipynb")
    page.run_all()
    page.page.get_by_role("option", name="first.jpg").wait_for()
    page.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.page.add_init_script(_BUSY_PAGE)
    page.page.reload()
    page.page.get_by_text("model not found").first.wait_for(state="attached")
    page.page.get_by_role("option", name="first.jpg").wait_for()
    page.page.get_by_text("model not found").first.wait_for(state="detached")


_PARTS_OF_A_KERNEL = """
from array import array
from imageproc.widgets import LoginPanel, show
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.parts.gallery import Card, Gallery, GallerySource, Layout
from imageproc.widgets.parts.search_bar import SearchBar, SearchHandlers
gallery = Gallery(GallerySource(lambda first, end: [Card("1", "first.jpg", thumbnail=False)][first:end]))
gallery.show(Layout(array("f", [1.5])))
show(LoginPanel(), Panel(SearchBar(SearchHandlers()), below=[gallery]))
"""
_RESTART = """async () => {
  await window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart();
}"""
_RESTARTED = "The kernel was restarted: run the cells again."


def test_widgets_say_that_their_kernel_is_gone(visit: Visit, lab_url: str, notebooks: Path) -> None:
    """A search field and a gallery that nobody answers look alive; each cell says once that they are not."""
    write_notebook(notebooks / "restarted.ipynb", [_PARTS_OF_A_KERNEL, "show(LoginPanel('ann'))"])
    page: Page = visit(1000, 900)
    page.open_notebook(lab_url, "restarted.ipynb")
    page.run_all()
    page.page.get_by_role("option", name="first.jpg").wait_for()
    notes = page.page.get_by_text(_RESTARTED)
    assert notes.count() == 0, "the kernel lives"

    page.page.evaluate(_RESTART)
    page.page.get_by_role("alert").filter(has_text=_RESTARTED).wait_for()
    assert notes.count() == 2, "one for each cell"
    assert page.page.get_by_role("alert").filter(has_text=_RESTARTED).count() == 1, "it is spoken once"
    field, note = page.page.get_by_label("Search photos").bounding_box(), notes.first.bounding_box()
    assert note["y"] + note["height"] <= field["y"] + 1, "it stands above what is dead"
    assert page.page.locator(".ip-dead").count() == 3, "each output is greyed"
    assert page.violations() == []
    page.screenshot("lab-restarted")

    page.page.wait_for_function(IDLE)
    page.run_all()
    page.page.get_by_role("option", name="first.jpg").wait_for()
    notes.first.wait_for(state="detached")
    page.save_and_shut_down()
    page.page.get_by_text("The kernel has ended: run the cells again.").first.wait_for()
    assert page.errors == []
