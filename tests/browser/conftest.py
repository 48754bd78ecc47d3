"""JupyterLab and the web app in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imageproc.local import LocalStatus
from tests.browser.pages import Page, Visit

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_START_S = 90.0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser. Playwright is left after each module: other tests use event loops of their own."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: `make browser` installs it on Debian and Ubuntu")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Visit]:
    """Opens pages as a new visitor each; what the page's console says is kept."""
    contexts: list[Any] = []

    def new(width: int = 1400, height: int = 1000, *, dark: bool = False, touch: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            is_mobile=touch,
        )
        contexts.append(context)
        return Page(context.new_page(), SCREENSHOTS)

    yield new
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def environment(local_aws: LocalStatus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which Jupyter keeps out of the user's own folders."""
    home = tmp_path_factory.mktemp("jupyter")
    folders = {
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
    }
    return {
        **os.environ,
        **{name: str(home / folder) for name, folder in folders.items()},
        "IMAGEPROC_STATE_DIR": str(local_aws.state_dir),
    }


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout's worth of notebooks and settings, so that the real ones are not written to."""
    checkout = tmp_path_factory.mktemp("checkout")
    for folder in ("notebooks", "jupyter"):
        shutil.copytree(ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns(".*"))
    return checkout / "notebooks"


@pytest.fixture(scope="session")
def lab_url(environment: dict[str, str], notebooks: Path) -> Iterator[str]:
    """JupyterLab as `make lab` starts it, on a free port."""
    port, token = free_port(), "journey"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={notebooks.parent}"]
    config = {"JUPYTER_CONFIG_PATH": str(notebooks.parent / "jupyter")}
    with server(command, {**environment, **config}, f"http://127.0.0.1:{port}/api"):
        yield f"http://127.0.0.1:{port}/lab/workspaces/{{workspace}}/tree/notebooks/{{name}}?token={token}"


@contextlib.contextmanager
def server(command: list[str], environment: dict[str, str], url: str) -> Iterator[None]:
    """Run a server until the block ends; begin when it answers."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_for(url, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server of {url} ended"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
