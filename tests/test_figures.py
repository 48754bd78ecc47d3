"""The figures in the pages are those that the benchmarks wrote down."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.__main__ import LONG, SECTIONS
from benchmarks.figures import Figure
from benchmarks.published import ROOT, Published, fill, marked, pages, publish, read

PUBLISHED: Published = {
    "one": {
        "start": {"value": 1234.5, "unit": "ms", "date": "2026-02-03", "machine": "2 cores"},
        "share": {"value": 0.456, "unit": "×", "date": "2026-02-03", "machine": "2 cores"},
        "speed": {"value": 12.34, "unit": "photos/s", "date": "2026-02-03", "machine": "2 cores"},
    }
}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_pages_figures_are_the_published_ones(page: Path) -> None:
    text = page.read_text()
    assert fill(text, read()) == text, "python -m benchmarks.published"
    assert len(re.findall(r"<!-- \w+: ", text)) == len(marked(text)), "a comment without a figure before it"


def test_the_readme_and_the_page_on_performance_have_figures_of_sections_that_exist() -> None:
    found = {page.name: marked(page.read_text()) for page in pages()}
    assert len(found["README.md"]) > 3
    assert len(found["performance.md"]) > 40
    sections = {section for names in found.values() for section, _ in names}
    assert sections <= {*SECTIONS, *LONG, "first_minutes", "first_minutes_from_wheel"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("takes 9 ms<!-- one: start -->", "takes 1,234 ms<!-- one: start -->"),
        ("**0.9 s**<!-- one: start -->", "**1.2 s**<!-- one: start -->"),
        ("| 7.00<!-- one: share --> of 7.00", "| 0.46<!-- one: share --> of 7.00"),
        ("9.9 photos/s<!-- one: speed -->", "12.3 photos/s<!-- one: speed -->"),
        ("on 9 May 2025<!-- one: share -->", "on 3 February 2026<!-- one: share -->"),
    ],
)
def test_a_page_says_in_which_unit_and_how_exactly(before: str, after: str) -> None:
    assert fill(before, PUBLISHED) == after
    assert fill(after, PUBLISHED) == after


def test_a_figure_that_nobody_published_or_of_another_kind_is_refused() -> None:
    with pytest.raises(KeyError, match="one: end"):
        fill("5<!-- one: end -->", PUBLISHED)
    with pytest.raises(ValueError, match="cannot be told in MB"):
        fill("5 MB<!-- one: start -->", PUBLISHED)


def test_what_is_measured_is_published_with_its_day_and_what_is_not_stays(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    publish("one", [Figure("start", [3, 1, 2.34567], "s"), Figure("share", [0.5], "×")], file)
    before = read(file)["one"]["share"]
    publish("one", [Figure("start", [7], "s")], file)
    assert read(file)["one"]["share"] == before
    start = read(file)["one"]["start"]
    assert (start["value"], start["unit"]) == (7, "s")
    assert start["date"] == datetime.now(UTC).date().isoformat()
    assert "cores" in start["machine"]
    assert fill("1.00 s<!-- one: start -->", read(file)) == "7.00 s<!-- one: start -->"
