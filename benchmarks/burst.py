"""A burst of photos on the local AWS with DetectLabels throttled, as an account's quota does it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from unittest.mock import patch

from benchmarks.figures import Figure
from benchmarks.local import local_aws
from benchmarks.throttling import MOST_EXTRA
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.local.recognition.throttle import SETTING
from tests import pictures

TITLE = "A burst against DetectLabels' quota, on the local AWS"
COUNT, PER_SECOND = 300, 5
_TIMEOUT_S = 500


@dataclass(frozen=True)
class Burst:
    """How a burst ended."""

    labelled: int
    missing: Counter[str]
    """Why labels are missing, and how often."""
    extra: float
    """State transitions a photo beyond those of a photo that does not wait."""


def settings(per_second: float) -> dict[str, str]:
    """Return what the environment says to a local AWS that answers DetectLabels so often.

    Many functions may run at once, as on AWS: with few, photos wait for these and not for their turns.
    """
    return {
        SETTING: str(per_second),
        "IMAGEPROC_WORKERS_PER_FUNCTION": "12",
        "IMAGEPROC_WORKERS": "16",
    }


def send(workbench: Workbench, count: int) -> Burst:
    """Upload so many photos at once, and wait until all are finished."""
    names = [f"{number}.jpg" for number in range(count)]
    s3, bucket, data = workbench.stack.client("s3"), workbench.stack.bucket, pictures.jpeg((120, 90))

    def put(name: str) -> None:
        # Each file is another one: what is known already would not be looked at.
        s3.put_object(Bucket=bucket, Key=f"Incoming/{name}", Body=data + name.encode())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, names))
    followed = workbench.photos.follow(names, timeout_s=_TIMEOUT_S)
    ended = {photo.id: photo for photo in followed if photo.status.finished}
    labelled = sum(
        photo.status is Status.SUCCEEDED and photo.label_model_version is not None for photo in ended.values()
    )
    missing = Counter(error.cause for photo in ended.values() for error in photo.missing.values())
    return Burst(labelled, missing, _extra(workbench) / count)


def _extra(workbench: Workbench) -> int:
    """Return how many states were entered beyond the usual: a wait, and asking once more."""
    extra = 0
    for execution in workbench.executions:
        asked = [
            event
            for event in workbench.executions.history(execution.arn)
            if event["type"] in ("TaskScheduled", "LambdaFunctionScheduled") and "-Rekognition" in str(event)
        ]
        extra += 2 * (len(asked) - 1)
    return extra


def figures() -> Iterator[Figure]:
    """Send a burst; all photos are to get their labels."""
    with patch.dict(os.environ, settings(PER_SECOND)), local_aws() as workbench:
        workbench.deploy({"DetectLabelsPerSecond": str(PER_SECOND)})
        burst = send(workbench, COUNT)
    name = f"{COUNT} photos at {PER_SECOND} requests a second"
    yield Figure(f"{name}: without labels", [COUNT - burst.labelled], "photos", 0)
    yield Figure(f"{name}: extra transitions", [burst.extra], "a photo", MOST_EXTRA)
