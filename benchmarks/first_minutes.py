"""A newcomer's first minutes, timed: from a clean clone, or the wheel alone, to a gallery in the browser.

    python -m benchmarks.first_minutes          `make demo` and `make lab` in a new clone
    python -m benchmarks.first_minutes --wheel  the wheel in a new environment, without the repository

Everything starts in an empty home directory: no cache, no settings, no local AWS. It prints when what was
there, in seconds since the first command, what came over the network, and what is on the disk in the end,
and writes it to docs/figures.json, from which the README is filled.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from playwright.sync_api import Playwright, sync_playwright

from benchmarks.figures import Figure, machine
from benchmarks.published import publish, refresh
from imageproc import samples
from tests.browser.conftest import CHROMIUM, ROOT, free_port
from tests.browser.pages import Page

_KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "PIP_CERT",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "HTTPS_PROXY",
    "SSL_CERT_FILE",
)
"""What a newcomer's shell says, too: where programs and packages come from."""

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/lab\S*token=(\w+)")
_SHOWN = "() => [...document.querySelectorAll('.ip-card img')].some((one) => one.naturalWidth)"


@dataclass
class Newcomer:
    """Somebody with an empty home directory, and a clock."""

    home: Path
    began: float = field(default_factory=time.monotonic)
    received: int = field(default_factory=lambda: _received())
    figures: list[Figure] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """All that the shell says."""
        return {"HOME": str(self.home)} | {name: os.environ[name] for name in _KEPT if name in os.environ}

    def note(self, what: str) -> None:
        """Print what is there now."""
        self.measured(what, time.monotonic() - self.began, "s")

    def measured(self, what: str, value: float, unit: str) -> None:
        """Print a figure, and keep it."""
        self.figures.append(Figure(what, [value], unit))
        print(f"| {what} | {value:,.0f} {unit} |", flush=True)

    def start(self, command: Sequence[str], folder: Path) -> subprocess.Popen[str]:
        """Start a command; its output is piped."""
        return subprocess.Popen(
            command,
            cwd=folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )

    def run(self, command: Sequence[str], folder: Path, tagged: str = "") -> None:
        """Run a command to its end; if told to, note when its output has the first tagged photo."""
        process = self.start(command, folder)
        said = []
        for line in process.stdout or ():
            said.append(line)
            if tagged and "SUCCEEDED" in line:
                self.note(tagged)
                tagged = ""
        if process.wait():
            raise SystemExit(f"{' '.join(command)} failed:\n{''.join(said[-20:])}")


def from_clone(newcomer: Newcomer, folder: Path) -> tuple[list[str], Path]:
    """Go through the README's two commands; return the command that opens JupyterLab, and where."""
    subprocess.run([_program("git"), "clone", "--quiet", str(ROOT), str(folder / "imageproc")], check=True)
    newcomer.began = time.monotonic()
    newcomer.run(["make", "demo"], folder / "imageproc", "`make demo`: the first tagged photo")
    newcomer.note("`make demo` has ended")
    return ["make", "lab"], folder / "imageproc"


def from_wheel(newcomer: Newcomer, folder: Path) -> tuple[list[str], Path]:
    """Do the same with the package alone."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(pip, check=True)
    (wheel,) = folder.glob("*.whl")
    newcomer.began = time.monotonic()
    newcomer.run([sys.executable, "-m", "venv", "env"], folder)
    newcomer.run(["env/bin/pip", "install", "--quiet", f"{wheel}[local,workbench,demo,recognition]"], folder)
    newcomer.note("`pip install` of the wheel has ended")
    newcomer.run(["env/bin/imageproc", "demo"], folder, "`imageproc demo`: the first tagged photo")
    newcomer.note("`imageproc demo` has ended")
    return ["env/bin/imageproc", "lab"], folder


def to_the_gallery(newcomer: Newcomer, command: list[str], folder: Path) -> None:
    """Open JupyterLab, upload the sample photos in the second notebook, and wait for the third's gallery."""
    options = ["--no-browser", "--expose-app-in-browser", f"--ServerApp.port={free_port()}"]
    command += [f"LAB_OPTIONS={' '.join(options)}"] if command[0] == "make" else options
    began = time.monotonic()
    process = newcomer.start(command, folder)
    try:
        address = next(found for line in process.stdout or () if (found := _ADDRESS.search(line)))
        newcomer.note("JupyterLab answers")
        Thread(target=process.communicate, daemon=True).start()  # what it logs must not fill the pipe
        with sync_playwright() as playwright:
            look(newcomer, playwright, address, folder)
        newcomer.measured("from opening JupyterLab to the gallery", time.monotonic() - began, "s")
    finally:
        process.terminate()
        process.wait(60)


def look(newcomer: Newcomer, playwright: Playwright, address: re.Match[str], folder: Path) -> None:
    """Run the first three notebooks."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
    page = Page(browser.new_page(viewport={"width": 1400, "height": 1600}), folder)
    server = address[0].partition("/lab")[0]
    url = f"{server}/lab/workspaces/{{workspace}}/tree/{{name}}?token={address[1]}"
    page.open_notebook(url, "01_deploy.ipynb")
    page.run_all()
    page.open_notebook(url, "02_upload_and_follow.ipynb")
    page.run_all()
    page.drop(".ip-drop-zone .ip-target", samples.write_samples(folder / "samples"))
    page.wait_text(".ip-execution-list", "Succeeded")
    newcomer.note("the second notebook shows a tagged photo")
    page.open_notebook(url, "03_gallery.ipynb")
    page.run_all()
    page.page.wait_for_function(_SHOWN)
    newcomer.note("the third notebook shows the gallery")
    browser.close()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SystemExit(f"There is no {name}.")
    return found


def _received() -> int:
    """Return the bytes that all network interfaces but the loopback have received."""
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()[2:]
    return sum(int(line.split(":")[1].split()[0]) for line in lines if not line.strip().startswith("lo:"))


def _size(folder: Path) -> int:
    """Return the bytes of the files below a folder; what has several names, as in uv's cache, counts once."""
    found = (path.lstat() for path in folder.rglob("*") if not path.is_dir())
    return sum({(one.st_dev, one.st_ino): one.st_size for one in found}.values())


def main() -> None:
    """Time it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.first_minutes",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--wheel", action="store_true", help="from the wheel alone")
    wheel = parser.parse_args().wheel
    if CHROMIUM is None:
        raise SystemExit("There is no Chromium: make browser")
    base = Path(tempfile.mkdtemp(prefix="first-minutes-"))
    newcomer = Newcomer(base / "home")
    newcomer.home.mkdir()
    (base / "work").mkdir()
    print(f"{machine()}\n\n| what is there | after |\n| --- | --- |")
    try:
        command, folder = (from_wheel if wheel else from_clone)(newcomer, base / "work")
        to_the_gallery(newcomer, command, folder)
        newcomer.measured("received from the network", (_received() - newcomer.received) / 1e6, "MB")
        newcomer.measured("on the disk", _size(base) / 1e6, "MB")
        publish("first_minutes_from_wheel" if wheel else "first_minutes", newcomer.figures)
        refresh()
    finally:
        stop = [str(next(base.glob("work/**/bin/imageproc"), "true")), "local", "reset", "--yes"]
        subprocess.run(stop, env=newcomer.environment, check=False, capture_output=True)
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
