"""JupyterLab and the web app in a browser, as the figures of the workbench need them."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil

from benchmarks.local import local_aws
from imageproc.client.workbench import Workbench
from tests.browser.conftest import CHROMIUM, ROOT, free_port, server
from tests.browser.pages import Page

_VIEW = {"width": 1400, "height": 1600}
_SETTLE_S = 300.0

_RUN_CELL = """async ([index, seconds]) => {
  const { shell, commands } = window.jupyterapp, notebook = shell.currentWidget.content;
  notebook.activeCellIndex = index;
  await commands.execute('notebook:clear-cell-output');
  const node = notebook.widgets[index].node, began = performance.now();
  const ended = commands.execute('notebook:run-cell');
  const frame = () => new Promise(requestAnimationFrame);
  let changed = () => {};
  const observer = new MutationObserver(() => changed()), loaded = () => changed();
  observer.observe(node, { childList: true, subtree: true, attributes: true });
  node.addEventListener('load', loaded, true);
  while (!(IS_THERE)(node)) {
    if (performance.now() - began > 1000 * seconds) throw new Error('it does not show: ' + node.innerText);
    await new Promise((resolve) => { changed = resolve; setTimeout(resolve, 1000); });
    await frame();
  }
  observer.disconnect();
  node.removeEventListener('load', loaded, true);
  await frame();
  const took = (performance.now() - began) / 1000;
  await ended;
  return took;
}"""
"""Looks in the next frame after something has changed: looking in every one would be a third of it."""


@dataclass(frozen=True)
class Place:
    """Where the figures are measured: a browser, a workbench on the local AWS, and a checkout's copy."""

    browser: Any
    workbench: Workbench
    checkout: Path

    @contextlib.contextmanager
    def page(self) -> Iterator[Page]:
        """Open a page of a new visitor."""
        with contextlib.closing(self.browser.new_context(viewport=_VIEW)) as context:
            yield Page(context.new_page(), self.checkout / "screenshots")

    def write(self, name: str, *cells: str) -> Path:
        """Write a notebook of these cells."""
        path = self.checkout / "notebooks" / name
        code = [nbformat.v4.new_code_cell(cell) for cell in cells]
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel}), path)
        return path


def run_cell(page: Page, index: int, is_there: str = "() => true") -> float:
    """Run a cell, and return the seconds until something is there; come back when the cell has ended."""
    return float(page.page.evaluate(_RUN_CELL.replace("IS_THERE", is_there), [index, 60]))


def settle(pid: int | None) -> None:
    """Wait until a process and its children rest for three seconds: a server has done what it had to do."""
    deadline, rested, before = time.monotonic() + _SETTLE_S, 0, 0.0
    while rested < 3 and time.monotonic() < deadline:
        time.sleep(1)
        used = 0.0
        for one in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                used += sum(one.cpu_times()[:2])
        rested, before = (rested + 1 if used - before < 0.1 else 0), used


@contextlib.contextmanager
def jupyterlab(checkout: Path) -> Iterator[str]:
    """Serve a checkout; yield the address of a notebook, with places for workspace and name."""
    port, token = free_port(), "benchmark"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={checkout}"]
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": str(checkout / "jupyter")}
    with server(command, environment, f"http://127.0.0.1:{port}/api"):
        yield f"http://127.0.0.1:{port}/lab/workspaces/{{workspace}}/tree/notebooks/{{name}}?token={token}"


@contextlib.contextmanager
def places(folder: Path) -> Iterator[Place]:
    """Start all that is needed in a folder, and end it afterwards."""
    from playwright.sync_api import sync_playwright

    for name in ("SETTINGS_DIR", "WORKSPACES_DIR"):
        os.environ[f"JUPYTERLAB_{name}"] = str(folder / name)
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        os.environ[name] = str(folder / name)
    shutil.copytree(ROOT / "jupyter", folder / "checkout" / "jupyter")
    (folder / "checkout" / "notebooks").mkdir()
    with local_aws(recognition="off") as workbench, sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield Place(browser, workbench, folder / "checkout")
        browser.close()
