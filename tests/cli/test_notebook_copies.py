from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from imageproc import resources
from imageproc.cli import imageproc

OURS = resources.folder("notebooks")
NAME = "01_deploy.ipynb"


def copied(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(imageproc, ["notebooks", str(folder), *options])


def change(path: Path, **changes: Any) -> str:
    notebook = json.loads(path.read_text())
    notebook["cells"][1].update(changes)
    path.write_text(json.dumps(notebook))
    return path.read_text()


def test_all_notebooks_are_copied_as_they_are(tmp_path: Path) -> None:
    assert copied(tmp_path / "new").exit_code == 0
    ours = {path.name: path.read_bytes() for path in OURS.glob("*.ipynb")}
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == ours


def test_a_missing_notebook_is_copied_again(tmp_path: Path) -> None:
    copied(tmp_path)
    (tmp_path / NAME).unlink()
    answer = copied(tmp_path)
    assert answer.output.count(": copied") == 1
    assert (tmp_path / NAME).is_file()


def test_a_changed_notebook_is_kept_and_named_until_overwriting_is_asked_for(tmp_path: Path) -> None:
    copied(tmp_path)
    changed = change(tmp_path / NAME, source=["mine = 1"])

    answer = copied(tmp_path)

    assert (tmp_path / NAME).read_text() == changed
    assert f"{NAME}: kept, because its cells differ" in answer.output.replace("\n", " ")
    assert ": replaced" in copied(tmp_path, "--overwrite").output
    assert (tmp_path / NAME).read_bytes() == (OURS / NAME).read_bytes()


def test_a_notebook_that_was_only_run_keeps_its_outputs(tmp_path: Path) -> None:
    copied(tmp_path)
    output = {"output_type": "stream", "name": "stdout", "text": ["done"]}
    executed = change(tmp_path / NAME, outputs=[output], execution_count=3)

    assert ": kept" not in copied(tmp_path, "--overwrite").output
    assert (tmp_path / NAME).read_text() == executed


def test_what_is_no_notebook_is_kept_too(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("notes")
    assert copied(tmp_path).exit_code == 0
    assert (tmp_path / NAME).read_text() == "notes"


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = copied(tmp_path / "file" / "folder")
    assert answer.exit_code == 1
    assert "Name another folder" in answer.output
