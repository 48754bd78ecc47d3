"""An import is planned first, goes on where it was cut off, and says what became of each file."""

from __future__ import annotations

import csv
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from imageproc import Cancellation, ImportEntry, ImportOutcome
from imageproc.client.imports import run
from imageproc.client.imports.album_intake import AlbumIntake
from imageproc.client.uploads.sender import Sender
from imageproc.deployment.stack import StackState
from imageproc.errors import AwsError, Cancelled, InvalidArgumentError, UploadError
from tests import pictures
from tests.client.conftest import Backend
from tests.client.imports.conftest import BUCKET, fill, imported, outcomes, photo, versions, write


def test_a_plan_says_what_would_be_done_and_does_nothing(backend: Backend, s3: Any) -> None:
    imports = backend.workbench.imports
    fill(s3, {"2019/a.jpg": photo(1), "2019/b.jpg": photo(2), "2020/c.jpg": photo(3), "note.txt": b"x"})
    imported(backend, f"s3://{BUCKET}/2019", album="2019")
    asked: list[str] = []
    s3.meta.events.register("before-call.s3", lambda model, **_: asked.append(model.name))
    plan = imports.plan(f"s3://{BUCKET}")
    assert set(asked) == {"ListObjectsV2"}
    assert [(one.name, one.new, one.photos, one.there) for one in plan.albums] == [
        ("2019", False, 2, 2),
        ("2020", True, 1, 0),
    ]
    assert (plan.photos, plan.there, plan.missing, plan.files) == (3, 2, 1, 4)
    assert plan.skipped == {"By its name it is not a photo (text/plain).": 1}
    assert (plan.estimate.photos, plan.estimate.megabytes) == (1, len(photo(3)) / 1e6)
    assert 0 < plan.reading.total < 0.0001
    assert [one.name for one in backend.workbench.albums.of("ann")] == ["2019"], "no album is made"
    assert repr(plan) == f"<ImportPlan s3://{BUCKET}/: 3 photos, 1 of them missing>"
    assert "note.txt" not in plan._repr_html_()
    assert "text/plain" in plan._repr_html_()


def test_a_plan_says_how_long_processing_takes_at_least(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"DetectLabelsPerSecond": "5", "WorkflowType": "EXPRESS"}
    stack = StackState("imageproc", "arn", "CREATE_COMPLETE", parameters=given)
    monkeypatch.setattr("imageproc.client.costs.describe", lambda *_: stack)
    folder = write(tmp_path, {f"{number}.jpg": photo(number) for number in range(10)})
    plan = backend.workbench.imports.plan(folder)
    assert plan.seconds == 2
    assert plan.estimate.processing.services["Step Functions"] < 10 * 8 * 0.025 / 1000, "as Express"


def test_a_plan_of_files_of_this_machine_has_no_requests_to_pay(backend: Backend, tmp_path: Path) -> None:
    plan = backend.workbench.imports.plan(write(tmp_path, {"a.jpg": photo(1)}))
    assert plan.reading.total == 0
    assert plan.missing == 1


def test_an_album_is_chosen_by_itself_its_id_or_its_name(backend: Backend, tmp_path: Path) -> None:
    folder = write(tmp_path, {"a/b/c.jpg": photo(1)})
    bobs = backend.workbench.albums.get_or_create("Trip", "bob")
    for album, user in ((bobs, None), (bobs.id, "bob"), ("Trip", "bob")):
        (entry,) = imported(backend, folder, album=album, user=user).values()
        assert (entry.album, entry.photo_id.partition("/")[0]) == ("Trip", bobs.id)
    assert len(versions(backend)) == 1
    with pytest.raises(InvalidArgumentError, match="needs a name"):
        backend.workbench.imports.plan(folder, album="")
    with pytest.raises(UploadError, match="cannot be used"):
        backend.workbench.imports.plan(folder, user="jürgen")


@pytest.mark.parametrize("source", ["bucket", "folder"])
def test_an_import_that_is_cut_off_goes_on_and_nothing_is_missing_or_twice(
    backend: Backend, s3: Any, tmp_path: Path, few_at_a_time: None, source: str
) -> None:
    files = {f"{number % 3}/{number:03}.jpg": photo(number) for number in range(40)}
    if source == "bucket":
        fill(s3, files)
    where = f"s3://{BUCKET}" if source == "bucket" else write(tmp_path / "photos", files)
    imports = backend.workbench.imports
    manifest = tmp_path / "manifest.csv"
    begun = imports.run(imports.plan(where), manifest=manifest)
    for _ in range(10):
        next(begun)
    begun.close()
    sent = set(versions(backend))
    assert 10 <= len(sent) < 40
    noted = list(csv.DictReader(manifest.read_text().splitlines()))
    assert {one["photo_id"] for one in noted} == sent, "the manifest has all that was sent"

    again = imported(backend, where)

    assert outcomes(again.values()) == {"there": len(sent), "imported": 40 - len(sent)}
    assert len(versions(backend)) == 40
    assert set(versions(backend).values()) == {1}


def test_the_manifest_has_a_line_for_each_file_as_soon_as_it_is_told(
    backend: Backend, tmp_path: Path
) -> None:
    folder = write(tmp_path / "photos", {"=a.jpg": photo(1), "b.txt": b"x", "c\n.jpg": pictures.gif()})
    imports = backend.workbench.imports
    manifest = tmp_path / "manifest.csv"
    for number, _ in enumerate(imports.run(imports.plan(folder, album="Trip"), manifest=manifest), 1):
        with manifest.open(newline="") as file:
            assert len(list(csv.reader(file))) == 1 + number
    with manifest.open(newline="") as file:
        rows = {one["path"]: one for one in csv.DictReader(file)}
    assert set(rows) == {"'=a.jpg", "b.txt", "c\n.jpg"}, "no spreadsheet takes it for a formula"
    assert rows["'=a.jpg"]["outcome"] == "imported"
    assert rows["'=a.jpg"]["photo_id"].endswith("-=a.jpg")
    assert rows["b.txt"]["cause"] == "By its name it is not a photo (text/plain)."
    assert rows["c\n.jpg"]["outcome"] == "skipped"
    with pytest.raises(InvalidArgumentError, match="cannot be written: No such file"):
        next(imports.run(imports.plan(folder), manifest=tmp_path / "nowhere" / "m.csv"))


EXPIRED = ClientError({"Error": {"Code": "ExpiredToken", "Message": "It has expired"}}, "PutObject")
UNREACHABLE = EndpointConnectionError(endpoint_url="https://s3.example")


@pytest.mark.parametrize(
    ("refusal", "fix"), [(EXPIRED, "Sign in again"), (UNREACHABLE, "check network and region")]
)
def test_what_no_file_can_pass_ends_it_and_later_it_goes_on(
    backend: Backend,
    tmp_path: Path,
    few_at_a_time: None,
    monkeypatch: pytest.MonkeyPatch,
    refusal: Exception,
    fix: str,
) -> None:
    folder = write(tmp_path, {f"{number:03}.jpg": photo(number) for number in range(40)})
    tries = 0

    def refused() -> None:
        nonlocal tries
        tries += 1
        raise refusal

    def some(self: Sender, *arguments: Any) -> Any:
        return put(self, *arguments) if len(versions(backend)) < 10 else refused()

    put = Sender.put
    monkeypatch.setattr(Sender, "put", some)
    with pytest.raises(AwsError, match=fix):
        imported(backend, folder)
    assert tries < 20
    monkeypatch.setattr(Sender, "put", put)
    assert set(outcomes(imported(backend, folder).values())) == {"there", "imported"}
    assert len(versions(backend)) == 40
    assert set(versions(backend).values()) == {1}


def test_a_cancelled_import_ends_at_once_also_while_a_file_is_sent(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path, {f"{number:03}.jpg": photo(number) for number in range(20)})
    cancellation, sending = Cancellation(), threading.Event()

    def slow(_: Sender, __: Any, ___: Any, progress: Any) -> None:
        sending.set()
        while True:  # until it is told
            time.sleep(0.01)
            progress(1)

    monkeypatch.setattr(Sender, "put", slow)

    def cancel() -> None:
        sending.wait(10)
        cancellation.cancel()

    threading.Thread(target=cancel).start()
    imports = backend.workbench.imports
    began = time.monotonic()
    with pytest.raises(Cancelled):
        list(imports.run(imports.plan(folder), cancellation=cancellation))
    assert time.monotonic() - began < 10
    with pytest.raises(Cancelled):
        imports.plan(folder, cancellation=cancellation)


def test_few_files_are_open_at_a_time_however_many_there_are(
    backend: Backend, tmp_path: Path, few_at_a_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not told yet is bounded: a consumer that stops stops the import."""
    folder = write(tmp_path, {f"{number:03}.jpg": photo(1) for number in range(100)})
    begun = 0

    def put(*_: Any) -> ImportEntry:
        nonlocal begun
        begun += 1
        return ImportEntry("", ImportOutcome.IMPORTED)

    monkeypatch.setattr(AlbumIntake, "put", put)
    imports = backend.workbench.imports
    entries = imports.run(imports.plan(folder))
    next(entries)
    time.sleep(0.2)
    assert begun <= run._AHEAD + 1
    assert len(list(entries)) == 99
