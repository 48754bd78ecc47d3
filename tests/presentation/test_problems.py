"""A failure in a cell: the cause in one line, the fix, and the traceback in a fold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from imageproc.presentation import problems


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The HTML that is displayed."""
    found: list[str] = []
    monkeypatch.setattr("IPython.display.publish_display_data", lambda data: found.append(data["text/html"]))
    return found


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: made)
    problems.explain_errors()
    yield made
    made.history_manager = None


def test_an_error_of_ours_is_one_line_with_its_fix_and_a_fold(
    shell: InteractiveShell, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = "from imageproc.errors import UploadError\nraise UploadError('No <album>.', 'Name one.')"
    result: Any = shell.run_cell(code)
    assert str(result.error_in_exec) == "No <album>. Name one.", "programs get the whole error"
    assert capsys.readouterr().out.splitlines() == ["UploadError: No <album>."]
    [page] = shown
    assert page.startswith("<p>Name one.</p><details>")
    assert "Traceback" in page
    assert "No &lt;album&gt;." in page


def test_without_a_stack_there_is_a_link_to_the_notebook_that_deploys(
    shell: InteractiveShell,
    shown: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code = "from imageproc.errors import StackMissingError\nraise StackMissingError('Looking', 'none')"
    shell.run_cell(code)
    assert "imageproc deploy" in shown[0]
    (tmp_path / "01_deploy.ipynb").touch()
    shell.run_cell(code)
    assert capsys.readouterr().out.splitlines() == ["StackMissingError: There is no stack yet."] * 2
    assert '<a href="01_deploy.ipynb">1. Deploy</a>' in shown[1]


def test_to_open_a_workbench_is_enough(
    shell: InteractiveShell, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    shell.custom_exceptions = ()
    code = "from imageproc import Workbench\nWorkbench.open('nowhere')"
    shell.run_cell(code)
    assert capsys.readouterr().out.startswith("TargetError: ")
    assert "Traceback" in shown[0]


def test_other_errors_keep_their_traceback(
    shell: InteractiveShell, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("1 / 0")
    assert "Traceback" in capsys.readouterr().out
    assert shown == []
