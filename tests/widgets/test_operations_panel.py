"""The panel of a stack's operations: what stands where, and what was done."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest

from imageproc.client.dead_letters import DeadLetters
from imageproc.client.logs import LogEntry, Logs
from imageproc.client.metrics import Metrics
from imageproc.core.record import StepError
from imageproc.core.record_codec import error_attribute
from imageproc.widgets import OperationsPanel
from imageproc.widgets.updates import flush
from tests.client.conftest import Backend
from tests.widgets.test_photos import until

LOST = error_attribute(StepError("GenerateThumbnail", "ImageIdentifyError", "it breaks off"))


@pytest.fixture
def panel(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> OperationsPanel:
    """A stack with one execution and one photo that failed, not yet read."""
    backend.start("first")
    backend.write("a.jpg", "FAILED")
    monkeypatch.setattr(Metrics, "durations", lambda *_: [])
    monkeypatch.setattr(DeadLetters, "messages", lambda *_: [])
    return OperationsPanel(backend.workbench)


def refresh(panel: OperationsPanel) -> None:
    panel.refresh()
    settle(panel)


def listed(panel: OperationsPanel) -> set[str]:
    """Return the names of the executions that are listed, which are those that can be chosen."""
    assert [row[0]["code"] for row in panel.executions.table.rows] == [
        one.name for one in panel.executions.executions
    ]
    return {one.name for one in panel.executions.executions}


def choose(panel: OperationsPanel, name: str) -> None:
    """Choose the failure of a photo."""
    panel.failures.selected = [name in row[0]["text"] for row in panel.failures.rows].index(True)
    settle(panel)


def settle(panel: Any) -> None:
    until(lambda: not panel.busy)
    flush()


def test_a_log_is_counted_in_its_caption_and_the_summary_stays(
    panel: OperationsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(panel)
    summary = panel.status.text
    assert "1 execution" in summary
    assert "1 failed" in summary
    fields = {"error": "ImageIdentifyError", "cause": "it looks like text"}
    line = LogEntry(datetime.now(UTC), "ExtractImageMetadata", "WARNING", "failed", "one", fields=fields)
    monkeypatch.setattr(Logs, "of_execution", lambda *_: [line])
    panel.executions.table.selected = 0
    settle(panel)
    assert panel.log_table.caption == "Log of first: 1 line"
    assert "failed: ImageIdentifyError: it looks like text" in json.dumps(panel.log_table.rows)
    assert panel.status.text == summary


def test_a_failures_photos_lead_to_their_executions_and_logs(
    panel: OperationsPanel, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that began no execution leads to none, and back to all of them is one press."""
    for name in ("b.jpg", "c.jpg"):
        backend.write(name, "FAILED", executionArn=backend.start(name[0]), error=LOST)
    backend.write("d.jpg", "INCOMPLETE", executionArn=backend.start("other"), missing={"tags": LOST})
    monkeypatch.setattr(Logs, "of_execution", lambda *_: [])
    refresh(panel)
    assert panel.failures.rows[0][0]["text"].startswith("2: ")
    choose(panel, "b.jpg")
    assert listed(panel) == {"b", "c"}
    assert panel.executions.table.caption == "Executions of 2 photos, failed"
    assert panel.log_table.rows == []
    panel.executions.all_button.click()
    settle(panel)
    assert listed(panel) == {"first", "b", "c", "other"}
    choose(panel, "a.jpg")
    assert listed(panel) == set()
    choose(panel, "d.jpg")
    assert listed(panel) == {"other"}
    assert panel.log_table.caption == "Log of other: 0 lines"
    panel.executions.status.value = "RUNNING"
    settle(panel)
    assert (panel.failures.selected, panel.log_table.caption) == (-1, "Log"), (
        "they are of what was listed before"
    )


def test_executions_are_listed_by_status_and_older_ones_too(
    panel: OperationsPanel, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.end(backend.start("ended"))
    refresh(panel)
    table = panel.executions
    assert listed(panel) == {"first", "ended"}
    table.status.value = "RUNNING"
    settle(panel)
    assert listed(panel) == {"first"}
    assert table.table.caption == "Executions, running"
    done = Event()
    panel.start(lambda _: done.wait(10), "Reading something long")
    table.status.value = "ABORTED"
    done.set()
    settle(panel)
    assert listed(panel) == {"ended"}, "it was chosen while something else was done"
    table.status.value = "RUNNING"
    settle(panel)
    refresh(panel)
    assert listed(panel) == {"first"}, "what was chosen stays"
    table.status.value = ""
    settle(panel)
    monkeypatch.setattr("imageproc.widgets.panels.execution_table.LISTED", 1)
    table.all_button.click()
    settle(panel)
    assert len(table.executions) == 1
    assert table.table.caption == "Executions, the newest 1"
    table.older_button.click()
    settle(panel)
    assert listed(panel) == {"first", "ended"}
    assert table.older_button.layout.display == "none"


def test_an_empty_queue_is_said_to_be_empty(panel: OperationsPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeadLetters, "redrive", lambda *_: iter(()))
    panel.redrive()
    settle(panel)
    assert panel.status.text == "Nothing to redrive: the queue is empty."


def test_more_executions_than_are_listed_are_not_counted(
    panel: OperationsPanel, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.start("second")
    for module in ("operations_panel", "execution_table"):
        monkeypatch.setattr(f"imageproc.widgets.panels.{module}.LISTED", 1)
    panel.executions._limit = 1
    refresh(panel)
    assert panel.status.text.startswith("The newest 1 executions, at most 1 started in a minute.")
    assert panel.results()["executions"] == {"RUNNING": 1}
    assert panel.executions.table.caption == "Executions, the newest 1"
