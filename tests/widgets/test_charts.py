"""Figures as bars, of whatever there is: nothing, one minute, many days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from imageproc.client.metrics import Minute, Spread
from imageproc.core.record import Status
from imageproc.widgets import BarChart, Tone
from imageproc.widgets.panels import charts

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PHOTOS = dict.fromkeys(Status, 0) | {Status.SUCCEEDED: 3, Status.FAILED: 1}


def minutes(*after: float) -> list[Minute]:
    """One of each status so many minutes after the start."""
    return [Minute(START + timedelta(minutes=one), 2, {"SUCCEEDED": 1, "TIMED_OUT": 1}) for one in after]


def test_the_longest_bar_fills_the_chart_and_the_others_are_in_proportion() -> None:
    chart = BarChart("Photos", ("Status", "Photos"), charts.photos(PHOTOS))
    assert [(bar["name"], bar["value"], bar["segments"]) for bar in chart.bars] == [
        ("Succeeded", "3", [[100, "success"]]),
        ("Failed", "1", [[100 / 3, "error"]]),
    ]


def test_nothing_and_zero_make_no_bars_and_no_error() -> None:
    nothing = [*charts.throughput([]), *charts.durations({}), *charts.photos(dict.fromkeys(Status, 0))]
    assert BarChart("Nothing", ("", ""), nothing).bars == []
    quick = charts.durations({"ImageTypeCheck": Spread(3, 0, 0, 0)})
    assert BarChart("Quick", ("", ""), quick).bars[0]["segments"] == [[0, "running"], [0, "waiting"]]


def test_a_minute_says_how_its_executions_ended() -> None:
    [bar] = charts.throughput(minutes(0))
    assert (bar.value, [tone for _, tone in bar.segments]) == (
        "1 succeeded, 1 timed out",
        [Tone.SUCCESS, Tone.ERROR],
    )


def test_few_minutes_are_shown_and_dates_only_of_several_days() -> None:
    many = charts.throughput(minutes(*range(60)))
    assert len(many) == 12
    assert many[-1].name.endswith(":59")
    assert all("-" not in bar.name for bar in many)
    assert all("-" in bar.name for bar in charts.throughput(minutes(0, 3 * 1440)))


def test_the_figures_are_said_in_words() -> None:
    said = charts.described(minutes(0, 1), PHOTOS)
    assert said == "4 executions, at most 2 started in a minute. Photos: 3 succeeded, 1 failed."
    assert charts.described(minutes(0, 1), PHOTOS, are_more=True).startswith("The newest 4 executions, at")


def test_without_a_kernel_the_values_are_a_table() -> None:
    drawn = BarChart(
        "Steps", ("Step", "Time"), charts.durations({"Rekognition": Spread(3, 0.2, 0.4, 0.5)})
    ).static()
    assert "Rekognition" in drawn
    assert "half in 0.2 s, 95 % in 0.4 s" in drawn
