"""The panel of a stack's operations: what stands where, and what was done."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from imageproc.client.dead_letters import DeadLetters
from imageproc.client.logs import LogEntry, Logs
from imageproc.client.metrics import Metrics
from imageproc.widgets import OperationsPanel
from imageproc.widgets.updates import flush
from tests.client.conftest import Backend
from tests.widgets.test_photos import until


@pytest.fixture
def panel(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> OperationsPanel:
    """A stack with one execution and one photo that failed."""
    backend.start("first")
    backend.write("a.jpg", "FAILED")
    monkeypatch.setattr(Metrics, "durations", lambda *_: [])
    monkeypatch.setattr(DeadLetters, "messages", lambda *_: [])
    made = OperationsPanel(backend.workbench)
    made.refresh()
    settle(made)
    return made


def settle(panel: Any) -> None:
    until(lambda: not panel.busy)
    flush()


def test_a_log_is_counted_in_its_caption_and_the_summary_stays(
    panel: OperationsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = panel.status.text
    assert "1 execution" in summary
    assert "1 failed" in summary
    fields = {"error": "ImageIdentifyError", "cause": "it looks like text"}
    line = LogEntry(datetime.now(UTC), "ExtractImageMetadata", "WARNING", "failed", "one", fields=fields)
    monkeypatch.setattr(Logs, "of_execution", lambda *_: [line])
    panel.executions.selected = 0
    settle(panel)
    assert panel.log_table.caption == "Log of first: 1 line"
    assert "failed: ImageIdentifyError: it looks like text" in json.dumps(panel.log_table.rows)
    assert panel.status.text == summary
