"""The follow panel with photos that are really processed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from imageproc.aws.errors import AwsError
from imageproc.client.photos import Photo
from imageproc.client.runs import Runs
from imageproc.client.uploads import Sent
from imageproc.client.workbench import Workbench
from imageproc.widgets import FollowPanel
from imageproc.widgets.painter import flush
from tests import pictures
from tests.flow.conftest import DONE, Backend

SECONDS = 60


@pytest.fixture
def workbench(backend: Backend) -> Workbench:
    return Workbench(backend.stack.target, backend.stack.name)


@pytest.fixture
def folder(tmp_path: Path, fresh: str) -> Path:
    (tmp_path / "good.jpg").write_bytes(pictures.jpeg(make=fresh))
    (tmp_path / "text.jpg").write_bytes(f"no photo {fresh}".encode())
    return tmp_path


def uploaded(workbench: Workbench, folder: Path, album: str) -> list[Sent]:
    place = workbench.albums.named("ann", album)
    events = workbench.upload([folder], place, check=False)
    return [event for event in events if isinstance(event, Sent)]


def by_name(panel: FollowPanel) -> dict[str, list[str]]:
    flush()
    return {row["name"]: [stage["text"] for stage in row["stages"]] for row in panel.list.rows}


def test_each_photo_shows_its_three_stages(workbench: Workbench, folder: Path, fresh: str) -> None:
    panel, told = FollowPanel(workbench), list[Photo]()
    panel.on_finished(told.extend)
    for one in uploaded(workbench, folder, fresh):
        panel.add(one)
    results = asyncio.run(panel.finished(SECONDS))

    assert results["statuses"] == {str(DONE): 1, "REJECTED": 1}
    assert {photo.file_name for photo in told} == {"good.jpg", "text.jpg"}
    key, arn, outcome = by_name(panel)["text.jpg"]
    assert "Incoming/" in key
    assert "arn:aws:states:" in arn
    assert outcome.startswith("REJECTED in ")
    assert "ExtractImageMetadata: ImageIdentifyError: the file is no image" in outcome
    assert panel.list.counts["all"] == 2
    assert panel.status.text.startswith("2 of 2 photos finished, 1 failed or rejected")


def test_the_chosen_photo_shows_its_execution_and_its_steps(
    workbench: Workbench, folder: Path, fresh: str
) -> None:
    panel = FollowPanel(workbench)
    panel.follow(uploaded(workbench, folder, fresh))
    asyncio.run(panel.finished(SECONDS))
    text = next(row["key"] for row in panel.list.rows if row["name"] == "text.jpg")
    panel.list.selected = text
    asyncio.run(panel.finished(SECONDS))

    assert panel.graph.states["ExtractImageMetadata"] == "CAUGHT"
    assert panel.graph.states["NotSupportedImageType"] == "FAILED"
    assert ["ExtractImageMetadata", "RecordRejection"] in panel.graph.taken
    facts = dict(panel.detail.facts)
    assert (facts["Error"], facts["Tries"]) == ("ImageIdentifyError", "1")
    panel.graph.selected = "RecordRejection"
    flush()
    assert panel.detail.heading == "RecordRejection (Task)"
    assert "ImageIdentifyError" in dict(panel.detail.values)["Input"]
    rows, graph = panel.static()
    assert "ImageIdentifyError" in rows
    assert "image/svg+xml" in graph


def test_a_new_panel_in_a_new_kernel_shows_the_truth(workbench: Workbench, folder: Path, fresh: str) -> None:
    sent = uploaded(workbench, folder, fresh)
    panel = FollowPanel(workbench)
    panel.show_album(workbench.albums.named("ann", fresh))
    panel.follow_existing([one.upload.object_id for one in sent] + ["no such photo"])
    results = asyncio.run(panel.finished(SECONDS))
    assert results["statuses"] == {str(DONE): 1, "REJECTED": 1, "MISSING": 1}
    assert by_name(panel)["no such photo"][0] == "no record of this photo"


def test_a_poll_that_fails_is_shown_and_tried_again(
    workbench: Workbench, folder: Path, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll, shown, failures = Runs.poll, list[str](), iter([AwsError("Reading", "the network is down.")])

    def failing(runs: Runs) -> list[Photo]:
        for error in failures:
            raise error
        return poll(runs)

    monkeypatch.setattr(Runs, "poll", failing)
    panel = FollowPanel(workbench)
    panel.status.observe(lambda change: shown.append(change["new"]), "text")
    panel.follow(uploaded(workbench, folder, fresh))
    results = asyncio.run(panel.finished(SECONDS))
    assert any("the network is down" in text and "Trying again" in text for text in shown)
    assert sum(results["statuses"].values()) == 2


def test_following_stops_at_once_and_goes_on(
    workbench: Workbench, folder: Path, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = Runs.poll
    monkeypatch.setattr(Runs, "poll", lambda runs: [])
    panel = FollowPanel(workbench)
    panel.follow(uploaded(workbench, folder, fresh))
    panel.stop()
    asyncio.run(panel.finished(SECONDS))
    flush()
    assert panel.status.text.startswith("Stopped.")
    assert not panel.resume_button.disabled
    monkeypatch.setattr(Runs, "poll", poll)
    panel.resume_button.click()
    assert sum(asyncio.run(panel.finished(SECONDS))["statuses"].values()) == 2
    flush()
    assert panel.status.text.startswith("2 of 2")
