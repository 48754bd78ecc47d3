"""What people see of the client's objects, in a terminal and in Jupyter."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from imageproc import Album, Execution, Plan, Stack, Workbench
from imageproc.core.record import Status
from imageproc.costs import estimate
from imageproc.deployment.artifacts import Artifacts
from imageproc.deployment.plan.change_set import Change, ParameterChange
from imageproc.errors import InvalidArgumentError, StackMissingError
from tests import pictures
from tests.client.conftest import Backend, without_aws


def test_a_photo_is_one_line_and_in_jupyter_its_picture(backend: Backend) -> None:
    backend.put_thumbnail("trip/cat.jpg", pictures.jpeg((60, 40)))
    where = {"s3Bucket": backend.stack.bucket, "s3Key": "Thumbnails/trip/cat.jpg"}
    photo = backend.photo("trip/cat.jpg", tags=["Cat", "Pet"], thumbnail=where, exifModel="X100")
    assert repr(photo) == "<Photo trip/cat.jpg: SUCCEEDED, X100, Cat, Pet>"
    assert '<img src="data:image/jpeg;base64,' in photo._repr_html_()


def test_showing_a_photo_never_fails(backend: Backend) -> None:
    where = {"s3Bucket": backend.stack.bucket, "s3Key": "Thumbnails/trip/cat.jpg"}
    photo = backend.photo("trip/cat.jpg", thumbnail=where)
    backend.refuse("s3", "GetObject")
    assert "no thumbnail" in photo._repr_html_()
    assert "no thumbnail" in dataclasses.replace(photo, _photos=None)._repr_html_()


def test_the_resources_say_whose_they_are_and_ask_nothing(backend: Backend) -> None:
    workbench = without_aws(backend.stack.target)
    for resource in (
        *(workbench.photos, workbench.albums, workbench.uploads, workbench.executions, workbench.bulk),
        *(workbench.imports, workbench.logs, workbench.dead_letters, workbench.metrics, workbench.privacy),
    ):
        assert repr(resource).startswith(f"<{type(resource).__name__} of <Stack {backend.stack.name} in ")
    assert repr(workbench).startswith("<Workbench of <Stack ")


def test_a_workbench_shows_what_its_stack_has(backend: Backend) -> None:
    assert backend.stack.bucket in backend.workbench._repr_html_()


def test_a_workbench_without_a_stack_says_what_to_do(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: Stack) -> None:
        raise StackMissingError("There is no stack.", "Deploy it: imageproc deploy")

    monkeypatch.setattr(Stack, "outputs", property(missing))
    workbench = Workbench(backend.stack.target)
    assert "imageproc deploy" in workbench._repr_html_()
    assert workbench.albums._repr_html_().startswith("<p>There is no stack. failed: ")
    assert workbench.photos.where()._repr_html_() == workbench.albums._repr_html_()


def test_albums_are_a_table_and_found_by_name(backend: Backend) -> None:
    albums = backend.workbench.albums
    assert albums._repr_html_() == "<p>There are no albums.</p>"
    trip = albums.get_or_create("Trip")
    albums.get_or_create("<b>Cats</b>")
    assert albums["Trip"] == trip
    assert albums._ipython_key_completions_() == ["<b>Cats</b>", "Trip"]
    assert "&lt;b&gt;Cats&lt;/b&gt;" in albums._repr_html_()


def test_a_view_and_an_album_are_a_contact_sheet_with_a_count(backend: Backend) -> None:
    workbench = backend.workbench
    album = workbench.albums.get_or_create("Trip")
    backend.put_thumbnail("trip/0.jpg", pictures.jpeg((60, 40)))
    where = {"s3Bucket": backend.stack.bucket, "s3Key": "Thumbnails/trip/0.jpg"}
    for number in range(30):
        backend.write(f"trip/{number}.jpg", albumID=album.id, thumbnail=where if number == 0 else None)
    for shown in (workbench.albums["Trip"]._repr_html_(), workbench.photos.where(album="Trip")._repr_html_()):
        assert shown is not None
        assert "30 photos, 24 shown" in shown
        assert shown.count("<figure") == 24
    assert (
        "<strong>photos.where(album=&#39;Trip&#39;)</strong>"
        in workbench.photos.where(album="Trip")._repr_html_()
    )
    assert '<img src="data:image/jpeg' in (workbench.photos.where(id="trip/0.jpg")._repr_html_())
    assert len(album.photos) == 30


def test_a_view_of_what_there_is_not_says_so_without_a_traceback(backend: Backend) -> None:
    backend.write("dog.jpg", tags={"Dog"})
    shown = backend.workbench.photos.where(tag="Doog")._repr_html_()
    assert "No photo has the tag" in shown
    assert "Did you mean" in shown


def test_an_album_of_no_stack_has_no_photos() -> None:
    album = Album("a1", "ann", "Trip", 0)
    assert album._repr_html_() is None
    with pytest.raises(InvalidArgumentError, match=r"workbench\.albums\.get"):
        _ = album.photos


def test_failures_are_a_table(backend: Backend) -> None:
    photos = backend.workbench.photos
    assert "Nothing failed" in photos.failures([])._repr_html_()
    backend.photo("a.jpg", Status.FAILED, error={"step": "Step", "name": "Broken", "cause": "It broke."})
    backend.photo("b.jpg", Status.FAILED, error={"step": "Step", "name": "Broken", "cause": "It is late."})
    backend.photo("c.jpg", Status.FAILED, error={"step": "Step", "name": "Broken", "cause": "It broke."})
    backend.photo("d.jpg", Status.FAILED, error={"step": "Step", "name": "Odd", "cause": "It is odd."})
    assert "It broke. (2); It is late. (1)<" in photos.failures()._repr_html_()
    assert ">It is odd.<" in photos.failures()._repr_html_()


def test_an_execution_is_a_table() -> None:
    started = datetime(2024, 5, 3, tzinfo=UTC)
    execution = Execution("arn:1", "one", "SUCCEEDED", started, started + timedelta(seconds=2.5))
    assert "2.5 s" in execution._repr_html_()
    failed = dataclasses.replace(execution, error="Broken", cause="It broke.")
    assert "It broke." in failed._repr_html_()
    assert "Took" not in dataclasses.replace(execution, stopped=None)._repr_html_()


def test_an_estimate_is_three_bills() -> None:
    found = estimate(1000)
    assert repr(found).startswith("<Estimate 1,000 photos: ")
    assert found._repr_html_().count("<table ") == 3


def test_a_plan_is_what_would_change() -> None:
    artifacts = Artifacts("bucket", "code", "layer", "template", "url")
    plan = Plan("trip", "arn", "UPDATE", artifacts, None)
    assert "There is nothing to do." in plan._repr_html_()
    changed = dataclasses.replace(
        plan,
        change_set="arn:2",
        changes=(Change("Modify", "Function", "AWS::Lambda::Function"),),
        parameters=(ParameterChange("Tracing", "PassThrough", "Active"),),
        warnings=("It will be slow.",),
    )
    shown = changed._repr_html_()
    for told in ("Modify", "AWS::Lambda::Function", "Tracing", "Active", "It will be slow."):
        assert told in shown
