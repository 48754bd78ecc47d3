"""CONTRIBUTING.md's worked example, performed on a copy of the repository."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from imageproc.local.recognition import SWITCH

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
NEW_FILES = re.compile(r"^New file `([^`]+)`:\n\n```\w+\n(.*?)^```$", re.M | re.S)
DIFFS = re.compile(r"^```diff\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Checkout:
    """A copy of the repository that the example was applied to, and a local AWS of its own."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run Python there; return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def imageproc(self, *arguments: str) -> str:
        """Run the copy's command line: the command that is installed is the original's."""
        return self.run("-c", "from imageproc.cli import main; main()", *arguments)


def copy_of_the_repository(folder: Path) -> Path:
    """Copy the files that git tracks, or would if they were added, as they are now."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.check_output(listing, cwd=ROOT, text=True).split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def follow_the_page(folder: Path) -> None:
    for name, content in NEW_FILES.findall(PAGE):
        assert not (folder / name).exists(), f"the page makes {name}, which is there"
        (folder / name).write_text(content)
    for diff in DIFFS.findall(PAGE):
        # The folder may lie in a repository of somebody else's, which `git apply` would look for.
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
        done = subprocess.run(
            ["git", "apply", "-"], cwd=folder, input=diff, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{done.stderr}\nBring this block of CONTRIBUTING.md up to date:\n{diff}"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    base = tmp_path_factory.mktemp("contributing")
    folder = copy_of_the_repository(base / "checkout")
    follow_the_page(folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IMAGEPROC_")}
    own = {"PYTHONPATH": str(folder), "IMAGEPROC_STATE_DIR": str(base / "local-aws"), SWITCH: "off"}
    made = Checkout(folder, kept | own)
    yield made
    made.imageproc("local", "reset", "--yes")


def test_the_tests_that_list_every_function_pass(checkout: Checkout) -> None:
    listing = ["tests/cloudformation/test_template.py", "tests/functions", "tests/core/test_sharpness.py"]
    checkout.run(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", *listing),
        *("-k", "sharpness or handler_exists or told_404 or every_function"),
    )
    checkout.run("-m", "ruff", "check", "imageproc", "tests/functions", "tests/core", "tests/cloudformation")


def test_the_new_step_measures_a_photo(checkout: Checkout) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((320, 240), 80).save(buffer, "JPEG")
    (checkout.folder / "cat.jpg").write_bytes(buffer.getvalue())

    checkout.imageproc("deploy", "--yes")
    checkout.imageproc("upload", "cat.jpg", "--album", "Cats", "--follow")

    shown = json.loads(checkout.imageproc("show", "cat.jpg", "--json"))
    assert shown["sharpness"] > 1
    assert set(shown["missing"]) == {"tags"}, "recognition is off, and nothing else is missing"
