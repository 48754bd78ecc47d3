"""The follow panel's list and graph: the graph shows a photo that is listed, and says which."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from unittest.mock import MagicMock

import pytest

from imageproc import Step, StepStatus
from imageproc.client.photos.followed import FollowedPhoto
from imageproc.client.photos.photo import Photo
from imageproc.core.record_codec import decode
from imageproc.widgets.panels import execution_view, follow_rows
from imageproc.widgets.panels.follow_panel import FollowPanel
from imageproc.widgets.parts.data_table import Cell
from imageproc.widgets.parts.execution_list import ExecutionList, ExecutionRow
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import flush

MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}


def followed(name: str, status: str) -> FollowedPhoto:
    stored = {"imageID": f"a/{name}", "status": status, "executionArn": f"arn:{name}"}
    return FollowedPhoto(f"a/{name}", name, photo=decode(stored, Photo))


@pytest.fixture
def panel() -> Iterator[FollowPanel]:
    """A panel that follows 30 photos, of which the last one failed, and which are all finished."""
    photos = [
        *(followed(f"{number}.jpg", "SUCCEEDED") for number in range(29)),
        followed("bad.jpg", "FAILED"),
    ]
    workbench = MagicMock()
    workbench.executions.definition.return_value = MACHINE
    workbench.executions.steps.return_value = []
    workbench.executions.console_url.return_value = None
    state = workbench.photos.followed.return_value
    state.all.return_value, state.waiting, state.not_started = photos, 0, 0
    state.get = {one.photo_id: one for one in photos}.get
    state.poll.return_value = []
    made = FollowPanel(workbench)
    made.resume()
    settle(made)
    yield made
    made.close()


def settle(panel: FollowPanel) -> None:
    assert panel.job
    panel.job.wait(10)
    flush()


def test_the_graph_shows_a_photo_of_the_filter_and_names_it(panel: FollowPanel) -> None:
    assert panel.graph.title == "Execution of 0.jpg"
    panel.list.filter = "failed"
    settle(panel)
    assert [row["name"] for row in panel.list.rows] == ["bad.jpg"]
    assert (panel.list.selected, panel.graph.title) == ("a/bad.jpg", "Execution of bad.jpg")
    assert "<strong>Execution of bad.jpg</strong>" in "".join(map(str, panel.static()))


def test_where_nothing_is_listed_no_graph_is_shown(panel: FollowPanel) -> None:
    panel.list.filter = "active"
    flush()
    assert (panel.list.rows, panel.list.selected) == ([], "")
    assert panel.execution.layout.display == "none"
    panel.list.filter = "all"
    settle(panel)
    assert panel.execution.layout.display != "none"
    assert panel.graph.title == "Execution of 0.jpg"


def test_the_chosen_photo_stays_listed_however_many_there_are(panel: FollowPanel) -> None:
    assert len(panel.list.rows) == 10
    panel.choose("a/20.jpg")
    settle(panel)
    assert panel.graph.title == "Execution of 20.jpg"
    assert [row["name"] for row in panel.list.rows][-2:] == ["9.jpg", "20.jpg"]


def test_the_saved_list_has_a_reason_on_one_line_and_says_how_many_it_left_out() -> None:
    shown = ExecutionList(columns=["Photo", "Completed"])
    shown.show([ExecutionRow("1", "a.jpg", [Cell("Incomplete in 26 s\ntags missing: it")])], {"all": 42})
    flush()
    saved = shown.static()
    assert "Incomplete in 26 s: tags missing: it" in saved
    assert "Photos: 1 of 42" in saved


def test_a_photo_whose_file_lacks_its_end_says_so_although_it_succeeded() -> None:
    stored = {"imageID": "a/cut.jpg", "status": "SUCCEEDED", "truncated": True}
    cut = follow_rows.row(FollowedPhoto("a/cut.jpg", "cut.jpg", photo=decode(stored, Photo)), None).stages[-1]
    assert cut.text == "Succeeded\nThe file lacks its end; the thumbnail shows what is there."
    assert cut.tone is Tone.WARNING
    whole = follow_rows.row(followed("whole.jpg", "SUCCEEDED"), None).stages[-1]
    assert (whole.text, whole.tone) == ("Succeeded", Tone.SUCCESS)


def test_addresses_of_thumbnails_are_given_for_rows_that_have_one_and_kept_nowhere() -> None:
    given: list[str] = []

    def address(key: str) -> str:
        given.append(key)
        return f"https://example.org/{key}?X-Amz-Signature=1"

    shown = ExecutionList(columns=["Photo"], address=address, picture=lambda _: b"a picture")
    shown.show([ExecutionRow("1", "a.jpg", [], picture=True), ExecutionRow("2", "b.txt", [])], {"all": 2})
    flush()
    sent: list[object] = []
    shown.send = sent.append
    for message in ({"addresses": ["1", "2", "3", None]}, {"addresses": "1"}, "addresses", {}):
        shown._handle_custom_msg(message, [])
    assert sent == [{"addresses": {"1": "https://example.org/1?X-Amz-Signature=1"}}]
    assert given == ["1"]
    shown.send = lambda content, buffers: sent.append((content, buffers))
    for key in ("1", "2", ["1"], None):
        shown._handle_custom_msg({"bytes": key}, [])
    assert sent[1:] == [({"bytes": "1"}, [b"a picture"])]
    assert "X-Amz-Signature" not in str(shown.get_state())


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        ({"Rekognition": "CAUGHT", "Rendition": "CAUGHT", "Store": "SUCCEEDED"}, "Rendition"),
        ({"Extract": "CAUGHT", "NotSupportedImageType": "FAILED"}, "Extract"),
        ({"Extract": "SUCCEEDED", "Store": "FAILED"}, "Store"),
        ({"Extract": "SUCCEEDED"}, ""),
    ],
)
def test_the_step_whose_error_counts_is_shown(states: dict[str, str], shown: str) -> None:
    began = datetime(2026, 11, 27, tzinfo=UTC)
    steps = [Step(name, "Task", StepStatus(status), began, began) for name, status in states.items()]
    assert execution_view._problem(steps) == shown
