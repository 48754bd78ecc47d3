"""Any number of changes from any thread become few messages, and the last one counts."""

from __future__ import annotations

from typing import Any

import pytest

from imageproc.widgets import StatusLine, Tone
from imageproc.widgets.updates import UpdateQueue


def test_changes_are_coalesced_and_the_last_one_stays() -> None:
    line = StatusLine()
    seen: list[Any] = []
    line.observe(lambda change: seen.append(change["new"]), "text")
    queue = UpdateQueue()
    for number in range(1000):
        queue.update(line, text=f"{number} done", tone=Tone.RUNNING.value)
    queue.flush()
    assert line.text == "999 done"
    assert line.tone == "running"
    assert len(seen) < 10


def test_a_widget_that_was_closed_is_left_alone() -> None:
    line, other = StatusLine(), StatusLine()
    line.close()
    queue = UpdateQueue()
    queue.update(line, text="late")
    queue.update(other, text="in time")
    queue.flush()
    assert (line.text, other.text) == ("", "in time")


def test_an_update_that_fails_is_logged_and_later_ones_are_made(caplog: pytest.LogCaptureFixture) -> None:
    line, other = StatusLine(), StatusLine()
    queue = UpdateQueue()
    queue.update(line, tone="no such tone")
    queue.update(other, text="first")
    queue.flush()
    queue.update(other, text="second")
    queue.flush()
    assert other.text == "second"
    assert "StatusLine was not updated" in caplog.text
