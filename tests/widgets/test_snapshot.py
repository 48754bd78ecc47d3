"""What a saved notebook keeps of a panel: its last state, bounded, beside the widget."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from imageproc.presentation.markup import Markup
from imageproc.widgets import FollowPanel, StatusLine, notebook, snapshot
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.parts.execution_list import ExecutionRow
from imageproc.widgets.updates import flush
from tests.widgets.test_photos import until

NO_WORKBENCH: Any = None
"""Nothing is followed."""


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is displayed, as Jupyter's frontend gets it."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(
        snapshot, "publish_display_data", lambda data, **options: found.append({"data": data, **options})
    )
    monkeypatch.setattr(snapshot, "_EVERY_S", 0.05)
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    return found


@pytest.fixture
def panel(published: list[dict[str, Any]]) -> Iterator[Panel]:
    made = Panel()
    yield made
    made.close()


def test_a_panel_is_displayed_as_a_widget_and_as_its_state(
    panel: Panel, published: list[dict[str, Any]]
) -> None:
    panel.say("5 photos <finished>.")
    flush()
    panel._ipython_display_()
    widget, state = published
    assert "application/vnd.jupyter.widget-view+json" in widget["data"]
    assert widget["data"]["text/html"] == "", "readers without widgets show nothing of it"
    assert "5 photos &lt;finished&gt;." in state["data"]["text/html"]
    assert "To go on, run the notebook" in state["data"]["text/html"]


def test_the_state_follows_the_panel_and_keeps_its_place(
    panel: Panel, published: list[dict[str, Any]]
) -> None:
    panel._ipython_display_()
    panel.start(lambda _: panel.say("Done."), "Working...").wait(5)
    deadline = time.monotonic() + 10
    while "Done." not in published[-1]["data"]["text/html"] and time.monotonic() < deadline:
        time.sleep(0.01)
    first, last = published[1], published[-1]
    assert "Done." in last["data"]["text/html"]
    assert last["update"]
    assert last["transient"] == first["transient"]
    count = len(published)
    panel._snapshot.publish()
    assert len(published) == count, "nothing changed"


def test_the_state_of_a_part_is_kept_when_it_changes_and_when_its_cell_ends(
    published: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[Any] = []
    events = SimpleNamespace(
        register=lambda _, call: ends.append(call), unregister=lambda _, call: ends.remove(call)
    )
    monkeypatch.setattr(notebook, "get_ipython", lambda: SimpleNamespace(events=events))
    line = StatusLine("Processing")
    notebook.show(line)
    line.text = "Nearly"
    until(lambda: "Nearly" in published[-1]["data"]["text/html"])
    monkeypatch.setattr(snapshot, "_EVERY_S", 3600)
    line.text = "Processed"
    ends[0](None)
    assert "Processed" in published[-1]["data"]["text/html"]
    assert ends == [], "of its cell alone"


def test_a_page_that_was_loaded_anew_is_given_each_state(
    panel: Panel, published: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.say("Before.")
    flush()
    panel._ipython_display_()
    note = panel._kernel_note
    assert note is not None
    assert note.panel == panel.model_id
    sent: list[Any] = []
    monkeypatch.setattr(note, "send", sent.append)
    note._handle_custom_msg({"type": "new page"}, [])
    panel.say("After.")
    flush()
    panel._snapshot.publish()
    assert [one["type"] for one in sent] == ["keep", "keep"]
    assert "Before." in sent[0]["data"]["text/html"], "what it may have missed"
    assert "After." in sent[1]["data"]["text/html"]
    assert sent[1]["data"] == published[-1]["data"]


def test_nobody_who_waits_for_a_cell_of_jupyterlab_waits_for_its_state(
    published: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """nbclient ends the kernel after the last cell: for it, the state is there before the cell ends."""
    parent: dict[str, Any] = {"metadata": {"cellId": "c1"}, "header": {"msg_id": "1"}}
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda _: parent))
    monkeypatch.setattr(snapshot, "get_ipython", lambda: shell)
    monkeypatch.setattr(snapshot, "_EVERY_S", 3600)
    states = iter(["first", "second"])
    shown = snapshot.Snapshot(lambda: Markup("<p>{}</p>").format(next(states)))
    shown.display(Panel())
    shown.cell_ends()
    assert "first" not in published[-1]["data"].get("text/html", "")
    parent["metadata"] = {}
    shown.cell_ends()
    assert "first" in published[-1]["data"].get("text/html", "")
    shown.close()


def test_a_cell_that_is_run_again_ends_what_it_showed(
    published: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody sees it, and to draw it takes time from what is shown now."""
    parent: dict[str, Any] = {}
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda _: parent))
    monkeypatch.setattr(snapshot, "get_ipython", lambda: shell)
    monkeypatch.setattr(snapshot, "_EVERY_S", 3600)
    one, other, twice = (snapshot.Snapshot(lambda: Markup("<p>drawn</p>")) for _ in range(3))

    def run(cell: str, number: int, *shown: snapshot.Snapshot) -> None:
        parent.update(metadata={"cellId": cell}, header={"msg_id": str(number)})
        for each in shown:
            each.display(Panel())

    def publishes(shown: snapshot.Snapshot) -> bool:
        shown._last, count = None, len(published)
        shown.publish()
        return len(published) > count

    run("c1", 1, one, twice)
    run("c2", 2, twice)
    run("c1", 3, other)
    assert [publishes(each) for each in (one, twice, other)] == [False, True, True], "twice is in c2"
    run("c1", 4, other)
    assert publishes(other), "the same panel again"
    for each in (one, other, twice):
        each.close()


def test_a_panel_that_is_not_displayed_publishes_nothing(
    panel: Panel, published: list[dict[str, Any]]
) -> None:
    panel.say("Done.")
    panel._snapshot.publish()
    assert published == []


def test_in_the_web_app_there_is_the_widget_alone(
    panel: Panel, published: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    panel._ipython_display_()
    assert len(published) == 1


def test_a_state_that_cannot_be_drawn_leaves_the_one_before(
    panel: Panel, published: list[dict[str, Any]]
) -> None:
    states = iter([Markup("<p>{}</p>").format("before")])
    shown = snapshot.Snapshot(lambda: next(states))
    shown.display(panel)
    shown.publish()
    assert len(published) == 2
    shown.display(panel)
    assert "before" not in published[-1]["data"]["text/html"]
    assert not published[-1]["update"], "its place is in this cell, from now on"


def test_a_panel_that_is_displayed_again_has_its_state_there_too(
    panel: Panel, published: list[dict[str, Any]]
) -> None:
    panel._ipython_display_()
    panel._ipython_display_()
    first, second = published[1], published[3]
    assert (first["update"], second["update"]) == (False, False)
    assert first["transient"] == second["transient"]


def test_a_thousand_photos_take_little_room(published: list[dict[str, Any]]) -> None:
    panel = FollowPanel(NO_WORKBENCH)
    panel.list.show((ExecutionRow(str(one), "n" * 200, []) for one in range(1000)), {"all": 1000})
    flush()
    panel._ipython_display_()
    text = published[-1]["data"]["text/html"]
    assert "and 950 more" in text
    assert len(text) < 50_000


def test_too_much_is_not_kept(published: list[dict[str, Any]]) -> None:
    shown = snapshot.Snapshot(lambda: Markup("<p>{}</p>").format("x" * snapshot.MAX_CHARACTERS))
    shown._displayed = True
    shown.publish()
    assert "There was too much to keep." in published[-1]["data"]["text/html"]
    assert len(published[-1]["data"]["text/html"]) < 2000
