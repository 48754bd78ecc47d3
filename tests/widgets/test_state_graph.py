"""A definition becomes a picture in which nothing overlaps, and hostile names stay texts."""

from __future__ import annotations

import json
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from imageproc.deployment.template import read_sources
from imageproc.widgets import StateGraph
from imageproc.widgets.parts.state_graph.layout import NARROW, WIDE, Style, layout
from imageproc.widgets.parts.state_graph.machine import condition, parse
from imageproc.widgets.parts.state_graph.shapes import Graph, Node, broken
from imageproc.widgets.updates import flush

OURS = json.loads(read_sources().definition)


def task(**more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "arn", **more}


LOOP = {
    "StartAt": "Ask",
    "States": {
        "Ask": task(Next="Done?", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Ask"}]),
        "Done?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.state", "StringEquals": "done", "Next": "Each"},
                {"Variable": "$.tries", "NumericGreaterThan": 9, "Next": "Give up"},
            ],
            "Default": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Ask"},
        "Each": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "One", "States": {"One": task(End=True)}},
            "End": True,
        },
        "Give up": {"Type": "Fail"},
    },
}
WIDTHWISE = {
    "StartAt": "Which",
    "States": {
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": n, "Next": f"Case {n}"} for n in range(4)],
        },
        **{f"Case {n}": task(Next="Join", Catch=[{"ErrorEquals": ["E"], "Next": "Mend"}]) for n in range(4)},
        "Mend": task(Next="Join"),
        "Join": task(End=True),
    },
}
MACHINES = {"ours": OURS, "loop": LOOP, "widthwise": WIDTHWISE}


def overlap(one: Node, other: Node) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


@pytest.mark.parametrize("style", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", MACHINES)
def test_states_do_not_overlap_and_lie_inside_the_picture(name: str, style: Style) -> None:
    graph = layout(MACHINES[name], style)
    single = [node for node in graph.nodes if not node.group]
    assert [(a.id, b.id) for a, b in combinations(single, 2) if overlap(a, b)] == []
    assert all(node.x >= 0 and node.x + node.width <= graph.width + 0.01 for node in graph.nodes)
    assert all(node.y >= 0 and node.y + node.height <= graph.height + 0.01 for node in graph.nodes)


@pytest.mark.parametrize("name", MACHINES)
def test_round_about_lines_cross_no_state(name: str) -> None:
    graph = layout(MACHINES[name], WIDE)
    pieces = [
        (bus.target, (x1, y1), (x2, y2))
        for bus in graph.buses
        for part in bus.parts
        for (x1, y1), (x2, y2) in pairwise(part)
    ]
    single = [node for node in graph.nodes if not node.group]
    crossed = [
        (target, node.id)
        for target, (x1, y1), (x2, y2) in pieces
        for node in single
        if min(x1, x2) < node.x + node.width - 1
        and max(x1, x2) > node.x + 1
        and min(y1, y2) < node.y + node.height - 1
        and max(y1, y2) > node.y + 1
    ]
    assert crossed == []


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_and_transition_is_drawn(name: str) -> None:
    graph = layout(MACHINES[name], WIDE)
    drawn = {(line.source, line.target) for line in graph.lines}

    def expected(machine: Any) -> set[tuple[str, str]]:
        inner = [branch for state in machine.states.values() for branch in state.branches]
        own = {(one.source, one.target) for one in machine.transitions}
        return own.union(*(expected(branch) for branch in inner))

    assert expected(parse(MACHINES[name])) <= drawn


def by_id(graph: Graph) -> dict[str, Node]:
    return {node.id: node for node in graph.nodes}


def test_the_way_to_success_goes_straight_down() -> None:
    nodes = by_id(layout(OURS, WIDE))
    way = ["$start", "ExtractImageMetadata", "ImageTypeCheck", "StoreImageMetadata", "ParallelProcessing"]
    found = [nodes[name] for name in [*way, "RecordOutcome", "$end"]]
    assert len({round(node.x + node.width / 2) for node in found}) == 1
    assert [node.y for node in found] == sorted(node.y for node in found)


def test_without_the_paths_of_errors_only_the_way_to_success_is_left() -> None:
    graph = layout(OURS, Style(errors=False))
    assert {node.id for node in graph.nodes} == {
        "$start",
        "ExtractImageMetadata",
        "ImageTypeCheck",
        "StoreImageMetadata",
        "ParallelProcessing",
        "Rekognition",
        "StoreRekognizedTags",
        "GenerateThumbnail",
        "RecordOutcome",
        "$end",
    }
    assert not graph.buses


def test_the_narrow_picture_can_be_read_on_a_telephone() -> None:
    assert layout(OURS, NARROW).width < 450


def test_states_inside_a_parallel_lie_inside_it() -> None:
    nodes = by_id(layout(OURS, WIDE))
    outer, inner = nodes["ParallelProcessing"], nodes["TagsMissing"]
    assert outer.x < inner.x
    assert inner.y + inner.height < outer.y + outer.height


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (OURS["States"]["ImageTypeCheck"]["Choices"][0], 'format = "JPEG" or "PNG"'),
        ({"Variable": "$.n", "NumericGreaterThanEquals": 3}, "n ≥ 3"),
        ({"Variable": "$.a.b", "IsPresent": False}, "b is not present"),
        ({"Not": {"Variable": "$.n", "NumericEquals": 3}}, "not (n = 3)"),
        ({"Condition": "{% $n > 3 %}"}, "$n > 3"),
        (
            {"And": [{"Variable": "$.a", "NumericEquals": 1}, {"Variable": "$.b", "NumericLessThan": 2}]},
            "a = 1 and b < 2",
        ),
    ],
)
def test_conditions_are_said_in_words(rule: dict[str, Any], words: str) -> None:
    assert condition(rule) == words


def test_long_names_are_broken_between_their_words() -> None:
    assert broken("ExtractImageMetadata", 15) == ("ExtractImage", "Metadata")
    assert broken("x" * 100, 10)[-1].endswith("…")


def test_what_is_no_state_machine_is_refused() -> None:
    with pytest.raises(ValueError, match="StartAt"):
        StateGraph({"States": {}})


def test_the_static_picture_shows_where_the_execution_stands() -> None:
    graph = StateGraph(OURS)
    graph.show({"ExtractImageMetadata": "CAUGHT", "RecordRejection": "RUNNING"})
    flush()
    drawn = graph.static()
    assert isinstance(drawn, dict)
    titles = [one.text for one in ElementTree.fromstring(drawn["image/svg+xml"]).iter() if one.text]
    assert "ExtractImageMetadata (Task): caught" in titles
    assert {"↷", "●"} <= set(titles)


def test_hostile_names_stay_texts() -> None:
    name = '"><script>alert(1)</script>'
    graph = StateGraph({"StartAt": name, "States": {name: task(End=True)}}, title=name)
    drawn = graph.static()
    assert isinstance(drawn, dict)
    tags = {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(drawn["image/svg+xml"]).iter()}
    assert tags <= {"svg", "title", "rect", "g", "circle", "text", "path"}
