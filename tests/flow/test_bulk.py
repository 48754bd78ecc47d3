"""Bulk runs: the Distributed Map of the deployed stack, on the local AWS."""

from __future__ import annotations

from typing import Any

import pytest

from imageproc.client.bulk import BulkProgress
from imageproc.core.record import Status
from imageproc.errors import InvalidArgumentError
from tests import pictures
from tests.flow.conftest import DONE, Backend


def run(backend: Backend, prefix: str, *only: str) -> BulkProgress:
    """Run to the end, and return how it ended."""
    bulk = backend.workbench.bulk
    *_, last = bulk.follow(bulk.start(only, prefix), interval_s=0.2)
    return last


def uploaded(backend: Backend, *object_ids: str) -> None:
    for object_id in object_ids:
        backend.put(object_id, pictures.jpeg(make="Leica"))
    for photo in backend.ended(*object_ids).values():
        backend.execution(photo)


def change(backend: Backend, object_id: str, **values: str) -> None:
    backend.stack.client("dynamodb").update_item(
        TableName=backend.stack.image_table,
        Key={"imageID": {"S": object_id}},
        AttributeUpdates={name: {"Value": {"S": value}} for name, value in values.items()},
    )


def test_photos_without_a_record_are_filled_in_and_a_rejected_one_is_no_failure(
    backend: Backend, fresh: str
) -> None:
    ids = [f"{fresh}/1 ü.jpg", f"{fresh}/2.jpg", f"{fresh}/bad.jpg"]
    uploaded(backend, *ids[:2])
    backend.put(ids[2], b"no photo")
    backend.execution(backend.ended(ids[2])[ids[2]])
    backend.stack.client("dynamodb").delete_item(
        TableName=backend.stack.image_table, Key={"imageID": {"S": ids[0]}}
    )

    ended = run(backend, fresh)

    assert (ended.status, ended.total, ended.done, ended.failed) == ("SUCCEEDED", 3, 3, 0)
    photos = backend.ended(*ids)
    assert [photos[one].status for one in ids] == [DONE, DONE, Status.REJECTED]
    assert photos[ids[0]].camera.make == "Leica"
    assert photos[ids[0]].execution_arn == backend.execution(photos[ids[0]])["executionArn"]


def test_one_part_of_all_photos(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}/1.jpg"
    uploaded(backend, object_id)
    change(backend, object_id, labelModelVersion="kept", contentHash="to be made anew")

    assert run(backend, fresh, "thumbnail").status == "SUCCEEDED"

    photo = backend.photos.get(object_id)
    assert photo.label_model_version == "kept"
    assert str(photo.content_hash).startswith("sha256:")


def test_a_run_with_too_many_failures_fails_and_each_photo_says_why(backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}/1.jpg"
    uploaded(backend, object_id)
    functions, name = backend.stack.client("lambda"), f"{backend.stack.name}-StoreImageMetadata"
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    broken: Any = {"Variables": variables | {"IMAGE_METADATA_TABLE": "no-such-table"}}
    functions.update_function_configuration(FunctionName=name, Environment=broken)
    try:
        ended = run(backend, fresh)
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    assert (ended.status, ended.failed) == ("FAILED", 1)
    assert "threshold" in ended.cause
    photo = backend.photos.get(object_id)
    assert photo.error
    assert (photo.status, photo.error.step) == (Status.FAILED, "StoreImageMetadata")


def test_a_part_that_does_not_exist_starts_nothing(backend: Backend) -> None:
    before = len(list(backend.workbench.bulk.runs()))
    with pytest.raises(InvalidArgumentError, match="pixels"):
        backend.workbench.bulk.start(["pixels"])
    assert len(list(backend.workbench.bulk.runs())) == before
