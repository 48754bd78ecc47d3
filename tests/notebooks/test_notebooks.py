"""The notebooks run from top to bottom under papermill, and are kept without outputs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from imageproc.local import LocalStatus

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def text_of(notebook: Any) -> str:
    """Return what the cells printed."""
    printed = [output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(printed)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_says_what_it_does(path: Path) -> None:
    notebook = read(path)
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [None] * len(code)
    assert [output for cell in code for output in cell.outputs] == []
    assert code[0].metadata.tags == ["parameters"]
    assert all("#" in line for line in code[0].source.splitlines()), "every parameter is explained"


def test_the_first_notebook_deploys_the_stack(
    local_aws: LocalStatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(local_aws.state_dir))
    name = f"notebook-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    runs = []
    for run in range(2):
        executed = tmp_path / f"{run}.ipynb"
        papermill.execute_notebook(
            NOTEBOOKS / "01_deploy.ipynb",
            executed,
            {"stack_name": name},
            kernel_name="python3",
            execution_timeout=120,
            progress_bar=False,
        )
        runs.append(text_of(read(executed)))

    assert "Add      AWS::S3::Bucket" in runs[0]
    assert "CREATE_COMPLETE" in runs[0]
    assert "DescribeExecutionLambda" in runs[0]
    assert "Nothing: the stack is up to date." in runs[1]
