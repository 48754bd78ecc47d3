"""Figures of a stack's work, drawn with `Figure` alone: pyplot may be used by one thread only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from imageproc import Status
from imageproc.client.metrics import Minute, Spread

_STATUS_COLOURS = {"SUCCEEDED": "#2e7d32", "RUNNING": "#1565c0", "FAILED": "#b3261e", "TIMED_OUT": "#8a5300"}
_OTHER = "#616161"
_PHOTO_COLOURS = {
    Status.SUCCEEDED: "#2e7d32",
    Status.INCOMPLETE: "#8a5300",
    Status.REJECTED: "#616161",
    Status.FAILED: "#b3261e",
}
_MOST_TICKS = 5
_MINUTE_OF_DAY = 1 / 1440
"""matplotlib counts dates in days."""


def draw(minutes: Sequence[Minute], steps: Mapping[str, Spread], photos: Mapping[Status, int]) -> bytes:
    """Return a PNG: executions started in each minute, how long each step takes, photos by status."""
    figure = Figure(figsize=(10, 3.2), dpi=110, layout="constrained")
    first, second, third = figure.subplots(1, 3, width_ratios=(1.2, 1.2, 0.8))
    _throughput(first, minutes)
    _durations(second, steps)
    _statuses(third, photos)
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def described(minutes: Sequence[Minute], photos: Mapping[Status, int]) -> str:
    """Return a description of the picture."""
    started = sum(minute.started for minute in minutes)
    most = max((minute.started for minute in minutes), default=0)
    counts = ", ".join(f"{count} {status.value}" for status, count in photos.items() if count) or "none"
    return f"{started} executions, at most {most} started in a minute. Photos: {counts}."


def _throughput(axes: Axes, minutes: Sequence[Minute]) -> None:
    axes.set_title("Executions started, per minute", fontsize=10)
    below = [0] * len(minutes)
    for status in dict.fromkeys(status for minute in minutes for status in minute.by_status):
        counts = [minute.by_status.get(status, 0) for minute in minutes]
        times = [minute.start for minute in minutes]
        colour = _STATUS_COLOURS.get(status, _OTHER)
        axes.bar(times, counts, _MINUTE_OF_DAY * 0.9, bottom=below, label=status, color=colour)  # type: ignore[arg-type]
        below = [low + count for low, count in zip(below, counts, strict=True)]
    if minutes:
        axes.legend(fontsize=7)
        axes.set_xticks(*_ticks([minute.start for minute in minutes]))  # type: ignore[arg-type]
    axes.tick_params(labelsize=8)


def _ticks(times: Sequence[datetime]) -> tuple[list[datetime], list[str]]:
    """Return a few of these times and their labels, with dates if they are of several days."""
    chosen = list(times[:: math.ceil(len(times) / _MOST_TICKS)])
    local = [time.astimezone() for time in chosen]
    form = "%H:%M" if len({time.date() for time in local}) == 1 else "%m-%d\n%H:%M"
    return chosen, [time.strftime(form) for time in local]


def _durations(axes: Axes, steps: Mapping[str, Spread]) -> None:
    axes.set_title("Seconds for each step: median, 95 %", fontsize=10)
    names = list(steps)[::-1]
    axes.barh(names, [steps[name].p95 for name in names], color="#b0c4de", label="95 %")
    axes.barh(names, [steps[name].median for name in names], height=0.4, color="#1565c0", label="median")
    if names:
        axes.legend(fontsize=7)
    axes.tick_params(labelsize=7)


def _statuses(axes: Axes, photos: Mapping[Status, int]) -> None:
    axes.set_title("Photos by status", fontsize=10)
    known = {status: count for status, count in photos.items() if count}
    bars = axes.bar(
        [status.value for status in known],
        list(known.values()),
        color=[_PHOTO_COLOURS.get(status, "#1565c0") for status in known],
    )
    axes.bar_label(bars, fontsize=8)
    axes.tick_params(axis="x", labelsize=7, labelrotation=30)
    axes.tick_params(axis="y", labelsize=8)
