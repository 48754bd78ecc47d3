"""Executed notebooks as HTML pages: what hostile photos say stays text there, too."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import ipywidgets
import nbformat
import pytest
from nbconvert import HTMLExporter

from imageproc.local import LocalStatus
from imageproc.presentation.markup import Markup
from imageproc.widgets import snapshot
from tests.browser import hostile
from tests.browser.pages import Page, Visit
from tests.flow.conftest import deploy, target_of

STACK = "exported"
OPENING = r"(?i)X-Amz-(?:Signature|Credential|Security-Token)|AWSAccessKeyId|[?&]token="


def execute(name: str, folder: Path, *parameters: str) -> Path:
    """Run a notebook, and return it as an HTML page."""
    executed = folder / f"{name}.ipynb"
    given = [word for pair in zip(parameters[::2], parameters[1::2], strict=True) for word in ("-p", *pair)]
    command = ["run", name, "--timeout", "120", "-o", str(executed), "-p", "stack_name", STACK, *given]
    subprocess.run([sys.executable, "-c", "from imageproc.cli import main; main()", *command], check=True)
    page = folder / f"{name}.html"
    text, _ = HTMLExporter().from_notebook_node(nbformat.read(executed, as_version=4))
    page.write_text(text)
    return page


def test_exported_pages_show_markup_as_text(
    visit: Visit, local_aws: LocalStatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(local_aws.state_dir))
    deploy(target_of(local_aws), STACK)
    hostile.write(tmp_path / "photos")
    album = ("album", hostile.MARKUP)
    pages = [
        execute("02_upload_and_follow", tmp_path, "photos", str(tmp_path / "photos"), *album),
        execute("03_gallery", tmp_path, *album),
        execute("06_operations", tmp_path),
    ]
    saved = [path.read_text() for path in tmp_path.glob("*.*")]
    assert len(saved) == 2 * len(pages)
    assert [re.findall(OPENING, text) for text in saved] == [[]] * len(saved), "nothing that opens a photo"
    for path in pages:
        page: Page = visit(1200, 1600)
        page.page.goto(path.as_uri())
        page.page.wait_for_timeout(1000)
        assert page.page.locator(".ip-snapshot").first.is_visible()
        if path != pages[-1]:  # nothing of its photos is there
            assert "<img src=x onerror" in page.page.locator("body").inner_text()
        assert page.page.evaluate(hostile.INJECTED) == hostile.NOTHING
        page.screenshot(f"exported-{path.stem}")
        assert page.errors == []


def test_what_a_notebook_keeps_is_shown_where_no_server_draws_its_widgets(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Widgets' state is saved with the notebook by papermill and `jupyter execute`."""
    outputs: list[Any] = []

    def publish(data: dict[str, Any], **_: Any) -> None:
        outputs.append(nbformat.v4.new_output("display_data", data))

    monkeypatch.setattr(snapshot, "publish_display_data", publish)
    widget = ipywidgets.HTML("a widget")
    snapshot.Snapshot(lambda: Markup("<p>two photos</p>")).display(widget)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show()", outputs=outputs)])
    saved = widget.get_manager_state(widgets=[widget])
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": saved}
    (tmp_path / "page.html").write_text(HTMLExporter().from_notebook_node(notebook)[0])
    page: Page = visit(900, 600)
    page.page.goto((tmp_path / "page.html").as_uri())
    assert page.page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count() == 1
    kept = page.page.get_by_text("two photos")
    assert kept.is_visible()
    page.page.evaluate(
        "() => document.querySelector('.jupyter-widgets').append(document.createElement('div'))"
    )
    assert kept.is_hidden(), "a server has answered"
