"""Any number of changes from any thread become few messages, and the last one counts."""

from __future__ import annotations

from typing import Any

from imageproc.widgets import StatusLine, Tone
from imageproc.widgets.painter import Painter


def test_changes_are_coalesced_and_the_last_one_stays() -> None:
    line = StatusLine()
    seen: list[Any] = []
    line.observe(lambda change: seen.append(change["new"]), "text")
    painter = Painter()
    for number in range(1000):
        painter.paint(line, text=f"{number} done", tone=Tone.RUNNING.value)
    painter.flush()
    assert line.text == "999 done"
    assert line.tone == "running"
    assert len(seen) < 10


def test_a_widget_that_was_closed_is_left_alone() -> None:
    line, other = StatusLine(), StatusLine()
    line.close()
    painter = Painter()
    painter.paint(line, text="late")
    painter.paint(other, text="in time")
    painter.flush()
    assert (line.text, other.text) == ("", "in time")
