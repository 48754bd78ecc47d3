"""The classroom's notebooks run with their solutions, on one local AWS that takes faults, and clean up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from imageproc.local import LocalAws
from imageproc.local.recognition import SWITCH
from tests.notebooks.test_notebooks import KEPT, NOTEBOOKS, Run, read, run

SOLVED = ("solutions", "true", "clean_up", "true")
LABS = [path for path in NOTEBOOKS if path.stem.startswith("lab_")]


def in_one(folder: Path) -> Path:
    """Write the cells of all labs, in order, into one notebook: one kernel is started, not five.

    That no lab needs another's names is seen by the linter. The first one's parameters count for all.
    """
    first, *others = (read(path) for path in LABS)
    for lab in others:
        first.cells += without_parameters(lab)
    first.cells += unsolved()
    for number, cell in enumerate(first.cells):
        cell.id = str(number)
    nbformat.write(first, folder / "labs.ipynb")
    return folder / "labs.ipynb"


def without_parameters(lab: Any) -> list[Any]:
    return [cell for cell in lab.cells if "parameters" not in cell.metadata.get("tags", ())]


def unsolved() -> list[Any]:
    """Return the cells of the lab that needs no AWS, as a student opens it."""
    cells = without_parameters(read(LABS[3]))
    cells[-2].source = cells[-2].source.replace('record("lab_4"', 'record("unsolved"')
    return [nbformat.v4.new_code_cell("solutions = False"), *cells]


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """All labs, in order, in one stack."""
    folder = tmp_path_factory.mktemp("labs")
    local = LocalAws(folder / "local-aws")
    KEPT.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IMAGEPROC_STATE_DIR", str(local.state_dir))
        environment.delenv(SWITCH, raising=False)
        try:
            local.start(faults=True)
            yield run(str(in_one(folder)), *SOLVED, output=KEPT / "labs.ipynb")
        finally:
            local.reset()


def test_the_solutions_solve_all_exercises_and_no_photo_is_left(labs: Run) -> None:
    names = [path.stem[:5] for path in LABS]
    assert names == ["lab_1", "lab_2", "lab_3", "lab_4", "lab_5"]
    for name in names:
        assert labs.recorded[name]["exercises"] == [True] * 3, name
        assert labs.recorded[name]["photos"] == 0, name


def test_to_run_all_cells_leaves_what_the_exercises_need() -> None:
    for path in LABS:
        *_, last = [cell.source for cell in read(path).cells if cell.cell_type == "code"]
        for line in last.splitlines():
            assert line.startswith(" ") or not re.search(r"\.(delete|deploy)\(", line), (path.stem, line)
        conditions = [line for line in last.splitlines() if line.startswith("if ")]
        assert conditions in ([], ["if clean_up:"]), path.stem


def test_the_faults_were_real(labs: Run) -> None:
    assert labs.recorded["lab_2"]["faults"] == ["denied", "duplicate", "killed", "throttled"]


def test_the_requests_are_shown_and_no_key_is(labs: Run) -> None:
    assert "rekognition.DetectLabels" in labs.html
    assert "dynamodb.BatchGetItem" in labs.html
    assert "Signature=" not in labs.html


def test_an_exercise_that_is_not_done_is_told_so(labs: Run) -> None:
    assert labs.recorded["unsolved"]["exercises"] == [False] * 3
    assert "Exercise 1: not yet. Write the name of a service" in labs.path.read_text()
