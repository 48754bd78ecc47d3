"""A page in the browser, as the journeys use it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
_OURS = ".ip"
"""The root element of each of our widgets; the page around them is Jupyter's."""

IDLE = """() => {
  const kernel = window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel;
  return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
_GO_ON = """async (path) => {
  const { shell, commands } = window.jupyterapp;
  for (const one of [...shell.widgets('main')]) one.dispose();
  await commands.execute('docmanager:open', { path });
}"""
_IS_OPEN = "(name) => window.jupyterapp.shell.currentWidget?.title.label === name"
RUN_ALL = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
DONE = """() => {
  const all = window.jupyterapp.shell.currentWidget.content.widgets;
  const cells = all.filter((cell) => cell.model.type === 'code');
  const bad = ['error', 'stderr'].map((kind) => `[data-mime-type="application/vnd.jupyter.${kind}"]`).join();
  const failed = document.querySelector(bad);
  if (failed) return 'failed: ' + failed.innerText;
  return cells.every(({ model }) => model.executionCount && model.executionState !== 'running') ? 'done' : '';
}"""
_SAVE_AND_SHUT_DOWN = """async () => {
  await window.jupyterapp.commands.execute('docmanager:save');
  await window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown();
}"""
_SAVE_WIDGETS = """async () => {
  await window.jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState');
  await window.jupyterapp.commands.execute('docmanager:save');
  // The command turns a setting on or off, which is all notebooks'.
  await window.jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState');
}"""


class Page:
    """One page of one visitor."""

    def __init__(self, page: Any, screenshots: Path) -> None:
        self.page = page
        self.screenshots = screenshots
        self.errors: list[str] = []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Any) -> None:
        if dialog.type == "beforeunload":
            dialog.accept()  # the notebook is not saved
            return
        self.errors.append(f"a dialog appeared: {dialog.message}")
        dialog.dismiss()

    def open_notebook(self, url: str, name: str) -> None:
        """Open a notebook in JupyterLab, in a workspace of its own, and wait for its kernel."""
        workspace = f"{Path(name).stem}-{time.monotonic_ns()}"
        self.page.goto(url.format(workspace=workspace, name=name))
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function(IDLE)

    def go_on_to(self, name: str) -> None:
        """Close what is open in JupyterLab, without a reload, and open another of its notebooks."""
        self.page.evaluate(_GO_ON, f"notebooks/{name}")
        self.page.wait_for_function(_IS_OPEN, arg=name)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function(IDLE)

    def run_all(self, timeout_s: float = 120.0) -> None:
        """Press Run All, and wait until every cell has run. Raises AssertionError if one fails."""
        self.page.evaluate(RUN_ALL)
        outcome = self.page.wait_for_function(DONE, timeout=timeout_s * 1000).json_value()
        assert outcome == "done", outcome

    def save_with_widgets(self, path: Path) -> str:
        """Save the notebook with the state of its widgets, as a setting of JupyterLab does; return it."""
        self.page.evaluate(_SAVE_WIDGETS)
        end = time.monotonic() + 30
        while "widget-state" not in (saved := path.read_text()) and time.monotonic() < end:
            self.page.wait_for_timeout(200)
        return saved

    def save_and_shut_down(self) -> None:
        """Save the notebook, and end its kernel."""
        self.page.evaluate(_SAVE_AND_SHUT_DOWN)

    def drop(self, selector: str, files: Iterable[Path]) -> None:
        """Drag files from the desktop and drop them on an element."""
        session = self.page.context.new_cdp_session(self.page)
        box = self.page.locator(selector).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        data = {"items": [], "files": [str(path) for path in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            session.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})

    def wait_text(self, selector: str, pattern: str, timeout_s: float = 60.0) -> str:
        """Wait until an element's text matches, and return the text."""
        self.page.locator(selector).filter(has_text=re.compile(pattern)).first.wait_for(
            timeout=timeout_s * 1000
        )
        return str(self.page.locator(selector).filter(has_text=re.compile(pattern)).first.inner_text())

    def violations(self) -> list[str]:
        """Return what axe finds wrong with our widgets. Raises AssertionError if none is to be seen."""
        seen = self.page.evaluate(
            "(ours) => [...document.querySelectorAll(ours)].filter((one) => one.offsetHeight).length", _OURS
        )
        assert seen, "no widget is on the page"
        self.page.evaluate(Path(AXE_FILE_PATH).read_text())
        found = self.page.evaluate(
            "([ours, rules]) => axe.run({include: [[ours]]}, {runOnly: rules})", [_OURS, _RULES]
        )
        return [
            f"{one['id']}: {one['help']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for one in found["violations"]
            for node in one["nodes"][:2]
        ]

    def screenshot(self, name: str) -> None:
        """Keep a picture for people to look at, if SCREENSHOTS is set: to draw it takes a second."""
        if "SCREENSHOTS" not in os.environ:
            return
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(self.screenshots / f"{name}.png"), full_page=True)

    def resize(self, width: int, height: int = 1000) -> None:
        """Make the window that wide."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_timeout(300)


Visit = Callable[..., Page]
