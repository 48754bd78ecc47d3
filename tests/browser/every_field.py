"""Every part of the workbench with given texts in its fields; each text has a mark by which it is found."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from imageproc.widgets import (
    BarChart,
    Card,
    Cell,
    DataTable,
    DropZone,
    EmbeddingMap,
    ExecutionList,
    Gallery,
    Heading,
    PhotoMap,
    PhotoViewer,
    SearchBar,
    StateGraph,
    StatusLine,
    StepDetail,
    Tone,
)
from imageproc.widgets.parts.bar_chart import Bar
from imageproc.widgets.parts.drop_zone.upload_handler import UploadState
from imageproc.widgets.parts.embedding_map import Group, Points
from imageproc.widgets.parts.execution_list import ExecutionRow
from imageproc.widgets.parts.gallery import Action, GallerySource, Layout
from imageproc.widgets.parts.photo_viewer import FactGroup, ViewedPhoto
from imageproc.widgets.parts.search_bar import Facet, FacetValue, plain_facets
from imageproc.widgets.updates import flush

MARK = "\u2042"

Text = Callable[[], str]

NO_PHOTOS = GallerySource(lambda _, __: ())

NO_HANDLER: Any = None
"""Nothing is dropped."""


def machine(text: Text) -> dict[str, Any]:
    """A state machine whose states' names and comments are texts."""
    names = [text() for _ in range(3)]
    states: dict[str, Any] = {
        name: {"Type": "Pass", "Comment": text(), "Next": following} for name, following in pairwise(names)
    }
    states[names[-1]] = {"Type": "Succeed", "Comment": text()}
    return {"Comment": text(), "StartAt": names[0], "States": states}


def parts(text: Text) -> list[Any]:
    """Return each part twice where it has an empty state: filled, and empty."""
    table_rows = [[Cell(text(), Tone.ERROR), text(), Cell(text(), href=text())] for _ in range(2)]
    cards = [
        Card(f"{n}", text(), text(), Tone.ERROR, ((text(), 90.0), (text(), None)), False) for n in range(3)
    ]
    runs, detail, graph = (
        ExecutionList(columns=[text(), text()]),
        StepDetail(),
        StateGraph(machine(text), title=text()),
    )
    runs.show([ExecutionRow("1", text(), [Cell(text(), Tone.ERROR, text()), Cell(text())])], {"all": 1})
    detail.show(text(), {text(): text(), text(): text()}, {text(): {text(): [text()]}, text(): text()})
    viewer = PhotoViewer()
    groups = (FactGroup(text(), tuple((text(), text(), text()) for _ in range(3))),)
    viewer.show(
        ViewedPhoto(
            *("1", text(), text()),
            album=text(),
            tags=((text(), 90.0),),
            boxes=((text(), 0.1, 0.1, 0.5, 0.5),),
            groups=groups,
            said={text(): text()},
            corrections=(text(),),
        )
    )
    gallery = Gallery(
        GallerySource(lambda first, end: cards[first:end]),
        actions=[Action("1", text(), text())],
        label=text(),
        empty=text(),
    )
    gallery.show(Layout(array("f", [1.5] * len(cards)), ((0, text()),), text()), [(0, 0)])
    search = SearchBar(
        text=text(),
        chips=[text(), text()],
        problem=text(),
        summary=text(),
        orders=[("1", text())],
        order=text(),
        facets=plain_facets([Facet(text(), (FacetValue(text(), 3, text()),))]),
        help=text(),
        placeholder=text(),
    )
    embeddings = EmbeddingMap(NO_PHOTOS, empty=text())
    groups_of_points = (Group(text(), "#E69F00", 2), Group(text(), "#56B4E9", 1))
    embeddings.show(Points(array("f", [0, 0, 1, 1, -1, 0]), groups_of_points, array("B", [0, 1, 0])), text())
    zone = DropZone(NO_HANDLER, hint=text())
    zone.rows.add("1", text(), 9)
    zone.rows.change("1", UploadState.FAILED, text())
    zone.publish()
    flush()
    return [
        Heading(text(), text()),
        StatusLine(text(), Tone.ERROR),
        DataTable([text(), text(), text()], table_rows, caption=text(), empty=text(), selectable=True),
        DataTable([text()], caption=text(), empty=text()),
        search,
        gallery,
        Gallery(NO_PHOTOS, label=text(), empty=text()),
        PhotoMap({0: (52.5, 13.4)}, note=text(), empty=text()),
        embeddings,
        EmbeddingMap(NO_PHOTOS, empty=text()),
        BarChart(text(), [text(), text()], [Bar(text(), text(), [(1, Tone.ERROR)])], empty=text()),
        BarChart(text(), [text(), text()], empty=text()),
        PhotoMap(empty=text()),
        runs,
        ExecutionList(columns=[text()], empty=text()),
        detail,
        graph,
        StateGraph(empty=text()),
        zone,
        viewer,
    ]
