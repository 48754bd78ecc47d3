"""The package as pip installs it: from a wheel, in an environment of its own, far from the checkout."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import sysconfig
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import imageproc
from imageproc.local import LocalAws
from imageproc.local.recognition import SWITCH
from imageproc.widgets import recorded
from tests.browser.conftest import free_port, wait_for

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Installed:
    """An environment with nothing but the wheel in it, and a folder to work in."""

    prefix: Path
    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run the command `imageproc`; return what it printed."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        return [str(self.prefix / "bin" / "imageproc"), *arguments]

    @property
    def package(self) -> Path:
        """Where the package is installed."""
        script = "import imageproc; print(imageproc.__file__)"
        command = [str(self.prefix / "bin" / "python"), "-c", script]
        return Path(subprocess.check_output(command, cwd=self.folder, text=True).strip()).parent

    @contextlib.contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run the command until the block ends; then it is asked to end, and must."""
        with subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=60)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The wheel, built here. What it depends on is lent by this environment, so that no index is asked."""
    base = tmp_path_factory.mktemp("installed")
    python = [sys.executable, "-m"]
    build = [*python, "hatchling", "build", "-t", "wheel", "-d", str(base / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (base / "dist").glob("*.whl")
    subprocess.run([*python, "venv", "--without-pip", str(base / "venv")], check=True)
    pip = [*python, "pip", "--python", str(base / "venv" / "bin" / "python"), "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True, capture_output=True)
    (packages,) = (base / "venv" / "lib").glob("python*/site-packages")
    # A line of a .pth file is a folder of modules; its own .pth files are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    (base / "work").mkdir()
    local = LocalAws(base / "state")
    yield Installed(base / "venv", base / "work", _environment(base, local))
    local.reset()


def _environment(base: Path, local: LocalAws) -> dict[str, str]:
    jupyter = {f"JUPYTER_{name}_DIR": str(base / "jupyter" / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "IMAGEPROC_"))
    }
    shared = Path(sys.prefix) / "share" / "jupyter"
    return {
        **kept,
        **jupyter,
        "JUPYTER_PATH": str(shared),
        "JUPYTERLAB_DIR": str(shared / "lab"),
        "IPYTHONDIR": str(base / "ipython"),
        "IMAGEPROC_STATE_DIR": str(local.state_dir),
        "COLUMNS": "200",
        SWITCH: "off",
    }


@pytest.fixture(scope="module")
def demonstrated(installed: Installed) -> str:
    """What the demo says; it starts the local AWS and deploys."""
    return installed.run("demo")


def page(url: str) -> str:
    """Return what is at an address; it must be there."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return str(answer.read(), "utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_package_is_the_wheels_and_not_the_checkouts(installed: Installed) -> None:
    assert installed.package.is_relative_to(installed.prefix)
    assert installed.run("--version").strip() == f"imageproc, version {imageproc.__version__}"


def test_the_wheel_holds_what_the_checkout_has_beside_the_code(installed: Installed) -> None:
    for name in ("cloudformation", "jupyter", "notebooks"):
        tracked = subprocess.check_output(["git", "ls-files", "-z", name], cwd=ROOT, text=True).split("\0")
        held = installed.package / "_resources"
        assert [one for one in tracked if one and not (held / one).is_file()] == []


def test_the_demo_runs(demonstrated: str) -> None:
    assert len(re.findall(r"(SUCCEEDED|INCOMPLETE|REJECTED)", demonstrated)) >= 5


def test_a_notebook_runs_by_its_name_and_the_packages_own_is_not_written_to(
    installed: Installed, demonstrated: str
) -> None:
    before = contents(installed.package / "_resources")
    installed.run("run", "01_deploy")
    deployment = recorded(installed.folder / "01_deploy.executed.ipynb")["deployment"]
    assert (deployment["changed"], deployment["changes"]) == (False, []), "the stack is there"
    assert contents(installed.package / "_resources") == before


def test_the_template_is_packaged_with_the_layer(installed: Installed) -> None:
    try:
        installed.run("package")
    except AssertionError as error:
        if "could not download" in str(error) or "did not finish" in str(error):
            pytest.skip(f"pip reaches no package index: {error}")
        raise
    written = [path.suffix for path in (installed.folder / "build").rglob("*") if path.is_file()]
    assert sorted(written) == [".yaml", ".zip", ".zip"]


def test_jupyterlab_opens_a_copy_of_the_notebooks(installed: Installed, demonstrated: str) -> None:
    port = free_port()
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=test"]
    with installed.running("lab", *options) as process:
        server: Any = process
        wait_for(f"http://127.0.0.1:{port}/api", server)
        address = f"http://127.0.0.1:{port}"
        assert "jupyter-config-data" in page(f"{address}/lab/tree/01_deploy.ipynb?token=test")
        assert '"type": "notebook"' in page(f"{address}/api/contents/01_deploy.ipynb?token=test&content=0")
    assert (installed.folder / "imageproc-notebooks" / "01_deploy.ipynb").is_file()


def test_the_web_app_answers(installed: Installed, demonstrated: str) -> None:
    with installed.running("app", "--no-browser") as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found, said
        assert "<title>" in page(found[0])
