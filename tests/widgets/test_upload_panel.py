"""The upload panel: files of this machine and of a browser become photos of its album, on the local AWS."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imageproc.client.albums import Album, Albums
from imageproc.client.uploads.events import Uploaded
from imageproc.client.workbench import Workbench
from imageproc.errors import AlbumNotFoundError, Cancelled, EndpointUnreachableError, UploadError
from imageproc.local import LocalStatus
from imageproc.widgets import UploadPanel, updates
from imageproc.widgets.panels.upload_panel import AlbumUploadHandler
from imageproc.widgets.parts.drop_zone import DroppedFile, UploadForm, UploadResult, UploadState
from tests.flow.conftest import target_of
from tests.pictures import gif, jpeg

PHOTO = jpeg()
ALBUM = Album("a1", "ann", "Cats", 0)
GONE = set[str]()


@pytest.fixture
def workbench(local_aws: LocalStatus, fresh: str, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """A workbench whose stack has a bucket, all albums but GONE, and nothing that processes photos."""

    def current(_: Albums, album: Album) -> Album:
        if album.id in GONE:
            raise AlbumNotFoundError(f"The album {album.name} was deleted.")
        return album

    GONE.clear()
    monkeypatch.setattr(Albums, "current", current)
    target = target_of(local_aws)
    target.client("s3").create_bucket(Bucket=f"upload-panel-{fresh}")
    workbench = Workbench(target)
    vars(workbench.stack)["outputs"] = {"S3PhotoRepoBucket": f"upload-panel-{fresh}"}
    return workbench


@pytest.fixture
def fresh(tmp_path: Path) -> str:
    return f"{time.time_ns():x}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.jpg").write_bytes(PHOTO)
    (tmp_path / "photos/b.jpg").write_bytes(PHOTO + b"b")
    (tmp_path / "photos/c.jpg").write_bytes(gif())
    return tmp_path / "photos"


def offered(name: str, data: bytes = PHOTO, file_id: str = "s-0") -> DroppedFile:
    return DroppedFile(file_id, name, len(data), "image/jpeg", None, data[:32])


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_paths_are_uploaded_listed_and_told_of(workbench: Workbench, folder: Path) -> None:
    panel = UploadPanel(workbench, ALBUM)
    heard: list[Uploaded] = []
    panel.on_uploaded(heard.append)
    assert len(panel.upload_paths([folder]).wait(30) or ()) == 2
    updates.flush()
    assert {sent.file.path.name for sent in heard} == {"a.jpg", "b.jpg"}
    assert {sent.file.photo_id for sent in panel.uploaded} == {sent.file.photo_id for sent in heard}
    states = {row.name: row.state for row in panel.zone.rows.all()}
    assert states == {"a.jpg": UploadState.SENT, "b.jpg": UploadState.SENT, "c.jpg": UploadState.REJECTED}
    assert panel.status.text == "Not all files are in Cats: the list says why."
    assert {row["name"] for row in panel.zone.listed} == set(states)
    for text in ("c.jpg", "Rejected", "the file is GIF"):
        assert text in "".join(map(str, panel.static()))
    panel.upload_paths([folder]).wait(30)
    assert [sent.already_there for sent in panel.uploaded].count(True) == 2


def test_the_check_box_lets_in_what_the_album_has_under_another_name(
    workbench: Workbench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageproc.widgets.panels.upload_panel.moved_away", lambda *_: {})  # no table here
    panel = UploadPanel(workbench, ALBUM)
    panel.upload_paths([folder / "a.jpg"]).wait(30)
    (folder / "again.jpg").write_bytes(PHOTO)
    dropped = replace(offered("too.jpg"), digest=hashlib.sha256(PHOTO).hexdigest())
    for checked, state in ((False, UploadState.DUPLICATE), (True, UploadState.SENT)):
        panel.zone.allow_duplicates = checked
        assert isinstance(panel._handler.presign(dropped), UploadForm) is checked, "from a browser"
        panel.upload_paths([folder / "again.jpg"]).wait(30)
        assert panel.zone.rows.all()[-1].state is state


def test_nothing_is_sent_to_an_album_that_is_gone(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageproc.widgets.panels.upload_panel._LOOKED_UP_S", 0.0)
    panel = UploadPanel(workbench, ALBUM)
    file = replace(offered("a.jpg"), drop="d-1")
    assert isinstance(panel._handler.presign(file), UploadForm)
    GONE.add(ALBUM.id)
    with pytest.raises(AlbumNotFoundError, match=r"Cats was deleted\. Open another album"):
        panel._handler.presign(file)
    panel.album = Album("a2", "ann", "Dogs", 0)
    found = panel._handler.presign(file)
    assert isinstance(found, UploadForm)
    assert found.album == "Dogs", "another try goes where one is"


def test_a_file_whose_album_cannot_be_looked_up_in_an_outage_waits(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any) -> Album:
        raise EndpointUnreachableError("Reading the album", "the local AWS does not answer.")

    panel = UploadPanel(workbench, ALBUM)
    monkeypatch.setattr(Albums, "current", unreachable)
    found = panel._handler.presign(offered("a.jpg"))
    assert isinstance(found, UploadResult)
    assert (found.state, found.outage) == (UploadState.FAILED, True), "the page tries it again"


@pytest.mark.parametrize("asked", ["offers", "reports"])
def test_what_was_said_of_earlier_files_is_said_no_longer(
    workbench: Workbench, folder: Path, asked: str
) -> None:
    panel = UploadPanel(workbench, ALBUM)
    panel.upload_paths(folder / "a.jpg").wait(30)
    until(lambda: panel.status.text == "Everything is in Cats.")
    refused = {"id": "s-1", "name": "notes.txt", "size": 19, "state": "rejected", "head": "6869"}
    panel.zone._handle_custom_msg({"type": "batch", "session": "s", asked: [refused]}, [])
    until(lambda: panel.status.text == "")
    until(lambda: panel.zone.rows.state("s-1") is not None)


def test_a_batch_can_be_stopped_and_what_was_not_sent_says_so(workbench: Workbench, tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.jpg").write_bytes(PHOTO + bytes([number]))
    panel = UploadPanel(workbench, ALBUM)
    panel.on_uploaded(lambda _: panel.status._handle_custom_msg({"type": "stop"}, []))
    job = panel.upload_paths([tmp_path])
    with pytest.raises(Cancelled):
        job.wait(30)
    updates.flush()
    assert 1 <= len(panel.uploaded) < 40
    assert {row.state for row in panel.zone.rows.all()} <= {UploadState.SENT, UploadState.CANCELLED}
    assert "Stopped" in panel.status.text
    assert not panel.status.stoppable


def test_without_an_album_nothing_is_taken(workbench: Workbench, folder: Path) -> None:
    panel = UploadPanel(workbench)
    updates.flush()
    assert (panel.zone.enabled, panel.zone.hint) == (False, "Choose an album first.")
    with pytest.raises(UploadError, match="Choose an album first"):
        panel.upload_paths([folder])
    panel.album = ALBUM
    updates.flush()
    assert panel.zone.enabled
    assert "Cats" in panel.zone.hint


def test_a_callback_that_fails_keeps_nobody_from_hearing(workbench: Workbench, folder: Path) -> None:
    panel = UploadPanel(workbench, ALBUM)
    heard: list[Uploaded] = []

    def fail(sent: Uploaded) -> None:
        raise ValueError("no gallery")

    panel.on_uploaded(fail)
    panel.on_uploaded(heard.append)
    panel.upload_paths([folder / "a.jpg"]).wait(30)
    assert len(heard) == 1


def test_a_path_that_is_not_there_is_an_error_that_says_so(workbench: Workbench, tmp_path: Path) -> None:
    panel = UploadPanel(workbench, ALBUM)
    job = panel.upload_paths([tmp_path / "nothing"])
    with pytest.raises(UploadError, match="There is no file or folder"):
        job.wait(30)
    updates.flush()
    assert panel.status.tone == "error"


def test_a_file_that_came_through_the_kernel_is_uploaded(workbench: Workbench, tmp_path: Path) -> None:
    arrived: list[tuple[str, Uploaded]] = []
    handler = AlbumUploadHandler(workbench, lambda file_id, sent: arrived.append((file_id, sent)))
    handler.album = ALBUM
    form = handler.presign(offered("a.jpg"))
    assert isinstance(form, UploadForm)
    assert 290 < form.seconds <= 300
    (tmp_path / "body").write_bytes(PHOTO)
    with (tmp_path / "body").open("rb") as body:
        assert handler.upload("s-0", body) == UploadResult(UploadState.SENT, album="Cats")
    assert arrived[0][1].file.key == form.fields["key"]
    assert handler._under_way == {}


def test_a_file_goes_to_the_album_that_was_chosen_when_it_was_offered(workbench: Workbench) -> None:
    handler = AlbumUploadHandler(workbench, lambda *_: None)
    handler.album = ALBUM
    first = handler.presign(offered("a.jpg"))
    handler.album = Album("a2", "ann", "Dogs", 0)
    second = handler.presign(offered("a.jpg", file_id="s-1"))
    assert isinstance(first, UploadForm)
    assert isinstance(second, UploadForm)
    assert first.fields["key"].startswith("Incoming/a1/")
    assert second.fields["key"].startswith("Incoming/a2/")
    assert handler.confirm("s-0").state is UploadState.FAILED  # nobody has sent it


def test_what_was_dropped_together_goes_to_one_album_whatever_is_opened_meanwhile(
    workbench: Workbench,
) -> None:
    made: list[Album] = []

    def make() -> Album:
        made.append(ALBUM)
        return ALBUM

    handler = AlbumUploadHandler(workbench, lambda *_: None, make)
    handler.album = None
    together = [replace(offered(f"{one}.jpg", file_id=f"s-{one}"), drop="s-drop-0") for one in range(3)]
    first = handler.presign(together[0])
    handler.album = Album("a2", "ann", "Dogs", 0)
    forms = [first, *map(handler.presign, together[1:])]
    assert [form.album for form in forms] == ["Cats"] * 3
    assert all(isinstance(form, UploadForm) and "/a1/" in form.fields["key"] for form in forms)
    assert len(made) == 1
    later = handler.presign(replace(offered("9.jpg", file_id="s-9"), drop="s-drop-1"))
    assert later.album == "Dogs"


def test_a_photo_that_was_erased_is_taken_again(
    workbench: Workbench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageproc.widgets.panels.upload_panel.moved_away", lambda *_: {})  # no table here
    panel = UploadPanel(workbench, ALBUM)
    dropped = replace(offered("a.jpg"), digest=hashlib.sha256(PHOTO).hexdigest())
    panel.upload_paths([folder / "a.jpg"]).wait(30)
    other = Album("a2", "ann", "Dogs", 0)
    panel.album = other
    assert isinstance(panel._handler.presign(dropped), UploadForm), "the other album does not have it"
    panel.album = ALBUM
    assert isinstance(panel._handler.presign(dropped), UploadResult)
    key = f"Incoming/{panel.uploaded[0].photo_id}"
    workbench.stack.client("s3").delete_object(Bucket=workbench.stack.bucket, Key=key)
    assert isinstance(panel._handler.presign(dropped), UploadForm)


def test_an_album_that_goes_away_refuses_what_is_offered(workbench: Workbench) -> None:
    panel = UploadPanel(workbench)
    got: list[Any] = []
    panel.zone.send = lambda content, buffers=None: got.append(content)
    offer = {"id": "s-0", "name": "a.jpg", "size": 9, "type": "image/jpeg"}
    panel.zone._handle_custom_msg({"type": "batch", "session": "s", "offers": [offer]}, [])
    until(lambda: bool(got))
    failed = {"id": "s-0", "state": "failed", "text": "Choose an album first.", "album": ""}
    assert got[0]["files"] == [failed]
