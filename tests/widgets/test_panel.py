"""A panel's jobs: one after another, stopped by one button, their errors shown and raised."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from imageproc.errors import Cancelled, WorkbenchError
from imageproc.widgets.actor import JobControl
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.panels.question import Question
from imageproc.widgets.updates import flush


@pytest.fixture
def panel() -> Iterator[Panel]:
    panel = Panel()
    yield panel
    panel.close()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it never comes"
        time.sleep(0.005)


def wait_for_ever(control: JobControl) -> None:
    while True:
        control.pause()


def stoppable(panel: Panel) -> bool:
    return bool(panel.status.stoppable)


def test_what_runs_is_shown_and_can_be_stopped(panel: Panel) -> None:
    job = panel.start(wait_for_ever, "Waiting for nothing...")
    until(lambda: stoppable(panel))
    flush()
    assert (panel.status.text, panel.status.tone) == ("Waiting for nothing...", "running")
    panel.status._handle_custom_msg({"type": "stop"}, [])
    with pytest.raises(Cancelled):
        asyncio.run(panel.finished(5))
    assert job.done
    assert panel.status.text.startswith("Stopped.")
    assert not stoppable(panel)


def test_stopping_ends_what_runs_and_what_is_queued(panel: Panel) -> None:
    began: list[str] = []
    first = panel.start(wait_for_ever, "first")
    second = panel.start(lambda _: began.append("second"), "second", after=True)
    panel.stop()
    for job in (first, second):
        with pytest.raises(Cancelled):
            job.wait(5)
    assert began == []


def test_an_error_is_shown_and_raised(panel: Panel) -> None:
    def fail(_: JobControl) -> None:
        raise ValueError("no such bucket")

    panel.start(fail, "Failing...")
    with pytest.raises(ValueError, match="no such bucket"):
        asyncio.run(panel.finished(5))
    assert (panel.status.text, panel.status.tone) == ("no such bucket", "error")


def test_one_thing_at_a_time(panel: Panel) -> None:
    began: list[str] = []
    panel.start(wait_for_ever, "first")
    with pytest.raises(RuntimeError, match="Another job is running here"):
        panel.start(lambda _: began.append("second"), "second")
    panel.start_if_idle(lambda _: began.append("third"), "third")
    assert panel.busy
    panel.stop()
    until(lambda: not panel.busy)
    assert began == []
    panel.start_if_idle(lambda _: began.append("fourth"), "fourth")
    until(lambda: began == ["fourth"])


def test_quick_work_shows_neither_a_text_nor_the_stop_button(panel: Panel) -> None:
    seen: list[bool] = []
    panel.start(lambda _: seen.append(stoppable(panel)), "").wait(5)
    flush()
    assert (seen, panel.status.text) == ([False], "")


def test_closing_a_panel_ends_its_jobs(panel: Panel) -> None:
    job = panel.start(wait_for_ever, "waiting")
    panel.close()
    with pytest.raises(Cancelled):
        job.wait(5)


def test_a_panel_that_could_not_be_made_is_thrown_away_without_a_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Unmade(Panel):
        def __init__(self) -> None:
            raise WorkbenchError("It cannot be shown.", "Show another.")

    with pytest.raises(WorkbenchError):
        Unmade()
    gc.collect()
    Unmade.__new__(Unmade).close()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("button", ["yes", "no"])
def test_a_question_is_answered_by_a_button(
    panel: Panel, button: str, caplog: pytest.LogCaptureFixture
) -> None:
    question = Question()
    job = panel.start(lambda control: question.ask("Go on?", control, "Yes"), "Asking...")
    until(lambda: question.layout.display != "none")
    for _ in range(2):
        getattr(question, button).click()
    assert job.wait(5) is (button == "yes")
    assert caplog.text == "", "the second click does nothing"
    assert question.layout.display == "none"


def test_a_question_ends_with_the_job_that_asks_and_can_be_asked_again(panel: Panel) -> None:
    question = Question()
    first = panel.start(lambda control: question.ask("Go on?", control, "Yes"), "Asking...")
    until(lambda: question.layout.display != "none")
    panel.stop()
    with pytest.raises(Cancelled):
        first.wait(5)
    assert question.layout.display == "none"
    question.yes.click()  # an answer to nothing
    second = panel.start(lambda control: question.ask("Go on?", control, "Yes"), "Asking...")
    until(lambda: question.layout.display != "none")
    assert not second.done
    question.no.click()
    assert second.wait(5) is False


def test_a_panel_has_one_thread(panel: Panel) -> None:
    names = [panel.start(lambda _: threading.current_thread().name, "", after=True) for _ in range(5)]
    assert {job.wait(5) for job in names} == {"Panel"}
