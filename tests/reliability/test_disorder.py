"""Events come thrice, at once, late and in reverse; a key is uploaded again while it is processed."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from imageproc.core.keys import MAX_KEY_BYTES
from imageproc.core.record import Dimensions
from tests import pictures
from tests.flow.conftest import DONE, Backend

KEYS, VERSIONS, DELIVERIES = 4, 3, 3


@pytest.fixture
def undelivered(backend: Backend) -> Iterator[Backend]:
    """A bucket that tells nobody of its uploads, until the test is over."""
    s3, bucket = backend.stack.client("s3"), backend.stack.bucket
    told = s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    yield backend
    told.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)


def event(backend: Backend, object_id: str, version: str, number: int) -> dict[str, Any]:
    """S3's event of an upload; `number` is its place in the order of uploads."""
    entry = {
        "key": quote_plus(f"Incoming/{object_id}", safe="/"),
        "versionId": version,
        "sequencer": f"{0x660F00000 + number:018X}",
    }
    return {"Records": [{"s3": {"bucket": {"name": backend.stack.bucket}, "object": entry}}]}


def deliver(backend: Backend, told: dict[str, Any]) -> list[str]:
    """Give the start function an event, and return the executions that run for it."""
    answer = backend.stack.client("lambda").invoke(
        FunctionName=f"{backend.stack.name}-ImageProcStartExecution", Payload=json.dumps(told).encode()
    )
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return list(said["executionArns"])


def test_events_that_come_thrice_at_once_and_in_reverse_leave_the_newest(
    undelivered: Backend, fresh: str
) -> None:
    ids = [f"{fresh}/{number}.jpg" for number in range(KEYS)]
    uploads = [
        (object_id, undelivered.put(object_id, pictures.jpeg((100 + version, 80))), version)
        for version in range(VERSIONS)
        for object_id in ids
    ]
    events = [event(undelivered, *upload) for upload in reversed(uploads) for _ in range(DELIVERIES)]

    with ThreadPoolExecutor(8) as threads:
        started = Counter(
            arn for arns in threads.map(lambda one: deliver(undelivered, one), events) for arn in arns
        )

    newest = {object_id: version for object_id, version, _ in uploads}
    for object_id, version in newest.items():
        photo = undelivered.until_version(object_id, version)
        assert photo.status is DONE
        assert photo.attributes["dimensions"]["width"] == 100 + VERSIONS - 1
        thumbnail = undelivered.thumbnail(object_id)["Body"].read()
        assert pictures.opened(thumbnail).width == 100 + VERSIONS - 1
        assert photo.execution_arn in started
    inputs = [json.loads(one["input"]) for one in executions(undelivered, ids)]
    assert max(Counter((one["s3Key"], one["versionId"]) for one in inputs).values()) == 1

    chosen = random.Random(1)
    late = chosen.sample(events, 8)
    assert [arn for told in late for arn in deliver(undelivered, told)] == []
    assert len(executions(undelivered, ids)) == len(inputs)


def executions(backend: Backend, ids: list[str]) -> list[Any]:
    return [one for object_id in ids for one in backend.executions_of(object_id)]


@pytest.mark.parametrize("moment", ["UPLOADED", "PROCESSING", "thumbnail"])
def test_a_photo_that_is_uploaded_again_while_it_is_processed_is_the_new_one(
    backend: Backend, fresh: str, moment: str
) -> None:
    object_id = f"{fresh}.jpg"
    old = backend.put(object_id, pictures.jpeg((3000, 2000), "red", make="Old"))
    until_moment(backend, object_id, moment)
    new = backend.put(object_id, pictures.jpeg((120, 90), "blue"))

    photo = backend.until_version(object_id, new)

    assert photo.version_id != old
    assert photo.status is DONE
    for execution in backend.executions_of(object_id):
        backend.execution(backend.photos.get(object_id))
        assert execution["status"] in ("SUCCEEDED", "RUNNING"), "the old one ends in peace"
    # And once more the old one, which comes after all.
    state = {"s3Bucket": backend.stack.bucket, "s3Key": f"Incoming/{object_id}", "objectID": object_id}
    assert backend.run(state | {"versionId": old})["status"] == "SUCCEEDED"
    after = backend.photos.get(object_id)
    assert after.version_id == new
    assert after.dimensions == Dimensions(120, 90)
    assert "exifMake" not in after.attributes, "nothing of the old one stays"
    small = pictures.opened(backend.thumbnail(object_id)["Body"].read())
    assert small.size == (120, 90)
    assert small.convert("RGB").getpixel((5, 5))[2] > 200  # type: ignore[index]


def until_moment(backend: Backend, object_id: str, moment: str) -> None:
    """Wait until the first upload has come so far, or further."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for photo in backend.photos.many([object_id]):
            if photo.status.finished or moment in (photo.status, *photo.attributes):
                return
        time.sleep(0.01)
    raise AssertionError(f"it is never {moment}")


NAMES = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Co"]), min_size=1, max_size=60
)

LOOK_ENCODED = ["100%25 sure.jpg", "%2e%2e%2fup.jpg", "a+b%2Bc d%20e.jpg"]
"""Decoded once they are what they look like; decoded twice another photo's."""


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(names=st.lists(NAMES, min_size=12, max_size=12, unique=True))
@example(names=LOOK_ENCODED)
def test_any_key_comes_through_s3_lambda_and_the_state_machine_as_it_is(
    backend: Backend, names: list[str]
) -> None:
    run = f"keys-{random.SystemRandom().getrandbits(40):x}"
    ids = [f"{run}/{number}/{name}" for number, name in enumerate(names)]
    ids = [one for one in ids if not one.endswith("/") and len(one.encode()) < MAX_KEY_BYTES - 20]
    for number, object_id in enumerate(ids):
        backend.put(object_id, pictures.jpeg((100 + number, 80)))

    photos = backend.ended(*ids)

    assert set(photos) == set(ids)
    for number, object_id in enumerate(ids):
        assert photos[object_id].key == f"Incoming/{object_id}"
        assert photos[object_id].status is DONE
        assert photos[object_id].attributes["dimensions"]["width"] == 100 + number
        assert pictures.opened(backend.thumbnail(object_id)["Body"].read()).width == 100 + number
