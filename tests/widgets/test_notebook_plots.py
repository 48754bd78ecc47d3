"""Plots of whatever there is: nothing, one value, hostile names, many values."""

from __future__ import annotations

import base64
import io
from typing import Any

import pandas as pd
import pytest
from matplotlib.axes import Axes
from PIL import Image

from imageproc.widgets import plots


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    monkeypatch.setattr(plots, "display", lambda bundle, **_: found.append(bundle))
    return found


def picture(bundle: dict[str, str]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))


@pytest.mark.parametrize("kind", ["bar", "barh"])
@pytest.mark.parametrize(
    "data",
    [{"Canon": 3}, {"$x^{": 1, "\x1b[31m": 2, "long " * 50: 3}, {one: one for one in range(1, 40)}],
    ids=["one", "hostile", "many"],
)
def test_a_plot_is_a_picture_that_says_what_it_shows(
    shown: list[dict[str, str]], data: dict[Any, int], kind: Any
) -> None:
    plots.plot_bars(pd.Series(data), "Photos", kind=kind)
    assert picture(shown[0]).format == "PNG"
    assert picture(shown[0]).getpixel((0, 0)) == (255, 255, 255, 0), "the page's theme shows"
    assert shown[0]["text/plain"].startswith("Photos. ")
    assert shown[0]["text/plain"].isprintable()


@pytest.mark.parametrize("data", [pd.Series(dtype="int64"), pd.Series({1: 0, 2: 0})], ids=["empty", "zeros"])
def test_nothing_is_said_and_not_drawn(shown: list[dict[str, str]], data: Any) -> None:
    plots.plot_bars(data, "Photos by <hour>")
    plots.plot_grid(pd.DataFrame(), "Labels")
    assert [set(one) for one in shown] == [{"text/html", "text/plain"}] * 2
    assert "&lt;hour&gt;" in shown[0]["text/html"]


def test_a_grid_counts_what_occurs_together(
    shown: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(Axes, "imshow", lambda _, counts, **__: drawn.append(counts.tolist()))
    plots.plot_grid(pd.DataFrame({"Cat": [2, 1, 0], "Dog": [0, 1, 1]}, ["a", "b", "c"]), "Labels")
    assert drawn == [[[2, 1], [1, 2]]]
    assert picture(shown[0]).format == "PNG"
