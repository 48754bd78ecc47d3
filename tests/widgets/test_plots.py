"""Figures of whatever there is: nothing, one minute, many days. A warning would stand in the notebook."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from imageproc.client.metrics import Minute, Spread
from imageproc.core.record import Status
from imageproc.widgets.panels import plots

START = datetime(2026, 11, 23, 22, 58, tzinfo=UTC)
STEPS = {"Rekognition": Spread(3, 0.2, 0.4, 0.5)}
PHOTOS = dict.fromkeys(Status, 0) | {Status.SUCCEEDED: 3, Status.FAILED: 1}


def minutes(*after: float) -> list[Minute]:
    """One of each status so many minutes after the start."""
    return [Minute(START + timedelta(minutes=one), 2, {"SUCCEEDED": 1, "FAILED": 1}) for one in after]


@pytest.mark.parametrize(
    "after",
    [(), (0,), (0, 1), (0, 1, 2), (0, 3), tuple(range(60)), (0, 1440, 9000), tuple(range(0, 600, 7))],
    ids=lambda after: f"{len(after)}-to-{max(after, default=0)}",
)
def test_a_figure_is_drawn_of_any_span(after: tuple[float, ...]) -> None:
    drawn = plots.draw(minutes(*after), STEPS if after else {}, PHOTOS if after else {})
    assert Image.open(io.BytesIO(drawn)).format == "PNG"


def test_there_are_few_times_under_the_axis_and_dates_only_of_several_days() -> None:
    times = [minute.start for minute in minutes(*range(60))]
    chosen, words = plots._ticks(times)
    assert len(chosen) == len(words) == 5
    _, over_days = plots._ticks([START, START + timedelta(days=3)])
    assert all("\n" in word for word in over_days)


def test_the_figure_is_said_in_words() -> None:
    said = plots.described(minutes(0, 1), PHOTOS)
    assert said == "4 executions, at most 2 started in a minute. Photos: 3 SUCCEEDED, 1 FAILED."
