"""Runs one function's handler in a process of its own, as Lambda does, and prints what it took as JSON.

`python -m benchmarks.invocation MODULE PHOTO`. S3, DynamoDB, Rekognition and Step Functions answer from
memory: the SDK is real, the waiting is not there.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

import boto3  # noqa: F401 - it is Lambda's, and so not counted

from benchmarks import cpu
from tests.reliability.memory_aws import ENVIRONMENT, MemoryAws

INVOCATIONS = 30
SETTINGS = ENVIRONMENT | {
    "AWS_LAMBDA_RUNTIME_API": "-",
    "STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:photos",
    "MAX_LABELS": "10",
    "MIN_CONFIDENCE": "80",
    "DETECT_LABELS_PER_SECOND": "5",
    "LABEL_TURNS_TABLE": "turns",
}
Answer = tuple[int, dict[str, str], bytes]

_LABELS: list[dict[str, Any]] = [
    {"Name": name, "Confidence": 91.5, "Parents": [], "Instances": [], "Categories": [], "Aliases": []}
    for name in ("Person", "Tree", "Mountain", "Sky", "Dog", "Grass", "Water", "Cloud", "House", "Car")
]


class Aws(MemoryAws):
    """Everything that the functions call."""

    def __init__(self) -> None:
        """Answer in this process from now on."""
        super().__init__()
        from imageproc.functions import clients

        others: tuple[Any, ...] = (clients.rekognition(), clients.stepfunctions())
        for client in others:
            client.meta.events.register("before-send", self._answer)

    def _HeadObject(self, _: Any) -> Answer:  # noqa: N802 - the operation
        headers = {"x-amz-version-id": "1", "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
        return HTTPStatus.OK, headers, b""

    def _GetItem(self, _: Any) -> Answer:  # noqa: N802 - the operation
        return HTTPStatus.OK, {}, b"{}"

    def _UpdateItem(self, _: Any) -> Answer:  # noqa: N802 - the operation
        # What is asked for is when the next turn is free: this one's was at once.
        return HTTPStatus.OK, {}, b'{"Attributes": {"nextTurn": {"N": "0"}}}'

    def _StartExecution(self, _: Any) -> Answer:  # noqa: N802 - the operation
        return HTTPStatus.OK, {}, b'{"executionArn": "arn", "startDate": 1704067200}'

    def _DetectLabels(self, _: Any) -> Answer:  # noqa: N802 - the operation
        body = {"Labels": _LABELS, "LabelModelVersion": "3.0"}
        return HTTPStatus.OK, {}, json.dumps(body).encode()


def event_for(module: str, state: dict[str, Any]) -> dict[str, Any]:
    """Return what a function is invoked with for a photo."""
    if module == "start_execution":
        photo = {"key": state["s3Key"], "size": 4_000_000, "versionId": "1", "sequencer": "0A"}
        return {"Records": [{"s3": {"bucket": {"name": "photos"}, "object": photo}}]}
    from imageproc.functions import extract_image_metadata, rekognition

    extracted = state | {
        "extractedMetadata": extract_image_metadata.handler(state, None),
        "parallelResults": [{}, {}],
    }
    return extracted | {"rekognition": rekognition.handler(extracted, None)}


def main(module: str, photo: str) -> None:
    """Invoke a function's handler as often as `INVOCATIONS`, and print what it took."""
    os.environ |= SETTINGS
    name = f"imageproc.functions.{module}"
    start = cpu.of(lambda: importlib.import_module(name))
    handler = sys.modules[name].handler
    event = event_for(module, Aws().put(Path(photo).read_bytes()))
    first, *later = [1000 * cpu.of(lambda: handler(event, None)) for _ in range(INVOCATIONS)]
    found = {"start": 1000 * start, "first": first, "warm": statistics.median(later)}
    print(json.dumps(found | {"peak": cpu.peak_megabytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
