"""The classroom's notebooks run with their solutions, on one local AWS that takes faults, and clean up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imageproc.local import LocalAws
from imageproc.local.recognition import SWITCH
from tests.notebooks.test_notebooks import KEPT, Run, run

LABS = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("lab_*.ipynb"))


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """All labs, in order, in one stack."""
    local = LocalAws(tmp_path_factory.mktemp("labs") / "local-aws")
    KEPT.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IMAGEPROC_STATE_DIR", str(local.state_dir))
        environment.delenv(SWITCH, raising=False)
        try:
            local.start(faults=True)
            yield {name: run(name, "solutions", "true", output=KEPT / f"{name}.ipynb") for name in LABS}
        finally:
            local.reset()


@pytest.mark.parametrize("name", LABS)
def test_the_solutions_solve_all_three_exercises(labs: dict[str, Run], name: str) -> None:
    assert labs[name].recorded["lab"]["exercises"] == [True] * 3


@pytest.mark.parametrize("name", LABS)
def test_a_lab_leaves_no_photo(labs: dict[str, Run], name: str) -> None:
    assert labs[name].recorded["lab"]["photos"] == 0


def test_the_faults_were_real(labs: dict[str, Run]) -> None:
    assert labs["lab_2_break_it"].recorded["lab"]["faults"] == ["denied", "duplicate", "killed", "throttled"]


def test_the_requests_are_shown_and_no_key_is(labs: dict[str, Run]) -> None:
    html = labs["lab_1_one_photo"].html
    assert "rekognition.DetectLabels" in html
    assert "dynamodb.BatchGetItem" in html
    assert "Signature=" not in html
