"""The follow panel with photos that are really processed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imageproc.client.photos import Photos
from imageproc.client.photos.followed import FollowedPhotos
from imageproc.client.photos.photo import Photo
from imageproc.client.uploads.events import Uploaded
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.errors import AwsError, Cancelled, FollowTimeoutError
from imageproc.widgets import FollowPanel
from imageproc.widgets.updates import flush
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


@pytest.fixture
def without_events(backend: Backend) -> Iterator[None]:
    """Nothing hears of uploads."""
    s3, bucket = backend.stack.client("s3"), backend.stack.bucket
    wired: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
    wired.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    yield
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wired)


def uploaded(workbench: Workbench, folder: Path, album: str) -> list[Uploaded]:
    place = workbench.albums.get_or_create(album, "ann")
    events = workbench.uploads.upload([folder], place, check=False)
    return [event for event in events if isinstance(event, Uploaded)]


def showing(workbench: Workbench, sent: list[Uploaded], *, is_photo: bool) -> FollowPanel:
    """Follow uploads to their end, and choose the photo, or the text, to see its execution."""
    panel = FollowPanel(workbench)
    panel.follow(sent)
    asyncio.run(panel.finished(SECONDS))
    panel.list.selected = next(
        row["key"] for row in panel.list.rows if (row["name"] != "text.jpg") is is_photo
    )
    asyncio.run(panel.finished(SECONDS))
    return panel


def by_name(panel: FollowPanel) -> dict[str, list[str]]:
    """Return each photo's stages: texts, each with the key or ARN beside it, if there is one."""
    flush()
    return {
        row["name"]: [" ".join(filter(None, (stage["text"], stage.get("code")))) for stage in row["stages"]]
        for row in panel.list.rows
    }


def test_each_photo_shows_its_three_stages(workbench: Workbench, folder: Path, fresh: str) -> None:
    panel, told = FollowPanel(workbench), list[Photo]()
    panel.on_finished(told.extend)
    for one in uploaded(workbench, folder, fresh):
        panel.add(one)
    asyncio.run(panel.finished(SECONDS))
    results = panel.results()

    assert results["statuses"] == {str(DONE): 1, "REJECTED": 1}
    assert {photo.name for photo in told} == {"good.jpg", "text.jpg"}
    key, arn, outcome = by_name(panel)["text.jpg"]
    assert "Incoming/" in key
    assert "arn:aws:states:" in arn
    assert outcome.replace("\xa0", " ").startswith("Rejected in ")
    assert "ExtractImageMetadata: ImageIdentifyError: the file is not an image" in outcome
    assert panel.list.counts["all"] == 2
    assert panel.status.text.startswith("2 of 2 photos finished, 1 failed or rejected")


def test_the_chosen_photo_shows_its_execution_and_its_steps(
    workbench: Workbench, folder: Path, fresh: str
) -> None:
    panel = showing(workbench, uploaded(workbench, folder, fresh), is_photo=False)
    assert panel.graph.states["ExtractImageMetadata"] == "CAUGHT"
    assert panel.graph.states["NotSupportedImageType"] == "FAILED"
    assert ["ExtractImageMetadata", "RecordRejection"] in panel.graph.taken
    facts = dict(panel.detail.facts)
    assert (facts["Error"], facts["Tries"]) == ("ImageIdentifyError", "1")
    panel.graph.selected = "RecordRejection"
    flush()
    assert panel.detail.heading == "RecordRejection (Task)"
    assert "ImageIdentifyError" in dict(panel.detail.values)["Input"]
    panel.graph.selected = "RecordOutcome"
    flush()
    assert panel.detail.empty == "RecordOutcome has not been entered."
    shown = panel.static()
    assert any("ImageIdentifyError" in str(one) for one in shown)
    assert any("image/svg+xml" in one for one in shown)


def test_a_state_inside_a_parallel_says_what_the_local_aws_leaves_out(
    workbench: Workbench, folder: Path, fresh: str
) -> None:
    panel = showing(workbench, uploaded(workbench, folder, fresh), is_photo=True)
    panel.graph.selected = "TagsMissing" if DONE is Status.INCOMPLETE else "StoreRekognizedTags"
    flush()
    assert panel.detail.heading.startswith(panel.graph.selected)
    assert dict(panel.detail.values)["Input"].startswith("The local AWS does not record this")
    panel.graph.selected = "GenerateThumbnail"
    flush()
    assert "objectID" in dict(panel.detail.values)["Input"]


def test_a_new_panel_in_a_new_kernel_shows_the_truth(workbench: Workbench, folder: Path, fresh: str) -> None:
    sent = uploaded(workbench, folder, fresh)
    list(workbench.photos.follow(sent))  # a photo has no record before its event has come
    panel = FollowPanel(workbench)
    panel.show_album(workbench.albums.get_or_create(fresh, "ann"))
    panel.follow_existing([one.file.photo_id for one in sent] + ["no such photo"])
    asyncio.run(panel.finished(SECONDS))
    results = panel.results()
    assert results["statuses"] == {str(DONE): 1, "REJECTED": 1, "MISSING": 1}
    assert by_name(panel)["no such photo"][0] == "no record of this photo"


def test_a_poll_that_fails_is_shown_and_tried_again(
    workbench: Workbench, folder: Path, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll, shown = FollowedPhotos.poll, list[str]()
    failures = iter([AwsError("Reading", "the network is down.")])

    def failing(followed: FollowedPhotos) -> list[Photo]:
        for error in failures:
            raise error
        return poll(followed)

    monkeypatch.setattr(FollowedPhotos, "poll", failing)
    panel = FollowPanel(workbench)
    panel.status.observe(lambda change: shown.append(change["new"]), "text")
    panel.follow(uploaded(workbench, folder, fresh))
    asyncio.run(panel.finished(SECONDS))
    results = panel.results()
    assert any("the network is down" in text and "Trying again" in text for text in shown)
    assert sum(results["statuses"].values()) == 2


def test_an_album_that_could_not_be_read_is_read_again(
    workbench: Workbench, folder: Path, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_album, failures = Photos.in_album, iter([AwsError("Reading", "the network is down.")])

    def failing(photos: Photos, album_id: str, *rest: Any) -> Iterator[Photo]:
        for error in failures:
            raise error
        return in_album(photos, album_id, *rest)

    sent = uploaded(workbench, folder, fresh)
    first = FollowPanel(workbench)
    first.follow(sent)
    asyncio.run(first.finished(SECONDS))
    monkeypatch.setattr(Photos, "in_album", failing)
    panel = FollowPanel(workbench)
    panel.show_album(workbench.albums.get_or_create(fresh, "ann"))
    asyncio.run(panel.finished(SECONDS))
    assert panel.results()["statuses"] == {str(DONE): 1, "REJECTED": 1}


def test_a_long_pause_between_two_polls_ends_at_once(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FollowedPhotos, "poll", lambda followed: [])
    monkeypatch.setattr("imageproc.widgets.panels.follow_panel._EACH_S", 3600.0)
    panel = FollowPanel(workbench)
    for name in ("first", "second", "third"):
        panel.follow_existing([name])
        deadline = time.monotonic() + 10
        while name not in by_name(panel):
            assert time.monotonic() < deadline, f"the {name} is not followed"
    panel.stop()
    with pytest.raises(Cancelled):
        asyncio.run(panel.finished(5))


def test_following_stops_at_once_and_goes_on(
    workbench: Workbench, folder: Path, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = FollowedPhotos.poll
    monkeypatch.setattr(FollowedPhotos, "poll", lambda followed: [])
    panel = FollowPanel(workbench)
    panel.follow(uploaded(workbench, folder, fresh))
    panel.stop()
    with pytest.raises(Cancelled):
        asyncio.run(panel.finished(SECONDS))
    flush()
    assert panel.status.text.startswith("Stopped.")
    monkeypatch.setattr(FollowedPhotos, "poll", poll)
    panel.resume_button.click()
    asyncio.run(panel.finished(SECONDS))
    assert sum(panel.results()["statuses"].values()) == 2
    flush()
    assert panel.status.text.startswith("2 of 2")


def test_uploads_whose_events_are_lost_are_told_of_and_can_be_started(
    workbench: Workbench,
    backend: Backend,
    folder: Path,
    fresh: str,
    without_events: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("following", "followed"):
        monkeypatch.setattr(f"imageproc.client.photos.{module}.NOT_STARTED_S", 0.5)
    sent, told = uploaded(workbench, folder, fresh), list[str]()

    with pytest.raises(FollowTimeoutError, match=r"Nothing has begun to process 2 .*imageproc reconcile"):
        list(workbench.photos.follow(sent, timeout_s=2, notify=told.append))
    panel = FollowPanel(workbench)
    panel.follow(sent)
    deadline = time.monotonic() + SECONDS
    while "imageproc reconcile" not in panel.status.text and time.monotonic() < deadline:
        time.sleep(0.1)
        flush()

    assert len(told) == 1
    assert "imageproc reconcile" in told[0]
    assert "Nothing has begun to process 2 uploaded photos" in panel.status.text
    list(backend.photos.reconcile())
    asyncio.run(panel.finished(SECONDS))
    assert panel.results()["statuses"] == {str(DONE): 1, "REJECTED": 1}
