"""Figures of a stack's work as bars: executions in each minute, how long steps take, photos by status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imageproc import Status
from imageproc.client.metrics import Minute, Spread
from imageproc.presentation.text import in_words, number_text
from imageproc.widgets.panels.photo_views import PHOTO_TONES
from imageproc.widgets.parts.bar_chart import Bar
from imageproc.widgets.tones import Tone

EXECUTION_TONES = {
    "SUCCEEDED": Tone.SUCCESS,
    "RUNNING": Tone.RUNNING,
    "FAILED": Tone.ERROR,
    "TIMED_OUT": Tone.ERROR,
    "ABORTED": Tone.WARNING,
}
_MINUTES = 12


def throughput(minutes: Sequence[Minute]) -> list[Bar]:
    """Return how many executions were started in each of the last minutes in which any were."""
    shown = minutes[-_MINUTES:]
    local = [minute.start.astimezone() for minute in shown]
    form = "%H:%M" if len({time.date() for time in local}) == 1 else "%m-%d %H:%M"
    return [
        Bar(
            time.strftime(form),
            _counted(minute.by_status),
            [(count, EXECUTION_TONES.get(status, Tone.INFO)) for status, count in minute.by_status.items()],
        )
        for time, minute in zip(local, shown, strict=True)
    ]


def durations(steps: Mapping[str, Spread]) -> list[Bar]:
    """Return each step's median, and in how many seconds 95 of 100 are done."""
    return [
        Bar(
            name,
            f"half in {spread.median:.2g} s, 95 % in {spread.p95:.2g} s",
            [(spread.median, Tone.RUNNING), (spread.p95 - spread.median, Tone.WAITING)],
        )
        for name, spread in steps.items()
    ]


def photos(counts: Mapping[Status, int]) -> list[Bar]:
    """Return how many photos have each status."""
    return [
        Bar(in_words(status), f"{count:,}", [(count, PHOTO_TONES[status])])
        for status, count in counts.items()
        if count
    ]


def described(minutes: Sequence[Minute], counts: Mapping[Status, int], *, are_more: bool = False) -> str:
    """Return the figures in a sentence or two; `are_more` tells whether older executions are not counted."""
    started = sum(minute.started for minute in minutes)
    most = max((minute.started for minute in minutes), default=0)
    found = f"The newest {started} executions" if are_more else number_text(started, "execution")
    return f"{found}, at most {most} started in a minute. Photos: {_counted(counts) or 'none'}."


def _counted(counts: Mapping[Status, int] | Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {in_words(status).lower()}" for status, count in counts.items() if count)
