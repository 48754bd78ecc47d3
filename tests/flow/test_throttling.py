"""Bursts of photos with DetectLabels throttled: all get their labels, by the turns that they take."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.local import LocalAws
from imageproc.local.recognition import SWITCH
from imageproc.local.recognition.models import missing_packages
from imageproc.local.recognition.throttle import SETTING
from tests import pictures
from tests.flow.conftest import Backend, deploy, target_of

MOST_EXTRA = 2


@pytest.mark.skipif(bool(missing_packages()), reason="the models are not installed")
@pytest.mark.parametrize(("count", "per_second"), [(300, 5), (60, 1)])
def test_a_burst_ends_with_every_photo_labelled_at_two_transitions_more_at_most(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch, count: int, per_second: int
) -> None:
    monkeypatch.delenv(SWITCH)
    monkeypatch.setenv(SETTING, str(per_second))
    # As on AWS, where many functions run at once: with few, photos wait for these and not for their turns.
    monkeypatch.setenv("IMAGEPROC_WORKERS_PER_FUNCTION", "12")
    monkeypatch.setenv("IMAGEPROC_WORKERS", "16")
    status = own_aws.start()
    deploy(target_of(status), "burst", DetectLabelsPerSecond=str(per_second))
    backend = Backend(Workbench(target_of(status), "burst"))
    names = [f"{number}.jpg" for number in range(count)]
    data = pictures.jpeg((120, 90))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: backend.put(name, data), names))
    followed = backend.photos.follow(names, timeout_s=500)
    ended = {photo.id: photo for photo in followed if photo.status.finished}

    why = Counter(error.cause for photo in ended.values() for error in photo.missing.values())
    assert {photo.status for photo in ended.values()} == {Status.SUCCEEDED}, why
    assert len(ended) == count
    assert all(photo.label_model_version for photo in ended.values())
    # Whether 300 photos come faster than five a second depends on the machine; 60 do than one.
    assert (0 if per_second == 5 else 0.5) <= _extra(backend) / count <= MOST_EXTRA


def _extra(backend: Backend) -> int:
    """How many states were entered beyond those of photos that do not wait: a wait, and asking once more."""
    client = backend.stack.client("stepfunctions")
    extra = 0
    for execution in backend.workbench.executions.all():
        pages = client.get_paginator("get_execution_history").paginate(executionArn=execution.arn)
        events = [event for page in pages for event in page["events"]]
        asked = [
            event
            for event in events
            if event["type"] in ("TaskScheduled", "LambdaFunctionScheduled") and "-Rekognition" in str(event)
        ]
        extra += 2 * (len(asked) - 1)
    return extra
