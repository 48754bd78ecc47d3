"""`imageproc inspect` and `imageproc thumbnail`, which need no AWS."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests import pictures


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    command = [str(Path(sys.executable).with_name("imageproc")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def lines(answer: subprocess.CompletedProcess[str]) -> list[Any]:
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(pictures.jpeg((640, 480), make="Canon", model="EOS R5", orientation=6))
    return path


def test_inspect_prints_one_line_for_every_file_in_order(photo: Path, tmp_path: Path) -> None:
    text, moving, missing = tmp_path / "notes.jpg", tmp_path / "moving.gif", tmp_path / "missing.jpg"
    text.write_text("no photo")
    moving.write_bytes(pictures.gif())

    answer = run("inspect", "--json", photo, text, missing, moving, photo)

    found = lines(answer)
    assert [one["file"] for one in found] == [str(path) for path in (photo, text, missing, moving, photo)]
    assert found[0]["imageFormat"] == "JPEG"
    assert found[0]["dimensions"] == {"width": 640, "height": 480}
    assert found[0]["exifMake"] == "Canon"
    assert found[0] == found[4]
    assert [one["error"]["name"] for one in found[1:4]] == [
        "ImageIdentifyError",
        "FileNotFoundError",
        "NotSupportedImageType",
    ]
    assert all(one["error"]["cause"] for one in found[1:4])
    assert answer.returncode == 1


def test_inspect_of_good_files_succeeds_and_keeps_the_path_as_given(photo: Path) -> None:
    answer = run("inspect", "--json", "photo.jpg", cwd=photo.parent)
    assert answer.returncode == 0
    assert lines(answer)[0]["file"] == "photo.jpg"


def test_inspect_for_people_shows_the_same(photo: Path) -> None:
    answer = run("inspect", photo)
    assert "exifModel" in answer.stdout
    assert "EOS R5" in answer.stdout


def test_hostile_text_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(pictures.jpeg(make="[red]\x1b[31mRED[/red]"))
    answer = run("inspect", path)
    assert "\x1b" not in answer.stdout
    assert "[red]" in answer.stdout


def test_thumbnail_writes_what_the_pipeline_would(photo: Path, tmp_path: Path) -> None:
    answer = run("thumbnail", photo, tmp_path / "small.jpg")
    assert answer.returncode == 0, answer.stderr
    with Image.open(tmp_path / "small.jpg") as small:
        assert small.size == (188, 250)
        assert not small.getexif()


@pytest.mark.parametrize("content", [b"no photo", None])
def test_thumbnail_of_no_photo_says_why_and_writes_nothing(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.jpg").write_bytes(content)
    answer = run("thumbnail", tmp_path / "x.jpg", tmp_path / "small.jpg")
    assert answer.returncode == 1
    assert "x.jpg" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "small.jpg").exists()
